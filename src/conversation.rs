//! A conversation, as C fills, trims and sends it. What is in it is read in `history`, and kept by `save`.

use crate::boundary::{self, put};
use crate::chat::{image, image_at};
use crate::error::hb_error;
use crate::handle::{Boxed, Handle, null};
use crate::request::{edit, hb_request};
use crate::response::hb_response;
use crate::status::{HB_OK, hb_status};
use crate::text::{identifier, text};
use hyperbolic_core::conversation::Conversation;
use hyperbolic_core::error::Error;
use std::ffi::{c_char, c_void};
use std::ptr::null_mut;

/// What was said so far: a system prompt, a summary, messages with images and tool calls, and the host's own
/// metadata. One thread at a time; hb_conversation_clone gives another thread one of its own.
///
/// It lives for as long as the talk does, and so, unlike hb_options and hb_request, remembers no bad value: a call
/// that fails changes nothing, says so by its status and, on request, by its last parameter, and the next one works.
///
/// A tool's result stands behind the message that called it. While a call has none, a request of the conversation is
/// refused (hb_request_check names the call's id); until then anything else may be added. An id waits in one message
/// at a time; when it was answered it may come again, as ids of servers do that count them from 0.
///
/// At most 100000 messages, 1024 images, tool calls or metadata of a message, and 1024 calls that wait for results.
pub struct hb_conversation {
    _private: [u8; 0],
}

impl Handle for hb_conversation {
    type Behind = Conversation;
    const NAME: &'static str = "conversation";
}
impl Boxed for hb_conversation {}

/// Runs a change.
///
/// # Safety
/// `conversation` is NULL or a handle that nobody else uses meanwhile; `error` is NULL or may be written.
unsafe fn change(
    conversation: *mut hb_conversation,
    error: *mut *mut hb_error,
    change: impl FnOnce(&mut Conversation) -> Result<(), Error>,
) -> hb_status {
    // SAFETY: as the caller promises.
    unsafe {
        boundary::call(error, || {
            let conversation = hb_conversation::get_mut(conversation);
            change(conversation.ok_or_else(|| null(hb_conversation::NAME))?).map(|()| HB_OK)
        })
    }
}

/// An index or a count of C's, as one of the core's.
pub fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Make an empty conversation.
///
/// Ownership: yours; free it with hb_conversation_free.
/// Thread:    any.
/// Blocks:    never.
/// Fails:     never; never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn hb_conversation_new() -> *mut hb_conversation {
    boundary::value(null_mut(), || hb_conversation::into_raw(Conversation::default()))
}

/// Copy a conversation, to go on in two ways. Cheap: messages are shared.
///
/// Ownership: the copy is yours; free it with hb_conversation_free.
/// Thread:    one at a time for `conversation`.
/// Blocks:    never.
/// Fails:     NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_clone(conversation: *const hb_conversation) -> *mut hb_conversation {
    boundary::value(null_mut(), || {
        // SAFETY: the header gives the caller's duties.
        let conversation = unsafe { hb_conversation::get(conversation) };
        conversation.map_or(null_mut(), |conversation| hb_conversation::into_raw(conversation.clone()))
    })
}

/// Free a conversation. Requests that it was set for keep its messages.
///
/// Ownership: takes `conversation`; NULL does nothing.
/// Thread:    any.
/// Blocks:    never.
/// Fails:     never.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_free(conversation: *mut hb_conversation) {
    // SAFETY: the header gives the caller's duties.
    unsafe { hb_conversation::free(conversation) };
}

/// Set the system prompt, in place of the one before; the empty text removes it. It is sent first, is never trimmed,
/// and does not count as a message.
///
/// Ownership: `text` is copied.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  a NULL, or not UTF-8
///            HB_E_FORKED            the process forked after the library started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_set_system(
    conversation: *mut hb_conversation,
    text: *const c_char,
    len: usize,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        change(conversation, error, |conversation| {
            conversation.set_system(self::text("text", text, len)?);
            Ok(())
        })
    }
}

/// Set the summary of what was trimmed, which you had a model write or wrote yourself; the empty text removes it. It
/// is sent behind the system prompt, in the same message, is never trimmed, and does not count as a message.
///
/// Ownership: `text` is copied.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  a NULL, or not UTF-8
///            HB_E_FORKED            the process forked after the library started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_set_summary(
    conversation: *mut hb_conversation,
    text: *const c_char,
    len: usize,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        change(conversation, error, |conversation| {
            conversation.set_summary(self::text("text", text, len)?);
            Ok(())
        })
    }
}

/// Append a message. `role` is "user" or "assistant", NUL-terminated; the system prompt has
/// hb_conversation_set_system, a tool's result hb_conversation_add_tool_result.
///
/// Ownership: both are copied.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  a NULL, another role, text that is not UTF-8, or more messages than there may be
///            HB_E_FORKED            the process forked after the library started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_add_message(
    conversation: *mut hb_conversation,
    role: *const c_char,
    text: *const c_char,
    len: usize,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        change(conversation, error, |conversation| {
            conversation.add_message(identifier("role", role)?, self::text("text", text, len)?)
        })
    }
}

/// Add an image to the last message, which is the user's: a JPEG, PNG or WebP of at most 20 MiB, as
/// hb_request_add_image takes it.
///
/// Ownership: `data` and `detail` are copied.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  a NULL but for `detail`, no such image, a last message that is not the user's,
///                                   another detail than "auto", "low" and "high", or more images than there may be
///            HB_E_FORKED            the process forked after the library started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_add_image(
    conversation: *mut hb_conversation,
    data: *const c_void,
    len: usize,
    detail: *const c_char,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { change(conversation, error, |conversation| conversation.add_image(image(data, len, detail)?)) }
}

/// Add an image by its URL to the last message, which is the user's, as hb_request_add_image_url takes it.
///
/// Ownership: `url` and `detail` are copied.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  a NULL but for `detail`, a URL that is neither http, https nor a data: one of an
///                                   image, a last message that is not the user's, another detail than "auto", "low"
///                                   and "high", or more images than there may be
///            HB_E_FORKED            the process forked after the library started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_add_image_url(
    conversation: *mut hb_conversation,
    url: *const c_char,
    len: usize,
    detail: *const c_char,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { change(conversation, error, |conversation| conversation.add_image(image_at(url, len, detail)?)) }
}

/// Append a choice of an answer as it is: text, reasoning and tool calls. One that ended with an error is kept as far
/// as it came, and hb_conversation_is_partial tells it.
///
/// Tool calls that no tool can run, and that servers refuse, are left out: those that a cut answer did not come to
/// the end of (they had no HB_EVENT_TOOL_CALL either), those without a name, and those whose arguments are not whole
/// (hb_response_tool_call_is_whole). Where nothing came, nothing is added.
///
/// Ownership: `response` is only read, and what is needed of it copied.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  a NULL, a choice that a whole answer does not have, a tool call whose id waits
///                                   for its result in an earlier message, or more than there may be
///            HB_E_FORKED            the process forked after the library started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_add_response(
    conversation: *mut hb_conversation,
    response: *const hb_response,
    choice: u32,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        change(conversation, error, |conversation| {
            conversation.add_response(hb_response::need(response)?, place(choice))
        })
    }
}

/// Add the result of a tool, in any order and at any time: it goes behind the message of its call and the results
/// that are there already, so that the messages behind it move up by one. Calls of one message that share an id are
/// answered in their order.
///
/// Ownership: both are copied. `id` is NUL-terminated.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  a NULL, an id that no call has or that has its result (the message names it),
///                                   text that is not UTF-8, or more messages than there may be
///            HB_E_FORKED            the process forked after the library started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_add_tool_result(
    conversation: *mut hb_conversation,
    id: *const c_char,
    text: *const c_char,
    len: usize,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        change(conversation, error, |conversation| {
            conversation.add_tool_result(identifier("id", id)?, self::text("text", text, len)?)
        })
    }
}

/// Attach something of your own to a message: who spoke, when in the game. It is saved and never sent. A key's text
/// replaces the one before; the empty text removes it.
///
/// Ownership: both are copied. `key` is NUL-terminated.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  a NULL, an index out of range, an empty key or one with control characters, text
///                                   that is not UTF-8, or more keys than there may be
///            HB_E_FORKED            the process forked after the library started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_set_metadata(
    conversation: *mut hb_conversation,
    index: u32,
    key: *const c_char,
    text: *const c_char,
    len: usize,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        change(conversation, error, |conversation| {
            let (key, text) = (identifier("key", key)?, self::text("text", text, len)?);
            conversation.set_metadata(place(index), key, text)
        })
    }
}

/// Undo: leave the first `count` messages, and drop those behind. Calls whose results are dropped wait for them
/// again.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  a NULL, or more than there are
///            HB_E_FORKED            the process forked after the library started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_truncate(
    conversation: *mut hb_conversation,
    count: u32,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { change(conversation, error, |conversation| conversation.truncate(place(count))) }
}

/// Drop what was said first, until about `max_tokens` are left by the estimate of hb_conversation_tokens. Leave room
/// for the answer: the context of a model, which hb_model_list_context answers, is for both.
///
/// Whole exchanges go, each a user's message and all up to the user's next. What never goes: the system prompt, the
/// summary, the last exchange, and all from the first exchange on in which a tool call waits for its result; so no
/// call is parted from its result. `*dropped`, which may be NULL, gets how many messages went: indexes have moved
/// down by so many.
///
/// Thread:    one at a time.
/// Blocks:    never; it takes time linear in the number of messages.
/// Fails:     HB_E_INVALID_ARGUMENT  a NULL, a negative number, or what must stay is longer (the message says how
///                                   long): then all else has been dropped, and counted
///            HB_E_FORKED            the process forked after the library started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_trim(
    conversation: *mut hb_conversation,
    max_tokens: i64,
    dropped: *mut u32,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        put(dropped, 0);
        change(conversation, error, |conversation| {
            let (count, result) = conversation.trim(max_tokens);
            put(dropped, u32::try_from(count).unwrap_or(u32::MAX));
            result
        })
    }
}

/// Make a request's messages those of a conversation as it is now, in place of what was there; hb_request_add_message
/// goes on behind them. Cheap: messages are shared.
///
/// A request of a conversation with a tool call that has no result is refused when it is checked or sent, with the
/// id.
///
/// Ownership: `conversation` is only read; it may be changed or freed at once.
/// Thread:    one at a time, for both.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  a NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_conversation(
    request: *mut hb_request,
    conversation: *const hb_conversation,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        edit(request, |request| {
            request.set_conversation(hb_conversation::need(conversation)?);
            Ok(())
        })
    }
}
