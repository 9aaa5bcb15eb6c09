//! What a client is made with.

use crate::boundary;
use crate::draft::{Draft, set};
use crate::handle::{Boxed, Handle};
use crate::status::hb_status;
use crate::text::{bytes, identifier, text};
use hyperbolic_core::config::{Bound, Config, Mode};
use hyperbolic_core::error::Error;
use std::ffi::c_char;

/// Bytes of one line of a stream. Default: 16 MiB.
pub const HB_LIMIT_LINE: u32 = 1u32;
/// Bytes of the data of one event of a stream. Default: 16 MiB.
pub const HB_LIMIT_EVENT: u32 = 2u32;
/// Bytes of everything kept of an answer, and of a body that is no stream. Default: 64 MiB.
pub const HB_LIMIT_ANSWER: u32 = 3u32;
/// Bytes kept of the body of an error; what is beyond is not read. Default: 256 KiB.
pub const HB_LIMIT_ERROR_BODY: u32 = 4u32;
/// Bytes of names and values in the head of an answer. Default: 64 KiB.
pub const HB_LIMIT_HEADERS: u32 = 5u32;
/// Brackets inside brackets in JSON. Default: 128; at most 256.
pub const HB_LIMIT_JSON_DEPTH: u32 = 6u32;
/// Choices of an answer. Default: 1,024.
pub const HB_LIMIT_CHOICES: u32 = 7u32;
/// Tool calls of a choice. Default: 1,024.
pub const HB_LIMIT_TOOL_CALLS: u32 = 8u32;
/// Bytes of one request's events that wait in its queue, with what it costs to keep them. At this size its answer is
/// not read on until some were taken; nothing is lost, and one event of any size fits. Default: 1 MiB.
pub const HB_LIMIT_QUEUE: u32 = 9u32;

/// Settings of a client. One thread at a time.
///
/// Every setter copies what it gets, answers HB_OK or HB_E_INVALID_ARGUMENT (in a forked child HB_E_FORKED), and is
/// sticky: the first bad value is remembered, with its field, and hb_client_new reports it. So C may check once, and
/// a wrapper at every line. Setters never block.
pub struct hb_options {
    _private: [u8; 0],
}

impl Handle for hb_options {
    type Behind = Draft<Config>;
    const NAME: &'static str = "options";
}
impl Boxed for hb_options {}

/// Make settings with the defaults: Hyperbolic's server, no key, connect 10 s, first token 300 s, idle 120 s.
///
/// Ownership: yours; free it with hb_options_free, at once after hb_client_new if you like.
/// Thread:    any.
/// Blocks:    never.
/// Fails:     never; never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn hb_options_new() -> *mut hb_options {
    boundary::value(std::ptr::null_mut(), || hb_options::into_raw(Draft::default()))
}

/// Make settings from the environment, which the library reads here and nowhere else.
///
/// HYPERBOLIC_API_KEY is the key, HYPERBOLIC_BASE_URL the server, HYPERBOLIC_ALLOW_HTTP=1 lets the key travel over
/// plain http, and https_proxy, http_proxy, all_proxy and no_proxy name proxies as they do for curl (in capitals
/// too, but for HTTP_PROXY, which a CGI server fills from a request). An empty variable is an unset one. A bad
/// one is reported, by its name, by hb_client_new.
///
/// Ownership: yours; free it with hb_options_free.
/// Thread:    any, while no other thread changes the environment.
/// Blocks:    never.
/// Fails:     never; never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn hb_options_from_env() -> *mut hb_options {
    boundary::value(std::ptr::null_mut(), || {
        let mut draft = Draft::<Config>::default();
        draft.change(|config| config.read_env(|name| std::env::var_os(name)));
        hb_options::into_raw(draft)
    })
}

/// Free settings; clients made with them keep their own copy. The key in them is zeroed.
///
/// Ownership: takes `options`; NULL does nothing.
/// Thread:    any.
/// Blocks:    never.
/// Fails:     never.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_free(options: *mut hb_options) {
    // SAFETY: the header gives the caller's duties.
    unsafe { hb_options::free(options) };
}

/// Set the API key, which is sent as a Bearer token. Without one, no Authorization header is sent.
///
/// Ownership: `key` is copied; the library's copies are zeroed when freed and shown nowhere.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  empty, not UTF-8, or with a control character (a copied line break)
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_api_key(
    options: *mut hb_options,
    key: *const c_char,
    len: usize,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { set(options, |config: &mut Config| config.set_api_key(text("api_key", key, len)?)) }
}

/// Set the server: "https://host", with or without a slash at its end, with or without "/v1", or a whole endpoint.
///
/// A path that names no version gets "/v1". A query is sent with every request. The default is
/// `https://api.hyperbolic.xyz/v1`.
///
/// Ownership: `url` is copied.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  no http or https URL, or one with a password in it
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_base_url(
    options: *mut hb_options,
    url: *const c_char,
    len: usize,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { set(options, |config: &mut Config| config.set_base_url(text("base_url", url, len)?)) }
}

/// Let the key travel over plain http to other machines than this one, where everybody on the way can read it.
///
/// `allow` is 0 or 1; the default is 0: hb_client_new then refuses such a server together with a key.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_allow_http(options: *mut hb_options, allow: i32) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        set(options, |config: &mut Config| {
            config.set_allow_http(allow != 0);
            Ok(())
        })
    }
}

/// Send a header with every request; a name that was set before gets the new value.
///
/// Of secrets, the library looks after the API key alone: it does not take a header's value out of what a server
/// echoes.
///
/// Ownership: both are copied. `name` is NUL-terminated.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  no header name, a control character in the value, or a header that the
///                                   library writes: Authorization, Content-Type, Content-Length, Host
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_header(
    options: *mut hb_options,
    name: *const c_char,
    value: *const c_char,
    len: usize,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        set(options, |config: &mut Config| {
            config.set_header(identifier("name", name)?, text("value", value, len)?)
        })
    }
}

/// Set the User-Agent; the default is "libhyperbolic/" and the version.
///
/// Ownership: `name` is copied.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  a control character
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_user_agent(
    options: *mut hb_options,
    name: *const c_char,
    len: usize,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { set(options, |config: &mut Config| config.set_user_agent(text("user_agent", name, len)?)) }
}

/// Trust the certificates of a PEM text, beside the built-in roots (those that browsers carry).
///
/// Ownership: `pem` is copied.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  no CERTIFICATE block, or a broken one
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_add_ca_pem(
    options: *mut hb_options,
    pem: *const c_char,
    len: usize,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { set(options, |config: &mut Config| config.add_ca_pem(bytes("ca_pem", pem.cast(), len)?)) }
}

/// Trust the authorities of this system (1) instead of those that browsers carry (0, the default), for machines whose
/// administrator has added some. Those of hb_options_add_ca_pem are trusted in either case.
///
/// They are read by hb_client_new: on Linux from the file that OpenSSL uses, elsewhere from the system's store.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL; hb_client_new answers it if the system has none
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_system_roots(
    options: *mut hb_options,
    system_roots: i32,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        set(options, |config: &mut Config| {
            config.set_system_roots(system_roots != 0);
            Ok(())
        })
    }
}

/// Send every request through a proxy: "http://" (also without it), "https://" or "socks5://", with user and
/// password if it wants them. The empty text means none, which is the default of hb_options_new.
///
/// A server on this machine is reached by a proxy on this machine only, so that a key that may travel there over
/// plain http does not leave it.
///
/// Ownership: `url` is copied.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  no URL, or a kind of proxy that is not known
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_proxy(
    options: *mut hb_options,
    url: *const c_char,
    len: usize,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { set(options, |config: &mut Config| config.set_proxy(text("proxy", url, len)?)) }
}

/// Reach some hosts without the proxy: names (which stand for what is below them too), addresses and networks such as
/// "10.0.0.0/8", with commas between them; "*" is every host. The variable no_proxy has the same form.
///
/// Ownership: `hosts` is copied.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  not UTF-8
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_no_proxy(
    options: *mut hb_options,
    hosts: *const c_char,
    len: usize,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        set(options, |config: &mut Config| {
            config.set_no_proxy(text("no_proxy", hosts, len)?);
            Ok(())
        })
    }
}

/// Ask for answers as streams (1, the default) or whole (0), for servers that cannot stream.
///
/// Blocking calls stream underneath too, so that a proxy's limit on silence does not cut a long answer and a
/// cancel reaches the server. Without streaming, hb_chat_stream delivers its text in one piece.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_streaming(options: *mut hb_options, streaming: i32) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        set(options, |config: &mut Config| {
            config.set_streaming(streaming != 0);
            Ok(())
        })
    }
}

/// Fail with HB_E_BAD_RESPONSE on what is otherwise understood and counted (1), for people who debug a server. The
/// default is 0; hb_response_tolerated_count tells what there was.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_strict(options: *mut hb_options, strict: i32) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        set(options, |config: &mut Config| {
            config.set_strict(strict != 0);
            Ok(())
        })
    }
}

/// Bound what a server may cost: `limit` is one of HB_LIMIT_LINE and so on. An answer beyond it is
/// HB_E_BAD_RESPONSE, with what had arrived; the message names the bound.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  an unknown `limit`, a `value` of 0, or a JSON depth above 256
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_limit(options: *mut hb_options, limit: u32, value: u64) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { set(options, |config: &mut Config| config.set_limit(bound(limit)?, value)) }
}

fn bound(limit: u32) -> Result<Bound, Error> {
    Ok(match limit {
        HB_LIMIT_LINE => Bound::Line,
        HB_LIMIT_EVENT => Bound::Event,
        HB_LIMIT_ANSWER => Bound::Answer,
        HB_LIMIT_ERROR_BODY => Bound::ErrorBody,
        HB_LIMIT_HEADERS => Bound::Headers,
        HB_LIMIT_JSON_DEPTH => Bound::JsonDepth,
        HB_LIMIT_CHOICES => Bound::Choices,
        HB_LIMIT_TOOL_CALLS => Bound::ToolCalls,
        HB_LIMIT_QUEUE => Bound::Queue,
        _ => return Err(Error::invalid("limit", format!("{limit} is no HB_LIMIT_ constant"))),
    })
}

/// For hb_options_set_replay: each piece comes at once, and nothing waits, neither for a turn nor before a retry.
pub const HB_REPLAY_AT_ONCE: u32 = 0u32;
/// For hb_options_set_replay: each piece comes when the server sent it, and waits are as without a recording.
pub const HB_REPLAY_TIMED: u32 = 1u32;

/// Write every exchange with the server into a file, for hb_options_set_replay.
///
/// hb_client_new makes the file, or empties it. It is text, one line for each HTTP request with its answer, to be read
/// and compared; the key is not in it, prompts and answers are. An exchange is written before its HB_EVENT_DONE can be
/// taken, but for one that was cancelled, which follows. One that cannot be written fails no request; nothing is written
/// after it, and the log tells of each (HB_LOG_ERROR).
///
/// Ownership: `path` is copied.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  an empty path; hb_client_new answers it if the file cannot be made
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_record(
    options: *mut hb_options,
    path: *const c_char,
    len: usize,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        set(options, |config: &mut Config| config.set_recording(text("path", path, len)?, Mode::Record))
    }
}

/// Answer from a file that hb_options_set_record wrote, without any connection: for tests that must come out the same
/// each time. `timing` is HB_REPLAY_AT_ONCE or HB_REPLAY_TIMED.
///
/// A request gets the first exchange that was recorded for the same body and was not given yet; failures come back
/// too. One that was not recorded is HB_E_BAD_DATA, and the message says what is different. No key and no server
/// need be set.
///
/// Ownership: `path` is copied.
/// Thread:    one at a time.
/// Blocks:    never; hb_client_new reads the file.
/// Fails:     HB_E_INVALID_ARGUMENT  an empty path or an unknown `timing`; hb_client_new answers HB_E_BAD_DATA if the
///                                   file cannot be read or is damaged, with the line
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_options_set_replay(
    options: *mut hb_options,
    path: *const c_char,
    len: usize,
    timing: u32,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        set(options, |config: &mut Config| {
            let mode = match timing {
                HB_REPLAY_AT_ONCE => Mode::Replay,
                HB_REPLAY_TIMED => Mode::ReplayTimed,
                _ => return Err(Error::invalid("timing", format!("{timing} is no HB_REPLAY_ constant"))),
            };
            config.set_recording(text("path", path, len)?, mode)
        })
    }
}
