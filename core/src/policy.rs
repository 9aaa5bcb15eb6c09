//! How long a request may take and how often it is sent: what a client is set to, and what a request wishes instead.

use crate::retry::MAX_RETRIES;
use std::time::Duration;

/// A limit on waiting; `None` is no limit.
pub type Limit = Option<Duration>;

/// A limit as C gives it: milliseconds, 0 for none.
pub fn limit(ms: u32) -> Limit {
    (ms != 0).then(|| Duration::from_millis(ms.into()))
}

/// What holds for a request.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// From the sending of an attempt until the first piece of the answer: queues and prefill are long.
    pub first_token: Limit,
    /// Between two reads of an answer that has begun.
    pub idle: Limit,
    /// The whole request, with all its attempts, from the call.
    pub total: Limit,
    /// Attempts after the first.
    pub max_retries: u32,
    /// Whether an attempt is made again whose first-token or idle deadline passed: the server may bill both.
    pub retry_deadlines: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            first_token: Some(Duration::from_secs(300)),
            idle: Some(Duration::from_secs(120)),
            total: None,
            max_retries: MAX_RETRIES,
            retry_deadlines: false,
        }
    }
}

/// What a request wishes to be different from its client.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes {
    /// See [`Policy::first_token`].
    pub first_token: Option<Limit>,
    /// See [`Policy::idle`].
    pub idle: Option<Limit>,
    /// See [`Policy::total`].
    pub total: Option<Limit>,
    /// See [`Policy::max_retries`].
    pub max_retries: Option<u32>,
    /// See [`Policy::retry_deadlines`].
    pub retry_deadlines: Option<bool>,
}

impl Policy {
    /// With a request's wishes.
    pub fn with(self, wishes: Wishes) -> Self {
        Self {
            first_token: wishes.first_token.unwrap_or(self.first_token),
            idle: wishes.idle.unwrap_or(self.idle),
            total: wishes.total.unwrap_or(self.total),
            max_retries: wishes.max_retries.unwrap_or(self.max_retries),
            retry_deadlines: wishes.retry_deadlines.unwrap_or(self.retry_deadlines),
        }
    }
}
