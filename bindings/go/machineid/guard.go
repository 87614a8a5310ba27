package machineid

// #include <machineid.h>
// #include <stdlib.h>
import "C"

import (
	"context"
	"encoding/json"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// Guard keeps one device's permission fresh in the background, for a hot loop to look at. It is started by
// Client.Guard, and stopped by Stop. It may outlive its client, but is ended then.
type Guard struct{ *guard }

// guard is what the goroutine of a guard knows, so that the garbage collector finds a Guard that nobody else refers to.
type guard struct {
	handle *C.mid_guard
	// lock is held for reading by calls, so that Stop does not free the handle meanwhile.
	lock    sync.RWMutex
	stopped atomic.Bool

	context context.Context
	end     context.CancelFunc
	// ends is the descriptor that becomes readable when the guard is denied or ended.
	ends *os.File
	done chan struct{} // closed when the goroutine has ended
	why  atomic.Pointer[Error]
}

// State is what a guard is. More may come: treat a state that is not known here as StateEnded.
type State string

// The states of a guard.
const (
	StateOn     State = "on"     // the last allow is younger than the maximum age
	StateLapsed State = "lapsed" // it is older; on again after the next allow
	StateDenied State = "denied" // the authority said no; final
	StateEnded  State = "ended"  // the client was cancelled or closed, or the guard stopped; final
)

// Report is what a guard knows.
type Report struct {
	Allowed  bool          // what Guard.Allowed was at this moment
	State    State         // the state
	Age      time.Duration // how long ago the question was sent whose answer is Decision
	Checks   int64         // how many were made, the first one included
	Failures int64         // how many brought no decision since the last one that did
	Decision Reply         // the authority's last, with its code and its request id
	Failure  Reply         // why the last check brought none, or nil
}

// Guard starts a guard for a device. It validates once, in the call, and fails as Validate does: a denial is an error
// that matches ErrDenied. The context is that of the call; the guard goes on when it ends.
func (c *Client) Guard(ctx context.Context, deviceID string, options ...GuardOption) (*Guard, error) {
	encoded, err := encode(options)
	if err != nil {
		return nil, err
	}
	if err := check("deviceID", deviceID); err != nil {
		return nil, err
	}
	type started struct {
		handle *C.mid_guard
		answer
	}
	result, err := call(ctx, c, func() (result started) {
		id, text := C.CString(deviceID), C.CString(encoded)
		defer C.free(unsafe.Pointer(id))
		defer C.free(unsafe.Pointer(text))
		var out *C.char
		result.status = Status(C.mid_guard_start(c.handle, id, text, &result.handle, &out))
		result.text = take(out)
		return result
	}, func(late started) { C.mid_guard_stop(late.handle) })
	if err != nil {
		return nil, err
	}
	if result.status != OK {
		return nil, newError(result.status, parse(result.text))
	}
	inner := &guard{handle: result.handle, done: make(chan struct{})}
	inner.context, inner.end = context.WithCancel(context.Background())
	if report, err := inner.report(); err != nil || report.State == StateDenied {
		inner.end()
		C.mid_guard_stop(inner.handle)
		if err == nil {
			err = newError(OK, parse(result.text))
		}
		return nil, err
	}
	// The library closes its own descriptor, so the goroutine has another one for the same socket.
	fd, _, failed := syscall.Syscall(syscall.SYS_FCNTL, uintptr(C.mid_guard_fd(inner.handle)), syscall.F_DUPFD_CLOEXEC, 0)
	if failed != 0 {
		inner.end()
		C.mid_guard_stop(inner.handle)
		return nil, wrapped(Internal, "the end of the guard cannot be watched: "+failed.Error(), failed)
	}
	inner.ends = os.NewFile(fd, "machineid guard")
	go inner.watch()
	g := &Guard{inner}
	// Stopping may wait, and the garbage collector's goroutine must not.
	runtime.SetFinalizer(g, func(g *Guard) { go g.guard.stop() })
	return g, nil
}

// watch waits in Go's network poller, which needs no thread, until the guard is denied, ended or stopped.
func (g *guard) watch() {
	defer close(g.done)
	_, _ = g.ends.Read(make([]byte, 1)) // Nothing is ever written: this returns at the end.
	why := local(Cancelled, "the guard was stopped, or ended with its client")
	if report, err := g.report(); err == nil && report.State == StateDenied {
		why = newError(OK, report.Decision)
	}
	g.why.Store(why)
	g.end()
}

// Allowed says whether the device may run now. It takes some tens of nanoseconds.
func (g *Guard) Allowed() bool {
	if g == nil || g.stopped.Load() {
		return false
	}
	g.lock.RLock()
	defer g.lock.RUnlock()
	return g.handle != nil && C.mid_guard_allowed(g.handle) == 1
}

// Context returns a context that ends when the guard is denied, ended or stopped; Err then says why. A lapse does not
// end it, since it may pass: look at Allowed before each piece of work as well. The guard is not collected while it is
// in use.
func (g *Guard) Context() context.Context { return guardContext{g.context, g} }

// guardContext refers to the guard.
type guardContext struct {
	context.Context
	guard *Guard
}

// Err returns nil until the guard's context has ended, and then why: an *Error that matches ErrDenied, with the code
// and the request id, or ErrCancelled.
func (g *Guard) Err() error {
	if why := g.why.Load(); why != nil {
		return why
	}
	return nil
}

// WaitUntilOff blocks until the guard is off: lapsed, denied, ended or stopped. It returns nil then, and the context's
// error when that ends first. While it waits it takes a thread, and a call that was given up a quarter of a second
// more.
func (g *Guard) WaitUntilOff(ctx context.Context) error {
	if ctx == nil {
		return local(InvalidArgument, "the context must not be nil")
	}
	off := make(chan struct{})
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		defer close(off)
		for !g.waitShortly() {
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	select {
	case <-off:
		return nil
	case <-ctx.Done():
		return givenUp(ctx)
	}
}

// waitShortly waits a quarter of a second at most, and says whether the guard is off.
func (g *Guard) waitShortly() bool {
	g.lock.RLock()
	defer g.lock.RUnlock()
	return g.handle == nil || C.mid_guard_wait(g.handle, 250) != C.MID_TIMEOUT
}

// Decision returns what the guard knows. It fails where memory is refused, and on a stopped guard, with ErrClosed.
func (g *Guard) Decision() (Report, error) { return g.report() }

func (g *guard) report() (Report, error) {
	g.lock.RLock()
	defer g.lock.RUnlock()
	if g.handle == nil {
		return Report{State: StateEnded}, wrapped(InvalidArgument, "the guard is stopped", ErrClosed)
	}
	var flag C.int
	var out *C.char
	status := Status(C.mid_guard_decision(g.handle, &flag, &out))
	reply := parse(take(out))
	if status != OK {
		return Report{State: StateEnded}, newError(status, reply)
	}
	decision, _ := reply["decision"].(map[string]any)
	failure, _ := reply["failure"].(map[string]any)
	return Report{
		Allowed:  flag == 1,
		State:    State(reply.String("state")),
		Age:      time.Duration(reply.number("age_ms")) * time.Millisecond,
		Checks:   reply.number("checks"),
		Failures: reply.number("failures"),
		Decision: decision,
		Failure:  failure,
	}, nil
}

func (r Reply) number(name string) int64 {
	text, _ := r[name].(json.Number)
	number, _ := text.Int64()
	return number
}

// Stop stops the guard, and ends its context. It may be called again, and from any goroutine. It takes half a second
// at most.
func (g *Guard) Stop() {
	runtime.SetFinalizer(g, nil)
	g.stop()
}

func (g *guard) stop() {
	if !g.stopped.Swap(true) {
		_ = g.ends.Close()
	}
	<-g.done
	g.lock.Lock()
	defer g.lock.Unlock()
	C.mid_guard_stop(g.handle)
	g.handle = nil
}
