//! The parameters of a request: numbers, switches and texts, each with its range in the core.

use crate::request::{edit, hb_request};
use crate::status::hb_status;
use crate::text::{identifier, text};
use std::ffi::c_char;

/// Limit the answer, in tokens. Default: the server's (512 for text completions).
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  below 1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_max_tokens(request: *mut hb_request, tokens: i64) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { edit(request, |request| request.set_whole("max_tokens", tokens)) }
}

/// Set the sampling temperature, 0 to 2; higher is more varied, 0 is greedy.
/// The server's default is 0.7 for a chat and 1 for a text completion.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  out of range, or no number
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_temperature(request: *mut hb_request, temperature: f64) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { edit(request, |request| request.set_real("temperature", temperature)) }
}

/// Sample only from the most likely tokens whose probabilities sum to this, 0 to 1.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  out of range, or no number
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_top_p(request: *mut hb_request, top_p: f64) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { edit(request, |request| request.set_real("top_p", top_p)) }
}

/// Sample only from this many most likely tokens; -1 is no limit.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  below -1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_top_k(request: *mut hb_request, top_k: i64) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { edit(request, |request| request.set_whole("top_k", top_k)) }
}

/// Leave out tokens less likely than this share of the most likely one, 0 to 1.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  out of range, or no number
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_min_p(request: *mut hb_request, min_p: f64) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { edit(request, |request| request.set_real("min_p", min_p)) }
}

/// Make tokens less likely the more often they stand in the answer, -2 to 2.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  out of range, or no number
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_frequency_penalty(
    request: *mut hb_request,
    penalty: f64,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { edit(request, |request| request.set_real("frequency_penalty", penalty)) }
}

/// Make tokens less likely once they stand in the answer, -2 to 2.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  out of range, or no number
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_presence_penalty(
    request: *mut hb_request,
    penalty: f64,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { edit(request, |request| request.set_real("presence_penalty", penalty)) }
}

/// Divide the likelihood of tokens that prompt or answer hold already; above 1 discourages, 1 changes nothing.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  not greater than 0, or no number
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_repetition_penalty(
    request: *mut hb_request,
    penalty: f64,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { edit(request, |request| request.set_real("repetition_penalty", penalty)) }
}

/// Ask for this many answers to the same question: the choices of the response.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  below 1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_n(request: *mut hb_request, n: i64) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { edit(request, |request| request.set_whole("n", n)) }
}

/// Ask for the same answer again whenever the rest of the request is the same, as far as the server can.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_seed(request: *mut hb_request, seed: i64) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { edit(request, |request| request.set_whole("seed", seed)) }
}

/// Ask for the most likely tokens at each place, 0 to 20 of them, with their log-probabilities.
///
/// Turns log-probabilities on: chat takes a switch and a number, text completions take the number alone, and
/// the library sends what the route wants.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  out of range
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_top_logprobs(request: *mut hb_request, count: i64) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { edit(request, |request| request.set_whole("top_logprobs", count)) }
}

/// Text completions: have the server write this many answers and return the best. More than 1 cannot be
/// streamed, so the answer then comes whole.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  below 1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_best_of(request: *mut hb_request, count: i64) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { edit(request, |request| request.set_whole("best_of", count)) }
}

/// Ask for the log-probability of each token of the answer (1) or not (0).
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_logprobs(request: *mut hb_request, on: i32) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { edit(request, |request| request.set_flag("logprobs", on != 0)) }
}

/// Text completions: repeat the prompt before the answer (1) or not (0).
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_echo(request: *mut hb_request, on: i32) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { edit(request, |request| request.set_flag("echo", on != 0)) }
}

/// Name your own user, for the server's abuse watch.
///
/// Ownership: `text` is copied.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  not UTF-8
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_user(
    request: *mut hb_request,
    text: *const c_char,
    len: usize,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { edit(request, |request| request.set_text("user", crate::text::text("user", text, len)?)) }
}

/// Text completions, on servers that fill in the middle: the text that follows the answer.
///
/// Ownership: `text` is copied.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  not UTF-8
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_suffix(
    request: *mut hb_request,
    text: *const c_char,
    len: usize,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { edit(request, |request| request.set_text("suffix", crate::text::text("suffix", text, len)?)) }
}

/// Ask for an answer that is a JSON object, of whatever shape; say in a message which one. Replaces what another such
/// call, or hb_request_set_json for "response_format", asked for.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_json_object(request: *mut hb_request) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { edit(request, |request| request.set_json_object()) }
}

/// Ask for an answer that fits a JSON Schema. In all else like hb_request_set_json_object.
///
/// The schema is sent as it is written, and the server keeps the answer to it: strictly if `strict` is not 0. The
/// library does not check the answer; a cut one is no whole JSON (see hb_json_close).
///
/// Ownership: both are copied. `name` is NUL-terminated: the server's name for the schema.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `name` is not 1 to 64 letters, digits, hyphens and underscores, or `schema` is no
///                                   JSON object
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_json_schema(
    request: *mut hb_request,
    name: *const c_char,
    schema: *const c_char,
    len: usize,
    strict: i32,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        edit(request, |request| {
            request.set_json_schema(identifier("name", name)?, text("schema", schema, len)?, strict != 0)
        })
    }
}

/// Deliver nothing before the end (1) but HB_EVENT_RETRY, or every piece (0, the default): for who wants the whole
/// answer from a queue, without taking its pieces one by one.
///
/// The answer is the same, and comes from the server in pieces all the same (hb_options_set_streaming), so that a cut
/// one has what had arrived.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_omit_pieces(request: *mut hb_request, omit: i32) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        edit(request, |request| {
            request.delivery.omit_pieces = omit != 0;
            Ok(())
        })
    }
}

/// Deliver the text in whole sentences (1), for speech, or as it comes (0, the default).
///
/// A HB_EVENT_TEXT then ends where a sentence does: at . ! ? and the like with the quotes and brackets behind them and
/// white space, at the full stops of Chinese and Japanese, and at the end of a line. It may hold several sentences, if
/// they came together or waited. Decimals, initials, numbers of lists, names of files and sites, and the usual
/// abbreviations of a few languages end none. A sentence comes when the character behind it, for a few the next word,
/// shows that it is whole. What is not whole comes when its choice ends, before a tool call or reasoning of it, when
/// the answer breaks off (after a cancel nothing comes), and in any case at white space after 2,000 bytes, or after
/// some 4,000. Together the pieces are the text.
///
/// Deadlines and hb_response_first_token_ms count what has come, delivered or not.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_sentences(request: *mut hb_request, on: i32) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        edit(request, |request| {
            request.delivery.sentences = on != 0;
            Ok(())
        })
    }
}
