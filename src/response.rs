//! What came back, as C reads it.

use crate::boundary;
use crate::getter::{read, text};
use crate::handle::{Handle, Shared};
use crate::model::hb_model_list;
use crate::status::{HB_OK, hb_status, number};
use hyperbolic_core::response::Response;
use hyperbolic_core::text::Text;
use hyperbolic_core::wire::{Choice, ToolCall};
use std::ffi::c_char;
use std::ptr::{from_ref, null, null_mut};
use std::time::Duration;

/// An answer, whole or as far as it came. Immutable and shared: any thread may read it.
///
/// Texts that a getter answers are NUL-terminated, never NULL, and valid as long as the response. `len`, which may
/// be NULL, gets the length in bytes; it matters where a text may hold NULs. What the server did not say, a choice
/// or a call that is not there, and a NULL response answer "", 0, -1 or HB_OK. Getters never block.
pub struct hb_response {
    _private: [u8; 0],
}

impl Handle for hb_response {
    type Behind = Response;
    const NAME: &'static str = "response";
}
impl Shared for hb_response {}

fn choice_of(response: &Response, choice: u32) -> Option<&Choice> {
    response.answer.choices.get(usize::try_from(choice).ok()?)
}

fn call(response: &Response, of: u32, index: u32) -> Option<&ToolCall> {
    choice_of(response, of)?.tool_calls.get(usize::try_from(index).ok()?)
}

fn tolerated(response: &Response, index: u32) -> Option<&(Text, u32)> {
    response.tolerated.get(usize::try_from(index).ok()?)
}

fn milliseconds(time: Duration) -> Option<i64> {
    time.as_millis().try_into().ok()
}

/// Take another reference to a response.
///
/// Ownership: the reference is yours; free it with hb_response_free.
/// Thread:    any.
/// Blocks:    never.
/// Fails:     NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_retain(response: *const hb_response) -> *mut hb_response {
    // SAFETY: the header gives the caller's duties.
    boundary::value(null_mut(), || unsafe { hb_response::retain(response) })
}

/// Drop a reference to a response; the last one frees it.
///
/// Ownership: takes the reference; NULL does nothing.
/// Thread:    any.
/// Blocks:    never.
/// Fails:     never.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_free(response: *mut hb_response) {
    // SAFETY: the header gives the caller's duties.
    unsafe { hb_response::release(response) };
}

/// How the request ended: HB_OK for a whole answer, otherwise the status of its error.
///
/// Any thread; never blocks; HB_OK for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_status(response: *const hb_response) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(response, HB_OK, |response| response.error.as_ref().map(|error| number(error.status))) }
}

/// The server's id of the answer.
///
/// Borrowed from `response`; any thread; never blocks; "" for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_id(response: *const hb_response) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(response, null_mut(), |response| Some(&response.answer.id)) }
}

/// The kind of object: "chat.completion" or "text_completion".
///
/// Borrowed from `response`; any thread; never blocks; "" for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_object(response: *const hb_response) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(response, null_mut(), |response| Some(&response.answer.object)) }
}

/// The model that answered, as the server names it.
///
/// Borrowed from `response`; any thread; never blocks; "" for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_model(response: *const hb_response) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(response, null_mut(), |response| Some(&response.answer.model)) }
}

/// The model that was asked last: the request's own, or the one of hb_request_add_fallback_model that it went on to.
///
/// Borrowed from `response`; any thread; never blocks; "" for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_requested_model(response: *const hb_response) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(response, null_mut(), |response| Some(&response.requested_model)) }
}

/// When the server made the answer, in seconds since 1970; -1 if it did not say.
///
/// Any thread; never blocks; -1 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_created(response: *const hb_response) -> i64 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(response, -1, |response| response.answer.created) }
}

/// How many choices there are: n times the prompts in a whole answer.
///
/// Any thread; never blocks; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_choice_count(response: *const hb_response) -> u32 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(response, 0, |response| response.answer.choices.len().try_into().ok()) }
}

/// Who speaks in a choice: "assistant", or "" where the server did not say.
///
/// Borrowed from `response`; any thread; never blocks; "" for NULL, or a choice that is not there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_role(response: *const hb_response, choice: u32) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(response, null_mut(), |response| choice_of(response, choice).map(|choice| &choice.role)) }
}

/// The answer: of a chat its message, of a text completion its text.
///
/// It may hold NULs, if the model wrote them.
///
/// Borrowed from `response`; any thread; never blocks; "" for NULL, or a choice that is not there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_text(
    response: *const hb_response,
    choice: u32,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(response, len, |response| choice_of(response, choice).map(|choice| &choice.text)) }
}

/// The model's thinking before the answer, if it showed any.
///
/// Borrowed from `response`; any thread; never blocks; "" for NULL, or a choice that is not there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_reasoning(
    response: *const hb_response,
    choice: u32,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(response, len, |response| choice_of(response, choice).map(|choice| &choice.reasoning)) }
}

/// Why a choice ended: "stop", "length", "tool_calls", or any other word of the server's; "" if it did not end.
///
/// Borrowed from `response`; any thread; never blocks; "" for NULL, or a choice that is not there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_finish_reason(
    response: *const hb_response,
    choice: u32,
) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        text(response, null_mut(), |response| choice_of(response, choice).map(|choice| &choice.finish_reason))
    }
}

/// The log-probabilities of a choice, as the JSON that the API documents; "" if there are none.
///
/// Borrowed from `response`; any thread; never blocks; "" for NULL, or a choice that is not there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_logprobs(
    response: *const hb_response,
    choice: u32,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(response, len, |response| choice_of(response, choice).map(|choice| &choice.logprobs)) }
}

/// How many tool calls a choice has.
///
/// Any thread; never blocks; 0 for NULL, or a choice that is not there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_tool_call_count(response: *const hb_response, choice: u32) -> u32 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(response, 0, |response| choice_of(response, choice)?.tool_calls.len().try_into().ok()) }
}

/// The id of a tool call, never empty; made here if the server sent none.
///
/// Borrowed from `response`; any thread; never blocks; "" for NULL, or a call that is not there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_tool_call_id(
    response: *const hb_response,
    choice: u32,
    index: u32,
) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(response, null_mut(), |response| call(response, choice, index).map(|call| &call.id)) }
}

/// The tool that is called.
///
/// Borrowed from `response`; any thread; never blocks; "" for NULL, or a call that is not there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_tool_call_name(
    response: *const hb_response,
    choice: u32,
    index: u32,
) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(response, null_mut(), |response| call(response, choice, index).map(|call| &call.name)) }
}

/// The arguments of a tool call: JSON as the model wrote it, which may be broken, above all in a cut answer.
///
/// Borrowed from `response`; any thread; never blocks; "" for NULL, or a call that is not there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_tool_call_arguments(
    response: *const hb_response,
    choice: u32,
    index: u32,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(response, len, |response| call(response, choice, index).map(|call| &call.arguments)) }
}

/// Whether the arguments of a tool call are a whole JSON object, or empty, which servers send for a tool without
/// parameters: 1, or 0 for a call that cannot be run. Models write broken ones, and a cut answer has half of one; there
/// empty arguments count as half, because they had not come yet.
///
/// Any thread; never blocks; 0 for NULL, or a call that is not there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_tool_call_is_whole(
    response: *const hb_response,
    choice: u32,
    index: u32,
) -> i32 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(response, 0, |response| call(response, choice, index).map(|call| call.is_whole().into())) }
}

/// Tokens in the prompt, as the server counted; -1 if it did not say. Known for a cut answer too if
/// the server counts along.
///
/// Any thread; never blocks; -1 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_prompt_tokens(response: *const hb_response) -> i64 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(response, -1, |response| response.answer.usage.prompt_tokens) }
}

/// Tokens in the answer, as the server counted; -1 if it did not say. Known for a cut answer too if
/// the server counts along.
///
/// Any thread; never blocks; -1 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_completion_tokens(response: *const hb_response) -> i64 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(response, -1, |response| response.answer.usage.completion_tokens) }
}

/// Tokens in prompt and answer, as the server counted; -1 if it did not say. Known for a cut answer too if
/// the server counts along.
///
/// Any thread; never blocks; -1 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_total_tokens(response: *const hb_response) -> i64 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(response, -1, |response| response.answer.usage.total_tokens) }
}

/// What the answer cost in nano-USD (10^-9 $), rounded half up, once; -1 if the server did not count or a price of the
/// model is not known. Prices are those of the client's view of models (hb_client_model_list) when the answer ended.
/// What failed attempts before it used is part of it, as far as the server said.
///
/// Any thread; never blocks; -1 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_cost_nanousd(response: *const hb_response) -> i64 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(response, -1, |response| response.cost) }
}

/// The models that the server named, if that was asked for (hb_start_models).
///
/// Borrowed from `response`, do not free it; any thread; never blocks; NULL for NULL, and for what is no list or failed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_models(response: *const hb_response) -> *const hb_model_list {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        read(response, null(), |response| response.models.as_ref().map(|models| from_ref(models).cast()))
    }
}

/// The completion object as JSON: as the server sent it, or put together from its chunks.
///
/// Fields that this library does not know are in it. Made on the first call, in time linear in its length.
///
/// Borrowed from `response`; any thread; never blocks; "" for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_json(response: *const hb_response, len: *mut usize) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(response, len, |response| Some(response.json())) }
}

/// How many kinds of mistake the server made that were understood all the same; hb_options_set_strict makes each
/// of them an error.
///
/// Any thread; never blocks; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_tolerated_count(response: *const hb_response) -> u32 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(response, 0, |response| response.tolerated.len().try_into().ok()) }
}

/// Which mistake it was: a word such as "invalid_utf8", "wrong_type" or "trailing_comma".
///
/// Borrowed from `response`; any thread; never blocks; "" for NULL, or an index out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_tolerated_name(
    response: *const hb_response,
    index: u32,
) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(response, null_mut(), |response| tolerated(response, index).map(|(name, _)| name)) }
}

/// How often the server made it.
///
/// Any thread; never blocks; 0 for NULL, or an index out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_tolerated_times(response: *const hb_response, index: u32) -> u32 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(response, 0, |response| tolerated(response, index).map(|(_, times)| *times)) }
}

/// The id that the server gave the request, for its support.
///
/// Borrowed from `response`; any thread; never blocks; "" for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_request_id(response: *const hb_response) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(response, null_mut(), |response| Some(&response.request_id)) }
}

/// How many HTTP requests were sent.
///
/// Any thread; never blocks; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_attempts(response: *const hb_response) -> u32 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(response, 0, |response| Some(response.attempts)) }
}

/// Milliseconds from the call to the first piece of the answer; -1 if none came.
///
/// Any thread; never blocks; -1 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_first_token_ms(response: *const hb_response) -> i64 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(response, -1, |response| milliseconds(response.first_token?)) }
}

/// How fast the answer came: its tokens after the first, as the server counted, by the seconds from the first piece
/// to the end.
///
/// -1 where that is not known: no count, fewer than two tokens, an answer that did not come as a stream, or no time
/// between first piece and end. Tokens of all choices count, and those of reasoning too. A proxy that holds an answer
/// back and sends it at once makes it look fast.
///
/// Any thread; never blocks; -1 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_tokens_per_second(response: *const hb_response) -> f64 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(response, -1.0, Response::tokens_per_second) }
}

/// Milliseconds from the call to the end.
///
/// Any thread; never blocks; -1 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_response_total_ms(response: *const hb_response) -> i64 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(response, -1, |response| milliseconds(response.total)) }
}
