package machineid

// #include <machineid.h>
import "C"

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Status is the status of a call. A later version of the library may have more statuses: treat one that is not known
// here as no answer.
type Status int32

// The statuses, as machineid.h describes them.
const (
	OK              Status = C.MID_OK
	Refused         Status = C.MID_REFUSED
	InvalidArgument Status = C.MID_INVALID_ARGUMENT
	InvalidOptions  Status = C.MID_INVALID_OPTIONS
	NoOrgKey        Status = C.MID_NO_ORG_KEY
	ResolveFailed   Status = C.MID_RESOLVE_FAILED
	ConnectFailed   Status = C.MID_CONNECT_FAILED
	TLSFailed       Status = C.MID_TLS_FAILED
	TransferFailed  Status = C.MID_TRANSFER_FAILED
	Timeout         Status = C.MID_TIMEOUT
	Unavailable     Status = C.MID_UNAVAILABLE
	BadReply        Status = C.MID_BAD_REPLY
	Cancelled       Status = C.MID_CANCELLED
	OutOfMemory     Status = C.MID_OUT_OF_MEMORY
	Internal        Status = C.MID_INTERNAL
)

// String returns the name in machineid.h, such as "MID_TIMEOUT".
func (s Status) String() string { return C.GoString(C.mid_status_name(C.mid_status(s))) }

// What errors.Is compares an error with.
var (
	ErrDenied          error = &sentinel{OK, "the authority said no"}
	ErrRefused         error = &sentinel{Refused, "the authority answered with an API error"}
	ErrInvalidArgument error = &sentinel{InvalidArgument, "an argument cannot be sent"}
	ErrInvalidOptions  error = &sentinel{InvalidOptions, "an option cannot be used"}
	ErrNoOrgKey        error = &sentinel{NoOrgKey, "there is no org key"}
	ErrResolveFailed   error = &sentinel{ResolveFailed, "the host name was not found"}
	ErrConnectFailed   error = &sentinel{ConnectFailed, "no connection was made"}
	ErrTLSFailed       error = &sentinel{TLSFailed, "TLS failed"}
	ErrTransferFailed  error = &sentinel{TransferFailed, "the connection broke"}
	ErrTimeout         error = &sentinel{Timeout, "the timeout passed first"}
	ErrUnavailable     error = &sentinel{Unavailable, "the authority is out of service"}
	ErrBadReply        error = &sentinel{BadReply, "what came back is no answer"}
	ErrCancelled       error = &sentinel{Cancelled, "the client or the guard was ended"}
	ErrOutOfMemory     error = &sentinel{OutOfMemory, "memory was refused"}
	ErrInternal        error = &sentinel{Internal, "the system or a library refused what is needed"}

	// ErrNoAnswer is every error with no answer, or what is no answer: those from ErrResolveFailed to ErrBadReply.
	ErrNoAnswer = errors.New("machineid: there is no answer")

	// ErrClosed says that the client was closed, or the guard stopped, before the call.
	ErrClosed = errors.New("machineid: the client is closed or the guard is stopped")
)

type sentinel struct {
	status Status
	text   string
}

func (s *sentinel) Error() string { return "machineid: " + s.text }

// Error says why there is no allow, and no reply. Nothing is allowed with any of them. errors.Is tells the kinds apart.
type Error struct {
	// Status is OK for a denial, because the authority decided.
	Status Status
	// Code is for programs and logs: DEVICE_REVOKED, device_not_found, CLIENT_TIMEOUT. The authority may have codes that
	// no document names.
	Code string
	// RequestID is the id under which the authority knows the call; "" where it did not answer.
	RequestID string
	// HTTPStatus is that of an outage, such as 503. Otherwise it is 0, because the library does not tell it.
	HTTPStatus int
	// Message is one line for a person. The wording may change.
	Message string
	// Reply is the authority's or, where there is no answer, the library's.
	Reply Reply

	cause error
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

// Is says whether this error is of the kind of a sentinel, such as ErrDenied.
func (e *Error) Is(target error) bool {
	if target == ErrNoAnswer {
		return e.Status >= ResolveFailed && e.Status <= BadReply
	}
	kind, is := target.(*sentinel)
	return is && kind.status == e.Status
}

// Unwrap returns the error of the context that ended the call, or ErrClosed, where that is why.
func (e *Error) Unwrap() error { return e.cause }

func newError(status Status, reply Reply) *Error {
	e := &Error{Status: status, Code: reply.Code(), RequestID: reply.RequestID(), Reply: reply}
	e.Message = reply.String("message")
	if _, after, found := strings.Cut(e.Message, "HTTP "); found && status == Unavailable && len(after) >= 3 {
		e.HTTPStatus, _ = strconv.Atoi(after[:3])
	}
	return e
}

// local makes an error of this package, in the form in which the library makes its own.
func local(status Status, message string) *Error {
	code := strings.Replace(status.String(), "MID_", "CLIENT_", 1)
	return newError(status, Reply{"allowed": false, "code": code, "request_id": nil, "message": message})
}

func wrapped(status Status, message string, cause error) *Error {
	e := local(status, message)
	e.cause = cause
	return e
}

// Reply is a JSON object: the authority's or, when there is no answer, the library's. Numbers are json.Number.
type Reply map[string]any

// String returns a member that is a string, and otherwise "".
func (r Reply) String(name string) string {
	text, _ := r[name].(string)
	return text
}

// Code returns the code of a decision, or of an API error, which has "error" in its place.
func (r Reply) Code() string {
	if code := r.String("code"); code != "" {
		return code
	}
	return r.String("error")
}

// RequestID returns the id under which the authority knows the call.
func (r Reply) RequestID() string { return r.String("request_id") }

// parse reads a text of the library's, which has checked that it is JSON. The answer is the library's flag and not this
// text, so what Go cannot read becomes nil.
func parse(text string) Reply {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var reply Reply
	if decoder.Decode(&reply) != nil {
		return nil
	}
	return reply
}
