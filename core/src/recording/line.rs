//! One line of a recording, as it stands in the file.

use super::{Chunk, End, Exchange, Head, Outcome};
use crate::error::{Error, Status};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The name of the format.
pub const FORMAT: &str = "hyperbolic-recording";
/// Its version, raised by any change that an older reader would not understand.
pub const VERSION: u64 = 1;

/// What stands in place of the body of a request that had none.
pub const NO_BODY: &str = "null";

/// The first line.
#[derive(Serialize, Deserialize)]
pub struct Header<'a> {
    /// [`FORMAT`].
    pub format: Cow<'a, str>,
    /// [`VERSION`].
    pub version: u64,
}

/// Any other line: an exchange.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line<'a> {
    route: Cow<'a, str>,
    #[serde(borrow)]
    request: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<HeadField<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chunks: Option<Vec<ChunkField<'a>>>,
    end: EndField<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadField<'a> {
    ms: u64,
    status: u16,
    headers: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChunkField<'a> {
    ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hex: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum EndField<'a> {
    Whole { ms: u64 },
    BrokenOff { ms: u64, message: Cow<'a, str> },
    Unreadable { ms: u64, message: Cow<'a, str> },
    Cut { ms: u64 },
    NoAnswer(FailureField<'a>),
    Dead(FailureField<'a>),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FailureField<'a> {
    ms: u64,
    error: Failure,
    message: Cow<'a, str>,
    hint: Cow<'a, str>,
    retryable: bool,
}

/// Why no answer began.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    Connect,
    Deadline,
    System,
    BadResponse,
}

impl Failure {
    const ALL: [Self; 4] = [Self::Connect, Self::Deadline, Self::System, Self::BadResponse];

    /// That of an error with this status.
    pub fn of(status: Status) -> Option<Self> {
        Self::ALL.into_iter().find(|failure| failure.status() == status)
    }

    fn status(self) -> Status {
        match self {
            Self::Connect => Status::Connect,
            Self::Deadline => Status::Deadline,
            Self::System => Status::System,
            Self::BadResponse => Status::BadResponse,
        }
    }
}

impl<'a> Line<'a> {
    /// The body of the request; `null` where there was none.
    pub fn request(&self) -> &'a str {
        self.request.get()
    }

    /// The line of an exchange; `request` is its body as JSON.
    pub fn of(exchange: &'a Exchange, request: &'a RawValue) -> Self {
        let ms = exchange.ended_ms;
        let (head, chunks, end) = match &exchange.outcome {
            Outcome::Answer { head, chunks, end } => {
                let end = match end {
                    End::Whole => EndField::Whole { ms },
                    End::BrokenOff(message) => EndField::BrokenOff { ms, message: message.into() },
                    End::Unreadable(message) => EndField::Unreadable { ms, message: message.into() },
                    End::Cut => EndField::Cut { ms },
                };
                (Some(head.into()), Some(chunks.iter().map(ChunkField::from).collect()), end)
            }
            Outcome::Cut => (None, None, EndField::Cut { ms }),
            Outcome::NoAnswer(error) => (None, None, EndField::NoAnswer(FailureField::of(error, ms))),
            Outcome::Dead(error) => (None, None, EndField::Dead(FailureField::of(error, ms))),
        };
        Self { route: exchange.route.as_str().into(), request, head, chunks, end }
    }

    /// The exchange of a line.
    pub fn exchange(self) -> Result<Exchange, String> {
        let (ended_ms, end) = match self.end {
            EndField::Whole { ms } => (ms, Ok(End::Whole)),
            EndField::BrokenOff { ms, message } => (ms, Ok(End::BrokenOff(message.into_owned()))),
            EndField::Unreadable { ms, message } => (ms, Ok(End::Unreadable(message.into_owned()))),
            EndField::Cut { ms } => (ms, Ok(End::Cut)),
            EndField::NoAnswer(failure) => (failure.ms, Err(Outcome::NoAnswer(failure.into()))),
            EndField::Dead(failure) => (failure.ms, Err(Outcome::Dead(failure.into()))),
        };
        let outcome = match (self.head, self.chunks, end) {
            (Some(head), Some(chunks), Ok(end)) => {
                Outcome::Answer { head: head.into(), chunks: bytes(chunks)?, end }
            }
            (None, None, Ok(End::Cut)) => Outcome::Cut,
            (None, None, Err(outcome)) => outcome,
            (_, _, Err(_)) => return Err("`no_answer` and `dead` go with neither `head` nor `chunks`".into()),
            (None, _, _) => return Err("missing field `head`".into()),
            (_, None, _) => return Err("missing field `chunks`".into()),
        };
        let body = self.request.get();
        let request = if body == NO_BODY { Bytes::new() } else { Bytes::copy_from_slice(body.as_bytes()) };
        let exchange = Exchange { route: self.route.into_owned(), request, ended_ms, outcome };
        exchange.check().map(|()| exchange)
    }
}

impl<'a> FailureField<'a> {
    fn of(error: &'a Error, ms: u64) -> Self {
        Self {
            ms,
            // Any other was refused before.
            error: Failure::of(error.status).unwrap_or(Failure::System),
            message: error.message.as_str().into(),
            hint: error.hint.as_str().into(),
            retryable: error.retryable,
        }
    }
}

impl From<FailureField<'_>> for Error {
    fn from(failure: FailureField<'_>) -> Self {
        let mut error = Self::new(failure.error.status(), failure.message).with_hint(failure.hint);
        error.retryable = failure.retryable;
        error
    }
}

impl<'a> From<&'a Head> for HeadField<'a> {
    fn from(head: &'a Head) -> Self {
        let headers = head.headers.iter().map(|(name, value)| (name.into(), value.into()));
        Self { ms: head.ms, status: head.status, headers: headers.collect() }
    }
}

impl From<HeadField<'_>> for Head {
    fn from(head: HeadField<'_>) -> Self {
        let headers = head.headers.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned()));
        Self { ms: head.ms, status: head.status, headers: headers.collect() }
    }
}

impl<'a> From<&'a Chunk> for ChunkField<'a> {
    fn from(chunk: &'a Chunk) -> Self {
        match str::from_utf8(&chunk.bytes) {
            Ok(text) => Self { ms: chunk.ms, text: Some(text.into()), hex: None },
            Err(_) => Self { ms: chunk.ms, text: None, hex: Some(to_hex(&chunk.bytes).into()) },
        }
    }
}

fn bytes(chunks: Vec<ChunkField<'_>>) -> Result<Vec<Chunk>, String> {
    let bytes = |(index, chunk): (usize, ChunkField<'_>)| {
        let bytes = match (chunk.text, chunk.hex) {
            (Some(text), None) => Some(Bytes::from(text.into_owned())),
            (None, Some(hex)) => from_hex(&hex).map(Bytes::from),
            _ => None,
        };
        let bytes = bytes.ok_or_else(|| format!("chunk {} is neither text nor hex", index + 1))?;
        Ok(Chunk { ms: chunk.ms, bytes })
    };
    chunks.into_iter().enumerate().map(bytes).collect()
}

fn to_hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])).collect()
}

fn from_hex(hex: &str) -> Option<Vec<u8>> {
    let digit = |letter: u8| char::from(letter).to_digit(16);
    let (pairs, []) = hex.as_bytes().as_chunks() else { return None };
    pairs.iter().map(|&[high, low]| u8::try_from(digit(high)? << 4 | digit(low)?).ok()).collect()
}
