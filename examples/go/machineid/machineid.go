// Package machineid is the client of the MachineID authority. It needs libmachineid with its header, and pkg-config.
//
// A call blocks its goroutine until there is an answer or timeout_ms has passed; other goroutines go on. Any number of
// them may share a Client.
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
	"unsafe"
)

// Status is what a call came to. A later version of the library may know more of them than are named here.
type Status int32

const (
	OK              Status = C.MID_OK
	Refused         Status = C.MID_REFUSED
	InvalidArgument Status = C.MID_INVALID_ARGUMENT
)

func (s Status) String() string { return C.GoString(C.mid_status_name(C.mid_status(s))) }

// Reply is a JSON object, the authority's or, when there is no answer, the library's.
type Reply map[string]any

// Error says why a call brought no reply: the authority refused, or it could not be asked.
type Error struct {
	Status  Status
	Code    string
	Message string
}

func (e *Error) Error() string {
	return fmt.Sprintf("machineid: %v %s: %s", e.Status, e.Code, e.Message)
}

// Decision is the outcome of Validate. Gate on Allowed and nothing else; log Status, Code and RequestID. With any Status
// but OK the authority decided nothing, and nothing is allowed.
type Decision struct {
	Allowed   bool
	Status    Status
	Code      string
	RequestID string
	Message   string
	Reply     Reply
}

// Client is a connection to the authority on behalf of one organisation.
type Client struct{ handle *C.mid_client }

// Options are those that machineid.h lists, such as Options{"timeout_ms": 2000}; nil for the defaults.
type Options map[string]any

// Version is that of the loaded library.
func Version() string { return C.GoString(C.mid_version()) }

// NewClient makes a client; Close it when no further call can begin.
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
		text = C.CString(string(encoded))
		defer C.free(unsafe.Pointer(text))
	}
	client := &Client{}
	_, err := call(orgKey, func(key *C.char, out **C.char) C.mid_status {
		return create(key, text, &client.handle, out)
	})
	if err != nil {
		return nil, err
	}
	return client, nil
}

// Cancel ends every call on this client, now and to come, with MID_CANCELLED. Any goroutine may do so.
func (c *Client) Cancel() { C.mid_client_cancel(c.handle) }

// Close frees the client. Calls in flight are cancelled; none may begin afterwards.
func (c *Client) Close() {
	C.mid_client_free(c.handle)
	c.handle = nil
}

// Validate asks: may this device run now?
func (c *Client) Validate(deviceID string) Decision {
	var allowed C.int
	status, reply := ask(deviceID, func(id *C.char, out **C.char) C.mid_status {
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

func (c *Client) Register(deviceID string) (Reply, error) {
	return call(deviceID, func(id *C.char, out **C.char) C.mid_status { return C.mid_register(c.handle, id, out) })
}

func (c *Client) Revoke(deviceID string) (Reply, error) {
	return call(deviceID, func(id *C.char, out **C.char) C.mid_status { return C.mid_revoke(c.handle, id, out) })
}

func (c *Client) Unrevoke(deviceID string) (Reply, error) {
	return call(deviceID, func(id *C.char, out **C.char) C.mid_status { return C.mid_unrevoke(c.handle, id, out) })
}

// Restore is Unrevoke under the other name that the service gives it.
func (c *Client) Restore(deviceID string) (Reply, error) {
	return call(deviceID, func(id *C.char, out **C.char) C.mid_status { return C.mid_restore(c.handle, id, out) })
}

func (c *Client) Remove(deviceID string) (Reply, error) {
	return call(deviceID, func(id *C.char, out **C.char) C.mid_status { return C.mid_remove(c.handle, id, out) })
}

func (c *Client) ListDevices() (Reply, error) {
	return call("", func(_ *C.char, out **C.char) C.mid_status { return C.mid_list_devices(c.handle, out) })
}

func (c *Client) Usage() (Reply, error) {
	return call("", func(_ *C.char, out **C.char) C.mid_status { return C.mid_usage(c.handle, out) })
}

// ask hands argument to a function of the library, and returns what came out, freed there.
func ask(argument string, function func(argument *C.char, out **C.char) C.mid_status) (Status, Reply) {
	// A NUL would cut the text short, and the question would be about another device.
	if strings.IndexByte(argument, 0) >= 0 {
		return InvalidArgument, Reply{"code": "CLIENT_INVALID_ARGUMENT", "message": "a NUL inside a string"}
	}
	text := C.CString(argument)
	defer C.free(unsafe.Pointer(text))
	var out *C.char
	status := Status(function(text, &out))
	defer C.mid_free(out)

	var reply Reply
	if out != nil {
		_ = json.Unmarshal([]byte(C.GoString(out)), &reply) // the library has checked that it is an object
	}
	return status, reply
}

// call is ask for the operations that have a reply or an error.
func call(argument string, function func(argument *C.char, out **C.char) C.mid_status) (Reply, error) {
	status, reply := ask(argument, function)
	if status != OK {
		return nil, &Error{Status: status, Code: reply.code(), Message: reply.text("message")}
	}
	return reply, nil
}

func (r Reply) text(key string) string {
	text, _ := r[key].(string)
	return text
}

// An API error of the authority's has "error" where a decision has "code".
func (r Reply) code() string {
	if code := r.text("code"); code != "" {
		return code
	}
	return r.text("error")
}
