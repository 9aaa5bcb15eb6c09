//! One request's life: send, read, deadlines, end.

use crate::config::{Config, Deadlines};
use crate::error::{Error, Status};
use crate::http::{self, Attempt, Http};
use crate::key::Key;
use crate::op::{Ended, Head, Op};
use crate::plan::Plan;
use crate::queue::{Producer, Queue};
use crate::registry::Registry;
use crate::retry::retry_after;
use crate::sync::lock;
use crate::wire::{Decoder, Expect, Flow, Limits};
use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout, timeout_at};

/// How long a stream whose choices have all finished is read on for its usage: servers send it in the next chunk,
/// or not at all.
const USAGE_WAIT: Duration = Duration::from_millis(500);
/// How long an answer that is complete is read on before its caller hears of it. Mostly the body's end comes with
/// `[DONE]`, and the caller's next request then finds the connection in the pool.
const DRAIN_FIRST: Duration = Duration::from_millis(2);
/// How long, and how far, it is read on after that, so that its connection can be used again.
const DRAIN_WAIT: Duration = Duration::from_millis(50);
const DRAIN_BYTES: usize = 16 * 1024;

/// A client of one server. Shared by any number of threads.
pub struct Client {
    /// `None` once closed: the connections go with the last request.
    shared: Mutex<Option<Arc<Shared>>>,
    requests: Arc<Registry<Op>>,
    key: Mutex<Option<Key>>,
    /// Whether a key may be sent to this server.
    private: bool,
}

/// What the tasks of a client share.
struct Shared {
    http: Http,
    deadlines: Deadlines,
    streaming: bool,
    limits: Limits,
    header_bytes: usize,
    strict: bool,
    /// The server refused `stream_options` once.
    no_stream_options: AtomicBool,
}

/// Why a task stops before its request has a verdict.
enum Stop {
    /// Somebody else ended the request.
    Ended,
    Failed(Error),
}

impl From<Ended> for Stop {
    fn from(_: Ended) -> Self {
        Self::Ended
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Client {
    /// Checks the settings and prepares the connections; nothing is sent.
    pub fn new(config: &Config) -> Result<Self, Error> {
        let client = Self {
            private: config.allow_http || config.endpoint()?.is_private(),
            shared: Mutex::new(Some(Arc::new(Shared {
                http: Http::new(config)?,
                deadlines: config.deadlines,
                streaming: config.streaming,
                limits: config.limits,
                header_bytes: config.header_bytes,
                strict: config.strict,
                no_stream_options: AtomicBool::new(false),
            }))),
            requests: Arc::default(),
            key: Mutex::default(),
        };
        client.replace_key(config.key.clone())?;
        Ok(client)
    }

    /// Replaces the key for the requests that start from now on.
    pub fn set_api_key(&self, key: &str) -> Result<(), Error> {
        self.replace_key(Some(Key::new(key)?))
    }

    fn replace_key(&self, key: Option<Key>) -> Result<(), Error> {
        if key.is_some() && !self.private {
            return Err(Error::invalid(
                "base_url",
                "plain http would show the API key to everybody on the way",
            )
            .with_hint("Use https, or allow plain http explicitly."));
        }
        *lock(&self.key) = key;
        Ok(())
    }

    /// Starts a request under an id from [`Op::reserve`]; `pieces` says whether its queue gets more than the end.
    pub fn start(
        &self,
        runtime: &Handle,
        plan: Plan,
        queue: &Arc<Queue>,
        id: u64,
        tag: u64,
        pieces: bool,
    ) -> Result<(), Error> {
        let shared = lock(&self.shared).clone();
        let shared = shared.ok_or_else(|| Error::new(Status::Closed, "the client is closed"))?;
        let key = lock(&self.key).clone();
        let op = Op::begin(id, tag, pieces, queue, key.clone(), &self.requests, shared.decoder(&plan))?;
        // Made here and not in the task, which may be dropped before it ever runs.
        let guard = EndGuard(Arc::clone(&op));
        let task = runtime.spawn(async move { shared.run(guard, &plan, key.as_ref()).await });
        op.set_task(task.abort_handle());
        Ok(())
    }

    /// Cancels what runs and refuses what comes.
    pub fn close(&self) {
        drop(lock(&self.shared).take());
        for op in self.requests.close() {
            op.cancel("the client was closed");
        }
    }
}

/// Ends a request whose task is dropped before its end, as a runtime that shuts down does.
struct EndGuard(Arc<Op>);

impl Drop for EndGuard {
    fn drop(&mut self) {
        self.0.end(Err(Error::new(Status::Cancelled, "the library was shut down")));
    }
}

impl Shared {
    fn decoder(&self, plan: &Plan) -> Decoder {
        Decoder::new(Expect { kind: plan.kind, choices: plan.choices }, self.limits, self.strict)
    }

    /// The whole life of a request, whose end is told however it comes.
    async fn run(&self, guard: EndGuard, plan: &Plan, key: Option<&Key>) {
        let op = &*guard.0;
        let life = caught(self.life(op, plan, key));
        let limit = self.deadlines.total.and_then(|limit| op.started().checked_add(limit));
        let outcome = match limit {
            None => life.await,
            Some(limit) => match timeout_at(limit.into(), life).await {
                Ok(outcome) => outcome,
                // It may have been whole, and waiting for its usage.
                Err(_) if matches!(op.finish(), Ok(Ok(()))) => Ok(Ok(None)),
                Err(_) => Ok(Err(passed("total", self.deadlines.total, op))),
            },
        };
        let rest = match outcome {
            Ok(Ok(rest)) => {
                let rest = drain(rest, DRAIN_FIRST).await;
                op.end(Ok(()));
                rest
            }
            Ok(Err(Stop::Failed(error))) => return op.end(Err(error)),
            Ok(Err(Stop::Ended)) => return,
            Err(panic) => return op.end(Err(panic)),
        };
        drop(guard);
        // A stream that goes on loses its connection; nothing else comes of it.
        drain(rest, DRAIN_WAIT).await;
    }

    /// Attempts until one has a verdict. Gives back an answer that is complete but not read to its end.
    async fn life(&self, op: &Op, plan: &Plan, key: Option<&Key>) -> Result<Option<Response>, Stop> {
        #[cfg(feature = "test-hooks")]
        crate::hooks::panic_if_asked(crate::hooks::TASK);
        let stream = self.streaming && plan.streamable;
        let mut usage =
            stream && !plan.has_stream_options() && !self.no_stream_options.load(Ordering::Relaxed);
        let mut refused = false;
        loop {
            op.attempt()?;
            let attempt = Attempt {
                route: plan.route(),
                authorization: key.map(Key::header),
                body: plan.body(stream, usage)?.into(),
                stream,
            };
            match self.exchange(op, attempt).await {
                Err(Stop::Failed(error)) if usage && refuses_stream_options(&error) => {
                    (usage, refused) = (false, true);
                    op.retry(error, Duration::ZERO, self.decoder(plan))?;
                }
                verdict => {
                    // FastAPI repeats the whole body in any 422, so the name alone proves nothing: going without did.
                    if refused && verdict.is_ok() {
                        self.no_stream_options.store(true, Ordering::Relaxed);
                    }
                    return verdict;
                }
            }
        }
    }

    /// One attempt: the request out, the answer in.
    async fn exchange(&self, op: &Op, attempt: Attempt) -> Result<Option<Response>, Stop> {
        let sent = Instant::now();
        let first_token = self.deadlines.first_token.and_then(|limit| sent.checked_add(limit));
        let response = within(first_token, self.http.send(attempt)).await;
        let Some(response) = response else {
            return Err(passed("first token", self.deadlines.first_token, op));
        };
        let mut response = response?;
        self.check_headers(response.headers())?;
        let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        op.head(head(&response), content_type)?;
        let mut finished = None;
        loop {
            let (_, has_token) = op.progress()?;
            let idle = self.deadlines.idle.and_then(|limit| Instant::now().checked_add(limit));
            let first_token = first_token.filter(|_| !has_token);
            let limits = [idle, first_token, finished];
            let read = within(limits.iter().flatten().min().copied(), response.chunk()).await;
            match read {
                // Complete, and the usage did not come.
                None if finished.is_some() => {
                    op.finish()??;
                    return Ok(None);
                }
                None if first_token.is_some_and(|limit| limit <= Instant::now()) => {
                    return Err(passed("first token", self.deadlines.first_token, op));
                }
                None => return Err(passed("idle", self.deadlines.idle, op)),
                Some(Ok(Some(bytes))) => match op.feed(&bytes)?? {
                    Flow::More => {}
                    Flow::Finished => finished = finished.or_else(|| Instant::now().checked_add(USAGE_WAIT)),
                    Flow::Done => {
                        op.finish()??;
                        return Ok(Some(response));
                    }
                },
                Some(Ok(None)) => {
                    op.finish()??;
                    return Ok(None);
                }
                Some(Err(error)) => return self.broken(op, &error),
            }
        }
    }

    /// hyper has bounds of its own, which are wider.
    fn check_headers(&self, headers: &HeaderMap) -> Result<(), Error> {
        let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if bytes > self.header_bytes {
            let message =
                format!("the answer is beyond the bound of {}: bytes of the headers", self.header_bytes);
            return Err(Error::new(Status::BadResponse, message));
        }
        Ok(())
    }

    /// The verdict on an answer whose connection broke: it may have been whole already, or an error.
    fn broken(&self, op: &Op, error: &reqwest::Error) -> Result<Option<Response>, Stop> {
        match op.finish()? {
            Ok(()) => Ok(None),
            // Half a body reads as broken JSON, but what broke is the connection.
            Err(verdict) if matches!(verdict.status, Status::Truncated | Status::BadResponse) => {
                Err(http::broken_off(error).into())
            }
            Err(verdict) => Err(verdict.into()),
        }
    }
}

/// What the headers say that the body does not.
fn head(response: &Response) -> Head {
    let headers = response.headers();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let request_id = [text("x-request-id"), text("request-id")].into_iter().find(|id| !id.is_empty());
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    // Mostly without the server's name.
    let location = location.and_then(|target| response.url().join(target).ok()).map(String::from);
    Head {
        status: response.status().as_u16(),
        request_id: request_id.unwrap_or_default().into(),
        retry_after_ms: retry_after(text("retry-after-ms"), text(RETRY_AFTER.as_str()), SystemTime::now()),
        location,
    }
}

/// Whether a server says that it does not know `stream_options`.
fn refuses_stream_options(error: &Error) -> bool {
    let named = |text: &str| text.contains("stream_options");
    matches!(error.http_status, 400 | 422) && (named(error.message.as_str()) || named(error.body.as_str()))
}

/// The error of a deadline that passed.
fn passed(which: &str, limit: Option<Duration>, op: &Op) -> Stop {
    let (limit, bytes) = (limit.unwrap_or_default().as_millis(), op.progress().map_or(0, |(bytes, _)| bytes));
    let message = format!("the {which} deadline of {limit} ms passed after {bytes} bytes of the answer");
    Error::new(Status::Deadline, message).into()
}

/// Waits for `future`, at most until `limit`.
async fn within<F: Future>(limit: Option<Instant>, future: F) -> Option<F::Output> {
    match limit {
        None => Some(future.await),
        Some(limit) => timeout_at(limit, future).await.ok(),
    }
}

/// Runs `future`; a panic in it becomes an error.
async fn caught<F: Future>(future: F) -> Result<F::Output, Error> {
    let mut future = pin!(future);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => std::task::Poll::Ready(Err(Error::panicked(&*panic))),
    })
    .await
}

/// Reads on to the end of an answer that is complete. Gives it back if the end did not come in time.
async fn drain(rest: Option<Response>, wait: Duration) -> Option<Response> {
    let mut rest = rest?;
    let read = async {
        let mut left = DRAIN_BYTES;
        while let Ok(Some(bytes)) = rest.chunk().await {
            match left.checked_sub(bytes.len()) {
                Some(less) => left = less,
                None => return,
            }
        }
    };
    timeout(wait, read).await.is_err().then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::Client;
    use crate::config::Config;
    use crate::error::Status;
    use crate::op::Op;
    use crate::plan::Plan;
    use crate::queue::{EventKind, Patience, Queue};
    use std::sync::Arc;
    use std::time::Duration;

    #[test]
    fn a_task_that_never_ran_ends_its_request() {
        let client = Client::new(&Config::default()).unwrap();
        let queue = Arc::<Queue>::default();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        client.start(runtime.handle(), Plan::models(), &queue, Op::reserve(), 0, true).unwrap();
        drop(runtime);
        match queue.next(Patience::For(Duration::ZERO)).unwrap().map(|event| event.kind) {
            Some(EventKind::Done(response)) => {
                assert_eq!(response.error.as_ref().map(|error| error.status), Some(Status::Cancelled));
            }
            other => panic!("{other:?}"),
        }
    }
}
