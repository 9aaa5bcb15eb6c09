package hyperbolic

// #cgo noescape hb_queue_next
// #cgo nocallback hb_queue_next
// #cgo nocallback hb_event_free
// #cgo nocallback hb_start
// #cgo nocallback hb_start_models
// #cgo nocallback hb_cancel
// #cgo nocallback hb_hold
// #include <hyperbolic.h>
import "C"

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// One queue a client, drained by one goroutine while requests are in flight: hb_queue_next holds an operating system's
// thread while it waits, and so 200 streams must not wait in 200 of them. What comes for a request goes into the
// request's own inbox, whose reader waits as goroutines do.
//
// The goroutine never waits for a reader: a slow one would hold up all others. So what a slow reader leaves waits in
// its inbox, put together into few long pieces, until the reader is too far behind: then the library holds the rest, and
// beyond Limits.Queue the server.

// behind is how many bytes of text may wait for a reader before its request is held.
const behind = 64 << 10

// A call is one request in flight.
type call struct {
	client *Client
	tag    uint64
	op     C.hb_op
	quiet  bool        // the reader wants nothing but the end, and so do retries not concern it
	unlink func() bool // the context's cancel does not concern the call any more
	until  time.Time   // the context's deadline

	ready chan struct{} // the inbox has changed; holds one

	mu       sync.Mutex
	waiting  []piece
	bytes    int  // of text, in waiting
	held     bool // the library keeps what comes after waiting
	dropped  bool // the context ended before the reader had all pieces
	done     bool
	response *responseHandle
	failure  *Error
}

// A piece is an event that waits, and its text while it grows.
type piece struct {
	event Event
	text  []byte
}

// start sends a request. The context ends it from then on, wherever its reader is.
func (c *Client) start(ctx context.Context, request *Request, quiet bool) (*call, error) {
	from, err := request.build()
	if err != nil {
		return nil, err
	}
	defer C.hb_request_free(from)
	if quiet {
		C.hb_request_set_omit_pieces(from, 1)
	}
	if deadline, ok := ctx.Deadline(); ok {
		limit := request.TotalTimeout
		if limit == 0 {
			limit = c.total
		}
		limitBy(from, limit, max(0, time.Until(deadline)))
	}
	return c.begin(ctx, quiet, func(k *call, problem **C.hb_error) C.hb_status {
		return C.hb_start(c.pointer, from, c.queue, C.uint64_t(k.tag), &k.op, problem)
	})
}

// begin starts a request of any kind by `send`.
func (c *Client) begin(ctx context.Context, quiet bool, send func(*call, **C.hb_error) C.hb_status) (*call, error) {
	if ended := ctx.Err(); ended != nil {
		e := &Error{RetryAfter: -1}
		e.endedBy(ctx, ended)
		return nil, e
	}
	k := &call{client: c, quiet: quiet, ready: make(chan struct{}, 1)}
	k.until, _ = ctx.Deadline()

	// The lock is held over the start, so that no event of it is looked up before the call is in the map. It does not wait.
	c.mu.Lock()
	c.lastTag++
	k.tag = c.lastTag
	var problem *C.hb_error
	status := send(k, &problem)
	if status == C.HB_OK {
		c.calls[k.tag] = k
		if c.pump == nil {
			c.pump = make(chan struct{})
			go c.drain(c.pump)
		}
	}
	c.mu.Unlock()
	if status != C.HB_OK {
		c.drainLog()
		return nil, takeError(status, problem)
	}
	op := k.op
	k.unlink = context.AfterFunc(ctx, func() { C.hb_cancel(op) })
	return k, nil
}

// drain takes events until no request is in flight.
func (c *Client) drain(ended chan struct{}) {
	defer close(ended)
	for {
		var event *C.hb_event
		// What could be answered instead is for callers that close while they wait; here each request's end is still to come.
		if status := C.hb_queue_next(c.queue, -1, &event); status != C.HB_OK {
			if c.idle(status) {
				return
			}
			continue
		}
		tag := uint64(event.tag)
		c.mu.Lock()
		k := c.calls[tag]
		last := event.kind == C.HB_EVENT_DONE
		if last {
			delete(c.calls, tag)
		}
		c.mu.Unlock()
		if k != nil {
			k.put(event)
		}
		C.hb_event_free(event)
		if last && c.idle(C.HB_OK) {
			return
		}
	}
}

// idle ends the drain if nothing is in flight, or if the library says that nothing will come: then no reader may wait for
// ever.
func (c *Client) idle(status C.hb_status) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if status < 0 {
		for tag, k := range c.calls {
			delete(c.calls, tag)
			k.end(nil, &Error{Status: Status(status), Message: "the queue ended before the request", RetryAfter: -1})
		}
	}
	if len(c.calls) > 0 {
		return false
	}
	c.pump = nil
	return true
}

// put takes over what an event says.
func (k *call) put(from *C.hb_event) {
	switch from.kind {
	case C.HB_EVENT_DONE:
		var failure *Error
		if from.error != nil {
			failure = readError(from.error)
		}
		k.end(adoptResponse(C.hb_response_retain(from.response)), failure)
	case C.HB_EVENT_TEXT, C.HB_EVENT_REASONING:
		k.putText(from)
	case C.HB_EVENT_TOOL_CALL, C.HB_EVENT_RETRY:
		if !k.quiet {
			k.mu.Lock()
			k.waiting = append(k.waiting, piece{event: readEvent(from)})
			k.mu.Unlock()
			k.tell()
		}
	}
}

// hold keeps what comes next in the library while the reader is far behind. k.mu is held, so that the last word is right.
func (k *call) hold() {
	if held := k.bytes >= behind; held != k.held {
		k.held = held
		C.hb_hold(k.op, flag(held))
	}
}

// putText adds to a piece of the same kind and choice, if nothing else of that choice waits behind it.
func (k *call) putText(from *C.hb_event) {
	kind, choice := EventKind(from.kind), int(from.choice)
	text := copied(from.text, from.text_len)
	k.mu.Lock()
	defer k.tell()
	defer k.mu.Unlock()
	k.bytes += len(text)
	k.hold()
	for i := len(k.waiting) - 1; i >= 0; i-- {
		before := &k.waiting[i]
		if before.event.Choice != choice {
			continue
		}
		if before.event.Kind == kind {
			before.text = append(before.text, text...)
			return
		}
		break
	}
	k.waiting = append(k.waiting, piece{event: Event{Kind: kind, Choice: choice}, text: []byte(text)})
}

func (k *call) end(response *responseHandle, failure *Error) {
	k.mu.Lock()
	k.done, k.response, k.failure = true, response, failure
	k.mu.Unlock()
	k.tell()
}

func (k *call) tell() {
	select {
	case k.ready <- struct{}{}:
	default:
	}
}

// next waits for the next event. The last one is EventDone, with the error if there is one.
func (k *call) next(ctx context.Context) (Event, error) {
	interrupted := ctx.Done()
	for {
		k.client.drainLog()
		if event, ok := k.take(ctx); ok {
			return event, nil
		}
		k.mu.Lock()
		done := k.done
		k.mu.Unlock()
		if done {
			return k.outcome(ctx)
		}
		select {
		case <-k.ready:
		case <-interrupted:
			// The end follows at once: when hb_cancel returns it waits in the queue.
			C.hb_cancel(k.op)
			interrupted = nil
		}
	}
}

// take answers the first piece that waits. Once the context has ended there is none: what waited is dropped.
func (k *call) take(ctx context.Context) (Event, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if ctx.Err() != nil && len(k.waiting) > 0 {
		k.dropped, k.waiting, k.bytes = true, nil, 0
	}
	if len(k.waiting) == 0 {
		return Event{}, false
	}
	first := k.waiting[0]
	k.waiting[0] = piece{}
	k.waiting = k.waiting[1:]
	if first.text != nil {
		first.event.Text = string(first.text)
		k.bytes -= len(first.text)
		k.hold()
	}
	return first.event, true
}

// outcome is the end of a request that has ended.
func (k *call) outcome(ctx context.Context) (Event, error) {
	event := Event{Kind: EventDone}
	if k.response != nil {
		event.Response = newResponse(k.response)
	}
	failure := k.failure
	ended := ctx.Err()
	if ended == nil && failure != nil && failure.Status == ErrDeadline && !k.until.IsZero() && !time.Now().Before(k.until) {
		ended = context.DeadlineExceeded // its timer is late
	}
	switch {
	case ended == nil:
	case failure == nil && k.dropped:
		// The answer was whole, but its reader has not got it.
		failure = &Error{RetryAfter: -1}
		failure.endedBy(ctx, ended)
	case failure == nil:
	case failure.Status == ErrCancelled, failure.Status == ErrDeadline && ended == context.DeadlineExceeded:
		failure.endedBy(ctx, ended)
	}
	if failure == nil {
		return event, nil
	}
	failure.Response = event.Response
	return event, failure
}

// leave is how every reader goes: what it leaves behind unfinished is cancelled.
func (k *call) leave() {
	k.unlink()
	k.mu.Lock()
	done := k.done
	k.mu.Unlock()
	if !done {
		C.hb_cancel(k.op)
	}
	k.client.drainLog()
	runtime.KeepAlive(k.client)
}
