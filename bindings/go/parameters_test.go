package hyperbolic

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// lastBody is the body of the request that the simulator got last.
func lastBody(t *testing.T) map[string]any {
	t.Helper()
	var last struct{ Body map[string]any }
	if err := json.Unmarshal([]byte(control(t, "GET", "last", "")), &last); err != nil {
		t.Fatal(err)
	}
	return last.Body
}

// sent compares a body with the one that is wanted, given as JSON.
func sent(t *testing.T, wanted string) {
	t.Helper()
	var expected map[string]any
	if err := json.Unmarshal([]byte(wanted), &expected); err != nil {
		t.Fatal(err)
	}
	body := lastBody(t)
	for _, key := range slices.Sorted(maps.Keys(body)) {
		if _, ok := expected[key]; !ok {
			t.Errorf("%s was sent: %v", key, body[key])
		}
	}
	for _, key := range slices.Sorted(maps.Keys(expected)) {
		if !reflect.DeepEqual(body[key], expected[key]) {
			t.Errorf("%s is %v and not %v", key, body[key], expected[key])
		}
	}
}

func TestEveryParameterOfAChatIsSent(t *testing.T) {
	client := newClient(t, Options{WholeAnswers: true})
	_, err := client.Chat(within(t), Request{
		Model: testModel,
		Messages: []Message{
			System("Be brief."),
			User("Look"),
			Assistant("At what?"),
			User("At <this> & that"),
		},
		MaxTokens:         7,
		Temperature:       Ptr(0.0),
		TopP:              Ptr(0.5),
		TopK:              Ptr[int64](-1),
		MinP:              Ptr(0.25),
		FrequencyPenalty:  Ptr(-1.5),
		PresencePenalty:   Ptr(0.0),
		RepetitionPenalty: Ptr(1.25),
		LogitBias:         map[int64]float64{7: -100, 3: 1.5},
		Stop:              []string{"A stop that does not come.", "日本"},
		N:                 2,
		Seed:              Ptr[int64](-5),
		Logprobs:          Ptr(true),
		TopLogprobs:       Ptr[int64](0),
		User:              "ada",
		JSONObject:        true,
		Tools:             []Tool{addTool, {Name: "now"}, {Name: "sum", Parameters: map[string]any{"type": "object"}}},
		ToolChoice:        "none",
		ParallelToolCalls: Ptr(false),
		Extra:             map[string]any{"custom": map[string]int{"depth": 3}, "nothing": nil},
	})
	if err != nil {
		t.Fatal(err)
	}
	sent(t, `{"model":"`+testModel+`","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Look"},
		{"role":"assistant","content":"At what?"},{"role":"user","content":"At <this> & that"}],
		"max_tokens":7,"temperature":0,"top_p":0.5,"top_k":-1,"min_p":0.25,"frequency_penalty":-1.5,"presence_penalty":0,
		"repetition_penalty":1.25,"logit_bias":{"7":-100,"3":1.5},"stop":["A stop that does not come.","日本"],"n":2,
		"seed":-5,"logprobs":true,"top_logprobs":0,"user":"ada","response_format":{"type":"json_object"},
		"tools":[{"type":"function","function":{"name":"add","description":"Adds two integers.","parameters":{"type":"object",
		"properties":{"a":{"type":"integer"},"b":{"type":"integer"}},"required":["a","b"]}}},
		{"type":"function","function":{"name":"now"}},{"type":"function","function":{"name":"sum","parameters":{"type":"object"}}}],
		"tool_choice":"none","parallel_tool_calls":false,"custom":{"depth":3},"nothing":null}`)

	// Nothing that was not asked for.
	if _, err := client.Chat(within(t), Ask(testModel, "?")); err != nil {
		t.Fatal(err)
	}
	sent(t, `{"model":"`+testModel+`","messages":[{"role":"user","content":"?"}]}`)
}

const baseModel = "meta-llama/Meta-Llama-3.1-405B"

func TestEveryParameterOfACompletionIsSent(t *testing.T) {
	client := newClient(t, Options{WholeAnswers: true})
	response, err := client.Complete(within(t), Request{
		Model: baseModel, Prompts: []string{"one", "two"}, Echo: Ptr(true), BestOf: 3, Suffix: "end", MaxTokens: 4,
		TopLogprobs: Ptr[int64](2),
	})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "choices", len(response.Choices), 2)
	if !strings.HasPrefix(response.Choices[1].Text, "two") || !json.Valid(response.Choices[1].Logprobs) {
		t.Fatalf("%+v", response.Choices[1])
	}
	sent(t, `{"model":"`+baseModel+`","prompt":["one","two"],"echo":true,"best_of":3,"suffix":"end","max_tokens":4,
		"logprobs":2}`)
	if _, err := client.Complete(within(t), Request{Model: baseModel, PromptTokens: []int64{1, 2}}); err != nil {
		t.Fatal(err)
	}
	sent(t, `{"model":"`+baseModel+`","prompt":[1,2]}`)
	if _, err := client.Complete(within(t), Request{Body: json.RawMessage(`{"prompt":"x","top_k":5}`), Model: baseModel}); err != nil {
		t.Fatal(err)
	}
	sent(t, `{"model":"`+baseModel+`","prompt":"x","top_k":5}`)
}

func TestStructuredAnswer(t *testing.T) {
	client := newClient(t, Options{})
	request := Ask(testModel, "A person")
	request.JSONSchema = &JSONSchema{Name: "person", Strict: true, Schema: json.RawMessage(
		`{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name","age"]}`)}
	response, err := client.Chat(within(t), request)
	if err != nil {
		t.Fatal(err)
	}
	var person struct {
		Name *string
		Age  *int
	}
	if err := response.Decode(&person); err != nil || person.Name == nil || person.Age == nil {
		t.Fatalf("%q: %v", response.Text(), err)
	}
	format, _ := lastBody(t)["response_format"].(map[string]any)
	schema, _ := format["json_schema"].(map[string]any)
	want(t, "strict", schema["strict"], any(true))

	closed, err := CloseJSON(`{"name":"A`)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "the closed text", closed, `{"name":"A"}`)
	_, err = CloseJSON("no JSON")
	wantIs(t, err, ErrInvalidArgument)
}

func TestImagesAreSent(t *testing.T) {
	const model = "Qwen/Qwen2.5-VL-72B-Instruct"
	// The simulator has no model that takes images, and says so; it has been sent one all the same.
	_, err := newClient(t, Options{}).Chat(within(t), Request{Model: model, Messages: []Message{
		User("What is this?", Image{Data: []byte("\x89PNG\r\n\x1a\n"), Detail: "low"}, Image{URL: "https://example.com/a.png"})}})
	wantIs(t, err, ErrBadRequest)
	body, err := json.Marshal(lastBody(t)["messages"])
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"data:image/png;base64,iVBORw0KGgo="`, `"detail":"low"`, `"https://example.com/a.png"`} {
		if !strings.Contains(string(body), part) {
			t.Errorf("%s is not in %s", part, body)
		}
	}
}

func TestBadValuesNameTheirField(t *testing.T) {
	client := newClient(t, Options{})
	message := []Message{User("?")}
	unwritable := func() {}
	for field, request := range map[string]Request{
		"temperature":     {Model: testModel, Messages: message, Temperature: Ptr(3.0)},
		"model":           {Messages: message},
		"messages":        {Model: testModel},
		"prompt":          {Model: testModel, Prompt: "?", Messages: message},
		"stop":            {Model: testModel, Messages: message, Stop: []string{""}},
		"n":               {Model: testModel, Messages: message, N: -1},
		"tools":           {Model: testModel, Messages: message, Tools: []Tool{{Name: "a", Parameters: unwritable}}},
		"custom":          {Model: testModel, Messages: message, Extra: map[string]any{"custom": unwritable}},
		"response_format": {Model: testModel, Messages: message, JSONObject: true, JSONSchema: &JSONSchema{}},
		"stream":          {Model: testModel, Messages: message, Extra: map[string]any{"stream": true}},
	} {
		_, err := client.Chat(within(t), request)
		wantIs(t, err, ErrInvalidArgument)
		if param := asError(t, err).Param; !strings.HasPrefix(param, field) {
			t.Errorf("the field of %q is %q: %v", field, param, err)
		}
		if field != "prompt" {
			wantIs(t, request.Check(), ErrInvalidArgument)
		}
	}
	// A NUL does not cut an identifier short.
	err := Request{Model: testModel, Messages: []Message{{Role: "user\x00x", Text: "?"}}}.Check()
	wantIs(t, err, ErrInvalidArgument)
	wantIs(t, Request{Model: testModel, Messages: []Message{User("\xff")}}.Check(), ErrInvalidArgument)
	if err := Ask(testModel, "?").Check(); err != nil {
		t.Error(err)
	}
	_, err = client.Complete(within(t), Ask(testModel, "?"))
	wantIs(t, err, ErrInvalidArgument)
	want(t, "requests", client.Stats().Requests, 0)
}

func TestOptions(t *testing.T) {
	for field, options := range map[string]Options{
		"api_key":     {APIKey: "a\nb"},
		"base_url":    {BaseURL: "ftp://host"},
		"header":      {Headers: map[string]string{"Host": "x"}},
		"user_agent":  {UserAgent: "a\nb"},
		"ca":          {CACertificates: []byte("no PEM")},
		"proxy":       {Proxy: "gopher://x"},
		"no_proxy":    {NoProxy: "\xff"},
		"limit":       {Limits: Limits{JSONDepth: 1000}},
		"tier":        {Tier: 99},
		"model":       {ModelRequestsPerMinute: map[string]uint32{"": 1}},
		"spending":    {SpendingLimit: -1},
		"record":      {Record: "/nowhere/at/all"},
		"plain http":  {BaseURL: "http://192.0.2.1", APIKey: "k"},
		"environment": {BaseURL: "http://[", fromEnv: true},
	} {
		if _, err := NewClient(options); err == nil {
			t.Errorf("%s: a bad value was taken", field)
		} else {
			wantIs(t, err, ErrInvalidArgument)
		}
	}
	_, err := NewClient(Options{Replay: "/nowhere/at/all"})
	wantIs(t, err, ErrBadData)

	// What can be seen at the server.
	options := faults("words=3")
	options.UserAgent = "a game/1"
	options.Headers["X-Game"] = "7"
	if _, err := newClient(t, options).Chat(within(t), Ask(testModel, "?")); err != nil {
		t.Fatal(err)
	}
	last := control(t, "GET", "last", "")
	for _, part := range []string{`"a game/1"`, `"x-game":"7"`} {
		if !strings.Contains(strings.ReplaceAll(last, `": "`, `":"`), part) {
			t.Errorf("%s is not in %s", part, last)
		}
	}

	// What acts on the client's side: a tiny bound, a deadline, and one that a request lifts.
	options = faults("words=2000")
	options.Limits.Answer = 2000
	_, err = newClient(t, options).Chat(within(t), Ask(testModel, "?"))
	wantIs(t, err, ErrBadResponse)
	options = faults("delay=300")
	options.TotalTimeout, options.FirstTokenTimeout = 50*time.Millisecond, 10*time.Second
	options.ConnectTimeout, options.IdleTimeout, options.MaxRetries = time.Second, time.Second, 1
	client := newClient(t, options)
	_, err = client.Chat(within(t), Ask(testModel, "?"))
	wantIs(t, err, ErrDeadline)
	request := Ask(testModel, "?")
	request.TotalTimeout, request.FirstTokenTimeout, request.MaxRetries = NoLimit, NoLimit, -1
	if _, err := client.Chat(within(t), request); err != nil {
		t.Fatal(err)
	}
}
