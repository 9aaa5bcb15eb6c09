package hyperbolic

import (
	"context"
	"iter"
)

// Chat sends a chat and waits for the whole answer. When the context ends, so does the request, at once, and the server
// stops.
//
// With an error there may be a response too, with what had arrived: it is also the [Error.Response].
func (c *Client) Chat(ctx context.Context, request Request) (*Response, error) {
	if request.hasPrompt() {
		return nil, invalid("prompt", "a chat has messages and no prompt: Complete is for prompts")
	}
	return c.wait(ctx, &request)
}

// Complete sends a text completion and waits for the whole answer. In all else like Chat.
func (c *Client) Complete(ctx context.Context, request Request) (*Response, error) {
	if len(request.Messages) > 0 || request.Conversation != nil {
		return nil, invalid("messages", "a text completion has a prompt and no messages: Chat is for messages")
	}
	return c.wait(ctx, &request)
}

func (r *Request) hasPrompt() bool {
	return r.Prompt != "" || len(r.Prompts) > 0 || len(r.PromptTokens) > 0
}

func (c *Client) wait(ctx context.Context, request *Request) (*Response, error) {
	k, err := c.start(ctx, request, true)
	if err != nil {
		return nil, err
	}
	defer k.leave()
	end, err := k.next(ctx)
	return end.Response, err
}

// Stream sends a request, a chat or a text completion, and yields what happens as it happens: pieces of text and
// reasoning, tool calls, retries, and last an event of the kind EventDone with the response. If the request fails, the
// error is yielded with that last event, whose Response is what had arrived, or nil if nothing was sent.
//
// Leaving the loop cancels the request, and the server stops. So does the end of the context, at once and wherever the
// loop is; the loop then gets no more pieces, but the end with an error. Each range over the sequence sends the request
// anew.
//
// A loop that is slower than the model gets fewer and longer pieces. Once some 64 KiB and [Limits].Queue wait for it, the
// server has to wait too.
func (c *Client) Stream(ctx context.Context, request Request) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		k, err := c.start(ctx, &request, false)
		if err != nil {
			yield(Event{Kind: EventDone}, err)
			return
		}
		defer k.leave() // also when the loop's body panics
		for {
			event, err := k.next(ctx)
			if !yield(event, err) || event.Kind == EventDone {
				return
			}
		}
	}
}
