//! What is asked, filled by the app.

use crate::boundary;
use crate::boundary::put;
use crate::client::hb_client;
use crate::draft::{Draft, set};
use crate::error::hb_error;
use crate::handle::{Boxed, Handle};
use crate::status::{HB_OK, hb_status};
use crate::text::{identifier, text};
use hyperbolic_core::catalog;
use hyperbolic_core::client::Client;
use hyperbolic_core::error::Error;
use hyperbolic_core::request::Request;
use std::ffi::c_char;
use std::sync::Arc;

/// A request: messages make it a chat, a prompt makes it a text completion. One thread at a time.
///
/// Every setter copies what it gets and is sticky, like those of hb_options: the first bad value is remembered
/// and reported by hb_request_check and by the call that sends the request. Ranges are checked here, because
/// the server drops a value out of range without a word. A request can be sent any number of times; sending
/// copies it cheaply, so it may be changed or freed at once.
pub struct hb_request {
    _private: [u8; 0],
}

impl Handle for hb_request {
    type Behind = Draft<Arc<Request>>;
    const NAME: &'static str = "request";
}
impl Boxed for hb_request {}

/// Runs a setter. A request that is being sent keeps what it was sent with.
///
/// # Safety
/// As for [`set`].
pub unsafe fn edit(
    request: *mut hb_request,
    change: impl FnOnce(&mut Request) -> Result<(), Error>,
) -> hb_status {
    // SAFETY: as the caller promises.
    unsafe { set(request, |shared: &mut Arc<Request>| change(Arc::make_mut(shared))) }
}

/// Gives a new request to C, or one that remembers why it is none.
fn made(make: impl FnOnce() -> Result<Request, Error>) -> *mut hb_request {
    boundary::value(std::ptr::null_mut(), || hb_request::into_raw(Draft::made(make().map(Arc::new))))
}

/// Make a request to a model, such as "meta-llama/Llama-3.3-70B-Instruct".
///
/// Ownership: yours; free it with hb_request_free. `model` is copied.
/// Thread:    any.
/// Blocks:    never.
/// Fails:     never, and is never NULL; a bad model (empty, not UTF-8) is remembered as a setter's bad value is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_new(model: *const c_char, len: usize) -> *mut hb_request {
    // SAFETY: the header gives the caller's duties.
    made(|| Request::new(unsafe { text("model", model, len) }?))
}

/// Make a request from a whole body as the API documents it. Unknown keys are sent as they are.
///
/// Messages and parameters can be added to it. "stream" is refused: the call decides whether to stream.
///
/// Ownership: yours; free it with hb_request_free. `json` is copied.
/// Thread:    any.
/// Blocks:    never.
/// Fails:     never, and is never NULL; what is bad in `json` is remembered as a setter's bad value is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_from_json(json: *const c_char, len: usize) -> *mut hb_request {
    // SAFETY: the header gives the caller's duties.
    made(|| Request::from_json(unsafe { text("json", json, len) }?))
}

/// Copy a request, with what it remembers. Cheap: messages and values are shared.
///
/// Ownership: the copy is yours; free it with hb_request_free.
/// Thread:    one at a time for `request`.
/// Blocks:    never.
/// Fails:     NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_clone(request: *const hb_request) -> *mut hb_request {
    boundary::value(std::ptr::null_mut(), || {
        // SAFETY: the header gives the caller's duties.
        let request = unsafe { hb_request::get(request) };
        request.map_or(std::ptr::null_mut(), |request| hb_request::into_raw(request.clone()))
    })
}

/// Free a request. One that was sent goes on.
///
/// Ownership: takes `request`; NULL does nothing.
/// Thread:    any.
/// Blocks:    never.
/// Fails:     never.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_free(request: *mut hb_request) {
    // SAFETY: the header gives the caller's duties.
    unsafe { hb_request::free(request) };
}

/// Check a request as sending it would: every value, and that it has a model and messages or a prompt.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  the first bad value; the message and hb_error_param name the field
///            HB_E_FORKED            the process forked after the library started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_check(
    request: *const hb_request,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        boundary::call(error, || {
            hb_request::need(request)?.whole()?.check()?;
            Ok(HB_OK)
        })
    }
}

/// Estimate what a request will come to, before it is sent: the tokens of its prompt, and the most that it can cost.
///
/// Every model has a vocabulary of its own, of megabytes, so the tokens are an estimate: runs of letters, digits, marks
/// and white space are counted by rules. Measured against the vocabularies of Llama 3 and 4, Qwen and GPT (2026-11-27),
/// on 100 kB of each kind of text, it is off by
///   English, code, JSON               -7 % to +17 %
///   13 languages in Latin letters    -27 % to +26 %
///   Chinese, Japanese, Korean        -16 % to +31 %
///   Russian, Greek, Arabic and so on -24 % to +85 %
///   scripts of India                 -13 % to +211 %, because these models know them so differently
/// SmolLM2, whose vocabulary is small, needs up to 28 % more for English and code, and up to three times as many for
/// other scripts. A message counts 5, an image 1500, what templates add 25, and tools 100 beside their schemas.
///
/// `cost_nanousd` is the worst case, rounded up: the prompt and 40 % more, at the price of the client's view of models
/// (of the built-in catalogue, if `client` is NULL), and for each answer max_tokens, or else what the context leaves.
/// Of a request with fallback models it is that of the dearest. It is -1 if a price or the longest answer is not known.
/// Either out-parameter may be NULL. Time is linear in the length of the request.
///
/// Thread:    one at a time for `request`.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  as hb_request_check
///            HB_E_FORKED            the process forked after the library started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_estimate(
    request: *const hb_request,
    client: *const hb_client,
    prompt_tokens: *mut i64,
    cost_nanousd: *mut i64,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        put(prompt_tokens, -1);
        put(cost_nanousd, -1);
        boundary::call(error, || {
            let models =
                hb_client::get(client).map_or_else(|| Arc::clone(catalog::builtin()), Client::models);
            let estimate = hb_request::need(request)?.whole()?.estimate(&models)?;
            put(prompt_tokens, estimate.prompt_tokens);
            put(cost_nanousd, estimate.worst_cost.unwrap_or(-1));
            Ok(HB_OK)
        })
    }
}

/// Append a message. `role` is "system", "user" or "assistant", NUL-terminated.
///
/// Ownership: both are copied.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  another role, text that is not UTF-8 (the message has the byte offset), or
///                                   "messages" was set as JSON
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_add_message(
    request: *mut hb_request,
    role: *const c_char,
    text: *const c_char,
    len: usize,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        edit(request, |request| {
            request.add_message(identifier("role", role)?, crate::text::text("text", text, len)?)
        })
    }
}

/// Make it a text completion of `text`, in place of any prompt that was set before.
///
/// Ownership: `text` is copied.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  not UTF-8
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_prompt(
    request: *mut hb_request,
    text: *const c_char,
    len: usize,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { edit(request, |request| request.set_prompt(crate::text::text("prompt", text, len)?)) }
}

/// Add a prompt to a text completion. Several are completed side by side; the choices of prompt p are numbers
/// p * n to p * n + n - 1.
///
/// Ownership: `text` is copied.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  not UTF-8, or the prompt was set as JSON or as tokens
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_add_prompt(
    request: *mut hb_request,
    text: *const c_char,
    len: usize,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { edit(request, |request| request.add_prompt(crate::text::text("prompt", text, len)?)) }
}

/// Make it a text completion of `count` tokens of the model's vocabulary, in place of any prompt.
///
/// Ownership: `tokens` is copied.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  none, NULL, or a negative one
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_prompt_tokens(
    request: *mut hb_request,
    tokens: *const i64,
    count: usize,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        edit(request, |request| request.set_prompt_tokens(crate::text::numbers("tokens", tokens, count)?))
    }
}

/// Add a text at which the answer ends; it is not part of the answer.
///
/// Ownership: `text` is copied.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  empty, not UTF-8, or "stop" was set as JSON
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_add_stop(
    request: *mut hb_request,
    text: *const c_char,
    len: usize,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { edit(request, |request| request.add_stop(crate::text::text("stop", text, len)?)) }
}

/// Make a token of the model's vocabulary more or less likely: -100 forbids it, 100 forces it. The last bias that
/// is set for a token wins.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  a negative token, a bias out of range, or "logit_bias" was set as JSON
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_logit_bias(
    request: *mut hb_request,
    token: i64,
    bias: f64,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { edit(request, |request| request.set_logit_bias(token, bias)) }
}

/// Set any key of the body to any JSON value, as it is written: whatever the API has or will have.
///
/// Nothing but its syntax is checked. The last value of a key wins, also against the key's typed setter.
///
/// Ownership: both are copied. `key` is NUL-terminated.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  not JSON, an empty key or one with control characters, "stream" (the call
///                                   decides), or a key that typed calls have added to: messages, prompt, tools,
///                                   stop, logit_bias
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_json(
    request: *mut hb_request,
    key: *const c_char,
    json: *const c_char,
    len: usize,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        edit(request, |request| {
            let key = identifier("key", key)?;
            request.set_json(key, text(key, json, len)?)
        })
    }
}
