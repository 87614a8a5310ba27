//go:build cgo && !machineid_system

package machineid

// The libraries and the header are put here by bindings/go/package. A C library before glibc 2.34 keeps threads and the
// loader in libraries of their own.

// #cgo CFLAGS: -I${SRCDIR}/lib
// #cgo linux,amd64,!musl LDFLAGS: ${SRCDIR}/lib/libmachineid_linux_amd64_glibc.a -lpthread -ldl
// #cgo linux,arm64,!musl LDFLAGS: ${SRCDIR}/lib/libmachineid_linux_arm64_glibc.a -lpthread -ldl
// #cgo linux,amd64,musl LDFLAGS: ${SRCDIR}/lib/libmachineid_linux_amd64_musl.a
// #cgo linux,arm64,musl LDFLAGS: ${SRCDIR}/lib/libmachineid_linux_arm64_musl.a
import "C"

import _ "machineid.io/go/machineid/lib" // so that go mod vendor copies the libraries
