//! The client handle.

use crate::boundary;
use crate::boundary::put;
use crate::error::hb_error;
use crate::handle::{Handle, Shared, null};
use crate::options::hb_options;
use crate::status::{HB_OK, hb_status};
use crate::text::text;
use hyperbolic_core::client::Client;
use std::ffi::c_char;
use std::sync::Arc;

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

/// Replace the key for the requests that start from now on.
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
