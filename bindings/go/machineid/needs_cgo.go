//go:build !cgo

package machineid

// The compiler prints this sentence.
const _ int = "package machineid needs cgo: set CGO_ENABLED=1, install a C compiler, and name it in CC when cross-compiling"
