//! A conversation as text that can be kept: the same one is always the same bytes.
//!
//! ```json
//! {"hyperbolic_conversation":1,"system":"...","summary":"...","messages":[
//!  {"role":"user","text":"...","images":[{"url":"...","detail":"low"}],"metadata":{"key":"value"}},
//!  {"role":"assistant","text":"...","reasoning":"...","partial":true,"tool_calls":[{"id":"...","name":"...","arguments":"..."}]},
//!  {"role":"tool","tool_call_id":"...","text":"..."}]}
//! ```
//!
//! What is empty is left out. Members are in this order, metadata in the order of its keys, and behind them comes what
//! a loaded one had that this library does not know, as it was written.

use super::entry::Unknown;
use super::{Conversation, Entry};
use crate::error::Error;
use crate::message::{Detail, Turn};
use crate::text::Text;
use crate::wire::write_text;

/// The version that is written, and the highest that is read.
pub(super) const VERSION: u64 = 1;
/// The most bytes that are read, and so the most that are written: 64 MiB.
pub(super) const MOST_BYTES: usize = 64 << 20;

// Members that `save` writes and `load` reads.
pub(super) const MARK: &str = "hyperbolic_conversation";
pub(super) const SYSTEM: &str = "system";
pub(super) const SUMMARY: &str = "summary";
pub(super) const MESSAGES: &str = "messages";
pub(super) const ROLE: &str = "role";
pub(super) const TOOL_CALL_ID: &str = "tool_call_id";
pub(super) const TEXT: &str = "text";
pub(super) const REASONING: &str = "reasoning";
pub(super) const PARTIAL: &str = "partial";
pub(super) const IMAGES: &str = "images";
pub(super) const URL: &str = "url";
pub(super) const DETAIL: &str = "detail";
pub(super) const TOOL_CALLS: &str = "tool_calls";
pub(super) const ID: &str = "id";
pub(super) const NAME: &str = "name";
pub(super) const ARGUMENTS: &str = "arguments";
pub(super) const METADATA: &str = "metadata";

/// What a saved conversation is to be without.
#[derive(Clone, Copy, Debug, Default)]
pub struct Without {
    /// The system prompt, which the program may have at hand.
    pub system: bool,
    /// Images, which are most of the bytes.
    pub images: bool,
}

impl Conversation {
    /// Writes it as JSON.
    pub fn save(&self, without: Without) -> Result<Text, Error> {
        let mut out = String::new();
        out.push_str(&format!("{{\"{MARK}\":{VERSION}"));
        text(SYSTEM, self.system().filter(|_| !without.system), &mut out);
        text(SUMMARY, self.summary(), &mut out);
        list(MESSAGES, &self.entries, &mut out, |_, entry, out| message(entry, without, out));
        end(&self.unknown, &mut out);
        if out.len() > MOST_BYTES {
            let problem =
                format!("takes {} bytes, of which at most {MOST_BYTES} can be loaded again", out.len());
            return Err(
                Error::invalid("conversation", problem).with_hint("Leave out the images, or trim it.")
            );
        }
        Ok(out.into())
    }
}

fn message(entry: &Entry, without: Without, out: &mut String) {
    let Turn { role, text: said, images, tool_calls, tool_call_id, reasoning, is_partial } = &**entry.turn();
    let Unknown { message, images: of_images, calls: of_calls } = &entry.unknown;
    out.push_str(&format!("{{\"{ROLE}\":\"{}\"", role.name()));
    text(TOOL_CALL_ID, Some(tool_call_id), out);
    text(TEXT, Some(said), out);
    text(REASONING, Some(reasoning), out);
    if *is_partial {
        key(PARTIAL, out);
        out.push_str("true");
    }
    list(IMAGES, if without.images { &[] } else { images }, out, |at, image, out| {
        out.push('{');
        key(URL, out);
        write_text(&image.url, out);
        if let Some(detail) = image.detail.map(Detail::name) {
            key(DETAIL, out);
            write_text(detail, out);
        }
        end(of_images.get(at).map_or("", String::as_str), out);
    });
    list(TOOL_CALLS, tool_calls, out, |at, call, out| {
        out.push('{');
        text(ID, Some(&call.id), out);
        text(NAME, Some(&call.name), out);
        text(ARGUMENTS, Some(&call.arguments), out);
        end(of_calls.get(at).map_or("", String::as_str), out);
    });
    if !entry.metadata().is_empty() {
        key(METADATA, out);
        out.push('{');
        for (name, value) in entry.metadata() {
            comma(out);
            write_text(name.as_str(), out);
            out.push(':');
            write_text(value.as_str(), out);
        }
        out.push('}');
    }
    end(message, out);
}

/// A comma, but for the first member or item.
fn comma(out: &mut String) {
    if !out.ends_with(['{', '[']) {
        out.push(',');
    }
}

fn key(key: &str, out: &mut String) {
    comma(out);
    write_text(key, out);
    out.push(':');
}

fn text(name: &str, value: Option<&Text>, out: &mut String) {
    if let Some(value) = value.filter(|value| !value.is_empty()) {
        key(name, out);
        write_text(value.as_str(), out);
    }
}

fn list<T>(name: &str, items: &[T], out: &mut String, write: impl Fn(usize, &T, &mut String)) {
    if items.is_empty() {
        return;
    }
    key(name, out);
    out.push('[');
    for (at, item) in items.iter().enumerate() {
        comma(out);
        write(at, item, out);
    }
    out.push(']');
}

/// What nobody knows, and the end of the object.
fn end(unknown: &str, out: &mut String) {
    if !unknown.is_empty() {
        comma(out);
        out.push_str(unknown);
    }
    out.push('}');
}
