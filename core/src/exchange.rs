//! One attempt: the request out, the answer in, each within its deadlines.

use crate::error::{Error, Status};
use crate::idle::{Idle, Waited};
use crate::life::Shared;
use crate::log::Level;
use crate::net::{Attempt, Failure, Reply};
use crate::op::{Ended, Head, Op};
use crate::pacing::Permit;
use crate::policy::Policy;
use crate::retry::retry_after;
use crate::wire::Flow;
use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use std::future::Future;
use std::pin::pin;
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, timeout, timeout_at};

/// How long a stream whose choices have all finished is read on for its usage: servers send it in the next chunk,
/// or not at all.
const USAGE_WAIT: Duration = Duration::from_millis(500);
/// How long an answer that is complete is read on before its caller hears of it. Mostly the body's end comes with
/// `[DONE]`, and the caller's next request then finds the connection in the pool.
pub const DRAIN_FIRST: Duration = Duration::from_millis(2);
/// How long, and how far, it is read on after that, so that its connection can be used again.
pub const DRAIN_WAIT: Duration = Duration::from_millis(50);
const DRAIN_BYTES: usize = 16 * 1024;

/// Why an attempt has no answer.
pub enum Stop {
    /// Somebody else ended the request.
    Ended,
    Failed(Failed),
}

/// A failed attempt, and what decides whether another follows.
pub struct Failed {
    pub error: Error,
    /// The server may have seen the request.
    pub sent: bool,
    /// It may go again at once: its connection was dead from the start.
    pub replay: bool,
    /// Held until its end, if no other attempt follows.
    pub permit: Option<Permit>,
}

impl From<Ended> for Stop {
    fn from(_: Ended) -> Self {
        Self::Ended
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(Failed { error, sent: true, replay: false, permit: None })
    }
}

impl Shared {
    /// One attempt. Gives back an answer that is complete but not read to its end.
    pub async fn exchange(
        &self,
        op: &Op,
        policy: &Policy,
        attempt: Attempt,
        permit: &mut Permit,
    ) -> Result<Option<Reply>, Stop> {
        let sent = Instant::now();
        let first_token = policy.first_token.and_then(|limit| sent.checked_add(limit));
        let Some(reply) = within(first_token, pin!(self.net.send(attempt))).await else {
            return Err(passed("first_token", policy.first_token, op).into());
        };
        let reply = reply.map_err(|failure| {
            let Failure { error, sent, replay } = failure;
            Stop::Failed(Failed { error, sent, replay, permit: None })
        })?;
        permit.counted();
        self.tell_head(op, &reply, sent);
        let content_type = reply.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        op.head(self.head(&reply), content_type)?;
        self.read(op, policy, reply, first_token).await
    }

    /// The body of an answer.
    async fn read(
        &self,
        op: &Op,
        policy: &Policy,
        mut reply: Reply,
        first_token: Option<Instant>,
    ) -> Result<Option<Reply>, Stop> {
        let mut idle = Idle::new(policy.idle);
        let mut finished = None;
        let mut before = op.progress()?;
        loop {
            let first_token = first_token.filter(|_| !before.has_piece);
            let until = first_token.into_iter().chain(finished).min();
            let waited = idle.wait(until, pin!(reply.next())).await;
            match waited {
                Waited::Came(Ok(Some(bytes))) => {
                    self.account
                        .log
                        .tell(Level::Trace, op.id(), None, "read", || [("bytes", bytes.len().into())]);
                    match op.feed(&bytes)?? {
                        Flow::More => {}
                        Flow::Finished => {
                            finished = finished.or_else(|| Instant::now().checked_add(USAGE_WAIT))
                        }
                        Flow::Done => {
                            op.finish()??;
                            reply.complete();
                            return Ok(Some(reply));
                        }
                    }
                }
                Waited::Came(Ok(None)) => {
                    give_back(reply, DRAIN_FIRST).await;
                    op.finish()??;
                    return Ok(None);
                }
                Waited::Came(Err(error)) => return broken(op, error),
                // Complete, and the usage did not come.
                Waited::Until if finished.is_some() => {
                    op.finish()??;
                    return Ok(None);
                }
                Waited::Until => return Err(passed("first_token", policy.first_token, op).into()),
                Waited::Silent => return Err(passed("idle", idle.limit(), op).into()),
            }
            let now = op.progress()?;
            if now.is_full {
                op.room().await;
                // What waits for the consumer is no silence of the server's.
                finished = finished.and_then(|_| Instant::now().checked_add(USAGE_WAIT));
                idle.broken();
            }
            if self.comments_count || now.events > before.events {
                idle.broken();
            }
            before = now;
        }
    }

    /// What the headers say that the body does not.
    fn head(&self, reply: &Reply) -> Head {
        let text =
            |name: &str| reply.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let request_id = [text("x-request-id"), text("request-id")].into_iter().find(|id| !id.is_empty());
        let location = Some(text(LOCATION.as_str())).filter(|target| !target.is_empty());
        Head {
            status: reply.status(),
            request_id: request_id.unwrap_or_default().into(),
            retry_after_ms: retry_after(
                text("retry-after-ms"),
                text(RETRY_AFTER.as_str()),
                SystemTime::now(),
            ),
            should_retry: text("x-should-retry").parse().ok(),
            location: location.and_then(|target| self.endpoint.join(target)),
        }
    }

    fn tell_head(&self, op: &Op, reply: &Reply, sent: Instant) {
        let took = u64::try_from(sent.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.account.log.tell(Level::Debug, op.id(), None, "head", || {
            [("http_status", reply.status().into()), ("ms", took.into())]
        });
    }
}

/// The verdict on an answer whose connection broke: it may have been whole already, or an error.
fn broken(op: &Op, error: Error) -> Result<Option<Reply>, Stop> {
    match op.finish()? {
        Ok(()) => Ok(None),
        // Half a body reads as broken JSON, but what broke is the connection.
        Err(verdict) if matches!(verdict.status, Status::Truncated | Status::BadResponse) => {
            Err(error.into())
        }
        Err(verdict) => Err(verdict.into()),
    }
}

/// The error of a deadline that passed.
pub fn passed(which: &str, limit: Option<Duration>, op: &Op) -> Error {
    let limit = limit.unwrap_or_default().as_millis();
    let bytes = op.progress().map_or(0, |progress| progress.bytes);
    let words = which.replace('_', " ");
    Error::deadline(
        which,
        format!("the {words} deadline of {limit} ms passed after {bytes} bytes of the answer"),
    )
}

/// Waits for `future`, at most until `limit`. It is pinned outside: each layer that takes a future by value keeps room for
/// it twice, and these are the large ones.
pub async fn within<F: Future + Unpin>(limit: Option<Instant>, future: F) -> Option<F::Output> {
    match limit {
        None => Some(future.await),
        Some(limit) => timeout_at(limit, future).await.ok(),
    }
}

/// Reads on to the end of an answer that is complete, so that its connection can be used again. Gives it back if the
/// end did not come in time.
pub async fn drain(rest: Option<Reply>, wait: Duration) -> Option<Reply> {
    let mut rest = rest?;
    let read = async {
        let mut left = DRAIN_BYTES;
        loop {
            match rest.next().await {
                Ok(Some(bytes)) if bytes.len() <= left => left -= bytes.len(),
                Ok(None) => return true,
                Ok(Some(_)) | Err(_) => return false,
            }
        }
    };
    match timeout(wait, read).await {
        Ok(true) => {
            give_back(rest, wait).await;
            None
        }
        Ok(false) => None,
        Err(_) => Some(rest),
    }
}

/// Gives a connection back whose answer ended. One on which a long request is still being sent is not worth the wait.
async fn give_back(reply: Reply, wait: Duration) {
    // What was not given back in time is closed by the drop.
    drop(timeout(wait, reply.give_back()).await);
}
