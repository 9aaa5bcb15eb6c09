//! What is known of the attempt that is under way.

use crate::text::Text;

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
    /// See [`Head::should_retry`].
    pub should_retry: Option<bool>,
}
