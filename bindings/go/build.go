package hyperbolic

// #include <hyperbolic.h>
import "C"

import (
	"maps"
	"math"
	"runtime"
	"slices"
	"time"
	"unsafe"
)

// build makes the library's form of a request, which the caller frees. Bad values are remembered there, and the call
// that uses it reports the first; build itself fails for what cannot be said in C at all.
func (r *Request) build() (*C.hb_request, error) {
	var to *C.hb_request
	if len(r.Body) > 0 {
		body, length := lendBytes(r.Body)
		to = C.hb_request_from_json((*C.char)(body), length)
		if r.Model != "" {
			if err := setJSON(to, "model", r.Model); err != nil {
				C.hb_request_free(to)
				return nil, err
			}
		}
	} else {
		model, length := lend(r.Model)
		to = C.hb_request_new(model, length)
	}
	r.buildPrompt(to)
	r.buildSampling(to)
	r.buildPolicy(to)
	for _, step := range []func(*C.hb_request) error{r.buildMessages, r.buildShape, r.buildTools, r.buildExtra} {
		if err := step(to); err != nil {
			C.hb_request_free(to)
			return nil, err
		}
	}
	return to, nil
}

func (r *Request) buildMessages(to *C.hb_request) error {
	if r.Conversation != nil {
		r.Conversation.use(func(from *C.hb_conversation) { C.hb_request_set_conversation(to, from) })
	}
	for _, message := range r.Messages {
		text, length := lend(message.Text)
		C.hb_request_add_message(to, identifier(message.Role), text, length)
		for _, image := range message.Images {
			detail := optionalIdentifier(image.Detail)
			if len(image.Data) > 0 || image.URL == "" {
				data, length := lendBytes(image.Data)
				C.hb_request_add_image(to, data, length, detail)
			} else {
				url, length := lend(image.URL)
				C.hb_request_add_image_url(to, url, length, detail)
			}
		}
	}
	return nil
}

func (r *Request) buildPrompt(to *C.hb_request) {
	if r.Prompt != "" {
		text, length := lend(r.Prompt)
		C.hb_request_set_prompt(to, text, length)
	}
	for _, prompt := range r.Prompts {
		text, length := lend(prompt)
		C.hb_request_add_prompt(to, text, length)
	}
	if len(r.PromptTokens) > 0 {
		tokens := (*C.int64_t)(unsafe.Pointer(unsafe.SliceData(r.PromptTokens)))
		C.hb_request_set_prompt_tokens(to, tokens, C.size_t(len(r.PromptTokens)))
	}
	if r.Suffix != "" {
		text, length := lend(r.Suffix)
		C.hb_request_set_suffix(to, text, length)
	}
	if r.Echo != nil {
		C.hb_request_set_echo(to, flag(*r.Echo))
	}
	if r.BestOf != 0 {
		C.hb_request_set_best_of(to, C.int64_t(r.BestOf))
	}
}

func (r *Request) buildSampling(to *C.hb_request) {
	if r.MaxTokens != 0 {
		C.hb_request_set_max_tokens(to, C.int64_t(r.MaxTokens))
	}
	if r.Temperature != nil {
		C.hb_request_set_temperature(to, C.double(*r.Temperature))
	}
	if r.TopP != nil {
		C.hb_request_set_top_p(to, C.double(*r.TopP))
	}
	if r.TopK != nil {
		C.hb_request_set_top_k(to, C.int64_t(*r.TopK))
	}
	if r.MinP != nil {
		C.hb_request_set_min_p(to, C.double(*r.MinP))
	}
	if r.FrequencyPenalty != nil {
		C.hb_request_set_frequency_penalty(to, C.double(*r.FrequencyPenalty))
	}
	if r.PresencePenalty != nil {
		C.hb_request_set_presence_penalty(to, C.double(*r.PresencePenalty))
	}
	if r.RepetitionPenalty != nil {
		C.hb_request_set_repetition_penalty(to, C.double(*r.RepetitionPenalty))
	}
	// In an order of their own, so that the same request is the same bytes.
	for _, token := range slices.Sorted(maps.Keys(r.LogitBias)) {
		C.hb_request_set_logit_bias(to, C.int64_t(token), C.double(r.LogitBias[token]))
	}
	for _, stop := range r.Stop {
		text, length := lend(stop)
		C.hb_request_add_stop(to, text, length)
	}
	if r.N != 0 {
		C.hb_request_set_n(to, C.int64_t(r.N))
	}
	if r.Seed != nil {
		C.hb_request_set_seed(to, C.int64_t(*r.Seed))
	}
	if r.Logprobs != nil {
		C.hb_request_set_logprobs(to, flag(*r.Logprobs))
	}
	if r.TopLogprobs != nil {
		C.hb_request_set_top_logprobs(to, C.int64_t(*r.TopLogprobs))
	}
	if r.User != "" {
		text, length := lend(r.User)
		C.hb_request_set_user(to, text, length)
	}
}

func (r *Request) buildPolicy(to *C.hb_request) {
	for _, model := range r.FallbackModels {
		name, length := lend(model)
		C.hb_request_add_fallback_model(to, name, length)
	}
	if r.FirstTokenTimeout != 0 {
		C.hb_request_set_first_token_timeout_ms(to, timeout(r.FirstTokenTimeout))
	}
	if r.IdleTimeout != 0 {
		C.hb_request_set_idle_timeout_ms(to, timeout(r.IdleTimeout))
	}
	if r.TotalTimeout != 0 {
		C.hb_request_set_total_timeout_ms(to, timeout(r.TotalTimeout))
	}
	if r.MaxRetries != 0 {
		C.hb_request_set_max_retries(to, retries(r.MaxRetries))
	}
	if r.RetryDeadlines != nil {
		C.hb_request_set_retry_deadlines(to, flag(*r.RetryDeadlines))
	}
	C.hb_request_set_sentences(to, flag(r.Sentences))
	C.hb_request_set_omit_reasoning(to, flag(r.OmitReasoning))
	C.hb_request_set_send_reasoning(to, flag(r.SendReasoning))
}

func (r *Request) buildShape(to *C.hb_request) error {
	if r.JSONObject && r.JSONSchema != nil {
		return invalid("response_format", "JSONObject and JSONSchema are both set")
	}
	if r.JSONObject {
		C.hb_request_set_json_object(to)
	}
	if r.JSONSchema != nil {
		schema, err := asJSON(r.JSONSchema.Schema)
		if err != nil {
			return invalid("response_format", "the schema cannot be written as JSON: "+err.Error(), err)
		}
		text, length := lend(schema)
		C.hb_request_set_json_schema(to, identifier(r.JSONSchema.Name), text, length, flag(r.JSONSchema.Strict))
	}
	return nil
}

func (r *Request) buildTools(to *C.hb_request) error {
	for _, tool := range r.Tools {
		schema, err := asJSON(tool.Parameters)
		if err != nil {
			return invalid("tools", "the parameters of "+tool.Name+" cannot be written as JSON: "+err.Error(), err)
		}
		description, length := lend(tool.Description)
		parameters, parametersLength := lend(schema)
		C.hb_request_add_tool(to, identifier(tool.Name), description, length, parameters, parametersLength)
	}
	if r.ToolChoice != "" {
		C.hb_request_set_tool_choice(to, identifier(r.ToolChoice))
	}
	if r.ParallelToolCalls != nil {
		C.hb_request_set_parallel_tool_calls(to, flag(*r.ParallelToolCalls))
	}
	return nil
}

func (r *Request) buildExtra(to *C.hb_request) error {
	for _, key := range slices.Sorted(maps.Keys(r.Extra)) {
		if err := setJSON(to, key, r.Extra[key]); err != nil {
			return err
		}
	}
	return nil
}

func setJSON(to *C.hb_request, key string, value any) error {
	text := "null"
	if value != nil {
		var err error
		if text, err = asJSON(value); err != nil {
			return invalid(key, "the value of "+key+" cannot be written as JSON: "+err.Error(), err)
		}
	}
	data, length := lend(text)
	C.hb_request_set_json(to, identifier(key), data, length)
	return nil
}

// limitBy lets the library know of the context's deadline, so that it neither begins a wait that cannot end in time nor
// keeps a server's word back until then. It gets a little more, so that the context is the one that ends the request.
func limitBy(to *C.hb_request, limit, left time.Duration) {
	left = min(left, math.MaxInt64-100*time.Millisecond) + 100*time.Millisecond
	if limit <= 0 || left < limit {
		C.hb_request_set_total_timeout_ms(to, timeout(left))
	}
}

// Check says what sending the request would refuse, without sending it.
func (r Request) Check() error {
	from, err := r.build()
	if err != nil {
		return err
	}
	defer C.hb_request_free(from)
	var problem *C.hb_error
	return takeError(C.hb_request_check(from, &problem), problem)
}

// An Estimate is what a request will come to, about.
type Estimate struct {
	// PromptTokens is how many tokens the prompt has, by rules: for most languages within a third.
	PromptTokens int64
	// Cost is the most that the request can cost; -1 if a price or the longest answer is not known.
	Cost NanoUSD
}

// Estimate says what a request will come to, before it is sent, at the prices that the client knows.
func (c *Client) Estimate(request Request) (Estimate, error) {
	from, err := request.build()
	if err != nil {
		return Estimate{}, err
	}
	defer C.hb_request_free(from)
	var tokens, cost C.int64_t
	var problem *C.hb_error
	status := C.hb_request_estimate(from, c.pointer, &tokens, &cost, &problem)
	runtime.KeepAlive(c)
	if err := takeError(status, problem); err != nil {
		return Estimate{}, err
	}
	return Estimate{PromptTokens: int64(tokens), Cost: NanoUSD(cost)}, nil
}
