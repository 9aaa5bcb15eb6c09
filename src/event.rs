//! What happens while an answer is on its way, as C sees it.

use crate::boundary;
use crate::error::hb_error;
use crate::handle::Shared;
use crate::response::hb_response;
use crate::status::{HB_E_BAD_RESPONSE, HB_OK, hb_status, number};
use hyperbolic_core::queue::{Event, EventKind};
use hyperbolic_core::spares::Spares;
use hyperbolic_core::text::Text;
use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr::{NonNull, null};

/// The next piece of the answer, in `text`: whole code points, never empty. `choice` says of which choice. It is cut
/// where the server cut it, or into whole sentences (hb_request_set_sentences).
pub const HB_EVENT_TEXT: u32 = 1u32;
/// The next piece of the model's thinking, in `text`; otherwise like HB_EVENT_TEXT.
pub const HB_EVENT_REASONING: u32 = 2u32;
/// One complete tool call: `name`, `id`, its arguments as JSON in `text`, and which call of the choice it is. `status`
/// is HB_E_BAD_RESPONSE if the arguments are no whole JSON object (nor empty): such a call cannot be run.
pub const HB_EVENT_TOOL_CALL: u32 = 3u32;
/// The request is sent again, before anything was delivered: `error` says why, `attempt` which attempt follows,
/// `delay_ms` how long it waits first, `name` which model it asks: the same, or the next of
/// hb_request_add_fallback_model.
pub const HB_EVENT_RETRY: u32 = 4u32;
/// The last event of a request, exactly once: `status`, `response`, and `error` if the status is below 0.
pub const HB_EVENT_DONE: u32 = 5u32;

/// From a callback: go on.
pub const HB_CONTINUE: i32 = 0;
/// From a callback: cancel this event's request. Its HB_EVENT_DONE still comes. Any value that is none of the
/// three means this too. What the callback of HB_EVENT_DONE answers is ignored.
pub const HB_STOP: i32 = 1;
/// From a callback of hb_queue_dispatch: return after this event. In a blocking call the same as HB_CONTINUE.
pub const HB_RETURN: i32 = 2;

/// A request in flight. Never a pointer, so it cannot dangle; 0 is none; never reused; below 2^53, so that a
/// double holds it.
pub type hb_op = u64;

/// One thing that happened to one request. Filled by the library and read only.
///
/// Of one request come, in this order: any number of RETRY, then TEXT, REASONING and TOOL_CALL in any order, then
/// one DONE. Skip a kind that you do not know. A field that its kind does not use is 0, NULL or "". Pointers are
/// valid as long as the event: in a callback until it returns, from hb_queue_next until hb_event_free; to keep a
/// response or an error longer, retain it.
#[repr(C)]
pub struct hb_event {
    /// Bytes of this struct that the library fills. A later version may append fields.
    pub struct_size: u32,
    /// One of HB_EVENT_....
    pub kind: u32,
    /// The request.
    pub op: hb_op,
    /// Yours, as given to hb_start; 0 in a blocking call.
    pub tag: u64,
    /// TEXT, REASONING: the piece. TOOL_CALL: the arguments. NUL-terminated, but may hold NULs; never NULL.
    pub text: *const c_char,
    /// Bytes in `text`, without its NUL.
    pub text_len: usize,
    /// TOOL_CALL: the tool. RETRY: the model that is asked next. Never NULL.
    pub name: *const c_char,
    /// TOOL_CALL: the id of the call, never empty there. Never NULL.
    pub id: *const c_char,
    /// DONE: whole, or what had arrived; never NULL there.
    pub response: *const hb_response,
    /// RETRY, and DONE with a status below 0.
    pub error: *const hb_error,
    /// RETRY: the wait before it, in milliseconds.
    pub delay_ms: i64,
    /// TEXT, REASONING, TOOL_CALL: which choice, from 0.
    pub choice: u32,
    /// TOOL_CALL: which call of the choice, from 0.
    pub tool_call: u32,
    /// RETRY: which attempt follows; the first of a request is 1.
    pub attempt: u32,
    /// DONE: how it ended. TOOL_CALL: HB_OK, or HB_E_BAD_RESPONSE for arguments that are no JSON object.
    pub status: hb_status,
}

/// The sum of the fields: the struct has no padding on any target, and other languages may count on it.
const _: () = {
    let pointers = 5 * size_of::<*const ()>() + size_of::<usize>();
    assert!(size_of::<hb_event>() == 2 * 4 + 2 * 8 + pointers + 8 + 4 * 4);
};

/// An event with what its pointers point to.
#[repr(C)]
struct Kept {
    event: hb_event,
    source: Event,
}

/// The memory of an event that was freed. Of what was in it only `struct_size` means anything: it is 0.
struct Room(Box<MaybeUninit<Kept>>);

// SAFETY: nothing in it points anywhere.
unsafe impl Send for Room {}

/// Room for events to come.
static ROOMS: Spares<Room> = Spares::new();

/// An event in the form that C reads; dropped, it is freed.
pub struct InHand(NonNull<Kept>);

// SAFETY: it owns what it points to, and nothing in that is bound to a thread: the pointers inside point to
// immutable memory of the same event.
unsafe impl Send for InHand {}

impl InHand {
    /// Puts an event into the form that C reads.
    pub fn new(source: Event) -> Self {
        // The texts are on the heap, so that the move into the box does not move them.
        let Room(room) = ROOMS.take().unwrap_or_else(|| Room(Box::new_uninit()));
        let kept = Box::write(room, Kept { event: view(&source), source });
        Self(NonNull::from(Box::leak(kept)))
    }

    /// The event for a callback, valid as long as `self`.
    pub fn as_ptr(&self) -> *const hb_event {
        self.0.as_ptr().cast_const().cast()
    }

    /// Gives the event to C, which gives it back to [`InHand::from_raw`].
    pub fn into_raw(self) -> *const hb_event {
        let pointer = self.as_ptr();
        std::mem::forget(self);
        pointer
    }

    /// Takes an event back; `None` for NULL.
    ///
    /// # Safety
    /// `event` is NULL or came from [`InHand::into_raw`] and is not used again.
    pub unsafe fn from_raw(event: *const hb_event) -> Option<Self> {
        let kept = NonNull::new(event.cast_mut().cast::<Kept>())?;
        // One that comes back twice, against the rules, would be two events in the same memory later on.
        // SAFETY: as the caller promises.
        unsafe { kept.as_ref().event.struct_size > 0 }.then(|| Self(kept))
    }

    /// What it was made from.
    pub fn source(&self) -> &Event {
        // SAFETY: it points to a live `Kept` of its own.
        unsafe { &self.0.as_ref().source }
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        // SAFETY: made by `new` from a box, and dropped once.
        let (source, room) = unsafe {
            self.0.as_mut().event.struct_size = 0;
            ((&raw const self.0.as_ref().source).read(), Box::from_raw(self.0.as_ptr().cast()))
        };
        ROOMS.give(Room(room));
        source.kind.recycle();
    }
}

/// The fields that a kind uses; the others say nothing.
fn view(source: &Event) -> hb_event {
    let empty = c"".as_ptr();
    let mut event = hb_event {
        struct_size: size_of::<hb_event>() as u32,
        kind: 0,
        op: source.op,
        tag: source.tag,
        text: empty,
        text_len: 0,
        name: empty,
        id: empty,
        response: null(),
        error: null(),
        delay_ms: 0,
        choice: 0,
        tool_call: 0,
        attempt: 0,
        status: HB_OK,
    };
    let pointer = |text: &Text| text.terminated().as_ptr().cast::<c_char>();
    let kind = match &source.kind {
        EventKind::Text { choice, text } => (HB_EVENT_TEXT, *choice, Some(text)),
        EventKind::Reasoning { choice, text } => (HB_EVENT_REASONING, *choice, Some(text)),
        EventKind::ToolCall { choice, index, id, name, arguments, is_whole } => {
            event.status = if *is_whole { HB_OK } else { HB_E_BAD_RESPONSE };
            (event.tool_call, event.id, event.name) = (*index, pointer(id), pointer(name));
            (HB_EVENT_TOOL_CALL, *choice, Some(arguments))
        }
        EventKind::Retry { error, delay, attempt, model } => {
            (event.error, event.attempt, event.name) = (hb_error::lend(error), *attempt, pointer(model));
            event.delay_ms = delay.as_millis().try_into().unwrap_or(i64::MAX);
            (HB_EVENT_RETRY, 0, None)
        }
        EventKind::Done(response) => {
            event.response = hb_response::lend(response);
            if let Some(error) = &response.error {
                (event.error, event.status) = (hb_error::lend(error), number(error.status));
            }
            (HB_EVENT_DONE, 0, None)
        }
    };
    (event.kind, event.choice) = (kind.0, kind.1);
    if let Some(text) = kind.2 {
        (event.text, event.text_len) = (pointer(text), text.len());
    }
    event
}

/// Free an event from hb_queue_next.
///
/// Ownership: takes the event; NULL does nothing. It may outlive its queue and its client.
/// Thread:    any.
/// Blocks:    never.
/// Fails:     never.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_event_free(event: *const hb_event) {
    // SAFETY: the header lets only events of hb_queue_next in here.
    boundary::free(|| drop(unsafe { InHand::from_raw(event) }));
}

#[cfg(test)]
mod tests {
    use super::{HB_EVENT_TEXT, InHand, hb_event_free};
    use hyperbolic_core::queue::{Event, EventKind};

    fn said(text: &str) -> InHand {
        InHand::new(Event { op: 1, tag: 2, kind: EventKind::Text { choice: 0, text: text.into() } })
    }

    #[test]
    fn memory_that_was_freed_holds_the_next_event() {
        let first = said("first").into_raw();
        // SAFETY: it is freed once too often, and nobody else frees one meanwhile.
        unsafe {
            hb_event_free(first);
            hb_event_free(first);
        }
        let (second, third) = (said("second"), said("third"));
        assert_eq!(second.as_ptr(), first);
        assert_ne!(third.as_ptr(), first);
        // SAFETY: it is alive.
        let event = unsafe { &*second.as_ptr() };
        assert_eq!((event.kind, event.text_len), (HB_EVENT_TEXT, 6));
    }
}
