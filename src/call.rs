//! Requests that are waited for.
//!
//! A blocking call is a start with a queue of its own and a loop over it.

use crate::boundary::{self, put};
use crate::client::hb_client;
use crate::error::hb_error;
use crate::event::{HB_EVENT_DONE, hb_event, hb_op};
use crate::handle::{Boxed, Handle, Shared, null};
use crate::in_hand;
use crate::model::hb_model_list;
use crate::request::hb_request;
use crate::response::hb_response;
use crate::start::start;
use crate::status::{HB_OK, hb_status};
use hyperbolic_core::client::Client;
use hyperbolic_core::error::Error;
use hyperbolic_core::op::Op;
use hyperbolic_core::plan::Plan;
use hyperbolic_core::queue::{Event, EventKind, Patience, Queue, Taken};
use hyperbolic_core::response::Response;
use hyperbolic_core::wire::Kind;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Arc;

/// A callback. The header declares it, because it needs a calling convention on Windows.
pub type hb_event_fn =
    Option<unsafe extern "C-unwind" fn(event: *const hb_event, context: *mut c_void) -> i32>;

/// The plan of a request that must be of one kind.
///
/// # Safety
/// `request` is NULL or a live handle.
unsafe fn plan(request: *const hb_request, kind: Kind) -> Result<Plan, Error> {
    // SAFETY: as the caller promises.
    let plan = unsafe { hb_request::need(request) }?.whole()?.plan()?;
    match (kind, plan.kind) {
        (Kind::Chat, Kind::Completion) => {
            Err(Error::invalid("prompt", "a chat takes messages; use hb_complete"))
        }
        (Kind::Completion, Kind::Chat) => {
            Err(Error::invalid("messages", "a completion takes a prompt; use hb_chat"))
        }
        _ => Ok(plan),
    }
}

/// Starts, and waits for the end without looking at anything before it.
fn wait(client: &Client, mut plan: Plan) -> Result<Arc<Response>, Error> {
    plan.delivery.omit_pieces = true;
    let queue = Arc::<Queue>::default();
    start(client, plan, &queue, Op::reserve(), 0)?;
    loop {
        if let EventKind::Done(response) = take(&queue)?.kind {
            return Ok(response);
        }
    }
}

/// Waits for the next event of a call's own queue, which nobody else takes from or closes.
fn take(queue: &Queue) -> Result<Event, Error> {
    match queue.next(Patience::Forever) {
        Ok(Taken::Event(event)) => Ok(event),
        Ok(Taken::Woken | Taken::Nothing) | Err(_) => Err(in_hand::lost()),
    }
}

/// Gives the end of a request to C: the response, and its error as the call's own.
///
/// # Safety
/// `response` is NULL or may be written.
unsafe fn conclude(end: Arc<Response>, response: *mut *mut hb_response) -> Result<hb_status, Error> {
    let error = end.error.clone();
    if !response.is_null() {
        // SAFETY: as the caller promises.
        unsafe { response.write(hb_response::into_raw(end)) };
    }
    error.map_or(Ok(HB_OK), |error| Err(Error::clone(&error)))
}

/// A blocking call without a callback.
///
/// # Safety
/// As the header says for hb_chat.
unsafe fn whole(
    kind: Kind,
    client: *mut hb_client,
    request: *const hb_request,
    response: *mut *mut hb_response,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: as the caller promises.
    unsafe {
        put(response, null_mut());
        boundary::call(error, || {
            let client = hb_client::need_shared(client)?;
            conclude(wait(&client, plan(request, kind)?)?, response)
        })
    }
}

/// A blocking call with a callback. Nothing here may need a drop while the callback runs.
///
/// # Safety
/// As the header says for hb_chat_stream.
unsafe fn stream(
    kind: Kind,
    client: *mut hb_client,
    request: *const hb_request,
    on_event: hb_event_fn,
    context: *mut c_void,
    response: *mut *mut hb_response,
    error: *mut *mut hb_error,
) -> hb_status {
    let op = Op::reserve();
    let frame = 0u8;
    // SAFETY: as the caller promises.
    unsafe {
        put(response, null_mut());
        let started = boundary::call(error, || {
            on_event.ok_or_else(|| null("on_event"))?;
            begin(op, &*hb_client::need_shared(client)?, plan(request, kind)?, &raw const frame)
        });
        let Some(on_event) = on_event.filter(|_| started == HB_OK) else { return started };
        loop {
            let mut event: *const hb_event = std::ptr::null();
            let taken = boundary::call(error, || {
                event = in_hand::give(op, take(&*in_hand::queue(op)?)?)?;
                Ok(HB_OK)
            });
            if taken != HB_OK {
                return taken;
            }
            let is_last = (*event).kind == HB_EVENT_DONE;
            // The one place where foreign code runs: outside of every boundary, so that what it throws passes.
            let answer = on_event(event, context);
            if is_last {
                return boundary::call(error, || conclude(end(op)?, response));
            }
            // A callback may have forked, and the child must not touch the locks: that is what a free does.
            boundary::free(|| in_hand::settle(op, answer));
        }
    }
}

/// Starts a request and enters its call into the list.
fn begin(op: hb_op, client: &Client, plan: Plan, frame: *const u8) -> Result<hb_status, Error> {
    let queue = Arc::<Queue>::default();
    in_hand::enter(op, &queue, true, frame);
    let started = start(client, plan, &queue, op, 0);
    if started.is_err() {
        in_hand::leave(op);
    }
    started.map(|()| HB_OK)
}

/// Takes the end of a call off the list.
fn end(op: hb_op) -> Result<Arc<Response>, Error> {
    let event = in_hand::leave(op).ok_or_else(in_hand::lost)?;
    match &event.source().kind {
        EventKind::Done(response) => Ok(Arc::clone(response)),
        _ => Err(in_hand::lost()),
    }
}

/// Send a chat and wait for the whole answer.
///
/// Ownership: `*response` is yours, and so is `*error`; free both. There may be a response together with an error:
///            what had arrived before a cut, a cancel or a deadline. NULL if nothing was sent. `response` may be NULL
///            if you do not want it. `request` is copied.
/// Thread:    any; a client takes calls from any number of threads.
/// Blocks:    until the answer is whole or fails. hb_client_close on another thread ends the wait.
/// Fails:     HB_E_INVALID_ARGUMENT  a field of `request` is bad, or it has a prompt; the message names it
///            HB_E_CLOSED            `client` is closed
///            HB_E_FORKED            the process forked after the library started
///            and every other status below 0 but HB_E_BUSY
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_chat(
    client: *mut hb_client,
    request: *const hb_request,
    response: *mut *mut hb_response,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { whole(Kind::Chat, client, request, response, error) }
}

/// Send a text completion and wait for the whole answer. In all else like hb_chat.
///
/// Ownership: as hb_chat.
/// Thread:    any.
/// Blocks:    as hb_chat.
/// Fails:     as hb_chat, but HB_E_INVALID_ARGUMENT if `request` has messages
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_complete(
    client: *mut hb_client,
    request: *const hb_request,
    response: *mut *mut hb_response,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { whole(Kind::Completion, client, request, response, error) }
}

/// Send a chat and get each piece of the answer as it arrives.
///
/// `on_event` is called on this thread, inside this call, with no lock held: first for each piece, last for
/// HB_EVENT_DONE. It may call any function of the library. Its answer HB_STOP cancels the request: the server
/// sees the connection close, and the call returns HB_E_CANCELLED with what had arrived. It may leave by a C++
/// exception or a longjmp; then the request goes on without a reader until hb_client_close, or until the same thread
/// makes another such call from above that one.
///
/// Ownership: as hb_chat. The event is valid until `on_event` returns; `context` is handed through, untouched.
/// Thread:    any; a client takes calls from any number of threads.
/// Blocks:    as hb_chat.
/// Fails:     as hb_chat, and HB_E_INVALID_ARGUMENT if `on_event` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn hb_chat_stream(
    client: *mut hb_client,
    request: *const hb_request,
    on_event: hb_event_fn,
    context: *mut c_void,
    response: *mut *mut hb_response,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { stream(Kind::Chat, client, request, on_event, context, response, error) }
}

/// Send a text completion and get each piece of the answer as it arrives. In all else like hb_chat_stream.
///
/// Ownership: as hb_chat_stream.
/// Thread:    any.
/// Blocks:    as hb_chat.
/// Fails:     as hb_chat_stream, but HB_E_INVALID_ARGUMENT if `request` has messages
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn hb_complete_stream(
    client: *mut hb_client,
    request: *const hb_request,
    on_event: hb_event_fn,
    context: *mut c_void,
    response: *mut *mut hb_response,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { stream(Kind::Completion, client, request, on_event, context, response, error) }
}

/// Ask the server for its models (GET /v1/models) and wait for the list. It goes into the client's
/// view of models (hb_client_model_list) in place of the last one, and costs are counted at its prices from then on.
///
/// Ownership: `*models` is yours, NULL on failure; free it with hb_model_list_free.
/// Thread:    any.
/// Blocks:    until the list is there or the request fails.
/// Fails:     as hb_chat
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_models(
    client: *mut hb_client,
    models: *mut *mut hb_model_list,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        put(models, null_mut());
        boundary::call(error, || {
            let client = hb_client::need_shared(client)?;
            if models.is_null() {
                return Err(null("models"));
            }
            let end = wait(&client, Plan::models())?;
            if let Some(list) = &end.models {
                models.write(hb_model_list::into_raw(list.clone()));
            }
            conclude(end, null_mut())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::hb_chat;
    use crate::client::{hb_client_free, hb_client_new};
    use crate::options::{hb_options_free, hb_options_new, hb_options_set_base_url};
    use crate::queue::{hb_queue_free, hb_queue_new};
    use crate::request::{hb_request_add_message, hb_request_free, hb_request_new};
    use crate::response::{hb_response_choice_count, hb_response_free};
    use crate::start::hb_start;
    use crate::status::HB_OK;
    use hyperbolic_simulator::{Options, Simulator};
    use std::ptr::null_mut;

    const NUL: usize = usize::MAX;

    /// Rule R2: where `block_on` would panic, because the host's own thread is a worker of its runtime.
    #[test]
    fn blocks_on_a_worker_of_the_hosts_runtime() {
        let simulator = Simulator::start(Options::default()).unwrap();
        let url = std::ffi::CString::new(simulator.url()).unwrap();
        let host = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let work = async move {
            // SAFETY: every pointer is a handle made here, freed once, or NULL where the header allows it.
            unsafe {
                let options = hb_options_new();
                assert_eq!(hb_options_set_base_url(options, url.as_ptr(), NUL), HB_OK);
                let (mut client, mut queue, mut response, mut op) = (null_mut(), null_mut(), null_mut(), 0);
                assert_eq!(hb_client_new(options, &mut client, null_mut()), HB_OK);
                assert_eq!(hb_queue_new(&mut queue, null_mut()), HB_OK);
                let request = hb_request_new(c"meta-llama/Llama-3.3-70B-Instruct".as_ptr(), NUL);
                hb_request_add_message(request, c"user".as_ptr(), c"hello".as_ptr(), NUL);
                let key = crate::client::hb_client_set_api_key(client, c"key".as_ptr(), NUL, null_mut());
                assert_eq!(key, HB_OK);
                assert_eq!(hb_chat(client, request, &mut response, null_mut()), HB_OK);
                assert_eq!(hb_response_choice_count(response), 1);
                assert_eq!(hb_start(client, request, queue, 0, &mut op, null_mut()), HB_OK);
                hb_response_free(response);
                hb_request_free(request);
                hb_queue_free(queue);
                hb_client_free(client);
                hb_options_free(options);
            }
        };
        host.block_on(host.spawn(work)).unwrap();
    }
}
