//go:build cgo && !machineid_system && !(linux && (amd64 || arm64))

package machineid

// The compiler prints this sentence.
const _ int = "package machineid has libraries for linux/amd64 and linux/arm64: elsewhere use -tags machineid_system"
