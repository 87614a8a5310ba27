// Package machineid is the client of the MachineID authority. It needs libmachineid with its header, and pkg-config.
//
//	client, err := machineid.NewClientFromEnv(machineid.Options{"timeout_ms": 2000})
//	...
//	if client.Allows("agent-01") {
//		work()
//	}
//
// A Decision cannot be used as a condition, and Require returns an error unless the device is allowed; errcheck finds
// calls that ignore it. In tests use machineid-emulator rather than a mock that allows.
//
// A call blocks its goroutine until there is an answer or timeout_ms has passed; other goroutines go on. Any number of
// them may share a Client, and any of them may close it at any moment.
package machineid

/*
#cgo pkg-config: machineid
#include <machineid.h>
#include <stdlib.h>
*/
import "C"

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"
	"unsafe"
)

// Status is the status of a call. A later version of the library may have more statuses than are named here.
type Status int32

const (
	OK              Status = C.MID_OK
	Refused         Status = C.MID_REFUSED
	InvalidArgument Status = C.MID_INVALID_ARGUMENT
	Unavailable     Status = C.MID_UNAVAILABLE
)

func (s Status) String() string { return C.GoString(C.mid_status_name(C.mid_status(s))) }

// Reply is a JSON object: the authority's or, when there is no answer, the library's.
type Reply map[string]any

// Error says why a call brought no reply: the authority refused, or it gave no answer. Require also returns one for a
// denial; the Status is then OK, because the authority decided.
type Error struct {
	Status    Status
	Code      string
	RequestID string
	Message   string
	Reply     Reply
}

func (e *Error) Error() string {
	text := fmt.Sprintf("machineid: %v %s: %s", e.Status, e.Code, e.Message)
	if e.Status == OK {
		text = "machineid: not allowed: " + e.Code
	}
	if e.RequestID != "" {
		text += " (request id " + e.RequestID + ")"
	}
	return text
}

func newError(status Status, reply Reply) *Error {
	return &Error{status, reply.code(), reply.text("request_id"), reply.text("message"), reply}
}

// Decision is the result of Validate. Gate on Allowed and nothing else; log Status, Code and RequestID. With any Status
// except OK the authority decided nothing, and nothing is allowed.
type Decision struct {
	Allowed   bool
	Status    Status
	Code      string
	RequestID string
	Message   string
	Reply     Reply
}

// Client is a connection to the authority on behalf of one organisation.
type Client struct {
	handle *C.mid_client
	// lock is held for reading by calls, so that Close does not free the handle between its load and the call, or during
	// the call.
	lock sync.RWMutex
}

// Options are the options that machineid.h lists, such as Options{"timeout_ms": 2000}; nil for the defaults.
type Options map[string]any

// Version returns the version of the loaded library.
func Version() string { return C.GoString(C.mid_version()) }

// NewClient makes a client. The caller closes it.
func NewClient(orgKey string, options Options) (*Client, error) {
	return newClient(options, orgKey, func(key, text *C.char, client **C.mid_client, out **C.char) C.mid_status {
		return C.mid_client_new(key, text, client, out)
	})
}

// NewClientFromEnv takes the org key from the environment variable MACHINEID_ORG_KEY.
func NewClientFromEnv(options Options) (*Client, error) {
	return newClient(options, "", func(_, text *C.char, client **C.mid_client, out **C.char) C.mid_status {
		return C.mid_client_from_env(text, client, out)
	})
}

func newClient(options Options, orgKey string,
	create func(key, text *C.char, client **C.mid_client, out **C.char) C.mid_status) (*Client, error) {
	var text *C.char
	if options != nil {
		encoded, err := json.Marshal(options)
		if err != nil {
			return nil, err
		}
		text = C.CString(string(encoded)) // JSON is always UTF-8 without NUL.
		defer C.free(unsafe.Pointer(text))
	}
	client := &Client{}
	_, err := client.call("orgKey", orgKey, func(key *C.char, out **C.char) C.mid_status {
		return create(key, text, &client.handle, out)
	})
	if err != nil {
		return nil, err
	}
	return client, nil
}

// Cancel ends every call in progress and every later call on this client with MID_CANCELLED. Any goroutine may call it.
func (c *Client) Cancel() {
	c.lock.RLock()
	defer c.lock.RUnlock()
	C.mid_client_cancel(c.handle)
}

// Close cancels the calls in progress, and frees the client after the last of them. A call on a closed client is
// MID_INVALID_ARGUMENT.
func (c *Client) Close() {
	c.Cancel()
	c.lock.Lock()
	defer c.lock.Unlock()
	C.mid_client_free(c.handle)
	c.handle = nil
}

// Validate asks: may this device run now? If anything goes wrong, the decision says so.
func (c *Client) Validate(deviceID string) Decision {
	var allowed C.int
	status, reply := c.ask("deviceID", deviceID, func(id *C.char, out **C.char) C.mid_status {
		return C.mid_validate(c.handle, id, &allowed, out)
	})
	return Decision{
		Allowed:   allowed == 1,
		Status:    status,
		Code:      reply.code(),
		RequestID: reply.text("request_id"),
		Message:   reply.text("message"),
		Reply:     reply,
	}
}

// Allows says whether this device may run now. It is false if anything goes wrong.
func (c *Client) Allows(deviceID string) bool { return c.Validate(deviceID).Allowed }

// Require returns nil when this device may run now, and otherwise an *Error with the code and the request id for your
// log.
func (c *Client) Require(deviceID string) error {
	decision := c.Validate(deviceID)
	if !decision.Allowed {
		return newError(decision.Status, decision.Reply)
	}
	return nil
}

func (c *Client) Register(deviceID string) (Reply, error) {
	return c.onDevice(deviceID, func(id *C.char, out **C.char) C.mid_status { return C.mid_register(c.handle, id, out) })
}

func (c *Client) Revoke(deviceID string) (Reply, error) {
	return c.onDevice(deviceID, func(id *C.char, out **C.char) C.mid_status { return C.mid_revoke(c.handle, id, out) })
}

func (c *Client) Unrevoke(deviceID string) (Reply, error) {
	return c.onDevice(deviceID, func(id *C.char, out **C.char) C.mid_status { return C.mid_unrevoke(c.handle, id, out) })
}

// Restore is Unrevoke under the other name that the service gives it.
func (c *Client) Restore(deviceID string) (Reply, error) {
	return c.onDevice(deviceID, func(id *C.char, out **C.char) C.mid_status { return C.mid_restore(c.handle, id, out) })
}

func (c *Client) Remove(deviceID string) (Reply, error) {
	return c.onDevice(deviceID, func(id *C.char, out **C.char) C.mid_status { return C.mid_remove(c.handle, id, out) })
}

func (c *Client) ListDevices() (Reply, error) {
	return c.call("", "", func(_ *C.char, out **C.char) C.mid_status { return C.mid_list_devices(c.handle, out) })
}

func (c *Client) Usage() (Reply, error) {
	return c.call("", "", func(_ *C.char, out **C.char) C.mid_status { return C.mid_usage(c.handle, out) })
}

// Stats decodes the counters of the client, which machineid.h describes, into the value that into points to.
func (c *Client) Stats(into any) error {
	var out *C.char
	c.lock.RLock()
	status := Status(C.mid_client_stats(c.handle, &out))
	c.lock.RUnlock()
	defer C.mid_free(out)
	if status != OK {
		var reply Reply
		_ = json.Unmarshal([]byte(C.GoString(out)), &reply)
		return newError(status, reply)
	}
	return json.Unmarshal([]byte(C.GoString(out)), into)
}

func (c *Client) onDevice(deviceID string, function operation) (Reply, error) {
	return c.call("deviceID", deviceID, function)
}

// An operation is a function of the library that takes a text and a place for the JSON result.
type operation func(argument *C.char, out **C.char) C.mid_status

// ask passes argument, a parameter called name, to a function of the library, and returns its status and its reply.
func (c *Client) ask(name, argument string, function operation) (Status, Reply) {
	// A NUL would cut the text short, and invalid UTF-8 might become another text, so that the call would concern another
	// device.
	if strings.IndexByte(argument, 0) >= 0 || !utf8.ValidString(argument) {
		return InvalidArgument, Reply{
			"allowed": false, "code": "CLIENT_INVALID_ARGUMENT", "request_id": nil,
			"message": name + " must be a string of UTF-8 without NUL",
		}
	}
	text := C.CString(argument)
	defer C.free(unsafe.Pointer(text))
	var out *C.char
	c.lock.RLock()
	status := Status(function(text, &out))
	c.lock.RUnlock()
	defer C.mid_free(out)

	var reply Reply
	if out != nil {
		_ = json.Unmarshal([]byte(C.GoString(out)), &reply) // The library has checked that it is an object.
	}
	return status, reply
}

// call is ask for the operations that return a reply or an error.
func (c *Client) call(name, argument string, function operation) (Reply, error) {
	status, reply := c.ask(name, argument, function)
	if status != OK {
		return nil, newError(status, reply)
	}
	return reply, nil
}

func (r Reply) text(key string) string {
	text, _ := r[key].(string)
	return text
}

// code returns the reply's code. An API error from the authority has "error" where a decision has "code".
func (r Reply) code() string {
	if code := r.text("code"); code != "" {
		return code
	}
	return r.text("error")
}
