//! The client handle.

use crate::boundary;
use crate::boundary::put;
use crate::error::hb_error;
use crate::handle::{Handle, Shared, null};
use crate::options::hb_options;
use crate::runtime;
use crate::status::{HB_OK, hb_status};
use crate::text::text;
use hyperbolic_core::client::Client;
use hyperbolic_core::counters::Count;
use std::ffi::c_char;
use std::sync::Arc;

/// Requests that were started.
pub const HB_COUNT_REQUESTS: u32 = 1u32;
/// HTTP requests: every attempt of every request, also one that found no connection.
pub const HB_COUNT_ATTEMPTS: u32 = 2u32;
/// Attempts after the first of a request.
pub const HB_COUNT_RETRIES: u32 = 3u32;
/// Those of them that went again at once because a kept connection was dead.
pub const HB_COUNT_REPLAYS: u32 = 4u32;
/// Connections that were made.
pub const HB_COUNT_CONNECTIONS: u32 = 5u32;
/// Answers with HTTP 429.
pub const HB_COUNT_RATE_LIMITED: u32 = 6u32;
/// Requests that ended with a whole answer.
pub const HB_COUNT_SUCCEEDED: u32 = 7u32;
/// Requests that ended with an error.
pub const HB_COUNT_FAILED: u32 = 8u32;
/// Requests that you ended.
pub const HB_COUNT_CANCELLED: u32 = 9u32;
/// Tokens of prompts, as servers counted them.
pub const HB_COUNT_PROMPT_TOKENS: u32 = 10u32;
/// Tokens of answers, as servers counted them.
pub const HB_COUNT_COMPLETION_TOKENS: u32 = 11u32;
/// What the answers cost, in nano-USD (10^-9 $); see hb_options_set_spending_limit_nanousd.
pub const HB_COUNT_SPENT_NANOUSD: u32 = 12u32;
/// Answers that count nothing in HB_COUNT_SPENT_NANOUSD, because their usage or the price of their model is not
/// known.
pub const HB_COUNT_UNPRICED: u32 = 13u32;
/// Log records that were dropped because too many waited.
pub const HB_COUNT_LOGS_DROPPED: u32 = 14u32;

/// A client of one server: its key, its connections, its requests. Thread-safe: make one and share it.
pub struct hb_client {
    _private: [u8; 0],
}

impl Handle for hb_client {
    type Behind = Client;
    const NAME: &'static str = "client";
}
impl Shared for hb_client {}

/// Make a client. Nothing is sent, and no thread is started before the first request.
///
/// Ownership: `*client` is yours, NULL on failure; free it with hb_client_free. `options` is copied.
/// Thread:    any, but one at a time for the same `options`.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  a value of `options` is bad (the message names it), or the server is reached
///                                   over plain http and would see the key on the way
///            HB_E_BAD_DATA          the recording of hb_options_set_replay is damaged
///            HB_E_FORKED            the process forked after the library started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_client_new(
    options: *const hb_options,
    client: *mut *mut hb_client,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        put(client, std::ptr::null_mut());
        boundary::call(error, || {
            if client.is_null() {
                return Err(null("client"));
            }
            let config = hb_options::need(options)?.whole()?;
            client.write(hb_client::into_raw(Arc::new(Client::new(config)?)));
            Ok(HB_OK)
        })
    }
}

/// Replace the key for what is sent from now on: also by requests that wait for their turn, or for another attempt.
/// The pace begins anew with it, because what a server allows, it allows to a key.
///
/// Ownership: `key` is copied.
/// Thread:    any.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  as hb_options_set_api_key and hb_client_new say
///            HB_E_FORKED            the process forked after the library started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_client_set_api_key(
    client: *mut hb_client,
    key: *const c_char,
    len: usize,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        boundary::call(error, || {
            hb_client::need_shared(client)?.set_api_key(text("api_key", key, len)?)?;
            Ok(HB_OK)
        })
    }
}

/// Connect ahead of the first request, so that it need not wait for name, TCP and TLS.
///
/// Returns at once. A connection that cannot be made is for the first request to report. With a connection that is
/// there or on its way, or a client that replays a recording, it does nothing.
///
/// Thread:    any.
/// Blocks:    never.
/// Fails:     HB_E_CLOSED            `client` is closed
///            HB_E_SYSTEM            no thread could be started
///            HB_E_FORKED            the process forked after the library started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_client_warm_up(client: *mut hb_client, error: *mut *mut hb_error) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        boundary::call(error, || {
            hb_client::need_shared(client)?.warm_up(&runtime::handle()?)?;
            Ok(HB_OK)
        })
    }
}

/// What a client has done so far, in one number: `count` is one of HB_COUNT_REQUESTS and so on. Each only grows.
///
/// A request is counted as ended before its HB_EVENT_DONE can be taken.
///
/// Any thread; never blocks; 0 for NULL, or a `count` that is not known.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_client_count(client: *const hb_client, count: u32) -> i64 {
    boundary::value(0, || {
        // SAFETY: the header gives the caller's duties.
        let client = unsafe { hb_client::share(client) };
        client.zip(known_count(count)).map_or(0, |(client, count)| client.count(count))
    })
}

fn known_count(count: u32) -> Option<Count> {
    Some(match count {
        HB_COUNT_REQUESTS => Count::Requests,
        HB_COUNT_ATTEMPTS => Count::Attempts,
        HB_COUNT_RETRIES => Count::Retries,
        HB_COUNT_REPLAYS => Count::Replays,
        HB_COUNT_CONNECTIONS => Count::Connections,
        HB_COUNT_RATE_LIMITED => Count::RateLimited,
        HB_COUNT_SUCCEEDED => Count::Succeeded,
        HB_COUNT_FAILED => Count::Failed,
        HB_COUNT_CANCELLED => Count::Cancelled,
        HB_COUNT_PROMPT_TOKENS => Count::PromptTokens,
        HB_COUNT_COMPLETION_TOKENS => Count::CompletionTokens,
        HB_COUNT_SPENT_NANOUSD => Count::SpentNanousd,
        HB_COUNT_UNPRICED => Count::Unpriced,
        HB_COUNT_LOGS_DROPPED => Count::LogsDropped,
        _ => return None,
    })
}

/// Cancel every request of a client and refuse new ones with HB_E_CLOSED. Closing twice does nothing.
///
/// On return each request has ended: its HB_EVENT_DONE waits in its queue, a blocking call returns with
/// HB_E_CANCELLED and what had arrived, and the connections close.
///
/// Thread:    any, also in a callback.
/// Blocks:    never.
/// Fails:     never; NULL does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_client_close(client: *mut hb_client) {
    // SAFETY: the header gives the caller's duties.
    boundary::free(|| unsafe {
        if let Some(client) = hb_client::share(client) {
            client.close();
        }
    });
}

/// Free a client; closes it first. A call that had begun on another thread returns as after hb_client_close.
///
/// Ownership: takes `client`; NULL does nothing.
/// Thread:    any, also in a callback, in any order with queues and events.
/// Blocks:    never.
/// Fails:     never.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_client_free(client: *mut hb_client) {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        hb_client_close(client);
        hb_client::release(client);
    }
}
