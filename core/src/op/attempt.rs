//! What is known of the attempt that is under way.

use crate::error::Error;
use crate::key::Key;
use crate::text::Text;

/// What was sent last, and what came back beside the body.
#[derive(Default)]
pub struct Sent {
    /// HTTP requests so far.
    pub attempts: u32,
    /// What the last one was sent with; taken out of its errors.
    pub key: Option<Key>,
    pub head: Head,
}

impl Sent {
    /// Adds to an error what is known of the request, and takes the key out.
    pub fn complete(&self, mut error: Error) -> Error {
        let head = &self.head;
        error.attempts = self.attempts;
        error.http_status = head.status;
        error.retry_after_ms = head.retry_after_ms;
        if error.request_id.is_empty() {
            error.request_id = head.request_id.clone();
        }
        if let (300..400, Some(target)) = (head.status, &head.location) {
            error.hint =
                format!("Redirects are not followed. If this one is right, set the base URL to {target}")
                    .into();
        }
        if let Some(key) = &self.key {
            key.redact(&mut error);
        }
        error
    }
}

/// What the head of an answer says beside its status.
#[derive(Debug, Default)]
pub struct Head {
    /// The HTTP status.
    pub status: u16,
    /// The server's id of the request, or empty.
    pub request_id: Text,
    /// How long the server asks to wait.
    pub retry_after_ms: Option<u64>,
    /// Whether the server says that it may, or must not, be sent again.
    pub should_retry: Option<bool>,
    /// Where a redirect points.
    pub location: Option<String>,
}

/// How far an attempt has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Bytes of the body.
    pub bytes: u64,
    /// See [`crate::wire::Decoder::events`].
    pub events: u64,
    /// Whether a piece of the answer could be delivered.
    pub has_piece: bool,
    /// See [`crate::wire::Decoder::has_begun`].
    pub has_begun: bool,
    /// No more may be read before there is [`super::Op::room`].
    pub is_full: bool,
    /// See [`Head::should_retry`].
    pub should_retry: Option<bool>,
}
