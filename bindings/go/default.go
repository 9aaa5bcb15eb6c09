package hyperbolic

import (
	"context"
	"iter"
	"sync"
)

// The client of the package's own functions, for programs that need no other.
var defaultClient = sync.OnceValues(func() (*Client, error) { return NewClient(FromEnv()) })

// Chat is [Client.Chat] with a client that is made from the environment when it is first needed, and is never closed:
// see [FromEnv].
func Chat(ctx context.Context, request Request) (*Response, error) {
	client, err := defaultClient()
	if err != nil {
		return nil, err
	}
	return client.Chat(ctx, request)
}

// Stream is [Client.Stream] with the client of [Chat].
func Stream(ctx context.Context, request Request) iter.Seq2[Event, error] {
	client, err := defaultClient()
	if err != nil {
		return func(yield func(Event, error) bool) { yield(Event{Kind: EventDone}, err) }
	}
	return client.Stream(ctx, request)
}
