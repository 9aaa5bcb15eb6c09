//! Every shape in which a server of this family says that it failed, as one typed error.
//!
//! Which status: a quota code is [`Status::Quota`] wherever it stands, for waiting does not help. Else the HTTP status
//! decides, but for 200 (the error came inside an answer) and 400 (FastChat, and so Hyperbolic, answers everything
//! with it): there the server's own code does. 42903, "engine overloaded", is [`Status::Server`] then and not
//! [`Status::RateLimited`]: the caller did not ask too often and no tier would help; it only has to try again.

use super::clean::identifier;
use super::json::{MAX_DEPTH, Type, Value, parse};
use super::sse::Sse;
use super::tolerated::Tolerated;
use super::unicode::lossy;
use super::{Bound, Limits};
use crate::error::{Error, Status};
use crate::text::Text;

/// The library's advice, from the vendor's page: one line a status.
pub fn hint(status: Status) -> &'static str {
    match status {
        Status::Authentication => {
            "Check that the API key is correct and is sent in the Authorization header."
        }
        Status::BadRequest => "Check the model's id, the messages and the values of the parameters.",
        Status::RateLimited => {
            "Reduce the request rate, or upgrade to the Pro tier (deposit at least $5): Basic allows 60 requests a \
             minute, Pro 600."
        }
        Status::Quota => "The account's balance or quota is used up: add funds; waiting does not help.",
        Status::Server => "Retry the request; contact the vendor's support if it persists.",
        _ => "",
    }
}

/// The error in the body of an HTTP response whose status says that it failed.
pub fn of_body(http_status: u16, body: &[u8]) -> Error {
    let mut odd = Tolerated::default();
    let text = lossy(body, &mut odd);
    let mut parts = Parts::default();
    // Some servers keep to the framing that was asked for: the error is the data of an event.
    let data = first_data(body).unwrap_or_else(|| body.to_vec());
    match parse(body, MAX_DEPTH, &mut odd).or_else(|_| parse(&data, MAX_DEPTH, &mut odd)) {
        Ok((value, _)) if matches!(value.kind(), Type::Object | Type::Array | Type::String) => {
            parts.read(value)
        }
        // Broken JSON may hold the prompt anywhere: it stays in the body.
        _ if matches!(data.trim_ascii().first(), Some(b'{' | b'[')) => {}
        _ => parts.message = page_words(&text),
    }
    if parts.message.is_empty() {
        parts.message = format!("the server answered with HTTP status {http_status} and no readable message");
    }
    let status = status(http_status, &parts);
    parts.into_error(status, http_status, text)
}

/// The error that an object stands for.
pub fn of_object(value: Value<'_>, http_status: u16) -> Error {
    let mut parts = Parts::default();
    parts.read(value);
    if parts.message.is_empty() {
        parts.message = "the server reported an error and gave no message".to_owned();
    }
    let status = status(http_status, &parts);
    let body = lossy(value.raw(), &mut Tolerated::default());
    parts.into_error(status, http_status, body)
}

/// The error in an `event: error` whose data is no JSON.
pub fn in_text(text: &[u8], http_status: u16) -> Error {
    let text = lossy(text, &mut Tolerated::default());
    let parts = Parts { message: page_words(&text), ..Parts::default() };
    let status = status(http_status, &parts);
    parts.into_error(status, http_status, text)
}

/// What came is a page or plain text where an answer was due.
pub fn not_an_answer(http_status: u16, body: &[u8]) -> Error {
    let text = lossy(body, &mut Tolerated::default());
    let what = if is_html(&text) { "an HTML page" } else { "text that is no JSON" };
    let words = page_words(&text);
    let mut error =
        Error::new(Status::BadResponse, format!("the server sent {what} instead of an answer: {words}"));
    error.http_status = http_status;
    error.body = text.into();
    error
}

/// What a field tells about the object that it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// Nothing.
    None,
    /// An error, if the object holds no answer.
    Bare,
    /// An error, whatever else it holds.
    Sure,
}

/// What the field `key` tells.
pub fn sign(key: &[u8], value: Value<'_>) -> Sign {
    let (met, sign) = match key {
        b"error" => (says_something(value), Sign::Sure),
        b"object" => (value.raw() == b"\"error\"", Sign::Sure),
        b"error_code" => (says_something(value), Sign::Sure),
        b"detail" | b"errors" | b"message" | b"msg" => (says_something(value), Sign::Bare),
        _ => (false, Sign::None),
    };
    if met { sign } else { Sign::None }
}

/// `"error": null` and its like, with which servers say that there is none.
pub fn says_something(value: Value<'_>) -> bool {
    match value.kind() {
        Type::Null => false,
        Type::Bool => value.raw() == b"true",
        Type::Number => value.integer(&mut Tolerated::default()) != Some(0),
        Type::String => value.string().is_some_and(|text| !text.is_empty()),
        Type::Array => value.items().next().is_some(),
        Type::Object => value.fields().next().is_some(),
    }
}

/// What an error says, wherever it stands in its object.
#[derive(Debug, Default)]
struct Parts {
    message: String,
    code: Text,
    kind: Text,
    param: Text,
}

impl Parts {
    fn read(&mut self, value: Value<'_>) {
        self.message = cut_echo(&words(value, WORDS_DEPTH));
        self.read_codes(value, WORDS_DEPTH);
    }

    /// The innermost object knows best; what it leaves out, those around it may say.
    fn read_codes(&mut self, value: Value<'_>, depth: usize) {
        let Some(deeper) = depth.checked_sub(1) else { return };
        if let Some(first) = value.items().next() {
            return self.read_codes(first, deeper);
        }
        for name in ["error", "errors"] {
            if let Some(inner) = value.get(name) {
                self.read_codes(inner, deeper);
            }
        }
        for (key, field) in value.fields() {
            let slot = match &*key {
                b"code" | b"error_code" | b"status_code" => &mut self.code,
                b"type" | b"error_type" => &mut self.kind,
                b"param" => &mut self.param,
                _ => continue,
            };
            if slot.is_empty() {
                *slot = identifier(field, &mut Tolerated::default()).unwrap_or_default();
            }
        }
    }

    fn into_error(self, status: Status, http_status: u16, body: String) -> Error {
        let mut error = Error::new(status, self.message);
        error.hint = hint(status).into();
        error.http_status = http_status;
        error.code = self.code;
        error.kind = self.kind;
        error.param = self.param;
        error.retryable = matches!(status, Status::RateLimited | Status::Server);
        error.body = body.into();
        error
    }
}

/// Objects in lists in objects: deeper than any server goes. Each level is read again.
const WORDS_DEPTH: usize = 6;

/// The message of an error, whatever its shape.
fn words(value: Value<'_>, depth: usize) -> String {
    let Some(deeper) = depth.checked_sub(1) else { return String::new() };
    let mut odd = Tolerated::default();
    match value.kind() {
        Type::String => value.string().map(|text| lossy(&text.bytes(&mut odd), &mut odd)).unwrap_or_default(),
        Type::Array => {
            let all = value.items().map(|item| words(item, deeper)).filter(|text| !text.is_empty());
            all.collect::<Vec<_>>().join("; ")
        }
        Type::Object => {
            // An object under `error` is the error; a text there is often no more than its name.
            let inner = value.get("error").filter(|inner| inner.kind() == Type::Object).map(|_| "error");
            let names = ["message", "msg", "detail", "error", "errors", "error_message", "title", "text"];
            let found = inner
                .into_iter()
                .chain(names)
                .filter_map(|name| value.get(name))
                .map(|inner| words(inner, deeper));
            let found = found.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
            match value.get("loc") {
                // FastAPI: where in the request, and what is wrong there. Its `input` is the prompt: not read.
                Some(place) => format!("{}: {found}", location(place)),
                None => found,
            }
        }
        Type::Null | Type::Bool | Type::Number => String::new(),
    }
}

/// `["body", "messages", 0]` as `body.messages.0`.
fn location(value: Value<'_>) -> String {
    let mut odd = Tolerated::default();
    let parts = value.items().filter_map(|item| identifier(item, &mut odd));
    parts.map(|part| part.as_str().to_owned()).collect::<Vec<_>>().join(".")
}

/// Cuts off what repeats the request: vLLM and others put the text of a validation error, in which pydantic
/// prints the input, into their message.
fn cut_echo(message: &str) -> String {
    let echoes = ["'input':", "\"input\":", "input_value=", "'body':"];
    match echoes.iter().filter_map(|echo| message.find(echo)).min() {
        Some(at) => format!("{}…", message[..at].trim_end_matches([' ', ',', '['])),
        None => message.to_owned(),
    }
}

/// Which status an error has; the module says why in this order.
fn status(http_status: u16, parts: &Parts) -> Status {
    let (code, kind) = (parts.code.as_str(), parts.kind.as_str());
    let quota = |text: &str| matches!(text, "42902" | "insufficient_quota" | "insufficient_balance");
    if quota(code) || quota(kind) {
        return Status::Quota;
    }
    if http_status >= 300 && http_status != 400 {
        return of_http(http_status);
    }
    let decided = match code.parse::<u32>() {
        Ok(42903) => Some(Status::Server),
        Ok(40301..=40399) => Some(Status::BadRequest),
        Ok(number @ 40000..=59999) => Some(of_http((number / 100) as u16)),
        Ok(number @ 400..=599) => Some(of_http(number as u16)),
        _ => of_words(code).or_else(|| of_words(kind)),
    };
    decided.unwrap_or(if http_status == 400 { Status::BadRequest } else { Status::Server })
}

fn of_http(status: u16) -> Status {
    match status {
        401 | 403 => Status::Authentication,
        402 => Status::Quota,
        429 => Status::RateLimited,
        408 | 409 => Status::Server,
        400..=499 => Status::BadRequest,
        _ => Status::Server,
    }
}

/// The types and codes that are words, as OpenAI, Anthropic and vLLM write them.
fn of_words(word: &str) -> Option<Status> {
    let word: String = word.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let has = |names: &[&str]| names.iter().any(|name| word.contains(name));
    if has(&["ratelimit"]) {
        Some(Status::RateLimited)
    } else if has(&["authentication", "permission", "invalidapikey", "unauthorized"]) {
        Some(Status::Authentication)
    } else if has(&["invalidrequest", "badrequest", "notfound", "contextlength", "validation"]) {
        Some(Status::BadRequest)
    } else {
        None
    }
}

/// The data of the first event in `body`, if it is a stream of them.
fn first_data(body: &[u8]) -> Option<Vec<u8>> {
    let mut first = None;
    let mut sse = Sse::default();
    let mut keep = |event: super::sse::Event<'_>| {
        if first.is_none() && !event.bare && !event.data.trim_ascii().is_empty() {
            first = Some(event.data.to_vec());
        }
        Ok::<(), Bound>(())
    };
    let limits = Limits { line: usize::MAX, event: usize::MAX, ..Limits::default() };
    sse.feed(body, &limits, &mut keep).ok()?;
    sse.finish(&limits, &mut keep).ok()?;
    first
}

fn is_html(text: &str) -> bool {
    text.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']).starts_with('<')
}

/// The longest message made of a page, in characters.
const PAGE_WORDS: usize = 200;

/// A page or plain text as a short message: the title of HTML, or else the beginning of its words.
fn page_words(text: &str) -> String {
    let mut words = String::new();
    if is_html(text) {
        // ASCII lowering keeps every byte where it was.
        let lower = text.to_ascii_lowercase();
        let title = lower.find("<title").and_then(|at| {
            let from = at + lower[at..].find('>')? + 1;
            Some(from..from + lower[from..].find("</title")?)
        });
        match title {
            Some(range) => words.push_str(&text[range]),
            None => words = without_tags(text, &lower),
        }
        for (entity, character) in
            [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")]
        {
            words = words.replace(entity, character);
        }
    } else {
        words.push_str(text);
    }
    let mut short = String::new();
    for (place, word) in words.split(|c: char| c.is_whitespace() || c.is_control()).enumerate() {
        if short.chars().count() + word.chars().count() > PAGE_WORDS {
            short.extend(word.chars().take(PAGE_WORDS - short.chars().count().min(PAGE_WORDS)));
            short.push('…');
            break;
        }
        if place > 0 && !short.is_empty() && !word.is_empty() {
            short.push(' ');
        }
        short.push_str(word);
    }
    short
}

/// The words of a page without its tags, scripts and styles.
fn without_tags(text: &str, lower: &str) -> String {
    let mut words = String::new();
    let mut at = 0;
    while let Some(open) = lower[at..].find('<').map(|open| at + open) {
        words.push_str(&text[at..open]);
        words.push(' ');
        let end = ["script", "style"].into_iter().find(|name| lower[open + 1..].starts_with(name));
        let close = match end {
            Some(name) => lower[open..].find(&format!("</{name}")).map(|close| open + close + 1),
            None => Some(open),
        };
        let Some(end) = close.and_then(|close| lower[close..].find('>').map(|end| close + end + 1)) else {
            return words;
        };
        at = end;
    }
    words.push_str(&text[at..]);
    words
}
