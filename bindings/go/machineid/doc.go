// Package machineid asks whether a device may run now. It is the client of the MachineID execution authority, and fails
// closed.
//
//	client, err := machineid.FromEnv()
//	...
//	if allowed, err := client.Validate(ctx, "agent-01"); allowed {
//		work()
//	} else {
//		log.Print(err) // it has the code and the request id
//	}
//
// # A denial is an error
//
// The error of Validate is nil only when the device may run now: conditions on allowed and on err == nil are both
// right. A denial is an *Error that matches ErrDenied; other errors match the sentinel of their kind, such as
// ErrTimeout.
//
// # What blocks, and what a context does
//
// Every method that takes a context blocks its goroutine, and while it is in C also a thread, until there is an answer
// or the client's timeout has passed. When its context ends first, it returns at once with an error that matches the
// context's. The library can cancel all calls of a client, but not one of them: the call that was given up goes on in
// the background until it is answered or has timed out, on a thread of its own, and its answer is not used. So a
// device may still be registered or revoked by a call that was given up. Client.Close waits for such calls, which it
// cancels. A context that cannot end, such as context.Background(), costs nothing.
//
// # Goroutines and processes
//
// Any number of goroutines may share a Client or a Guard, and any of them may close it at any moment. Programs that
// os/exec starts find no descriptor of the library open, and calls in progress are not disturbed. A process that was
// forked without exec is not supported by Go itself.
//
// A Client or a Guard that nothing refers to any longer is closed by the garbage collector; close it yourself, since
// that may be late.
//
// # Which library
//
// The static library for linux/amd64 or linux/arm64 with glibc is linked by default, and that for musl with the build
// tag musl. The build tag machineid_system links the library of the system, which pkg-config finds.
package machineid
