//! What a chat may have beside text: images, tools, reasoning.

use crate::request::{edit, hb_request};
use crate::status::hb_status;
use crate::text::{bytes, identifier, text};
use hyperbolic_core::error::Error;
use hyperbolic_core::message::{Detail, Image};
use std::ffi::{c_char, c_void};

/// How closely to look at an image, from a text that may be NULL.
///
/// # Safety
/// `detail` is NULL or NUL-terminated.
unsafe fn detail(detail: *const c_char) -> Result<Option<Detail>, Error> {
    if detail.is_null() {
        return Ok(None);
    }
    // SAFETY: as the caller promises.
    Detail::of(unsafe { identifier("detail", detail) }?)
}

/// An image by its bytes, as it comes in.
///
/// # Safety
/// `data` points to `len` bytes; `looked` is NULL or NUL-terminated.
pub unsafe fn image(data: *const c_void, len: usize, looked: *const c_char) -> Result<Image, Error> {
    // SAFETY: as the caller promises.
    unsafe { Image::new(bytes("data", data, len)?, detail(looked)?) }
}

/// An image by its URL, as it comes in.
///
/// # Safety
/// `url` points to `len` bytes or is NUL-terminated; `looked` is NULL or NUL-terminated.
pub unsafe fn image_at(url: *const c_char, len: usize, looked: *const c_char) -> Result<Image, Error> {
    // SAFETY: as the caller promises.
    unsafe { Image::at(text("url", url, len)?, detail(looked)?) }
}

/// Add an image to the last message, which must be a user's. Call it again for several.
///
/// What kind of image it is, its first bytes say: JPEG, PNG or WebP, of at most 20 MiB (20,971,520 bytes). `detail` is
/// "low", "high" or "auto" where the server should be told how closely to look, otherwise NULL. A model that is known
/// to take no images is refused by hb_request_check (by the built-in catalogue) and when the request is sent (by what
/// its client knows; see hb_client_model_list).
///
/// Ownership: `data` and `detail` are copied.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  another kind of image, one that is too large, another detail, or no user's message
///                                   to go with; the image is then not added
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_add_image(
    request: *mut hb_request,
    data: *const c_void,
    len: usize,
    detail: *const c_char,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { edit(request, |request| request.add_image(image(data, len, detail)?)) }
}

/// Add an image by its URL, which the server fetches: https, http, or a data: URL of an image. Otherwise like
/// hb_request_add_image.
///
/// Ownership: both are copied.
/// Thread:    one at a time.
/// Blocks:    never; the URL is not looked at here.
/// Fails:     HB_E_INVALID_ARGUMENT  another kind of URL, one with spaces or control characters, another detail, or no
///                                   user's message to go with
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_add_image_url(
    request: *mut hb_request,
    url: *const c_char,
    len: usize,
    detail: *const c_char,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { edit(request, |request| request.add_image(image_at(url, len, detail)?)) }
}

/// Offer a tool that the model may call, in place of one of the same name that was offered before.
///
/// The calls come as HB_EVENT_TOOL_CALL and by hb_response_tool_call_count and its like. Run each and hand its result
/// back: hb_conversation_add_response, then hb_conversation_add_tool_result, then send again. `schema` is the JSON
/// Schema of the arguments and is sent as it is written; with length 0 the tool has no parameters. Unless
/// hb_request_set_tool_choice says otherwise, the library sends "auto", because Hyperbolic's own default is "none".
///
/// Ownership: all are copied. `name` is NUL-terminated.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `name` is not 1 to 64 letters, digits, hyphens and underscores, or is "auto",
///                                   "none" or "required"; `schema` is no JSON object; text that is not UTF-8; or
///                                   "tools" was set as JSON
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_add_tool(
    request: *mut hb_request,
    name: *const c_char,
    description: *const c_char,
    description_len: usize,
    schema: *const c_char,
    schema_len: usize,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        edit(request, |request| {
            let description = text("description", description, description_len)?;
            request.add_tool(identifier("name", name)?, description, text("schema", schema, schema_len)?)
        })
    }
}

/// Say whether the model may call tools ("auto"), must not ("none"), must ("required"), or which one it must call: then
/// `choice` is its name. Hyperbolic's own server does not know "required".
///
/// Ownership: `choice` is copied. NUL-terminated.
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  no such word, and no name that a tool can have. That the tool was added is checked
///                                   when the request is
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_tool_choice(
    request: *mut hb_request,
    choice: *const c_char,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { edit(request, |request| request.set_tool_choice(identifier("tool_choice", choice)?)) }
}

/// Let the model call several tools in one answer (1) or one at most (0). Default: the server's, mostly several.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_parallel_tool_calls(request: *mut hb_request, on: i32) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { edit(request, |request| request.set_flag("parallel_tool_calls", on != 0)) }
}

/// Leave the model's reasoning out (1) of events, of the response and of its JSON, or not (0, the default). It is
/// received, counted and billed all the same.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_omit_reasoning(request: *mut hb_request, on: i32) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        edit(request, |request| {
            request.delivery.omit_reasoning = on != 0;
            Ok(())
        })
    }
}

/// Hand the reasoning of earlier turns back with the conversation (1), as "reasoning_content", or not (0, the default).
/// Most servers leave it out of the prompt or refuse it; some models want it while they call tools.
///
/// Thread:    one at a time.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_request_set_send_reasoning(request: *mut hb_request, on: i32) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        edit(request, |request| {
            request.send_reasoning = on != 0;
            Ok(())
        })
    }
}
