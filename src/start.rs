//! Requests that are started, and cancelled.

use crate::boundary::{self, put};
use crate::client::hb_client;
use crate::error::hb_error;
use crate::event::hb_op;
use crate::handle::{Handle, Shared};
use crate::queue::hb_queue;
use crate::request::hb_request;
use crate::runtime;
use crate::status::{HB_OK, hb_status};
use hyperbolic_core::client::Client;
use hyperbolic_core::error::Error;
use hyperbolic_core::op::Op;
use hyperbolic_core::plan::Plan;
use hyperbolic_core::queue::{self, Queue};
use std::sync::Arc;

/// Starts a request of any kind on the library's threads.
pub fn start(client: &Client, plan: Plan, queue: &Arc<Queue>, op: hb_op, tag: u64) -> Result<(), Error> {
    client.start(&runtime::handle()?, plan, queue, op, tag)
}

/// Start a request; its events wait in `queue`.
///
/// Returns at once; nothing is sent on the calling thread. The request's events are any number of RETRY, TEXT,
/// REASONING and TOOL_CALL, then exactly one DONE, which carries the status and the whole response. A failure of
/// the network or the server arrives in DONE, not here. `tag` is yours and comes back in every event.
///
/// Ownership: `request` is copied (cheaply) and may be freed on return. `*op` is the number of the request, written
///            before any event of it can be taken; 0 on failure. `op` may be NULL if you do not want it.
/// Thread:    any.
/// Blocks:    never; may be called from a callback.
/// Fails:     HB_E_INVALID_ARGUMENT  a field of `request` is bad; the message names it
///            HB_E_CLOSED            `client` or `queue` is closed
///            HB_E_BUDGET            the spending limit of `client` is reached
///            HB_E_SYSTEM            no thread could be started
///            HB_E_FORKED            the process forked after the library started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_start(
    client: *mut hb_client,
    request: *const hb_request,
    queue: *mut hb_queue,
    tag: u64,
    op: *mut hb_op,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { begin(client, || hb_request::need(request)?.whole()?.plan(), queue, tag, op, error) }
}

/// Start to ask the server for its models, as hb_models does; its only events are RETRY and DONE.
///
/// The list is in the response of DONE: hb_response_models. A list that cannot be read is HB_E_BAD_RESPONSE there.
///
/// Ownership: as hb_start.
/// Thread:    any.
/// Blocks:    never; may be called from a callback.
/// Fails:     as hb_start
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_start_models(
    client: *mut hb_client,
    queue: *mut hb_queue,
    tag: u64,
    op: *mut hb_op,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { begin(client, || Ok(Plan::models()), queue, tag, op, error) }
}

/// A start for a queue of the caller's.
///
/// # Safety
/// As the header says for hb_start.
unsafe fn begin(
    client: *mut hb_client,
    plan: impl FnOnce() -> Result<Plan, Error>,
    queue: *mut hb_queue,
    tag: u64,
    op: *mut hb_op,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: as the caller promises.
    unsafe {
        put(op, 0);
        let status = boundary::call(error, || {
            let client = hb_client::need_shared(client)?;
            let plan = plan()?;
            let queue = hb_queue::need_shared(queue)?;
            let id = Op::reserve();
            put(op, id);
            start(&client, plan, &queue, id, tag)?;
            Ok(HB_OK)
        });
        if status != HB_OK {
            put(op, 0);
        }
        status
    }
}

/// Cancel a request: by the op of hb_start or of an event.
///
/// When it returns, the request has ended: pieces that waited are dropped, and its HB_EVENT_DONE, with
/// HB_E_CANCELLED and what had arrived, waits in its queue. The connection closes behind it, so that the server
/// stops. A request that had ended keeps its end, but for the pieces that waited; an unknown op does nothing.
///
/// Thread:    any, also in a callback.
/// Blocks:    never.
/// Fails:     never.
#[unsafe(no_mangle)]
pub extern "C" fn hb_cancel(op: hb_op) {
    boundary::free(|| queue::cancel(op));
}

/// Hold a request (1): its events stay in the library until it is let go (0). For a reader that is behind, or a game
/// that pauses.
///
/// What is held counts: once HB_LIMIT_QUEUE bytes wait, no more is read from the server, which stops it too, and the
/// idle deadline rests meanwhile; the total deadline does not. The other requests of the queue go on, and what is
/// held is no reason to wake anybody. An event that was taken already stays taken. hb_cancel and hb_queue_close let
/// go for good, and so do hb_client_close and hb_shutdown where they end the request. A request of a blocking call
/// holds up that call until another thread lets it go. An op that is not known, or whose HB_EVENT_DONE was taken,
/// does nothing.
///
/// Thread:    any, also in a callback.
/// Blocks:    never.
/// Fails:     never.
#[unsafe(no_mangle)]
pub extern "C" fn hb_hold(op: hb_op, hold: i32) {
    boundary::free(|| queue::hold(op, hold != 0));
}
