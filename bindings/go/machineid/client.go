package machineid

// #include <machineid.h>
// #include <stdlib.h>
import "C"

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"unicode/utf8"
	"unsafe"
)

// Client is a connection to the authority on behalf of one organisation. It is made by New or FromEnv, and
// closed by Close.
type Client struct {
	handle *C.mid_client

	lock   sync.Mutex
	closed bool
	// calls are the calls inside, also those that were given up. Only a client that is not closed gets more.
	calls sync.WaitGroup
}

// Decision is the authority's.
type Decision struct {
	Allowed   bool
	Code      string
	RequestID string
	Reply     Reply
}

// Result is what ValidateMany says about one device. Err is nil only when it may run now.
type Result struct {
	DeviceID string
	Decision
	Err error
}

// Version returns the version of the library.
func Version() string { return C.GoString(C.mid_version()) }

// BuildInfo returns what the library is, and which libraries it works with: machineid.h describes it.
func BuildInfo() Reply { return parse(C.GoString(C.mid_build_info())) }

// New makes a client with this org key, org_... Nothing is sent before its first call.
func New(orgKey string, options ...Option) (*Client, error) {
	if err := check("orgKey", orgKey); err != nil {
		return nil, err
	}
	key := C.CString(orgKey)
	defer C.free(unsafe.Pointer(key))
	return newClient(options, func(text *C.char, client **C.mid_client, json **C.char) C.mid_status {
		return C.mid_client_new(key, text, client, json)
	})
}

// FromEnv makes a client with the org key in the environment variable MACHINEID_ORG_KEY, or in the file that
// MACHINEID_ORG_KEY_FILE names. MACHINEID_BASE_URL stands in for WithBaseURL.
func FromEnv(options ...Option) (*Client, error) {
	return newClient(options, func(text *C.char, client **C.mid_client, json **C.char) C.mid_status {
		return C.mid_client_from_env(text, client, json)
	})
}

func newClient(options []Option,
	make func(text *C.char, client **C.mid_client, json **C.char) C.mid_status) (*Client, error) {
	encoded, err := encode(options)
	if err != nil {
		return nil, err
	}
	text := C.CString(encoded) // JSON is always UTF-8 without NUL.
	defer C.free(unsafe.Pointer(text))
	client := &Client{}
	var json *C.char
	status := Status(make(text, &client.handle, &json))
	if said := take(json); status != OK {
		return nil, newError(status, parse(said))
	}
	// Closing may wait, and the garbage collector's goroutine must not.
	runtime.SetFinalizer(client, func(client *Client) { go client.Close() })
	return client, nil
}

// Cancel ends all calls in progress and to come, and all guards. It returns at once. A cancelled client stays
// cancelled: make a new one.
func (c *Client) Cancel() {
	if c.enter() == nil {
		defer c.leave()
		C.mid_client_cancel(c.handle)
	}
}

// Close cancels the client, waits for the calls in progress, which takes little, and frees it. It may be called again,
// and from any goroutine. It always returns nil.
func (c *Client) Close() error {
	if c == nil {
		return nil
	}
	c.Cancel()
	c.lock.Lock()
	first := !c.closed
	c.closed = true
	c.lock.Unlock()
	c.calls.Wait()
	if first {
		runtime.SetFinalizer(c, nil)
		C.mid_client_free(c.handle)
	}
	return nil
}

// enter begins a call, so that Close waits for it.
func (c *Client) enter() error {
	if c == nil {
		return wrapped(InvalidArgument, "the client must not be nil", ErrClosed)
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.closed || c.handle == nil {
		return wrapped(InvalidArgument, "the client is closed", ErrClosed)
	}
	c.calls.Add(1)
	return nil
}

func (c *Client) leave() { c.calls.Done() }

// call runs a function that calls the library, and returns when it does, or when the context ends. Then late, unless it
// is nil, is called with what the function returned too late.
func call[T any](ctx context.Context, c *Client, run func() T, late func(T)) (result T, err error) {
	if ctx == nil {
		return result, local(InvalidArgument, "the context must not be nil")
	}
	if ctx.Err() != nil {
		return result, givenUp(ctx)
	}
	if err := c.enter(); err != nil {
		return result, err
	}
	if ctx.Done() == nil {
		defer c.leave()
		return run(), nil
	}
	answered := make(chan T, 1)
	go func() {
		defer c.leave()
		answered <- run()
	}()
	select {
	case result = <-answered:
		return result, nil
	case <-ctx.Done():
		if late != nil {
			go func() { late(<-answered) }()
		}
		return result, givenUp(ctx)
	}
}

func givenUp(ctx context.Context) error {
	status := Cancelled
	if ctx.Err() == context.DeadlineExceeded {
		status = Timeout
	}
	return wrapped(status, "the context of the call ended: "+ctx.Err().Error(), ctx.Err())
}

// check says what is wrong with a text, the argument called name. A NUL would cut it short, and invalid UTF-8 might
// become another text, so that the call would concern another device. The text is not in the error.
func check(name, text string) error {
	if strings.IndexByte(text, 0) >= 0 || !utf8.ValidString(text) {
		return local(InvalidArgument, name+" must be a string of UTF-8 without NUL")
	}
	return nil
}

// take returns a text of the library's, and frees it.
func take(json *C.char) string {
	if json == nil {
		return ""
	}
	defer C.mid_free(json)
	return C.GoString(json)
}
