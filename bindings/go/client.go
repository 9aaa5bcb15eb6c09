package hyperbolic

// #include <hyperbolic.h>
import "C"

import (
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A Client asks one server: it has the key, the connections, the pace. It is safe for concurrent use; make one and
// share it. Close it when it is no longer needed; one that is forgotten is closed when it is collected.
type Client struct {
	pointer *C.hb_client
	queue   *C.hb_queue
	total   time.Duration

	mu      sync.Mutex
	calls   map[uint64]*call // in flight, by tag
	lastTag uint64
	pump    chan struct{} // closed when the goroutine that drains the queue has ended; nil if there is none
	closed  bool

	logger  *slog.Logger
	logging sync.Mutex
	logDue  atomic.Bool
}

// NewClient makes a client. Nothing is sent, and no thread is started before the first request. It fails with
// ErrInvalidArgument for a bad option, and with ErrBadData for a recording that cannot be read.
func NewClient(options Options) (*Client, error) {
	c := &Client{calls: map[uint64]*call{}, logger: options.Logger, total: options.TotalTimeout}
	from := options.build()
	defer C.hb_options_free(from)
	var problem *C.hb_error
	if status := C.hb_client_new(from, &c.pointer, &problem); status != C.HB_OK {
		return nil, takeError(status, problem)
	}
	if status := C.hb_queue_new(&c.queue, &problem); status != C.HB_OK {
		C.hb_client_free(c.pointer)
		return nil, takeError(status, problem)
	}
	// Only here is anything freed, when no call can use it any more: so no race of Close with a call can touch what is
	// gone. Whatever a client still had going on then ends with it.
	runtime.AddCleanup(c, func(ours owned) { ours.free() }, owned{c.pointer, c.queue})
	return c, nil
}

// owned is what a client has of the library's.
type owned struct {
	client *C.hb_client
	queue  *C.hb_queue
}

func (o owned) free() {
	C.hb_client_free(o.client)
	C.hb_queue_free(o.queue)
}

// Close cancels every request of the client, closes its connections, and refuses further requests with ErrClosed. Calls
// on other goroutines return with ErrCancelled and what had arrived. It may be called any number of times, from
// anywhere, and always returns nil. When it returns, no goroutine of the client is left.
func (c *Client) Close() error {
	C.hb_client_close(c.pointer)
	C.hb_queue_close(c.queue)
	c.mu.Lock()
	c.closed = true
	pump := c.pump
	c.mu.Unlock()
	// It waits for nothing but what waits already, and runs nobody's code.
	if pump != nil {
		<-pump
	}
	c.drainLog()
	return nil
}

// SetAPIKey replaces the key for what is sent from now on, also by requests that wait for their turn or for another
// attempt.
func (c *Client) SetAPIKey(key Key) error {
	defer runtime.KeepAlive(c)
	var problem *C.hb_error
	text, length := lend(string(key))
	return takeError(C.hb_client_set_api_key(c.pointer, text, length, &problem), problem)
}

// WarmUp connects ahead of the first request, so that it need not wait for name, TCP and TLS. It returns at once; a
// connection that cannot be made is for the first request to report.
func (c *Client) WarmUp() error {
	defer runtime.KeepAlive(c)
	var problem *C.hb_error
	return takeError(C.hb_client_warm_up(c.pointer, &problem), problem)
}
