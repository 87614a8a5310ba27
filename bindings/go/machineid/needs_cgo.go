//go:build !cgo

package machineid

// The compiler prints this sentence.
const _ int = "package machineid needs cgo: set CGO_ENABLED=1 and install a C compiler; CC names it"
