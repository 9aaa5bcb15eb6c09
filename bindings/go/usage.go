package hyperbolic

// #include <hyperbolic.h>
import "C"

import "runtime"

// Stats are what a client has done so far. Each number only grows.
type Stats struct {
	Requests         int64   // requests that were started
	Attempts         int64   // HTTP requests: every attempt of every request
	Retries          int64   // attempts after the first of a request
	Replays          int64   // those of them that went again at once because a kept connection was dead
	Connections      int64   // connections that were made
	RateLimited      int64   // answers with HTTP 429
	Succeeded        int64   // requests that ended with a whole answer
	Failed           int64   // requests that ended with an error
	Cancelled        int64   // requests that you ended
	PromptTokens     int64   // tokens of prompts, as servers counted them
	CompletionTokens int64   // tokens of answers, as servers counted them
	Spent            NanoUSD // what the answers cost
	Unpriced         int64   // answers that count nothing in Spent, because their usage or price is not known
	LogsDropped      int64   // log records that were dropped because too many waited
}

// Stats is what the client has done so far. A request is counted as ended before its call returns.
func (c *Client) Stats() Stats {
	defer runtime.KeepAlive(c)
	count := func(which C.uint32_t) int64 { return int64(C.hb_client_count(c.pointer, which)) }
	return Stats{
		Requests:         count(C.HB_COUNT_REQUESTS),
		Attempts:         count(C.HB_COUNT_ATTEMPTS),
		Retries:          count(C.HB_COUNT_RETRIES),
		Replays:          count(C.HB_COUNT_REPLAYS),
		Connections:      count(C.HB_COUNT_CONNECTIONS),
		RateLimited:      count(C.HB_COUNT_RATE_LIMITED),
		Succeeded:        count(C.HB_COUNT_SUCCEEDED),
		Failed:           count(C.HB_COUNT_FAILED),
		Cancelled:        count(C.HB_COUNT_CANCELLED),
		PromptTokens:     count(C.HB_COUNT_PROMPT_TOKENS),
		CompletionTokens: count(C.HB_COUNT_COMPLETION_TOKENS),
		Spent:            NanoUSD(count(C.HB_COUNT_SPENT_NANOUSD)),
		Unpriced:         count(C.HB_COUNT_UNPRICED),
		LogsDropped:      count(C.HB_COUNT_LOGS_DROPPED),
	}
}

// ModelUsage is what a client has used of one model.
type ModelUsage struct {
	Model            string  // as requests named it
	Requests         int64   // requests that were started
	Attempts         int64   // HTTP requests
	PromptTokens     int64   // as servers counted them
	CompletionTokens int64   // as servers counted them
	Cost             NanoUSD // what the answers cost, where that is known
	Unpriced         int64   // answers of which it is not known
}

// Usage is what the client has used so far, model by model, in the order of first use.
func (c *Client) Usage() ([]ModelUsage, error) {
	defer runtime.KeepAlive(c)
	var usage *C.hb_usage
	var problem *C.hb_error
	if status := C.hb_client_usage(c.pointer, &usage, &problem); status != C.HB_OK {
		return nil, takeError(status, problem)
	}
	defer C.hb_usage_free(usage)
	var rows []ModelUsage
	for i := range C.hb_usage_count(usage) {
		rows = append(rows, ModelUsage{
			Model:            C.GoString(C.hb_usage_model(usage, i)),
			Requests:         int64(C.hb_usage_requests(usage, i)),
			Attempts:         int64(C.hb_usage_attempts(usage, i)),
			PromptTokens:     int64(C.hb_usage_prompt_tokens(usage, i)),
			CompletionTokens: int64(C.hb_usage_completion_tokens(usage, i)),
			Cost:             NanoUSD(C.hb_usage_cost_nanousd(usage, i)),
			Unpriced:         int64(C.hb_usage_unpriced(usage, i)),
		})
	}
	return rows, nil
}
