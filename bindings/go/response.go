package hyperbolic

// #include <hyperbolic.h>
import "C"

import (
	"encoding/json"
	"runtime"
	"time"
)

// A Response is an answer, whole or as far as it came. What the server did not say is "", or -1 where 0 could be said.
type Response struct {
	// ID is the server's id of the answer.
	ID string
	// Object is "chat.completion" or "text_completion".
	Object string
	// Model is the one that answered, as the server names it.
	Model string
	// RequestedModel is the one that was asked last.
	RequestedModel string
	// Created is when the server made the answer; the zero time if it did not say.
	Created time.Time
	// Choices are the answers: Request.N for each prompt.
	Choices []Choice
	// Usage is what the server counted.
	Usage Usage
	// Cost is what the answer cost; -1 if the count or the price is not known.
	Cost NanoUSD
	// Tolerated are mistakes of the server that were understood all the same: how often it made each kind.
	Tolerated map[string]int
	// RequestID is the id that the server gave the request, for its support.
	RequestID string
	// Attempts is how many HTTP requests were sent.
	Attempts int
	// FirstToken is the time from the call to the first piece; -1 if none came.
	FirstToken time.Duration
	// Total is the time from the call to the end.
	Total time.Duration
	// TokensPerSecond is how fast the tokens after the first came; -1 if that is not known.
	TokensPerSecond float64

	handle *responseHandle
}

// Usage is what a server counted; each number is -1 if it did not.
type Usage struct {
	PromptTokens     int64 // tokens of the prompt
	CompletionTokens int64 // tokens of the answer
	TotalTokens      int64 // tokens of both
}

// A Choice is one answer to a request.
type Choice struct {
	// Role is "assistant", or "" where the server did not say.
	Role string
	// Text is the answer.
	Text string
	// Reasoning is the model's thinking before it, if it showed any.
	Reasoning string
	// FinishReason is "stop", "length", "tool_calls", or any other word of the server's; "" if the choice did not end.
	FinishReason string
	// ToolCalls are the tools that the model calls.
	ToolCalls []ToolCall
	// Logprobs are log-probabilities, as the API documents them; nil if there are none.
	Logprobs json.RawMessage
}

// A ToolCall is a tool that the model calls.
type ToolCall struct {
	// ID names the call; its result goes back under it. Never empty.
	ID string
	// Name is the tool.
	Name string
	// Arguments are JSON as the model wrote it; "" for a tool without parameters.
	Arguments string
	// Index says which call of its choice it is, from 0.
	Index int
	// Whole says that the arguments are a whole JSON object, or empty. Any other call cannot be run.
	Whole bool
}

// Decode reads the arguments into a value, as encoding/json does; empty ones are an empty object.
func (t *ToolCall) Decode(into any) error {
	arguments := t.Arguments
	if arguments == "" {
		arguments = "{}"
	}
	return json.Unmarshal([]byte(arguments), into)
}

// Text is the text of the first choice; "" for a nil response.
func (r *Response) Text() string {
	if r == nil || len(r.Choices) == 0 {
		return ""
	}
	return r.Choices[0].Text
}

// Decode reads the text of the first choice as JSON into a value, as encoding/json does: for answers to JSONObject and
// JSONSchema.
func (r *Response) Decode(into any) error {
	return json.Unmarshal([]byte(r.Text()), into)
}

// JSON is the completion object as the server sent it, or put together from its chunks; fields that this package does
// not know are in it. It takes time linear in its length.
func (r *Response) JSON() json.RawMessage {
	if r == nil || r.handle == nil {
		return nil
	}
	defer runtime.KeepAlive(r.handle)
	var length C.size_t
	text := C.hb_response_json(r.handle.pointer, &length)
	return json.RawMessage(copied(text, length))
}

// newResponse copies what the getters answer. The library's own object stays, for JSON and conversations.
func newResponse(from *responseHandle) *Response {
	defer runtime.KeepAlive(from)
	p := from.pointer
	r := &Response{
		ID:             C.GoString(C.hb_response_id(p)),
		Object:         C.GoString(C.hb_response_object(p)),
		Model:          C.GoString(C.hb_response_model(p)),
		RequestedModel: C.GoString(C.hb_response_requested_model(p)),
		Usage: Usage{
			PromptTokens:     int64(C.hb_response_prompt_tokens(p)),
			CompletionTokens: int64(C.hb_response_completion_tokens(p)),
			TotalTokens:      int64(C.hb_response_total_tokens(p)),
		},
		Cost:            NanoUSD(C.hb_response_cost_nanousd(p)),
		RequestID:       C.GoString(C.hb_response_request_id(p)),
		Attempts:        int(C.hb_response_attempts(p)),
		FirstToken:      milliseconds(C.hb_response_first_token_ms(p)),
		Total:           milliseconds(C.hb_response_total_ms(p)),
		TokensPerSecond: float64(C.hb_response_tokens_per_second(p)),
		handle:          from,
	}
	if created := C.hb_response_created(p); created >= 0 {
		r.Created = time.Unix(int64(created), 0)
	}
	for i := range C.hb_response_tolerated_count(p) {
		if r.Tolerated == nil {
			r.Tolerated = map[string]int{}
		}
		r.Tolerated[C.GoString(C.hb_response_tolerated_name(p, i))] = int(C.hb_response_tolerated_times(p, i))
	}
	for i := range C.hb_response_choice_count(p) {
		r.Choices = append(r.Choices, readChoice(p, i))
	}
	return r
}

func readChoice(p *C.hb_response, i C.uint32_t) Choice {
	var textLength, reasoningLength, logprobsLength C.size_t
	text := C.hb_response_text(p, i, &textLength)
	reasoning := C.hb_response_reasoning(p, i, &reasoningLength)
	logprobs := C.hb_response_logprobs(p, i, &logprobsLength)
	choice := Choice{
		Role:         C.GoString(C.hb_response_role(p, i)),
		Text:         copied(text, textLength),
		Reasoning:    copied(reasoning, reasoningLength),
		FinishReason: C.GoString(C.hb_response_finish_reason(p, i)),
	}
	if logprobsLength > 0 {
		choice.Logprobs = json.RawMessage(copied(logprobs, logprobsLength))
	}
	for j := range C.hb_response_tool_call_count(p, i) {
		var length C.size_t
		arguments := C.hb_response_tool_call_arguments(p, i, j, &length)
		choice.ToolCalls = append(choice.ToolCalls, ToolCall{
			ID:        C.GoString(C.hb_response_tool_call_id(p, i, j)),
			Name:      C.GoString(C.hb_response_tool_call_name(p, i, j)),
			Arguments: copied(arguments, length),
			Index:     int(j),
			Whole:     C.hb_response_tool_call_is_whole(p, i, j) == 1,
		})
	}
	return choice
}
