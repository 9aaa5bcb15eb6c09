//! An answer before it is sent.

use crate::body::{Body, Pieces};
use crate::errors::ApiError;
use crate::faults::{Fault, Position};
use crate::flight::InFlight;
use crate::gzip::gzip;
use crate::random::somewhere;
use crate::state::State;
use bytes::Bytes;
use hyper::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;

const EVENTS: &str = "text/event-stream";

/// Status, headers and pieces.
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// Content-Type.
    pub content_type: HeaderValue,
    pieces: Pieces,
    /// Length, where the answer is no stream.
    length: Option<usize>,
    /// What `last_error` will say.
    error: Option<Value>,
}

impl Answer {
    /// A JSON body.
    pub fn json(status: StatusCode, body: &Value) -> Self {
        Self::bytes(status, HeaderValue::from_static("application/json"), body.to_string().into())
    }

    /// A stream of events.
    pub fn events(pieces: Pieces) -> Self {
        let content_type = HeaderValue::from_static(EVENTS);
        Self { status: StatusCode::OK, content_type, pieces, length: None, error: None }
    }

    /// A body of any type. One of events is streamed event by event.
    pub fn bytes(status: StatusCode, content_type: HeaderValue, bytes: Bytes) -> Self {
        let error = (status.as_u16() >= 400)
            .then(|| json!({"status": status.as_u16(), "code": null, "message": null}));
        let streamed = content_type.as_bytes().starts_with(EVENTS.as_bytes());
        let length = (!streamed).then_some(bytes.len());
        let pieces: Pieces = if streamed {
            Box::new(split_events(bytes))
        } else {
            Box::new(std::iter::once(bytes).filter(|bytes| !bytes.is_empty()))
        };
        Self { status, content_type, pieces, length, error }
    }

    /// An error body.
    pub fn error(error: &ApiError, openai: bool) -> Self {
        let status = error.status;
        let last = json!({"status": status.as_u16(), "code": error.code, "message": error.message});
        Self { error: Some(last), ..Self::json(status, &error.to_json(openai)) }
    }

    /// What a fault puts in the place of the real answer; `None` if it leaves it.
    pub fn replaced(state: &State, fault: &Fault) -> Option<Result<Self, ApiError>> {
        let status = fault.status.unwrap_or(StatusCode::OK);
        let json = || HeaderValue::from_static("application/json");
        let (content_type, bytes) = match (&fault.raw, &fault.body, fault.status) {
            (Some(name), _, _) => match state.body(name) {
                Some(upload) => (upload.content_type, upload.bytes),
                None => return Some(Err(bad_fault(&format!("no body '{name}' was uploaded")))),
            },
            (None, Some(body), _) => (json(), body.clone().into()),
            (None, None, Some(status)) if status.as_u16() >= 400 => {
                return Some(Ok(Self::error(&ApiError::of_status(status), fault.openai_errors)));
            }
            (None, None, Some(_)) => (json(), Bytes::new()),
            (None, None, None) => return None,
        };
        let content_type = fault.content_type.clone().unwrap_or(content_type);
        Some(Ok(Self::bytes(status, content_type, bytes)))
    }

    /// The same in gzip.
    fn gzipped(mut self) -> Self {
        self.pieces = gzip(self.pieces);
        if self.length.is_some() {
            let pieces: Vec<Bytes> = self.pieces.collect();
            self.length = Some(pieces.iter().map(Bytes::len).sum());
            self.pieces = Box::new(pieces.into_iter());
        }
        self
    }

    /// Hands the answer to hyper, and counts it.
    pub fn send(
        mut self,
        state: &State,
        mut fault: Arc<Fault>,
        mut request: InFlight,
        number: u64,
    ) -> Response<Body> {
        let status = self.status;
        if let Some(error) = self.error.take() {
            state.count(|stats| {
                stats.sent_429 += u64::from(status == StatusCode::TOO_MANY_REQUESTS);
                stats.last_error = Some(error);
            });
        }
        request.answers(status, self.length.is_none());
        let gzip = fault.gzip && self.length != Some(0);
        if gzip {
            self = self.gzipped();
        }
        if let Some((Position::Somewhere(draw), how)) = fault.breaks {
            let pieces: Vec<Bytes> = self.pieces.collect();
            Arc::make_mut(&mut fault).breaks = Some((somewhere(&pieces, draw), how));
            self.pieces = Box::new(pieces.into_iter());
        }
        let content_type = fault.content_type.clone().unwrap_or(self.content_type);
        let extra = fault.headers.clone();
        let id = format!("req-{number:016x}");
        let mut response = Response::new(Body::new(self.pieces, fault, Some(request)));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, content_type);
        headers.extend(gzip.then_some((CONTENT_ENCODING, HeaderValue::from_static("gzip"))));
        headers.extend(self.length.map(|length| (CONTENT_LENGTH, HeaderValue::from(length))));
        headers
            .extend(HeaderValue::try_from(id).ok().map(|id| (HeaderName::from_static("x-request-id"), id)));
        for (name, value) in extra {
            headers.insert(name, value);
        }
        response
    }
}

/// A fault that cannot be: told loudly, as a mistake in a test is.
pub fn bad_fault(message: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, 40000, format!("x-simulator-fault: {message}"))
}

/// Bytes cut after each blank line.
fn split_events(mut bytes: Bytes) -> impl Iterator<Item = Bytes> + Send {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let end = bytes.windows(2).position(|pair| pair == b"\n\n").map_or(bytes.len(), |at| at + 2);
        Some(bytes.split_to(end))
    })
}
