package hyperbolic

// #include <hyperbolic.h>
import "C"

import "time"

// An EventKind says what happened.
type EventKind uint32

// What can happen. Skip a kind that you do not know.
const (
	// EventText is the next piece of the answer, in Text: whole code points, never empty.
	EventText EventKind = C.HB_EVENT_TEXT
	// EventReasoning is the next piece of the model's thinking, in Text.
	EventReasoning EventKind = C.HB_EVENT_REASONING
	// EventToolCall is one complete tool call, in ToolCall.
	EventToolCall EventKind = C.HB_EVENT_TOOL_CALL
	// EventRetry tells that the request is sent again, before anything was delivered, in Retry.
	EventRetry EventKind = C.HB_EVENT_RETRY
	// EventDone is the last event, exactly once, with the Response.
	EventDone EventKind = C.HB_EVENT_DONE
)

// String is a word for the kind.
func (k EventKind) String() string {
	switch k {
	case EventText:
		return "text"
	case EventReasoning:
		return "reasoning"
	case EventToolCall:
		return "tool call"
	case EventRetry:
		return "retry"
	case EventDone:
		return "done"
	}
	return "unknown"
}

// An Event is one thing that happened to a request. What its kind does not use is zero.
type Event struct {
	Kind EventKind
	// Choice says of which choice, from 0.
	Choice int
	// Text is the piece of EventText and EventReasoning.
	Text string
	// ToolCall is that of EventToolCall.
	ToolCall *ToolCall
	// Retry is that of EventRetry.
	Retry *Retry
	// Response is that of EventDone: whole, or what had arrived.
	Response *Response
}

// A Retry tells why a request is sent again, and when.
type Retry struct {
	// Err is why.
	Err *Error
	// Attempt is which attempt follows; the first of a request is 1.
	Attempt int
	// Delay is the wait before it.
	Delay time.Duration
	// Model is asked next: the same, or the next of Request.FallbackModels.
	Model string
}

// readEvent copies an event of a tool call or a retry.
func readEvent(from *C.hb_event) Event {
	event := Event{Kind: EventKind(from.kind), Choice: int(from.choice)}
	if event.Kind == EventToolCall {
		event.ToolCall = &ToolCall{
			ID:        C.GoString(from.id),
			Name:      C.GoString(from.name),
			Arguments: copied(from.text, from.text_len),
			Index:     int(from.tool_call),
			Whole:     from.status == C.HB_OK,
		}
		return event
	}
	event.Retry = &Retry{Attempt: int(from.attempt), Delay: milliseconds(from.delay_ms), Model: C.GoString(from.name)}
	if from.error != nil {
		event.Retry.Err = readError(from.error)
	}
	return event
}
