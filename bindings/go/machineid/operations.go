package machineid

// #include <machineid.h>
// #include <stdlib.h>
//
// // Libraries before this function do not have it.
// extern mid_status mid_client_stats(mid_client *client, char **json) __attribute__((weak));
//
// static mid_status stats(mid_client *client, char **json) {
//     if (mid_client_stats == NULL) return -1;
//     return mid_client_stats(client, json);
// }
import "C"

import (
	"context"
	"encoding/json"
	"unsafe"
)

// answer is what a function of the library returned.
type answer struct {
	status Status
	flag   C.int
	text   string
}

// Validate asks: may this device run now? The error is nil only when it may. A denial is an *Error that matches
// ErrDenied, with the code and the request id for your log.
func (c *Client) Validate(ctx context.Context, deviceID string) (allowed bool, err error) {
	decision, err := c.Decide(ctx, deviceID)
	return decision.Allowed && err == nil, err
}

// Allows says whether this device may run now. It is false if anything goes wrong.
func (c *Client) Allows(ctx context.Context, deviceID string) bool {
	allowed, _ := c.Validate(ctx, deviceID)
	return allowed
}

// Decide is Validate with the whole decision. The error is nil only when the device may run now, and matches ErrDenied
// when the authority said no.
func (c *Client) Decide(ctx context.Context, deviceID string) (Decision, error) {
	answered, err := c.onDevice(ctx, deviceID, func(id *C.char, flag *C.int, out **C.char) C.mid_status {
		return C.mid_validate(c.handle, id, flag, out)
	})
	if err != nil {
		return Decision{}, err
	}
	return decide(answered.status, answered.flag, parse(answered.text))
}

func decide(status Status, flag C.int, reply Reply) (Decision, error) {
	decision := Decision{
		Allowed: status == OK && flag == 1, Code: reply.Code(), RequestID: reply.RequestID(), Reply: reply,
	}
	if !decision.Allowed {
		return decision, newError(status, reply)
	}
	return decision, nil
}

// ValidateMany asks: may each of these devices run now? There is one result for each, in their order. All together
// have one timeout: 10,000 devices have 64 ms each by default.
//
// The error is nil only when there are devices, and all of them may run now; otherwise it is that of the first that
// may not. There are no results when the call failed as a whole: the client was cancelled or is closed, the context
// ended, or memory or a descriptor was refused.
func (c *Client) ValidateMany(ctx context.Context, deviceIDs []string) ([]Result, error) {
	if len(deviceIDs) == 0 {
		return nil, local(InvalidArgument, "deviceIDs is empty, so nothing is allowed")
	}
	results := make([]Result, len(deviceIDs))
	for i, id := range deviceIDs {
		results[i].DeviceID = id
		// A device id that cannot be sent costs only that device its decision.
		results[i].Err = check("deviceID", id)
	}
	flags := make([]C.int, len(deviceIDs))
	ids := make([]*C.char, len(deviceIDs))
	answered, err := call(ctx, c, func() answer {
		for i, id := range deviceIDs {
			if check("deviceID", id) == nil {
				ids[i] = C.CString(id)
				defer C.free(unsafe.Pointer(ids[i]))
			}
		}
		var out *C.char
		status := C.mid_validate_many(c.handle, &ids[0], C.size_t(len(deviceIDs)), &flags[0], &out)
		return answer{status: Status(status), text: take(out)}
	}, nil)
	if err != nil {
		return nil, err
	}
	var replies []json.RawMessage
	if json.Unmarshal([]byte(answered.text), &replies) != nil || len(replies) != len(results) {
		if answered.status == OK {
			answered.status = Internal
		}
		return nil, newError(answered.status, parse(answered.text))
	}
	for i := range results {
		if results[i].Err == nil {
			reply := parse(string(replies[i]))
			results[i].Decision, results[i].Err = decide(statusOf(flags[i], reply), flags[i], reply)
		}
		if err == nil {
			err = results[i].Err
		}
	}
	return results, err
}

// statusOf returns the status of one of many, by its reply: the library returns only that of the first one that
// brought no decision. A failure has the status name with CLIENT_ for MID_, and an API error has no "allowed".
func statusOf(flag C.int, reply Reply) Status {
	if flag == 1 {
		return OK
	}
	for status := InvalidArgument; status <= Internal; status++ {
		if code := reply.Code(); len(code) > 7 && code[:7] == "CLIENT_" && "MID_"+code[7:] == status.String() {
			return status
		}
	}
	if _, decided := reply["allowed"].(bool); decided {
		return OK
	}
	if reply == nil {
		return Internal
	}
	return Refused
}

// Register registers a device with the organisation. Registering again changes nothing and restores no revoked device.
func (c *Client) Register(ctx context.Context, deviceID string) (Reply, error) {
	return c.replyOf(c.onDevice(ctx, deviceID, func(id *C.char, _ *C.int, out **C.char) C.mid_status {
		return C.mid_register(c.handle, id, out)
	}))
}

// Revoke revokes a device: from now on it is denied.
func (c *Client) Revoke(ctx context.Context, deviceID string) (Reply, error) {
	return c.replyOf(c.onDevice(ctx, deviceID, func(id *C.char, _ *C.int, out **C.char) C.mid_status {
		return C.mid_revoke(c.handle, id, out)
	}))
}

// Unrevoke takes a revocation back. It brings no guard back that was denied.
func (c *Client) Unrevoke(ctx context.Context, deviceID string) (Reply, error) {
	return c.replyOf(c.onDevice(ctx, deviceID, func(id *C.char, _ *C.int, out **C.char) C.mid_status {
		return C.mid_unrevoke(c.handle, id, out)
	}))
}

// Restore is Unrevoke under the other name that the service gives it.
func (c *Client) Restore(ctx context.Context, deviceID string) (Reply, error) {
	return c.replyOf(c.onDevice(ctx, deviceID, func(id *C.char, _ *C.int, out **C.char) C.mid_status {
		return C.mid_restore(c.handle, id, out)
	}))
}

// Remove removes a device for good.
func (c *Client) Remove(ctx context.Context, deviceID string) (Reply, error) {
	return c.replyOf(c.onDevice(ctx, deviceID, func(id *C.char, _ *C.int, out **C.char) C.mid_status {
		return C.mid_remove(c.handle, id, out)
	}))
}

// ListDevices lists the organisation's devices, active and revoked.
func (c *Client) ListDevices(ctx context.Context) (Reply, error) {
	return c.replyOf(c.onClient(ctx, func(out **C.char) C.mid_status { return C.mid_list_devices(c.handle, out) }))
}

// Usage tells the organisation's plan: tier, state, limit, devices used.
func (c *Client) Usage(ctx context.Context) (Reply, error) {
	return c.replyOf(c.onClient(ctx, func(out **C.char) C.mid_status { return C.mid_usage(c.handle, out) }))
}

// Stats returns what the client has done. It asks nobody. A library that is older than that has ErrInternal.
func (c *Client) Stats() (Reply, error) {
	answered, err := c.onClient(context.Background(), func(out **C.char) C.mid_status { return C.stats(c.handle, out) })
	if err == nil && answered.status < 0 {
		return nil, local(Internal, "libmachineid "+Version()+" has no mid_client_stats")
	}
	return c.replyOf(answered, err)
}

// onDevice calls a function of the library that takes a device.
func (c *Client) onDevice(ctx context.Context, deviceID string,
	function func(id *C.char, flag *C.int, out **C.char) C.mid_status) (answer, error) {
	if err := check("deviceID", deviceID); err != nil {
		return answer{}, err
	}
	return call(ctx, c, func() answer {
		id := C.CString(deviceID)
		defer C.free(unsafe.Pointer(id))
		var out *C.char
		var flag C.int
		status := function(id, &flag, &out)
		return answer{Status(status), flag, take(out)}
	}, nil)
}

// onClient calls a function of the library that takes no device.
func (c *Client) onClient(ctx context.Context, function func(out **C.char) C.mid_status) (answer, error) {
	return call(ctx, c, func() answer {
		var out *C.char
		status := function(&out)
		return answer{status: Status(status), text: take(out)}
	}, nil)
}

func (c *Client) replyOf(answered answer, err error) (Reply, error) {
	if err != nil {
		return nil, err
	}
	reply := parse(answered.text)
	if answered.status != OK {
		return nil, newError(answered.status, reply)
	}
	return reply, nil
}
