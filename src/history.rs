//! What is in a conversation, as C reads it.

use crate::conversation::{hb_conversation, place};
use crate::getter::{read, text};
use crate::text::identifier;
use hyperbolic_core::conversation::{Conversation, Entry};
use hyperbolic_core::message::{Call, Role};
use hyperbolic_core::text::Text;
use std::ffi::c_char;
use std::ptr::null_mut;
use std::sync::LazyLock;

static ROLES: LazyLock<[Text; 4]> = LazyLock::new(|| Role::ALL.map(|role| role.name().into()));

fn entry(conversation: &Conversation, index: u32) -> Option<&Entry> {
    conversation.entries().get(place(index)).map(|entry| &**entry)
}

fn call(conversation: &Conversation, index: u32, call: u32) -> Option<&Call> {
    entry(conversation, index)?.turn().tool_calls.get(place(call))
}

fn open_call(conversation: &Conversation, index: u32) -> Option<&Call> {
    conversation.open_call(place(index))
}

fn metadata(conversation: &Conversation, index: u32, at: u32) -> Option<&(Text, Text)> {
    entry(conversation, index)?.metadata().get(place(at))
}

/// The system prompt; "" if there is none.
///
/// Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_system(
    conversation: *const hb_conversation,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(conversation, len, |conversation| conversation.system()) }
}

/// The summary of what was trimmed; "" if there is none.
///
/// Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_summary(
    conversation: *const hb_conversation,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(conversation, len, |conversation| conversation.summary()) }
}

/// How many messages there are, results of tools among them, system prompt and summary not.
///
/// One thread at a time; never blocks; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_count(conversation: *const hb_conversation) -> u32 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(conversation, 0, |conversation| conversation.entries().len().try_into().ok()) }
}

/// About how many tokens the conversation has, system prompt and summary with it: an estimate from the text alone,
/// because every model counts in its own way. The counts of answers (hb_response_prompt_tokens) are exact, and for
/// what was sent. Reasoning is not counted, because it goes back only on request.
///
/// One thread at a time; never blocks; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_tokens(conversation: *const hb_conversation) -> i64 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(conversation, 0, |conversation| Some(conversation.tokens())) }
}

/// Who speaks: "user", "assistant" or "tool".
///
/// Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL, or an index
/// out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_role(
    conversation: *const hb_conversation,
    index: u32,
) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        text(conversation, null_mut(), |conversation| {
            entry(conversation, index).map(|entry| &ROLES[entry.turn().role as usize])
        })
    }
}

/// What is said; of a tool its result. It may hold NULs.
///
/// Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL, or an index
/// out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_text(
    conversation: *const hb_conversation,
    index: u32,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        text(conversation, len, |conversation| entry(conversation, index).map(|entry| &entry.turn().text))
    }
}

/// The thinking of the model before its message.
///
/// Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL, or an index
/// out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_reasoning(
    conversation: *const hb_conversation,
    index: u32,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        text(conversation, len, |conversation| {
            entry(conversation, index).map(|entry| &entry.turn().reasoning)
        })
    }
}

/// Whether the message is of an answer that was cut off: 1 or 0.
///
/// One thread at a time; never blocks; 0 for NULL, or an index out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_is_partial(conversation: *const hb_conversation, index: u32) -> i32 {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        read(conversation, 0, |conversation| {
            entry(conversation, index).map(|entry| entry.turn().is_partial.into())
        })
    }
}

/// How many images go with a message.
///
/// One thread at a time; never blocks; 0 for NULL, or an index out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_image_count(
    conversation: *const hb_conversation,
    index: u32,
) -> u32 {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        read(conversation, 0, |conversation| entry(conversation, index)?.turn().images.len().try_into().ok())
    }
}

/// How many tools a message calls.
///
/// One thread at a time; never blocks; 0 for NULL, or an index out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_tool_call_count(
    conversation: *const hb_conversation,
    index: u32,
) -> u32 {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        read(conversation, 0, |conversation| {
            entry(conversation, index)?.turn().tool_calls.len().try_into().ok()
        })
    }
}

/// The id of a tool call, by which its result names it.
///
/// Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL, or a call
/// that is not there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_tool_call_id(
    conversation: *const hb_conversation,
    index: u32,
    call: u32,
) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        text(conversation, null_mut(), |conversation| {
            self::call(conversation, index, call).map(|call| &call.id)
        })
    }
}

/// The tool that is called.
///
/// Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL, or a call
/// that is not there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_tool_call_name(
    conversation: *const hb_conversation,
    index: u32,
    call: u32,
) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        text(conversation, null_mut(), |conversation| {
            self::call(conversation, index, call).map(|call| &call.name)
        })
    }
}

/// The arguments of a tool call: a whole JSON object, or "" for a tool without parameters.
///
/// Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL, or a call
/// that is not there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_tool_call_arguments(
    conversation: *const hb_conversation,
    index: u32,
    call: u32,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        text(conversation, len, |conversation| {
            self::call(conversation, index, call).map(|call| &call.arguments)
        })
    }
}

/// Which call a tool's message answers; "" for any other message.
///
/// Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL, or an index
/// out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_tool_result_id(
    conversation: *const hb_conversation,
    index: u32,
) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        text(conversation, null_mut(), |conversation| {
            entry(conversation, index).map(|entry| &entry.turn().tool_call_id)
        })
    }
}

/// How many tool calls wait for their results.
///
/// One thread at a time; never blocks; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_open_tool_call_count(conversation: *const hb_conversation) -> u32 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(conversation, 0, |conversation| conversation.open_count().try_into().ok()) }
}

/// The id of a tool call that waits for its result; they are in the order of their messages.
///
/// Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL, or an index
/// out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_open_tool_call_id(
    conversation: *const hb_conversation,
    index: u32,
) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        text(conversation, null_mut(), |conversation| open_call(conversation, index).map(|call| &call.id))
    }
}

/// The tool of a call that waits for its result.
///
/// Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL, or an index
/// out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_open_tool_call_name(
    conversation: *const hb_conversation,
    index: u32,
) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        text(conversation, null_mut(), |conversation| open_call(conversation, index).map(|call| &call.name))
    }
}

/// The arguments of a call that waits for its result: a whole JSON object, or "" for a tool without parameters.
///
/// Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL, or an index
/// out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_open_tool_call_arguments(
    conversation: *const hb_conversation,
    index: u32,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        text(conversation, len, |conversation| open_call(conversation, index).map(|call| &call.arguments))
    }
}

/// What you attached to a message under a key; "" if nothing. `key` is NUL-terminated.
///
/// Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL, an index out
/// of range or a key that is not there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_metadata(
    conversation: *const hb_conversation,
    index: u32,
    key: *const c_char,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        text(conversation, len, |conversation| {
            entry(conversation, index)?.metadata_of(identifier("key", key).ok()?)
        })
    }
}

/// How many keys you attached to a message.
///
/// One thread at a time; never blocks; 0 for NULL, or an index out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_metadata_count(
    conversation: *const hb_conversation,
    index: u32,
) -> u32 {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        read(conversation, 0, |conversation| entry(conversation, index)?.metadata().len().try_into().ok())
    }
}

/// A key that you attached to a message; they are in the order of their bytes.
///
/// Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL, or one that
/// is not there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_metadata_key(
    conversation: *const hb_conversation,
    index: u32,
    place: u32,
) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        text(conversation, null_mut(), |conversation| {
            metadata(conversation, index, place).map(|(key, _)| key)
        })
    }
}
