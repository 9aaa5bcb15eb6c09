//! Every shape in which a server of this family says that it failed, as one typed error.
//!
//! Which status: a quota code is [`Status::Quota`] wherever it stands, for waiting does not help. Else the HTTP status
//! decides, but for 200 (the error came inside an answer) and 400 (FastChat, and so Hyperbolic, answers everything
//! with it): there the server's own code does. 42903, "engine overloaded", is [`Status::Server`] then and not
//! [`Status::RateLimited`]: the caller did not ask too often and no tier would help; it only has to try again.

use super::clean::identifier;
use super::json::{MAX_DEPTH, Type, Value, parse};
use super::page::{is_html, page_words};
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

/// What came is something else than an answer: a page, plain text, JSON of another kind.
pub fn not_an_answer(http_status: u16, body: &[u8]) -> Error {
    let mut odd = Tolerated::default();
    let text = lossy(body, &mut odd);
    let message = match body.trim_ascii().first() {
        // JSON may repeat the prompt: it stays in the body.
        Some(b'{' | b'[') if parse(body, MAX_DEPTH, &mut odd).is_ok() => {
            "the server sent JSON without an answer".into()
        }
        Some(b'{' | b'[') => "the server sent broken JSON".into(),
        _ if is_html(&text) => {
            format!("the server sent an HTML page instead of an answer: {}", page_words(&text))
        }
        _ => format!("the server sent text instead of JSON: {}", page_words(&text)),
    };
    let mut error = Error::new(Status::BadResponse, message);
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
            let first = value.get("error").is_some_and(|inner| inner.kind() == Type::Object);
            let names = ["message", "msg", "detail", "error", "errors", "error_message", "title", "text"];
            let order = first.then_some("error").into_iter();
            let order = order.chain(names.into_iter().filter(|name| !(first && *name == "error")));
            let found = order.filter_map(|name| value.get(name)).map(|inner| words(inner, deeper));
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

#[cfg(test)]
mod tests {
    use super::{hint, of_body};
    use crate::error::Status;

    #[test]
    fn statuses_follow_http_and_codes() {
        // (HTTP status, code as JSON, type) to (status, retryable)
        let table = [
            (401, "null", "", Status::Authentication, false),
            (403, "\"x\"", "", Status::Authentication, false),
            (402, "null", "", Status::Quota, false),
            (400, "null", "", Status::BadRequest, false),
            (404, "40301", "", Status::BadRequest, false),
            (413, "null", "", Status::BadRequest, false),
            (422, "null", "", Status::BadRequest, false),
            (408, "null", "", Status::Server, true),
            (409, "null", "", Status::Server, true),
            (500, "null", "", Status::Server, true),
            (529, "null", "overloaded_error", Status::Server, true),
            (429, "null", "", Status::RateLimited, true),
            (429, "42901", "", Status::RateLimited, true),
            (429, "42903", "", Status::RateLimited, true),
            (429, "42902", "", Status::Quota, false),
            (429, "\"42902\"", "", Status::Quota, false),
            (429, "null", "insufficient_quota", Status::Quota, false),
            (500, "42902", "", Status::Quota, false),
            (400, "40101", "", Status::Authentication, false),
            (400, "40103", "", Status::Authentication, false),
            (400, "40302", "", Status::BadRequest, false),
            (400, "42901", "", Status::RateLimited, true),
            (400, "42903", "", Status::Server, true),
            (400, "50001", "", Status::Server, true),
            (200, "50006", "", Status::Server, true),
            (200, "40303", "", Status::BadRequest, false),
            (200, "\"429\"", "", Status::RateLimited, true),
            (200, "null", "InternalServerError", Status::Server, true),
            (200, "null", "rate_limit_error", Status::RateLimited, true),
            (200, "null", "invalid_request_error", Status::BadRequest, false),
            (200, "\"invalid_api_key\"", "invalid_request_error", Status::Authentication, false),
            (200, "7", "", Status::Server, true),
        ];
        for (http, code, kind, status, retryable) in table {
            let body = format!(r#"{{"error":{{"message":"m","code":{code},"type":"{kind}"}}}}"#);
            let error = of_body(http, body.as_bytes());
            assert_eq!((error.status, error.retryable), (status, retryable), "{http} {body}");
            assert_eq!(error.http_status, http);
            assert_eq!((error.message.as_str(), error.body.as_str()), ("m", body.as_str()));
            assert_eq!(error.hint.as_str(), hint(status));
            assert!(!error.hint.is_empty());
        }
    }

    #[test]
    fn every_shape_gives_its_words() {
        for (body, message) in [
            (r#"{"error":{"message":"m"}}"#, "m"),
            (r#"{"error":"m","error_type":"t"}"#, "m"),
            (r#"{"object":"error","message":"m","code":1}"#, "m"),
            (r#"{"detail":"m"}"#, "m"),
            (r#"{"detail":{"error":{"message":"m"}}}"#, "m"),
            (
                r#"{"detail":[{"loc":["body","a"],"msg":"m","input":"secret","ctx":{"x":"secret"}}]}"#,
                "body.a: m",
            ),
            (r#"{"errors":["m","n"]}"#, "m; n"),
            (r#"{"errors":{"message":"m"}}"#, "m"),
            (r#"[{"error":{"message":"m"}}]"#, "m"),
            (r#"{"error":true,"message":"m"}"#, "m"),
            (r#"{"error":{"error":{"message":"m"}}}"#, "m"),
            (r#"{"title":"m","status":400}"#, "m"),
            (r#""m""#, "m"),
            ("m\n\n n", "m n"),
            ("502 Bad Gateway", "502 Bad Gateway"),
            ("data: {\"error\":{\"message\":\"m\"}}\n\n", "m"),
            ("event: error\r\ndata: {\"message\":\"m\"}\r\n\r\n", "m"),
            (
                r#"{"message":"1 validation error\n  Input [input_value={'secret': 1}]"}"#,
                "1 validation error\n  Input…",
            ),
        ] {
            let error = of_body(400, body.as_bytes());
            assert_eq!(error.message.as_str(), message, "{body}");
        }
    }

    #[test]
    fn nothing_of_the_request_is_in_the_message() {
        for body in [
            r#"{"detail":[{"type":"missing","loc":["body"],"input":{"message":"secret","msg":"secret"}}]}"#,
            r#"{"error":{"message":"x {'input': 'secret'"}}"#,
            r#"{"error":{"code":400},"request":{"message":"secret"}}"#,
            r#"{"error":{"message":"the prompt was secret"#,
            "data: {\"error\": secret\n\n",
        ] {
            let error = of_body(400, body.as_bytes());
            assert!(!error.message.as_str().contains("secret"), "{:?}", error.message);
            assert!(error.body.as_str().contains("secret"));
        }
    }
}
