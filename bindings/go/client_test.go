package hyperbolic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestRetriesAndFallbackModels(t *testing.T) {
	request := Ask("some/model", "?")
	request.FallbackModels = []string{testModel}
	client := newClient(t, faults("model=some/model,status=503,header=retry-after-ms:1"))
	var retries []Retry
	var response *Response
	for event, err := range client.Stream(within(t), request) {
		if err != nil {
			t.Fatal(err)
		}
		if event.Kind == EventRetry {
			retries = append(retries, *event.Retry)
		}
		response = event.Response
	}
	want(t, "retries", len(retries), 3)
	wantIs(t, retries[0].Err, ErrServer)
	want(t, "the first retry's attempt", retries[0].Attempt, 2)
	want(t, "the first retry's model", retries[0].Model, "some/model")
	want(t, "the first retry's delay", retries[0].Delay, time.Millisecond)
	want(t, "the last retry's model", retries[2].Model, testModel)
	want(t, "RequestedModel", response.RequestedModel, testModel)
	want(t, "Attempts", response.Attempts, 4)
	want(t, "retried", client.Stats().Retries, 3)
}

func TestResponseTellsWhatTheServerSaid(t *testing.T) {
	client := newClient(t, faults("think=reasoning_content,header=x-request-id:req-9"))
	request := Ask(testModel, "?")
	request.N = 2
	response, err := client.Chat(within(t), request)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "choices", len(response.Choices), 2)
	choice := response.Choices[1]
	if choice.Reasoning == "" || choice.Text == "" || choice.Role != "assistant" || choice.FinishReason != "stop" {
		t.Errorf("%+v", choice)
	}
	want(t, "RequestID", response.RequestID, "req-9")
	want(t, "Model", response.Model, testModel)
	want(t, "Object", response.Object, "chat.completion")
	if time.Since(response.Created).Abs() > time.Hour || response.Total < response.FirstToken || response.FirstToken < 0 {
		t.Errorf("created %v, first %v, total %v", response.Created, response.FirstToken, response.Total)
	}
	usage := response.Usage
	if usage.PromptTokens <= 0 || usage.CompletionTokens <= 0 || usage.TotalTokens != usage.PromptTokens+usage.CompletionTokens {
		t.Errorf("%+v", usage)
	}
	if response.Cost <= 0 || !strings.HasPrefix(response.Cost.String(), "$0.") {
		t.Errorf("cost %v", response.Cost)
	}
	var object struct{ Choices []any }
	if err := json.Unmarshal(response.JSON(), &object); err != nil || len(object.Choices) != 2 {
		t.Errorf("%s: %v", response.JSON(), err)
	}
	request.OmitReasoning = true
	response, err = client.Chat(within(t), request)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "the omitted reasoning", response.Choices[0].Reasoning, "")
	var nothing *Response
	want(t, "the text of no response", nothing.Text(), "")
}

func TestPiecesKeepTheirOrderAndChoice(t *testing.T) {
	client := newClient(t, faults("think=reasoning,bytewise,words=20"))
	request := Ask(testModel, "?")
	request.N = 3
	texts, thoughts := map[int]string{}, map[int]string{}
	for event, err := range client.Stream(within(t), request) {
		if err != nil {
			t.Fatal(err)
		}
		switch event.Kind {
		case EventReasoning:
			if texts[event.Choice] != "" {
				t.Fatal("a thought came after the text that followed it")
			}
			thoughts[event.Choice] += event.Text
		case EventText:
			texts[event.Choice] += event.Text
		case EventDone:
			for i, choice := range event.Response.Choices {
				want(t, "text", texts[i], choice.Text)
				want(t, "reasoning", thoughts[i], choice.Reasoning)
			}
		}
	}
	want(t, "choices", len(texts), 3)
}

func TestSlowReaderGetsEverything(t *testing.T) {
	const slow = 5000
	client := newClient(t, faults(fmt.Sprintf("words=%d", slow)))
	var text strings.Builder
	pieces := 0
	for event, err := range client.Stream(within(t), Ask(testModel, "?")) {
		if err != nil {
			t.Fatal(err)
		}
		if pieces == 0 {
			// The reader rests until the whole answer has come, and holds up nobody meanwhile.
			waitForCounts(t, "in_flight-at-most=0")
			if _, err := client.Chat(within(t), Request{Model: testModel, Messages: []Message{User("?")}, MaxTokens: 3}); err != nil {
				t.Fatal(err)
			}
		}
		text.WriteString(event.Text)
		pieces++
		if event.Kind == EventDone {
			want(t, "the text", text.String(), event.Response.Text())
		}
	}
	if pieces > slow/10 {
		t.Errorf("what waited came in %d pieces", pieces)
	}
}

func TestModelsUsageAndEstimates(t *testing.T) {
	client := newClient(t, Options{})
	catalog := Catalog()
	known := catalog.Find(testModel)
	if known == nil || catalog.Date == "" || known.Chat == nil || !*known.Chat || known.InputPrice <= 0 || known.Context <= 0 {
		t.Fatalf("%+v", known)
	}
	if catalog.Find("no/model") != nil {
		t.Error("a model that is not there was found")
	}
	models, err := client.Models(within(t))
	if err != nil || models.Find(testModel) == nil || models.Date != "" {
		t.Fatalf("%+v, %v", models, err)
	}
	view, err := client.KnownModels()
	if err != nil || view.Find(testModel) == nil || view.Date != catalog.Date {
		t.Fatalf("%+v, %v", view, err)
	}
	estimate, err := client.Estimate(Ask(testModel, "Why is the sky blue?"))
	if err != nil || estimate.PromptTokens < 5 || estimate.PromptTokens > 100 || estimate.Cost <= 0 {
		t.Fatalf("%+v, %v", estimate, err)
	}
	_, err = client.Estimate(Request{})
	wantIs(t, err, ErrInvalidArgument)

	response, err := client.Chat(within(t), Ask(testModel, "?"))
	if err != nil {
		t.Fatal(err)
	}
	usage, err := client.Usage()
	if err != nil {
		t.Fatal(err)
	}
	want(t, "rows", len(usage), 1)
	want(t, "the row", usage[0], ModelUsage{Model: testModel, Requests: 1, Attempts: 1,
		PromptTokens: response.Usage.PromptTokens, CompletionTokens: response.Usage.CompletionTokens, Cost: response.Cost})
	stats := client.Stats()
	want(t, "spent", stats.Spent, response.Cost)
	want(t, "requests", stats.Requests, 2)

	options := Options{BaseURL: serverURL, APIKey: testKey, SpendingLimit: 1}
	client = newClient(t, options)
	if _, err = client.Chat(within(t), Ask(testModel, "?")); err != nil {
		t.Fatal(err)
	}
	_, err = client.Chat(within(t), Ask(testModel, "?"))
	wantIs(t, err, ErrBudget)

	// The context ends a request for models too, and the server sees it leave.
	client = newClient(t, faults("stall"))
	ctx, cancel := context.WithCancel(within(t))
	reset(t)
	go func() {
		defer cancel()
		if _, err := ask("GET", "wait?requests=1&timeout-ms=20000", ""); err != nil {
			t.Error(err)
		}
	}()
	_, err = client.Models(ctx)
	wantIs(t, err, context.Canceled)
	waitForCounts(t, "closes=1&in_flight-at-most=0")
}

func TestConversationIsTrimmedAndUndone(t *testing.T) {
	conversation := NewConversation("System.")
	for i := range 20 {
		if err := errors.Join(
			conversation.Add(User(fmt.Sprintf("Question %d, which has a few words", i))),
			conversation.Add(Assistant("An answer, which has some words too"))); err != nil {
			t.Fatal(err)
		}
	}
	all := conversation.Clone()
	dropped, err := conversation.Trim(100)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "what is left", conversation.Len(), 40-dropped)
	if tokens := conversation.Tokens(); tokens > 100 || dropped == 0 || dropped%2 != 0 {
		t.Errorf("%d tokens, %d dropped", tokens, dropped)
	}
	want(t, "the first", conversation.Entries()[0].Text, all.Entry(dropped).Text)
	want(t, "the copy", all.Len(), 40)
	dropped, err = conversation.Trim(1)
	wantIs(t, err, ErrInvalidArgument)
	if dropped == 0 {
		t.Error("nothing went, though more than enough was there")
	}
	if err := all.Truncate(3); err != nil {
		t.Fatal(err)
	}
	want(t, "after the undo", all.Len(), 3)
	wantIs(t, all.Truncate(-1), ErrInvalidArgument)
	wantIs(t, all.Add(Message{Role: RoleSystem, Text: "x"}), ErrInvalidArgument)
	// An image that is none takes its message with it.
	wantIs(t, all.Add(User("x", Image{URL: "https://example.com/a.png"}, Image{Data: []byte("no image")})), ErrInvalidArgument)
	want(t, "after what failed", all.Len(), 3)
	wantIs(t, all.AddResponse(nil), ErrInvalidArgument)
	wantIs(t, all.AddResponse(&Response{}), ErrInvalidArgument)
	want(t, "no entry", all.Entry(99).Role, "")
	want(t, "no entry", all.Entry(-1).Role, "")

	// The zero value works, and goroutines may share one.
	var shared Conversation
	var group sync.WaitGroup
	for range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			for range 50 {
				if err := shared.Add(User("x")); err != nil {
					t.Error(err)
				}
				_ = shared.Entries()
			}
		}()
	}
	group.Wait()
	want(t, "messages", shared.Len(), 400)
}

func TestRecordAndReplay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "recording")
	client := newClient(t, Options{BaseURL: serverURL, APIKey: testKey, Record: path})
	first, err := client.Chat(within(t), Ask(testModel, "日本"))
	if err != nil {
		t.Fatal(err)
	}
	_ = client.Close()
	client = newClient(t, Options{Replay: path})
	second, err := client.Chat(within(t), Ask(testModel, "日本"))
	if err != nil {
		t.Fatal(err)
	}
	want(t, "the replayed text", second.Text(), first.Text())
	_, err = client.Chat(within(t), Ask(testModel, "another"))
	wantIs(t, err, ErrBadData)
}

func TestWarmUpAndNewKey(t *testing.T) {
	reset(t)
	client := newClient(t, Options{})
	if err := client.WarmUp(); err != nil {
		t.Fatal(err)
	}
	waitForCounts(t, "connections-at-most=1")
	if err := client.SetAPIKey("wrong-key"); err != nil {
		t.Fatal(err)
	}
	_, err := client.Chat(within(t), Ask(testModel, "?"))
	wantIs(t, err, ErrAuthentication)
	wantIs(t, client.SetAPIKey(""), ErrInvalidArgument)
}

func TestSentences(t *testing.T) {
	request := Ask(testModel, "?")
	request.Sentences = true
	count := 0
	for event, err := range newClient(t, faults("event-delay=1")).Stream(within(t), request) {
		if err != nil {
			t.Fatal(err)
		}
		if event.Kind == EventText {
			count++
		}
	}
	if count == 0 || count > 12 {
		t.Errorf("%d pieces", count)
	}
}

func TestVersion(t *testing.T) {
	if !strings.HasPrefix(LibraryVersion(), "0.") {
		t.Errorf("version %q", LibraryVersion())
	}
	want(t, "an unknown status", Status(-999).Error(), "unknown")
	want(t, "a kind", fmt.Sprint(EventText, EventKind(99)), "text unknown")
}

func TestDefaultClient(t *testing.T) {
	t.Setenv("HYPERBOLIC_BASE_URL", serverURL)
	t.Setenv("HYPERBOLIC_API_KEY", string(testKey))
	response, err := Chat(within(t), Ask(testModel, "?"))
	if err != nil || response.Text() == "" {
		t.Fatalf("%v", err)
	}
	for _, err := range Stream(within(t), Ask(testModel, "?")) {
		if err != nil {
			t.Fatal(err)
		}
	}
	want(t, "a request", control(t, "GET", "stats", "") != "", true)
}

// A reader that does not come holds up its server, and no other request of the client.
func TestASlowReaderHoldsUpItsServer(t *testing.T) {
	const events, size = 5000, 4000
	line := fmt.Sprintf("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%q}}]}\n\n", strings.Repeat("x", size))
	end := "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"
	reset(t)
	control(t, "PUT", "body/long", strings.Repeat(line, events)+end)
	options := faults("times=1,raw=long,content-type=text/event-stream")
	options.Limits.Queue = 20_000
	client, other := newClient(t, options), newClient(t, Options{})
	got := 0
	for event, err := range client.Stream(within(t), Ask(testModel, "Too much")) {
		if err != nil {
			t.Fatal(err)
		}
		if event.Kind != EventText {
			want(t, "the answer", len(event.Response.Text()), events*size)
			continue
		}
		if got == 0 {
			untilStuck(t)
			if _, err := other.Chat(within(t), Ask(testModel, "?")); err != nil {
				t.Fatal(err)
			}
			waitForCounts(t, "in_flight-at-most=1")
			want(t, "what has been sent by then is less than all", counted(t, "body_bytes") < events*size, true)
		}
		got += len(event.Text)
	}
	want(t, "what came", got, events*size)
}
