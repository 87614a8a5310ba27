// Package lib holds the static libraries that package machineid links. It has no code. It is a package so that go mod
// vendor copies the libraries.
package lib
