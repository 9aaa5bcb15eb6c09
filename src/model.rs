//! Models, as C reads them.

use crate::boundary;
use crate::boundary::put;
use crate::client::hb_client;
use crate::error::hb_error;
use crate::getter::{read, text};
use crate::handle::{Boxed, Handle, null};
use crate::status::{HB_OK, hb_status};
use hyperbolic_core::catalog::{self, Model, ModelList};
use std::ffi::c_char;
use std::ptr::{from_ref, null_mut};

/// A list of models. Immutable: any thread may read it.
///
/// What the source did not say, an index out of range and a NULL list answer "" or -1.
pub struct hb_model_list {
    _private: [u8; 0],
}

impl Handle for hb_model_list {
    type Behind = ModelList;
    const NAME: &'static str = "models";
}
impl Boxed for hb_model_list {}

fn model(models: &ModelList, index: u32) -> Option<&Model> {
    models.models.get(usize::try_from(index).ok()?)
}

/// The built-in catalogue: Hyperbolic's models with context and price, as they were on hb_model_list_date.
///
/// It never changes, and nothing refuses a model that is not in it. What a client knows beyond it is in
/// hb_client_model_list.
///
/// Ownership: static; hb_model_list_free does nothing to it.
/// Thread:    any.
/// Blocks:    never.
/// Fails:     never; never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn hb_catalog() -> *const hb_model_list {
    boundary::value(std::ptr::null(), || from_ref(&**catalog::builtin()).cast())
}

/// A client's own view of models: the built-in catalogue under what the server said in the client's last hb_models.
/// Costs are counted at its prices.
///
/// What the server does not say of a model is what the catalogue has. Models that the catalogue lacks come behind it,
/// and each id is there once. Nothing is sent.
///
/// Ownership: `*models` is yours, NULL on failure; free it with hb_model_list_free. It does not change when the client
///            learns more, and outlives `client`.
/// Thread:    any.
/// Blocks:    never.
/// Fails:     HB_E_FORKED            the process forked after the library started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_client_model_list(
    client: *const hb_client,
    models: *mut *mut hb_model_list,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        put(models, null_mut());
        boundary::call(error, || {
            let client = hb_client::need(client)?;
            if models.is_null() {
                return Err(null("models"));
            }
            models.write(hb_model_list::into_raw(ModelList::clone(&client.models())));
            Ok(HB_OK)
        })
    }
}

/// Free a list of models.
///
/// Ownership: takes `models`; NULL and the built-in catalogue do nothing.
/// Thread:    any.
/// Blocks:    never.
/// Fails:     never.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_model_list_free(models: *mut hb_model_list) {
    if !std::ptr::eq(models.cast_const(), hb_catalog()) {
        // SAFETY: the header gives the caller's duties.
        unsafe { hb_model_list::free(models) };
    }
}

/// How many models a list has.
///
/// Any thread; never blocks; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_model_list_count(models: *const hb_model_list) -> u32 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(models, 0, |models| models.models.len().try_into().ok()) }
}

/// Where a list has the model with this id; the first, if the list of a server repeats it.
///
/// Ownership: `id` is only read during the call.
/// Thread:    any.
/// Blocks:    never.
/// Fails:     -1 for NULL, or an id that is not there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_model_list_find(
    models: *const hb_model_list,
    id: *const c_char,
    len: usize,
) -> i64 {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        read(models, -1, |models| {
            let place = models.find(crate::text::text("id", id, len).ok()?)?;
            i64::try_from(place).ok()
        })
    }
}

/// The day, as "YYYY-MM-DD", on which a list was true; of a client's view that of the catalogue in it; "" for the
/// list of a server.
///
/// Borrowed from `models`; any thread; never blocks; "" for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_model_list_date(models: *const hb_model_list) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(models, null_mut(), |models| Some(&models.date)) }
}

/// What a request names the model by. In a server's list an id may repeat.
///
/// Borrowed from `models`; any thread; never blocks; "" for NULL or an index out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_model_list_id(models: *const hb_model_list, index: u32) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(models, null_mut(), |models| model(models, index).map(|model| &model.id)) }
}

/// The model's name for people; "" in the list of a server.
///
/// Borrowed from `models`; any thread; never blocks; "" for NULL or an index out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_model_list_name(models: *const hb_model_list, index: u32) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(models, null_mut(), |models| model(models, index).map(|model| &model.name)) }
}

/// Whether the model takes chats (1) or text completions only (0); -1 if the source does not say.
///
/// Any thread; never blocks; -1 for NULL or an index out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_model_list_is_chat(models: *const hb_model_list, index: u32) -> i32 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(models, -1, |models| model(models, index)?.chat.map(i32::from)) }
}

/// Whether the model can call tools: 1 or 0; -1 if the source does not say.
///
/// Any thread; never blocks; -1 for NULL or an index out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_model_list_has_tools(models: *const hb_model_list, index: u32) -> i32 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(models, -1, |models| model(models, index)?.tools.map(i32::from)) }
}

/// Whether the model takes images: 1 or 0; -1 if the source does not say.
///
/// Any thread; never blocks; -1 for NULL or an index out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_model_list_has_images(models: *const hb_model_list, index: u32) -> i32 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(models, -1, |models| model(models, index)?.images.map(i32::from)) }
}

/// How many tokens prompt and answer may have together; -1 if the source does not say.
///
/// Any thread; never blocks; -1 for NULL or an index out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_model_list_context(models: *const hb_model_list, index: u32) -> i64 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(models, -1, |models| model(models, index)?.context) }
}

/// The price of a prompt token in pico-USD (10^-12 $), so that 2,000,000 is 2 $ a million tokens; -1: unknown.
///
/// Any thread; never blocks; -1 for NULL or an index out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_model_list_input_price_picousd(models: *const hb_model_list, index: u32) -> i64 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(models, -1, |models| model(models, index)?.input_price) }
}

/// The price of an answer token in pico-USD, like hb_model_list_input_price_picousd; -1: unknown.
///
/// Any thread; never blocks; -1 for NULL or an index out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_model_list_output_price_picousd(models: *const hb_model_list, index: u32) -> i64 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(models, -1, |models| model(models, index)?.output_price) }
}
