//! A conversation as text that can be kept.

use crate::boundary::{self, put};
use crate::conversation::hb_conversation;
use crate::error::hb_error;
use crate::handle::{Boxed, Handle, null};
use crate::json::hb_text;
use crate::status::{HB_OK, hb_status};
use crate::text::bytes;
use hyperbolic_core::conversation::{Conversation, Without};
use hyperbolic_core::error::Error;
use std::ffi::c_char;
use std::ptr::null_mut;

/// For hb_conversation_save: leave out the system prompt.
pub const HB_SAVE_NO_SYSTEM: u32 = 1u32;
/// For hb_conversation_save: leave out images.
pub const HB_SAVE_NO_IMAGES: u32 = 2u32;

/// Write a conversation as JSON that hb_conversation_load reads, in this version and every later one. Flags:
/// HB_SAVE_NO_SYSTEM, HB_SAVE_NO_IMAGES; 0 is none.
///
/// The same conversation is the same bytes. Images, metadata and open tool calls are in it, and what a loaded one had
/// that this library does not know; no key, and no server's address.
///
/// Ownership: `*json` is yours, NULL on failure; free it with hb_text_free.
/// Thread:    one at a time.
/// Blocks:    never; it takes time linear in the length.
/// Fails:     HB_E_INVALID_ARGUMENT  a NULL, an unknown flag, or more than the 64 MiB that can be loaded again
///            HB_E_FORKED            the process forked after the library started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_save(
    conversation: *const hb_conversation,
    flags: u32,
    json: *mut *mut hb_text,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        put(json, null_mut());
        boundary::call(error, || {
            let conversation = hb_conversation::need(conversation)?;
            if json.is_null() {
                return Err(null("json"));
            }
            let without =
                Without { system: flags & HB_SAVE_NO_SYSTEM != 0, images: flags & HB_SAVE_NO_IMAGES != 0 };
            if flags & !(HB_SAVE_NO_SYSTEM | HB_SAVE_NO_IMAGES) != 0 {
                return Err(Error::invalid("flags", format!("{flags:#x} has flags that are not known")));
            }
            json.write(hb_text::into_raw(conversation.save(without)?));
            Ok(HB_OK)
        })
    }
}

/// Read a conversation that hb_conversation_save wrote, wherever it has been since: it is believed nothing. At most
/// 64 MiB, and no more of anything than the calls that add to a conversation allow.
///
/// Ownership: `json` is only read. `*conversation` is yours, NULL on failure; free it with hb_conversation_free.
/// Thread:    any.
/// Blocks:    never; it takes time linear in the length.
/// Fails:     HB_E_INVALID_ARGUMENT  a NULL
///            HB_E_BAD_DATA          not JSON, not a conversation, of a newer version, too large, or not as a
///                                   conversation can be; hb_error_param names the place, such as
///                                   `messages[3].tool_calls[0].id`, and the message has its line and column
///            HB_E_FORKED            the process forked after the library started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_conversation_load(
    json: *const c_char,
    len: usize,
    conversation: *mut *mut hb_conversation,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        put(conversation, null_mut());
        boundary::call(error, || {
            let json = bytes("json", json.cast(), len)?;
            if conversation.is_null() {
                return Err(null(hb_conversation::NAME));
            }
            conversation.write(hb_conversation::into_raw(Conversation::load(json)?));
            Ok(HB_OK)
        })
    }
}
