package hyperbolic

// #include <hyperbolic.h>
import "C"

import (
	"context"
	"errors"
	"strings"
	"time"
)

// A Status says what to do about an error: one for each decision that a caller can take. It is an error itself, so that
// errors.Is(err, hyperbolic.ErrRateLimited) works, and so does a switch over [Error.Status].
type Status int32

// What can go wrong.
const (
	// ErrInvalidArgument: a parameter, an option or a field of a request is bad. Nothing was sent.
	ErrInvalidArgument Status = C.HB_E_INVALID_ARGUMENT
	// ErrClosed: the client was closed.
	ErrClosed Status = C.HB_E_CLOSED
	// ErrForked: this process is the child of one that used the library.
	ErrForked Status = C.HB_E_FORKED
	// ErrSystem: the system has no threads or descriptors left.
	ErrSystem Status = C.HB_E_SYSTEM
	// ErrPanic: a bug in the library, contained.
	ErrPanic Status = C.HB_E_PANIC
	// ErrBadData: a recording or a saved conversation cannot be read, or a recording has no answer to the request.
	ErrBadData Status = C.HB_E_BAD_DATA
	// ErrCancelled: the context was cancelled, or the client closed in the middle.
	ErrCancelled Status = C.HB_E_CANCELLED
	// ErrDeadline: a deadline passed, the context's or another: [Error.Param] says which.
	ErrDeadline Status = C.HB_E_DEADLINE
	// ErrConnect: name lookup, TCP, TLS or the proxy failed, or the connection broke before an answer began.
	ErrConnect Status = C.HB_E_CONNECT
	// ErrTruncated: an answer began and broke off.
	ErrTruncated Status = C.HB_E_TRUNCATED
	// ErrBadResponse: the server sent what the API does not promise.
	ErrBadResponse Status = C.HB_E_BAD_RESPONSE
	// ErrAuthentication: HTTP 401 or 403. Fix the key.
	ErrAuthentication Status = C.HB_E_AUTHENTICATION
	// ErrBadRequest: HTTP 400, 404, 413, 422 and other 4xx. Change the request.
	ErrBadRequest Status = C.HB_E_BAD_REQUEST
	// ErrRateLimited: HTTP 429. Slow down and try again.
	ErrRateLimited Status = C.HB_E_RATE_LIMITED
	// ErrQuota: HTTP 402, or a code that says that the quota is used up. Waiting does not help.
	ErrQuota Status = C.HB_E_QUOTA
	// ErrServer: HTTP 5xx, 408 or 409. Try again later.
	ErrServer Status = C.HB_E_SERVER
	// ErrBudget: your own limit is reached, [Options.SpendingLimit].
	ErrBudget Status = C.HB_E_BUDGET
)

// Error is the status in words, such as "rate limited".
func (s Status) Error() string {
	name := C.GoString(C.hb_status_name(C.hb_status(s)))
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, "HB_E_"), "_", " "))
}

// Error is what every function of this package fails with; get it by errors.As. errors.Is finds its [Status], and the
// context's error where the context ended the request: context.Canceled, context.DeadlineExceeded, or the cause that
// was given to the cancel function.
type Error struct {
	// Status says what to do.
	Status Status
	// Message says what happened, in the server's own words where it sent any; never the key, never the prompt.
	Message string
	// Hint is the library's advice, or "".
	Hint string
	// HTTPStatus is that of the answer; 0 if there was none.
	HTTPStatus int
	// Code, Type and Param are what the server says of its error, or "". Param is the field of the request that is bad, or
	// the deadline of the library's that passed: "connect", "first_token", "idle" or "total".
	Code, Type, Param string
	// RequestID is the id that the server gave the request, for its support, or "".
	RequestID string
	// RetryAfter is how long the server asks to wait; negative if it does not say.
	RetryAfter time.Duration
	// Retryable says that the same request may succeed later.
	Retryable bool
	// Attempts is how many HTTP requests were sent.
	Attempts int
	// Body is the server's answer as it was, but for the key; "" if there was none. Some servers repeat the prompt in it.
	Body string
	// Response is what had arrived; nil if nothing was sent.
	Response *Response

	causes []error
}

// Error is the status and the message.
func (e *Error) Error() string {
	return "hyperbolic: " + e.Status.Error() + ": " + e.Message
}

// Is says whether target is the error's status.
func (e *Error) Is(target error) bool {
	status, ok := target.(Status)
	return ok && status == e.Status
}

// Unwrap is what the context or an encoder said, if that was the cause.
func (e *Error) Unwrap() []error {
	return e.causes
}

// Timeout says whether a deadline passed; net.Error and os.IsTimeout have the same question.
func (e *Error) Timeout() bool {
	return e.Status == ErrDeadline
}

// readError copies an error of the library's.
func readError(from *C.hb_error) *Error {
	var length, bodyLength C.size_t
	message := C.hb_error_message(from, &length)
	body := C.hb_error_body(from, &bodyLength)
	e := &Error{
		Status:     Status(C.hb_error_status(from)),
		Message:    copied(message, length),
		Hint:       C.GoString(C.hb_error_hint(from)),
		HTTPStatus: int(C.hb_error_http_status(from)),
		Code:       C.GoString(C.hb_error_code(from)),
		Type:       C.GoString(C.hb_error_type(from)),
		Param:      C.GoString(C.hb_error_param(from)),
		RequestID:  C.GoString(C.hb_error_request_id(from)),
		RetryAfter: milliseconds(C.hb_error_retry_after_ms(from)),
		Retryable:  C.hb_error_is_retryable(from) == 1,
		Attempts:   int(C.hb_error_attempts(from)),
		Body:       copied(body, bodyLength),
	}
	return e
}

// takeError is the error of a call that answered a status below 0; it frees what the call gave.
func takeError(status C.hb_status, from *C.hb_error) error {
	if status >= 0 {
		return nil
	}
	if from == nil { // the calls without an error parameter
		return &Error{Status: Status(status), Message: C.GoString(C.hb_status_message(status)), RetryAfter: -1}
	}
	defer C.hb_error_free(from)
	return readError(from)
}

// invalid is an error of this package's own, of the kind that the library has for a bad value.
func invalid(param, message string, causes ...error) *Error {
	return &Error{Status: ErrInvalidArgument, Param: param, Message: message, RetryAfter: -1, causes: causes}
}

// endedBy makes an error that of the context which ended the request.
func (e *Error) endedBy(ctx context.Context, ended error) {
	e.causes = append(e.causes, ended)
	if cause := context.Cause(ctx); cause != nil && !errors.Is(ended, cause) {
		e.causes = append(e.causes, cause)
	}
	e.Retryable = false
	e.Status, e.Message = ErrCancelled, ended.Error()
	if errors.Is(ended, context.DeadlineExceeded) {
		e.Status = ErrDeadline
	}
}

func milliseconds[T ~int64 | ~int32 | ~uint32](ms T) time.Duration {
	if ms < 0 {
		return -1
	}
	return time.Duration(ms) * time.Millisecond
}
