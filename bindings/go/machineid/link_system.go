//go:build cgo && machineid_system

package machineid

// #cgo pkg-config: machineid
import "C"
