//! What happened, in records that the app takes when it likes.

use crate::boundary;
use crate::client::hb_client;
use crate::draft::set;
use crate::getter::{read, text};
use crate::handle::{Boxed, Handle, Shared};
use crate::options::hb_options;
use crate::status::hb_status;
use crate::sys;
use hyperbolic_core::config::Config;
use hyperbolic_core::error::Error;
use hyperbolic_core::log::{Level, Record};
use std::ffi::c_char;
use std::ptr::null_mut;

/// Log nothing: the default.
pub const HB_LOG_OFF: u32 = 0u32;
/// Log requests that failed.
pub const HB_LOG_ERROR: u32 = 1u32;
/// Log the end of every request, and retries.
pub const HB_LOG_INFO: u32 = 2u32;
/// Log attempts, connections and waits too.
pub const HB_LOG_DEBUG: u32 = 3u32;
/// Log every read too, and bodies if hb_options_set_log_bodies asks for them.
pub const HB_LOG_TRACE: u32 = 4u32;

/// One record of a client's log. Immutable.
pub struct hb_log {
    _private: [u8; 0],
}

impl Handle for hb_log {
    type Behind = Record;
    const NAME: &'static str = "log";
}
impl Boxed for hb_log {}

/// Keep a log of what a client does: HB_LOG_OFF, HB_LOG_ERROR and so on. Take its records by hb_client_take_log.
///
/// Records tell what happened and when: models, statuses, times, sizes; never the key, and no text of a prompt or an
/// answer. At most 1,024 wait; a further one drops the oldest (HB_COUNT_LOGS_DROPPED).
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  an unknown `level`
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_log_level(options: *mut hb_options, level: u32) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        set(options, |config: &mut Config| {
            config.set_log_level(known_level(level)?);
            Ok(())
        })
    }
}

fn known_level(level: u32) -> Result<Level, Error> {
    Ok(match level {
        HB_LOG_OFF => Level::Off,
        HB_LOG_ERROR => Level::Error,
        HB_LOG_INFO => Level::Info,
        HB_LOG_DEBUG => Level::Debug,
        HB_LOG_TRACE => Level::Trace,
        _ => return Err(Error::invalid("level", format!("{level} is no HB_LOG_ constant"))),
    })
}

const fn number(level: Level) -> u32 {
    match level {
        Level::Off => HB_LOG_OFF,
        Level::Error => HB_LOG_ERROR,
        Level::Info => HB_LOG_INFO,
        Level::Debug => HB_LOG_DEBUG,
        Level::Trace => HB_LOG_TRACE,
    }
}

/// Log the bodies of requests and answers too (1), at HB_LOG_TRACE, up to 64 KiB of each, without the key. The default
/// is 0, because people write what is nobody else's business.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_log_bodies(options: *mut hb_options, bodies: i32) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        set(options, |config: &mut Config| {
            config.set_log_bodies(bodies != 0);
            Ok(())
        })
    }
}

/// Take the oldest record of a client's log; NULL if none waits, and after a fork in the child.
///
/// Ownership: yours; free it with hb_log_free.
/// Thread:    any.
/// Blocks:    never.
/// Fails:     never; NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_client_take_log(client: *mut hb_client) -> *mut hb_log {
    boundary::value(null_mut(), || {
        // A thread that is not in a forked child may hold the lock there.
        let owner = if sys::forked() { null_mut() } else { client };
        // SAFETY: the header gives the caller's duties.
        let client = unsafe { hb_client::share(owner) };
        client.and_then(|client| client.take_log()).map_or(null_mut(), hb_log::into_raw)
    })
}

/// Free a record.
///
/// Ownership: takes `log`; NULL does nothing.
/// Thread:    any.
/// Blocks:    never.
/// Fails:     never.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_log_free(log: *mut hb_log) {
    // SAFETY: the header gives the caller's duties.
    unsafe { hb_log::free(log) };
}

/// How much it matters: HB_LOG_ERROR, HB_LOG_INFO and so on.
///
/// Any thread; never blocks; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_log_level(log: *const hb_log) -> u32 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(log, HB_LOG_OFF, |record| Some(number(record.level))) }
}

/// When it happened, in milliseconds of Unix time.
///
/// Any thread; never blocks; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_log_time_ms(log: *const hb_log) -> i64 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(log, 0, |record| Some(record.time_ms)) }
}

/// The request that it is about; 0 if about none.
///
/// Any thread; never blocks; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_log_op(log: *const hb_log) -> crate::event::hb_op {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(log, 0, |record| Some(record.op)) }
}

/// What happened, for people: a word, then `name=value` for what is known of it.
///
/// Borrowed from `log`; any thread; never blocks; "" for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_log_message(log: *const hb_log, len: *mut usize) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(log, len, |record| Some(&record.message)) }
}

/// The whole record for programs: a JSON object with "time_ms", "level", "op", "event", and what is known of it.
///
/// Borrowed from `log`; any thread; never blocks; "" for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_log_json(log: *const hb_log, len: *mut usize) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(log, len, |record| Some(&record.json)) }
}
