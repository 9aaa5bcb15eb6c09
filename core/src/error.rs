//! What went wrong: one status per decision the caller can take, and the server's own words.

use crate::text::Text;
use std::any::Any;
use std::fmt;
use std::ops::{Deref, DerefMut};

/// What the caller can decide on. The C ABI gives each a number; `docs/abi.md` rule E4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// An argument, option or request field is bad; the message names it.
    InvalidArgument,
    /// The client or the queue is closed.
    Closed,
    /// Another thread is taking from this queue right now.
    Busy,
    /// The process forked after the library started.
    Forked,
    /// No memory, threads or descriptors left.
    System,
    /// A bug in this library, contained.
    Panic,
    /// A saved conversation or a recording cannot be read.
    BadData,
    /// The caller ended the request.
    Cancelled,
    /// A deadline passed; `param` says which.
    Deadline,
    /// Name lookup, TCP, TLS or proxy: no answer began.
    Connect,
    /// An answer began and broke off, however it broke.
    Truncated,
    /// Not what the API promises: a redirect, HTML, broken JSON, a bound.
    BadResponse,
    /// 401, 403: fix the key.
    Authentication,
    /// 400, 404, 413, 422, other 4xx: change the request.
    BadRequest,
    /// 429: wait.
    RateLimited,
    /// 402 and quota codes: waiting does not help.
    Quota,
    /// 5xx, 408, 409, or an error object that says nothing more: try again later.
    Server,
    /// The caller's own spending limit is reached.
    Budget,
}

impl Status {
    /// A word for it, in logs and recordings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidArgument => "invalid_argument",
            Self::Closed => "closed",
            Self::Busy => "busy",
            Self::Forked => "forked",
            Self::System => "system",
            Self::Panic => "panic",
            Self::BadData => "bad_data",
            Self::Cancelled => "cancelled",
            Self::Deadline => "deadline",
            Self::Connect => "connect",
            Self::Truncated => "truncated",
            Self::BadResponse => "bad_response",
            Self::Authentication => "authentication",
            Self::BadRequest => "bad_request",
            Self::RateLimited => "rate_limited",
            Self::Quota => "quota",
            Self::Server => "server",
            Self::Budget => "budget",
        }
    }
}

/// One failure, behind one pointer, because every function that can fail returns it by value.
#[derive(Clone, Debug, PartialEq)]
pub struct Error(Box<Detail>);

/// What is known of a failure. Texts are the server's own where it sent any.
#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    /// The decision.
    pub status: Status,
    /// What happened, in the server's words where there are any.
    pub message: Text,
    /// The library's advice, or empty.
    pub hint: Text,
    /// The HTTP status, or 0 when there was no response.
    pub http_status: u16,
    /// The server's code as text, or empty.
    pub code: Text,
    /// The server's error type, or empty.
    pub kind: Text,
    /// The request field that the server named, the field that is bad, the deadline that passed, or empty.
    pub param: Text,
    /// The server's id of the request, or empty.
    pub request_id: Text,
    /// How long the server asks to wait.
    pub retry_after_ms: Option<u64>,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// HTTP requests sent so far for this call.
    pub attempts: u32,
    /// The raw body of the answer, as text; may hold what the server echoed.
    pub body: Text,
}

impl Error {
    /// An error of the library's own; the caller fills in what else is known.
    pub fn new(status: Status, message: impl AsRef<str>) -> Self {
        Self(Box::new(Detail {
            status,
            message: message.as_ref().into(),
            hint: Text::new(),
            http_status: 0,
            code: Text::new(),
            kind: Text::new(),
            param: Text::new(),
            request_id: Text::new(),
            retry_after_ms: None,
            retryable: false,
            attempts: 0,
            body: Text::new(),
        }))
    }

    /// A panic, from what `catch_unwind` gives: a bug in this library.
    pub fn panicked(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Self::new(
            Status::Panic,
            format!("a bug in this library: {}", text.unwrap_or("a panic without a text")),
        )
    }

    /// A bad argument: `field` is named first, so that a reader finds it.
    pub fn invalid(field: &str, problem: impl fmt::Display) -> Self {
        let mut error = Self::new(Status::InvalidArgument, format!("{field}: {problem}"));
        error.param = field.into();
        error
    }

    /// A deadline that passed: `which` is the setting's name, without `_timeout_ms`.
    pub fn deadline(which: &str, message: impl AsRef<str>) -> Self {
        let mut error = Self::new(Status::Deadline, message);
        error.param = which.into();
        error
    }

    /// The same problem, of a value that came under another name.
    pub fn about(self, field: &str) -> Self {
        let message = self.message.as_str();
        let problem = message.strip_prefix(&format!("{}: ", self.param)).unwrap_or(message);
        Self::invalid(field, problem)
    }

    /// Every text that a server may have filled.
    pub fn texts_mut(&mut self) -> [&mut Text; 7] {
        let Detail { message, hint, code, kind, param, request_id, body, .. } = &mut *self.0;
        [message, hint, code, kind, param, request_id, body]
    }

    /// Adds the library's advice.
    pub fn with_hint(mut self, hint: impl AsRef<str>) -> Self {
        self.hint = hint.as_ref().into();
        self
    }

    /// Marks that the same request may succeed later.
    pub fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }
}

impl Deref for Error {
    type Target = Detail;
    fn deref(&self) -> &Detail {
        &self.0
    }
}

impl DerefMut for Error {
    fn deref_mut(&mut self) -> &mut Detail {
        &mut self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message.fmt(f)
    }
}

impl std::error::Error for Error {}
