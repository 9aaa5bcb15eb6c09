package hyperbolic

// #include <hyperbolic.h>
import "C"

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"slices"
	"time"
)

// Options are the settings of a client. The zero value has the defaults: Hyperbolic's server, and no key.
type Options struct {
	// APIKey is sent as a Bearer token; without one no Authorization header is sent.
	APIKey Key
	// BaseURL is the server: "https://host", with or without "/v1". Default: https://api.hyperbolic.xyz/v1.
	BaseURL string
	// AllowHTTP lets the key travel over plain http to other machines than this one, where everybody on the way can read
	// it.
	AllowHTTP bool
	// Headers go with every request. The library writes Authorization, Content-Type, Content-Length and Host itself.
	Headers map[string]string
	// UserAgent replaces "libhyperbolic/" and the version.
	UserAgent string

	// CACertificates, in PEM, are trusted beside the built-in roots.
	CACertificates []byte
	// SystemRoots trusts the authorities of this system in place of the built-in ones.
	SystemRoots bool
	// Proxy is an http, https or socks5 URL through which everything goes.
	Proxy string
	// NoProxy are the hosts that are reached without it, with commas between them; "*" is every host.
	NoProxy string

	// WholeAnswers asks for answers that come whole, for servers that cannot stream.
	WholeAnswers bool
	// Strict fails with ErrBadResponse on what is otherwise understood and counted (Response.Tolerated).
	Strict bool
	// Limits bound what a server may cost.
	Limits Limits

	// ConnectTimeout limits name lookup, TCP, TLS and proxy together. 0 is the default of 10 s; see NoLimit.
	ConnectTimeout time.Duration
	// FirstTokenTimeout limits the time to the first piece of an answer. 0 is the default of 5 min; see NoLimit.
	FirstTokenTimeout time.Duration
	// IdleTimeout limits the silence inside an answer. 0 is the default of 2 min; see NoLimit.
	IdleTimeout time.Duration
	// TotalTimeout limits a whole request, with every attempt and wait. 0 is the default of none.
	TotalTimeout time.Duration
	// IdleIgnoresComments lets a silence go on through keep-alive comments, for servers that keep a dead generation alive.
	IdleIgnoresComments bool

	// MaxRetries is how often a request is sent again that failed before anything of its answer came. 0 is the default
	// of 2; negative is never.
	MaxRetries int
	// RetryDeadlines also sends again what ran into its first-token or idle deadline; the server may bill both.
	RetryDeadlines bool

	// Tier keeps to the limits of one of Hyperbolic's tiers.
	Tier Tier
	// RequestsPerMinute makes further requests wait for their turn. 0 is no limit.
	RequestsPerMinute uint32
	// ModelRequestsPerMinute does so for single models.
	ModelRequestsPerMinute map[string]uint32
	// MaxConcurrent is how many requests are with the server at once. 0 is no limit.
	MaxConcurrent uint32
	// SpendingLimit refuses further requests with ErrBudget once the client's answers have cost this much. 0 is no limit.
	SpendingLimit NanoUSD

	// Record is a file into which every exchange is written, for Replay. The key is not in it; prompts and answers are.
	Record string
	// Replay is such a file, from which requests are answered without a connection.
	Replay string
	// ReplayTimed lets each piece of a replay come when the server sent it, and not at once.
	ReplayTimed bool

	// Logger gets the library's log: see the package's documentation. What it is enabled for when the client is made
	// decides what is recorded.
	Logger *slog.Logger
	// LogBodies logs the bodies of requests and answers too, at LevelTrace, up to 64 KiB of each, without the key.
	LogBodies bool

	fromEnv bool
}

// NoLimit is a timeout that never passes.
const NoLimit time.Duration = -1

// FromEnv are options that NewClient completes from the environment: HYPERBOLIC_API_KEY is the key,
// HYPERBOLIC_BASE_URL the server, HYPERBOLIC_ALLOW_HTTP=1 lets the key travel over plain http, and https_proxy,
// http_proxy, all_proxy and no_proxy name proxies as they do for curl. Nothing else in this package reads the
// environment. What is set in the options counts more.
func FromEnv() Options {
	return Options{fromEnv: true}
}

// A Tier is a bundle of limits that Hyperbolic grants.
type Tier uint32

// The tiers.
const (
	// TierNone has no limits.
	TierNone Tier = C.HB_TIER_NONE
	// TierBasic is 60 requests a minute, 5 to a model of 405B.
	TierBasic Tier = C.HB_TIER_BASIC
	// TierPro is 600 requests a minute, 120 to a model of 405B.
	TierPro Tier = C.HB_TIER_PRO
)

// Limits bound what a server may cost, in bytes unless a field says otherwise. 0 is the default. An answer beyond one
// is ErrBadResponse, with what had arrived.
type Limits struct {
	Line      uint64 // one line of a stream; 16 MiB
	Event     uint64 // the data of one event of a stream; 16 MiB
	Answer    uint64 // everything kept of an answer; 64 MiB
	ErrorBody uint64 // what is kept of the body of an error; 256 KiB
	Headers   uint64 // names and values in the head of an answer; 64 KiB
	JSONDepth uint64 // brackets inside brackets; 128, at most 256
	Choices   uint64 // choices of an answer; 1,024
	ToolCalls uint64 // tool calls of a choice; 1,024
	Queue     uint64 // one request's events that wait in the library; 1 MiB
}

// A Key is an API key. It does not show itself: not to fmt, not to a logger, not as JSON.
type Key string

// Format writes "[key]", whatever the verb.
func (k Key) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, "[key]") }

// LogValue is "[key]".
func (k Key) LogValue() slog.Value { return slog.StringValue("[key]") }

// MarshalText is "[key]".
func (k Key) MarshalText() ([]byte, error) { return []byte("[key]"), nil }

// build fills options of the library's. Bad values are remembered there, and hb_client_new reports the first.
func (o *Options) build() *C.hb_options {
	var to *C.hb_options
	if o.fromEnv {
		to = C.hb_options_from_env()
	} else {
		to = C.hb_options_new()
	}
	o.buildServer(to)
	o.buildLimits(to)
	o.buildPolicy(to)
	if o.Record != "" {
		path, length := lend(o.Record)
		C.hb_options_set_record(to, path, length)
	}
	if o.Replay != "" {
		path, length := lend(o.Replay)
		timing := C.uint32_t(C.HB_REPLAY_AT_ONCE)
		if o.ReplayTimed {
			timing = C.HB_REPLAY_TIMED
		}
		C.hb_options_set_replay(to, path, length, timing)
	}
	C.hb_options_set_log_level(to, logLevel(o.Logger))
	C.hb_options_set_log_bodies(to, flag(o.LogBodies))
	return to
}

func (o *Options) buildServer(to *C.hb_options) {
	if o.APIKey != "" {
		key, length := lend(string(o.APIKey))
		C.hb_options_set_api_key(to, key, length)
	}
	if o.BaseURL != "" {
		url, length := lend(o.BaseURL)
		C.hb_options_set_base_url(to, url, length)
	}
	if o.AllowHTTP {
		C.hb_options_set_allow_http(to, 1)
	}
	for _, name := range slices.Sorted(maps.Keys(o.Headers)) {
		value, length := lend(o.Headers[name])
		C.hb_options_set_header(to, identifier(name), value, length)
	}
	if o.UserAgent != "" {
		name, length := lend(o.UserAgent)
		C.hb_options_set_user_agent(to, name, length)
	}
	if len(o.CACertificates) > 0 {
		pem, length := lendBytes(o.CACertificates)
		C.hb_options_add_ca_pem(to, (*C.char)(pem), length)
	}
	C.hb_options_set_system_roots(to, flag(o.SystemRoots))
	if o.Proxy != "" {
		url, length := lend(o.Proxy)
		C.hb_options_set_proxy(to, url, length)
	}
	if o.NoProxy != "" {
		hosts, length := lend(o.NoProxy)
		C.hb_options_set_no_proxy(to, hosts, length)
	}
}

func (o *Options) buildLimits(to *C.hb_options) {
	for _, limit := range []struct {
		which C.uint32_t
		value uint64
	}{
		{C.HB_LIMIT_LINE, o.Limits.Line},
		{C.HB_LIMIT_EVENT, o.Limits.Event},
		{C.HB_LIMIT_ANSWER, o.Limits.Answer},
		{C.HB_LIMIT_ERROR_BODY, o.Limits.ErrorBody},
		{C.HB_LIMIT_HEADERS, o.Limits.Headers},
		{C.HB_LIMIT_JSON_DEPTH, o.Limits.JSONDepth},
		{C.HB_LIMIT_CHOICES, o.Limits.Choices},
		{C.HB_LIMIT_TOOL_CALLS, o.Limits.ToolCalls},
		{C.HB_LIMIT_QUEUE, o.Limits.Queue},
	} {
		if limit.value != 0 {
			C.hb_options_set_limit(to, limit.which, C.uint64_t(limit.value))
		}
	}
}

func (o *Options) buildPolicy(to *C.hb_options) {
	C.hb_options_set_streaming(to, flag(!o.WholeAnswers))
	C.hb_options_set_strict(to, flag(o.Strict))
	if o.ConnectTimeout != 0 {
		C.hb_options_set_connect_timeout_ms(to, timeout(o.ConnectTimeout))
	}
	if o.FirstTokenTimeout != 0 {
		C.hb_options_set_first_token_timeout_ms(to, timeout(o.FirstTokenTimeout))
	}
	if o.IdleTimeout != 0 {
		C.hb_options_set_idle_timeout_ms(to, timeout(o.IdleTimeout))
	}
	if o.TotalTimeout != 0 {
		C.hb_options_set_total_timeout_ms(to, timeout(o.TotalTimeout))
	}
	C.hb_options_set_idle_counts_comments(to, flag(!o.IdleIgnoresComments))
	if o.MaxRetries != 0 {
		C.hb_options_set_max_retries(to, retries(o.MaxRetries))
	}
	C.hb_options_set_retry_deadlines(to, flag(o.RetryDeadlines))
	if o.Tier != TierNone {
		C.hb_options_set_tier(to, C.uint32_t(o.Tier))
	}
	if o.RequestsPerMinute != 0 {
		C.hb_options_set_requests_per_minute(to, C.uint32_t(o.RequestsPerMinute))
	}
	for _, model := range slices.Sorted(maps.Keys(o.ModelRequestsPerMinute)) {
		name, length := lend(model)
		C.hb_options_set_model_requests_per_minute(to, name, length, C.uint32_t(o.ModelRequestsPerMinute[model]))
	}
	C.hb_options_set_max_concurrent(to, C.uint32_t(o.MaxConcurrent))
	C.hb_options_set_spending_limit_nanousd(to, C.int64_t(o.SpendingLimit))
}

// timeout is a duration as the library takes it: 0 for no limit, and no positive one becomes that by rounding.
func timeout(limit time.Duration) C.uint32_t {
	if limit < 0 {
		return 0
	}
	ms := limit / time.Millisecond
	if limit%time.Millisecond > 0 {
		ms++
	}
	return C.uint32_t(max(1, min(ms, math.MaxUint32)))
}

func retries(count int) C.uint32_t {
	return C.uint32_t(max(0, min(int64(count), math.MaxUint32)))
}
