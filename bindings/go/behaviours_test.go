package hyperbolic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// The behaviours that every binding has, by the names of bindings/behaviours.md.

func TestTextIsEqualByteForByte(t *testing.T) {
	const wanted = "Grüße 🙂👩‍👩‍👧 日本語 \x00 и ещё"
	// The halves of a surrogate pair come in two events; every other byte comes by itself.
	var body strings.Builder
	for _, piece := range []string{`Grüße `, `\ud83d`, `\ude42👩‍👩‍👧 日`, `本語 \u0000 и`, ` ещё`} {
		fmt.Fprintf(&body, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s\"}}]}\n\n", piece)
	}
	body.WriteString("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
	control(t, "PUT", "body/split", body.String())
	for name, script := range map[string]string{"whole": "raw=split", "bytewise": "raw=split,bytewise"} {
		t.Run(name, func(t *testing.T) {
			client := newClient(t, faults(script))
			var pieces strings.Builder
			var response *Response
			for event, err := range client.Stream(within(t), Ask(testModel, "?")) {
				if err != nil {
					t.Fatal(err)
				}
				if event.Kind == EventText && event.Text == "" {
					t.Fatal("an empty piece")
				}
				pieces.WriteString(event.Text)
				response = event.Response
			}
			want(t, "the sum of the pieces", pieces.String(), wanted)
			want(t, "the text of the response", response.Text(), wanted)
			whole, err := client.Chat(within(t), Ask(testModel, "?"))
			if err != nil {
				t.Fatal(err)
			}
			want(t, "the text of Chat", whole.Text(), wanted)
		})
	}
	// And on the way to the server: its answer quotes the question.
	const question = "日本語 🙂 \"é\""
	response, err := newClient(t, Options{}).Chat(within(t), Ask(testModel, question))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(response.Text(), question) {
		t.Fatalf("%q does not quote %q", response.Text(), question)
	}
}

func TestPartialAnswerOnCancel(t *testing.T) {
	reset(t)
	client := newClient(t, faults("stall-after=5"))
	ctx, cancel := context.WithCancel(within(t))
	defer cancel()
	var pieces string
	var end Event
	var failure error
	for event, err := range client.Stream(ctx, Ask(testModel, "?")) {
		if event.Kind == EventText {
			pieces += event.Text
			cancel()
			continue
		}
		end, failure = event, err
	}
	wantIs(t, failure, context.Canceled)
	wantIs(t, failure, ErrCancelled)
	want(t, "the last event", end.Kind, EventDone)
	problem := asError(t, failure)
	if pieces == "" || !strings.HasPrefix(problem.Response.Text(), pieces) {
		t.Fatalf("%q does not begin with %q", problem.Response.Text(), pieces)
	}
	want(t, "the response of the event", end.Response, problem.Response)
	waitForCounts(t, "closes=1&in_flight-at-most=0")

	// What waits for the loop is dropped: here two choices, of which it gets one piece before the whole answer is there.
	whole := newClient(t, Options{})
	ctx, cancel = context.WithCancel(within(t))
	defer cancel()
	request := Ask(testModel, "?")
	request.N = 2
	var events []Event
	for event, err := range whole.Stream(ctx, request) {
		if events = append(events, event); len(events) == 1 {
			eventually(t, "the answer is there", func() bool { return whole.Stats().Succeeded == 1 })
			cancel()
		} else {
			wantIs(t, err, context.Canceled)
			want(t, "the finish", event.Response.Choices[1].FinishReason, "stop")
		}
	}
	want(t, "events", len(events), 2)
	reset(t)

	// Of a call that waits too, and with a cause.
	reason := errors.New("the user left")
	ctx, cancelFor := context.WithCancelCause(within(t))
	go func() {
		defer cancelFor(reason)
		if _, err := ask("GET", "wait?streams_started=1&timeout-ms=20000", ""); err != nil {
			t.Error(err)
		}
	}()
	response, err := client.Chat(ctx, Ask(testModel, "?"))
	wantIs(t, err, context.Canceled)
	wantIs(t, err, reason)
	if response == nil || response != asError(t, err).Response {
		t.Fatal("no response came with the error")
	}

	// Leaving the loop is a cancel too.
	for event := range client.Stream(within(t), Ask(testModel, "?")) {
		if event.Kind == EventText {
			break
		}
	}
	waitForCounts(t, "closes=2&in_flight-at-most=0")

	// A context that has ended sends nothing.
	_, err = client.Chat(ctx, Ask(testModel, "?"))
	wantIs(t, err, context.Canceled)
	want(t, "requests", client.Stats().Requests, 3)
}

func TestErrorFields(t *testing.T) {
	options := faults("status=429,header=retry-after:7,header=x-request-id:req-1")
	options.MaxRetries = -1
	response, err := newClient(t, options).Chat(within(t), Ask(testModel, "?"))
	wantIs(t, err, ErrRateLimited)
	wantIsNot(t, err, ErrServer)
	wantIsNot(t, err, context.Canceled)
	problem := asError(t, fmt.Errorf("wrapped: %w", err))
	want(t, "Status", problem.Status, ErrRateLimited)
	want(t, "HTTPStatus", problem.HTTPStatus, 429)
	want(t, "Code", problem.Code, "42901")
	want(t, "RequestID", problem.RequestID, "req-1")
	want(t, "RetryAfter", problem.RetryAfter, 7*time.Second)
	want(t, "Retryable", problem.Retryable, true)
	want(t, "Attempts", problem.Attempts, 1)
	want(t, "the response", problem.Response, response)
	if !strings.Contains(problem.Message, "asked to answer 429") || !strings.Contains(problem.Body, `"code":42901`) {
		t.Fatalf("message %q, body %q", problem.Message, problem.Body)
	}
	want(t, "Error()", problem.Error(), "hyperbolic: rate limited: "+problem.Message)

	// A server in OpenAI's shape has a type and a field too.
	options = faults("")
	options.Headers["x-simulator-fault"] = "status=400,body=" +
		`{"error":{"message":"no%2C"%2C"type":"invalid_request_error"%2C"param":"top_k"%2C"code":"bad_value"}}`
	_, err = newClient(t, options).Chat(within(t), Ask(testModel, "?"))
	problem = asError(t, err)
	want(t, "Status", problem.Status, ErrBadRequest)
	want(t, "Message", problem.Message, "no,")
	want(t, "Type", problem.Type, "invalid_request_error")
	want(t, "Param", problem.Param, "top_k")
	want(t, "Code", problem.Code, "bad_value")
	if problem.RetryAfter >= 0 {
		t.Fatalf("RetryAfter is %v though the server does not say", problem.RetryAfter)
	}

	// What is bad before it is sent names its field.
	_, err = newClient(t, Options{}).Chat(within(t), Request{Model: testModel, Messages: []Message{User("?")}, TopP: Ptr(7.0)})
	wantIs(t, err, ErrInvalidArgument)
	want(t, "Param", asError(t, err).Param, "top_p")
}

func TestDeadline(t *testing.T) {
	reset(t)
	options := faults("stall-after=5")
	client := newClient(t, options)
	ctx, cancel := context.WithTimeout(within(t), 300*time.Millisecond)
	defer cancel()
	response, err := client.Chat(ctx, Ask(testModel, "?"))
	wantIs(t, err, context.DeadlineExceeded)
	wantIs(t, err, ErrDeadline)
	if response.Text() == "" {
		t.Fatal("what had arrived is lost")
	}
	want(t, "Timeout()", asError(t, err).Timeout(), true)

	// A deadline of the library's own is none of the context's.
	request := Ask(testModel, "?")
	request.IdleTimeout = 100 * time.Millisecond
	response, err = client.Chat(within(t), request)
	wantIs(t, err, ErrDeadline)
	wantIsNot(t, err, context.DeadlineExceeded)
	want(t, "which deadline", asError(t, err).Param, "idle")
	if response.Text() == "" {
		t.Fatal("what had arrived is lost")
	}
	waitForCounts(t, "closes=2&in_flight-at-most=0")

	// No wait is begun that the context leaves no room for: the server's word comes at once.
	ctx, cancel = context.WithTimeout(within(t), 30*time.Second)
	defer cancel()
	_, err = newClient(t, faults("status=429,header=retry-after:60")).Chat(ctx, Ask(testModel, "?"))
	wantIs(t, err, ErrRateLimited)
	if ctx.Err() != nil {
		t.Fatal("the error came when the time was over")
	}
}

var addTool = Tool{
	Name:        "add",
	Description: "Adds two integers.",
	Parameters: json.RawMessage(
		`{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"}},"required":["a","b"]}`),
}

func TestToolRoundTrip(t *testing.T) {
	client := newClient(t, Options{})
	conversation := NewConversation("You can add.")
	if err := conversation.Add(User("Please add 2 and 3")); err != nil {
		t.Fatal(err)
	}
	request := Request{Model: testModel, Conversation: conversation, Tools: []Tool{addTool}}
	var calls []ToolCall
	for event, err := range client.Stream(within(t), request) {
		if err != nil {
			t.Fatal(err)
		}
		if event.Kind == EventToolCall {
			calls = append(calls, *event.ToolCall)
		}
		if event.Kind == EventDone {
			if err := conversation.AddResponse(event.Response); err != nil {
				t.Fatal(err)
			}
			want(t, "the calls of the response", len(event.Response.Choices[0].ToolCalls), 1)
		}
	}
	want(t, "calls", len(calls), 1)
	want(t, "the tool", calls[0].Name, "add")
	want(t, "Whole", calls[0].Whole, true)
	var numbers struct{ A, B *int }
	if err := calls[0].Decode(&numbers); err != nil || numbers.A == nil || numbers.B == nil {
		t.Fatalf("arguments %q: %v", calls[0].Arguments, err)
	}
	open := conversation.OpenToolCalls()
	want(t, "open calls", len(open), 1)
	want(t, "the open call", open[0].ID, calls[0].ID)

	// While the call waits, the conversation is not sent.
	_, err := client.Chat(within(t), request)
	wantIs(t, err, ErrInvalidArgument)
	if !strings.Contains(err.Error(), calls[0].ID) {
		t.Fatalf("%v does not name the call", err)
	}
	if err := conversation.AddToolResult(calls[0].ID, "5"); err != nil {
		t.Fatal(err)
	}
	wantIs(t, conversation.AddToolResult(calls[0].ID, "5"), ErrInvalidArgument)
	response, err := client.Chat(within(t), request)
	if err != nil {
		t.Fatal(err)
	}
	if response.Text() == "" || len(response.Choices[0].ToolCalls) != 0 {
		t.Fatalf("no words after the result, but %+v", response.Choices[0])
	}
	entry := conversation.Entry(2)
	want(t, "the result's role", entry.Role, RoleTool)
	want(t, "the result's call", entry.ToolResultID, calls[0].ID)
}

func TestSaveAndLoad(t *testing.T) {
	client := newClient(t, Options{})
	conversation := NewConversation("Be brief. 🙂")
	steps := []error{
		conversation.SetSummary("They spoke of 天気."),
		conversation.Add(User("Look", Image{Data: []byte("\x89PNG\r\n\x1a\n"), Detail: "low"}, Image{URL: "https://example.com/a.png"})),
		conversation.SetMetadata(0, "speaker", "Ada"),
		conversation.Add(Assistant("I see.")),
		conversation.Add(User("Please add 2 and 3")),
	}
	if err := errors.Join(steps...); err != nil {
		t.Fatal(err)
	}
	request := Request{Model: testModel, Messages: []Message{User("Please add 2 and 3")}, Tools: []Tool{addTool}}
	response, err := client.Chat(within(t), request)
	if err != nil {
		t.Fatal(err)
	}
	if err := conversation.AddResponse(response); err != nil {
		t.Fatal(err)
	}
	saved, err := conversation.Save(0)
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadConversation(saved)
	if err != nil {
		t.Fatal(err)
	}
	twice, err := again.Save(0)
	if err != nil || !bytes.Equal(saved, twice) {
		t.Fatalf("%s and %s (%v)", saved, twice, err)
	}
	want(t, "System", again.System(), "Be brief. 🙂")
	want(t, "Summary", again.Summary(), "They spoke of 天気.")
	want(t, "Len", again.Len(), 4)
	want(t, "images", again.Entry(0).Images, 2)
	want(t, "metadata", again.Entry(0).Metadata["speaker"], "Ada")
	want(t, "open calls", len(again.OpenToolCalls()), 1)
	want(t, "Tokens", again.Tokens(), conversation.Tokens())

	// Inside JSON of one's own.
	type game struct{ Talk *Conversation }
	data, err := json.Marshal(game{conversation})
	if err != nil {
		t.Fatal(err)
	}
	var loaded game
	if err := json.Unmarshal(data, &loaded); err != nil {
		t.Fatal(err)
	}
	thrice, err := loaded.Talk.Save(0)
	if err != nil || !bytes.Equal(saved, thrice) {
		t.Fatalf("%s and %s (%v)", saved, thrice, err)
	}

	// Without what should not be shown, and from what is no conversation.
	bare, err := conversation.Save(SaveNoSystem | SaveNoImages)
	if err != nil || bytes.Contains(bare, []byte("Be brief")) || bytes.Contains(bare, []byte("example.com")) {
		t.Fatalf("%s (%v)", bare, err)
	}
	broken := bytes.Replace(saved, []byte(`"user"`), []byte(`"nobody"`), 1)
	_, err = LoadConversation(broken)
	wantIs(t, err, ErrBadData)
	want(t, "the place", asError(t, err).Param, "messages[0].role")
	_, err = LoadConversation(nil)
	if err == nil {
		t.Fatal("nothing was loaded")
	}
}
