// gate.go - works only when the authority allows it. Exit status: 0 it worked, 1 it was not allowed to.
package main

/*
#cgo pkg-config: machineid
#include <machineid.h>
#include <stdlib.h>
*/
import "C"

import (
	"fmt"
	"os"
	"unsafe"
)

func gate(id string) int {
	device := C.CString(id)
	defer C.free(unsafe.Pointer(device))
	var client *C.mid_client
	var json *C.char
	var allowed C.int

	status := C.mid_client_from_env(nil, &client, &json)
	if status == C.MID_OK {
		status = C.mid_register(client, device, &json)
	}
	if status == C.MID_OK {
		C.mid_free(json)
		status = C.mid_validate(client, device, &allowed, &json)
	}
	defer C.mid_client_free(client)
	defer C.mid_free(json)

	if allowed == 0 {
		fmt.Fprintln(os.Stderr, "not allowed:", C.GoString(C.mid_status_name(status)), C.GoString(json))
		return 1
	}
	fmt.Println("working")
	return 0
}

func main() {
	id, found := os.LookupEnv("MACHINEID_DEVICE_ID")
	if !found {
		id = "agent-01"
	}
	os.Exit(gate(id))
}
