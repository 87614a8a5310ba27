// The path of the module stands here and in the imports. It is a name below the service's own domain, whose web server
// has to say where the module's repository is, and that repository holds what bindings/go/package makes: the sources
// with the libraries. Until both exist, the module comes from the files that bindings/go/package makes.
module machineid.io/go

go 1.19
