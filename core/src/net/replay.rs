//! Answers from a recording, without any connection.

use super::Attempt;
use super::pool::Failure;
use super::reply::Reply;
use crate::error::{Error, Status};
use crate::recording::{End, Exchange, Outcome, Recording};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Answers from a recording.
pub struct Replay {
    recording: Recording,
    /// Whether each piece comes when the server sent it.
    timed: bool,
}

/// The body of a recorded answer, as far as it was given.
pub struct Player {
    exchange: Arc<Exchange>,
    next: usize,
    /// When the request was sent, if times count.
    begun: Option<Instant>,
}

impl Replay {
    pub fn new(recording: Recording, timed: bool) -> Self {
        Self { recording, timed }
    }

    pub async fn send(&self, attempt: &Attempt) -> Result<Reply, Failure> {
        let failure = |error: Error, sent, replay| Failure { error, sent, replay };
        let exchange = self
            .recording
            .answer(attempt.route.name(), &attempt.body, attempt.key.as_ref())
            .map_err(|error| failure(error, false, false))?;
        let player = Player { exchange, next: 0, begun: self.timed.then(Instant::now) };
        match &player.exchange.outcome {
            Outcome::Answer { head, .. } => {
                player.at(head.ms).await;
                let status = StatusCode::from_u16(head.status).unwrap_or_default();
                let header = |(name, value): &(String, String)| {
                    Some((name.parse::<HeaderName>().ok()?, value.parse::<HeaderValue>().ok()?))
                };
                let headers: HeaderMap = head.headers.iter().filter_map(header).collect();
                Ok(Reply::recorded(status, headers, player))
            }
            Outcome::NoAnswer(error) | Outcome::Dead(error) => {
                player.at(player.exchange.ended_ms).await;
                let dead = matches!(player.exchange.outcome, Outcome::Dead(_));
                Err(failure(error.clone(), true, dead))
            }
            // Whoever left then leaves again.
            Outcome::Cut => pending().await,
        }
    }
}

impl Player {
    /// Waits until so many milliseconds have passed since the request was sent.
    async fn at(&self, ms: u64) {
        if let Some(time) = self.begun.and_then(|begun| begun.checked_add(Duration::from_millis(ms))) {
            sleep_until(time).await;
        }
    }

    /// The next bytes of the body; `None` at its end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let Outcome::Answer { chunks, end, .. } = &self.exchange.outcome else { return Ok(None) };
        if let Some(chunk) = chunks.get(self.next) {
            self.at(chunk.ms).await;
            self.next += 1;
            return Ok(Some(chunk.bytes.clone()));
        }
        match end {
            End::Whole => {
                self.at(self.exchange.ended_ms).await;
                Ok(None)
            }
            End::BrokenOff(message) => {
                self.at(self.exchange.ended_ms).await;
                Err(Error::new(Status::Truncated, message).retryable())
            }
            End::Unreadable(message) => {
                self.at(self.exchange.ended_ms).await;
                Err(Error::new(Status::BadResponse, message))
            }
            End::Cut => pending().await,
        }
    }
}
