//! How long requests may take, how often they are sent, at what pace, and what they may cost.

use crate::draft::set;
use crate::options::hb_options;
use crate::request::{edit, hb_request};
use crate::status::hb_status;
use crate::text::text;
use hyperbolic_core::config::{Config, Tier};
use hyperbolic_core::error::Error;
use hyperbolic_core::policy::{Policy, Wishes, limit};
use std::ffi::c_char;

/// No limit on requests a minute.
pub const HB_TIER_NONE: u32 = 0u32;
/// Hyperbolic's Basic tier: 60 requests a minute, 5 to a model of 405B.
pub const HB_TIER_BASIC: u32 = 1u32;
/// Hyperbolic's Pro tier: 600 requests a minute, 120 to a model of 405B.
pub const HB_TIER_PRO: u32 = 2u32;

/// Changes a client's policy.
///
/// # Safety
/// As for [`set`].
unsafe fn set_policy(options: *mut hb_options, change: impl FnOnce(&mut Policy)) -> hb_status {
    // SAFETY: as the caller promises.
    unsafe { set_config(options, |config| change(config.policy())) }
}

/// Changes a setting that takes any value.
///
/// # Safety
/// As for [`set`].
unsafe fn set_config(options: *mut hb_options, change: impl FnOnce(&mut Config)) -> hb_status {
    // SAFETY: as the caller promises.
    unsafe {
        set(options, |config: &mut Config| {
            change(config);
            Ok(())
        })
    }
}

/// Changes what a request wishes.
///
/// # Safety
/// As for [`edit`].
unsafe fn wish(request: *mut hb_request, change: impl FnOnce(&mut Wishes)) -> hb_status {
    // SAFETY: as the caller promises.
    unsafe {
        edit(request, |request| {
            change(&mut request.wishes);
            Ok(())
        })
    }
}

/// Limit name lookup, TCP, TLS and proxy together, in milliseconds. 0: no limit. Default: 10,000.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_connect_timeout_ms(options: *mut hb_options, ms: u32) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { set_config(options, |config| config.set_connect(limit(ms))) }
}

/// Limit the time from sending a request to the first piece of its answer, in milliseconds. 0: no limit.
/// Default: 300,000, because a busy server queues requests and long prompts take time. An answer that is not
/// streamed must be whole by then.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_first_token_timeout_ms(
    options: *mut hb_options,
    ms: u32,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { set_policy(options, |policy| policy.first_token = limit(ms)) }
}

/// Limit the silence between two reads of an answer that has begun, in milliseconds. 0: no limit. Default: 120,000.
///
/// A keep-alive comment of the server ends a silence, unless hb_options_set_idle_counts_comments says otherwise. Time in
/// which this process did not run, because the machine slept or a debugger held it, does not count.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_idle_timeout_ms(options: *mut hb_options, ms: u32) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { set_policy(options, |policy| policy.idle = limit(ms)) }
}

/// Let a keep-alive comment of the server end a silence (1, the default) or not (0): then what counts is the time
/// between two events of the answer, for servers that keep a dead generation alive.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_idle_counts_comments(
    options: *mut hb_options,
    counts: i32,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { set_config(options, |config| config.set_comments_count(counts != 0)) }
}

/// Limit a whole request, from the call and with every attempt and wait, in milliseconds. 0, the default: no limit.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_total_timeout_ms(options: *mut hb_options, ms: u32) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { set_policy(options, |policy| policy.total = limit(ms)) }
}

/// Set how often a request is sent again that failed before anything of its answer came. 0: never. Default: 2.
///
/// Sent again is what may go better: HTTP 408, 409, 429 and 5xx, and failed connections; the server's x-should-retry
/// overrides the status. Each wait is the server's Retry-After, up to 120 s (longer: the request fails with the
/// error), or else 0.5 s, doubled each time up to 8 s, less up to a quarter by chance. HB_EVENT_RETRY comes before
/// each. Never sent again is a request of whose answer anything came, one that failed by a used-up quota, and, unless
/// hb_options_set_retry_deadlines says so, by a deadline other than that of the connection. A client sends at most 10
/// requests again in a minute and a tenth of all that it sends, so that a server that is down is not flooded. A
/// kept connection that turns out to be dead costs none of these: the request goes again at once, once. Nor does a
/// request that goes on to another model (hb_request_add_fallback_model).
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_max_retries(options: *mut hb_options, retries: u32) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { set_policy(options, |policy| policy.max_retries = retries) }
}

/// Send a request again (1) whose first-token or idle deadline passed before anything of its answer came. The default
/// is 0, because the server may go on with the first one and bill both.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_retry_deadlines(options: *mut hb_options, retry: i32) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { set_policy(options, |policy| policy.retry_deadlines = retry != 0) }
}

/// Set the first-token deadline of this request, instead of its client's (hb_options_set_first_token_timeout_ms).
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_first_token_timeout_ms(
    request: *mut hb_request,
    ms: u32,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { wish(request, |wishes| wishes.first_token = Some(limit(ms))) }
}

/// Set the idle deadline of this request, instead of its client's (hb_options_set_idle_timeout_ms).
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_idle_timeout_ms(request: *mut hb_request, ms: u32) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { wish(request, |wishes| wishes.idle = Some(limit(ms))) }
}

/// Set the total deadline of this request, instead of its client's (hb_options_set_total_timeout_ms).
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_total_timeout_ms(request: *mut hb_request, ms: u32) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { wish(request, |wishes| wishes.total = Some(limit(ms))) }
}

/// Set how often this request is sent again, instead of its client's (hb_options_set_max_retries).
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_max_retries(request: *mut hb_request, retries: u32) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { wish(request, |wishes| wishes.max_retries = Some(retries)) }
}

/// Set whether this request is sent again after a deadline, instead of its client's (hb_options_set_retry_deadlines).
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_retry_deadlines(request: *mut hb_request, retry: i32) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { wish(request, |wishes| wishes.retry_deadlines = Some(retry != 0)) }
}

/// Add a model that is asked in place of the request's own where that is gone or overloaded. Several are asked in the
/// order in which they are added, each once.
///
/// Gone is a model that the server does not know, or not for this key: HTTP 404, 410, or an error that says so. The next
/// one is asked at once. Overloaded is one whose retries (hb_options_set_max_retries; each model has as many) are used
/// up or not granted, after HTTP 408, 409, 429, 5xx or an answer that broke off. The next one is asked without a further
/// wait, but for the pause of a 429, which is the whole key's. No other model is asked once anything of an answer came,
/// nor after a failed connection, a bad request, or a deadline (but see hb_request_set_retry_deadlines). The total
/// deadline is one for all. A model that is known to take no images (hb_client_model_list) is passed over if the
/// request has some. HB_EVENT_RETRY names the model that follows, hb_response_requested_model the last one; what
/// the failed attempts used is part of the cost.
///
/// Ownership: `model` is copied.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  empty, or not UTF-8
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_add_fallback_model(
    request: *mut hb_request,
    model: *const c_char,
    len: usize,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { edit(request, |request| request.add_fallback_model(text("fallback_model", model, len)?)) }
}

/// Keep to the limits of one of Hyperbolic's tiers: HB_TIER_BASIC or HB_TIER_PRO; HB_TIER_NONE, the default, has none.
///
/// The same as hb_options_set_requests_per_minute and hb_options_set_model_requests_per_minute with the tier's numbers;
/// what is set later wins.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  an unknown `tier`
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_tier(options: *mut hb_options, tier: u32) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        set(options, |config: &mut Config| {
            config.set_tier(known_tier(tier)?);
            Ok(())
        })
    }
}

/// Send at most this many requests in any minute. 0, the default: no limit.
///
/// What is too early waits, first come first served; every thread of a client shares the minute, which slides. A wait
/// can be cancelled, and a request that cannot start before its total deadline fails at once with HB_E_DEADLINE. After
/// HTTP 429 every request of the client waits as long as the server asks, whatever is set here. A new key begins a new
/// minute.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_requests_per_minute(
    options: *mut hb_options,
    requests: u32,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { set_config(options, |config| config.set_per_minute(requests)) }
}

/// Send at most this many requests to one model in any minute, beside the limit for all. 0: no limit.
///
/// Ownership: `model` is copied.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  an empty model, or not UTF-8
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_model_requests_per_minute(
    options: *mut hb_options,
    model: *const c_char,
    len: usize,
    requests: u32,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        set(options, |config: &mut Config| config.set_model_per_minute(text("model", model, len)?, requests))
    }
}

/// Have at most this many requests with the server at once; further ones wait for their turn. 0, the default: no limit.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_max_concurrent(options: *mut hb_options, requests: u32) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { set_config(options, |config| config.set_concurrent(requests)) }
}

/// Refuse further requests with HB_E_BUDGET once the answers of a client have cost this much, in nano-USD (10^-9 $).
/// 0, the default: no limit.
///
/// Counted is what the server says that it used, at the prices of hb_models, if the client has asked for it, or else of
/// the built-in catalogue. A request that runs is not cut, so that what runs at the same time may go beyond. An answer
/// whose cost is not known counts nothing: HB_COUNT_UNPRICED tells how many there were.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  a negative limit
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_spending_limit_nanousd(
    options: *mut hb_options,
    nanousd: i64,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { set(options, |config: &mut Config| config.set_spending_limit(nanousd)) }
}

fn known_tier(tier: u32) -> Result<Tier, Error> {
    match tier {
        HB_TIER_NONE => Ok(Tier::None),
        HB_TIER_BASIC => Ok(Tier::Basic),
        HB_TIER_PRO => Ok(Tier::Pro),
        _ => Err(Error::invalid("tier", format!("{tier} is no HB_TIER_ constant"))),
    }
}
