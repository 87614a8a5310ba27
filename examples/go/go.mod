module machineid.io/go

go 1.19
