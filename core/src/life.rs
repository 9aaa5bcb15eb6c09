//! One request's life: its turn, its attempts, the waits between them, its end.

use crate::account::Account;
use crate::config::Config;
use crate::counters::Count;
use crate::endpoint::Endpoint;
use crate::error::{Error, Status};
use crate::exchange::{DRAIN_FIRST, DRAIN_WAIT, Failed, Stop, drain, passed, within};
use crate::fallback::{is_gone, is_overloaded};
use crate::key::Key;
use crate::log::Level;
use crate::net::{Attempt, Net, Reply};
use crate::op::Op;
use crate::pacing::{Pacer, Permit, Rates, TooLate, Turn};
use crate::plan::Plan;
use crate::policy::Policy;
use crate::queue::end_turn;
use crate::retry::{Failure, RetryBudget};
use crate::sync::lock;
use crate::wire::{Decoder, Expect, Limits};
use std::future::{Future, poll_fn};
use std::iter::successors;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What the tasks of a client share.
pub struct Shared {
    pub(crate) net: Net,
    pub(crate) endpoint: Endpoint,
    pub(crate) policy: Policy,
    pub(crate) comments_count: bool,
    pub(crate) pacer: Arc<Pacer>,
    /// The client's, which may be replaced at any time.
    key: Arc<Mutex<Option<Key>>>,
    pub(crate) retry_budget: RetryBudget,
    pub(crate) account: Arc<Account>,
    /// Bytes of one request's events that may wait in its queue before its answer is read on.
    pub(crate) queue_bytes: usize,
    /// Answers come from a recording, and waits are told and left out.
    at_once: bool,
    streaming: bool,
    limits: Limits,
    strict: bool,
    /// The server refused `stream_options` once.
    no_stream_options: AtomicBool,
}

/// Why a request ends that nobody cancelled.
pub const SHUT_DOWN: &str = "the library was shut down";

/// Ends a request whose task is dropped before its end, as a runtime that shuts down does.
pub struct EndGuard(pub Arc<Op>);

impl Drop for EndGuard {
    fn drop(&mut self) {
        self.0.end(Err(Error::new(Status::Cancelled, SHUT_DOWN)));
    }
}

/// One request on its way.
struct Life<'a> {
    op: &'a Op,
    /// As the model is asked whose turn it is.
    plan: Plan,
    policy: Policy,
    /// When it must have ended.
    until: Option<Instant>,
    /// Its turn for the first attempt.
    turn: Option<Result<Turn, TooLate>>,
    /// Ask for an answer as a stream, and for usage at its end.
    stream: bool,
    usage: bool,
    /// Times that this model was asked again by the policy.
    retries: u32,
    replayed: bool,
    /// The server refused `stream_options` of this request to this model.
    refused: bool,
}

impl Shared {
    /// Prepares everything but the connection itself.
    pub fn new(config: &Config, account: Arc<Account>, key: Arc<Mutex<Option<Key>>>) -> Result<Self, Error> {
        let at_once = config.is_at_once();
        Ok(Self {
            net: Net::new(config, &account)?,
            endpoint: config.endpoint()?,
            policy: config.policy,
            comments_count: config.comments_count,
            pacer: Pacer::new(if at_once { Rates::default() } else { config.rates.clone() }, minute()),
            key,
            retry_budget: RetryBudget::new(Instant::now()),
            account,
            queue_bytes: config.queue_bytes,
            at_once,
            streaming: config.streaming,
            limits: config.limits,
            strict: config.strict,
            no_stream_options: AtomicBool::new(false),
        })
    }

    /// What reads the answer to a request.
    pub fn decoder(&self, plan: &Plan) -> Decoder {
        Decoder::new(Expect { kind: plan.kind, choices: plan.choices }, self.limits, self.strict)
    }

    /// A request's policy, and when it must have ended.
    fn terms(&self, op: &Op, plan: &Plan) -> (Policy, Option<Instant>) {
        let policy = self.policy.with(plan.wishes());
        let until = policy.total.and_then(|limit| op.started().checked_add(limit));
        (policy, until.map(Instant::from_std))
    }

    /// Whether a stream is asked for its usage.
    fn asks_usage(&self, stream: bool, plan: &Plan) -> bool {
        stream && !plan.has_stream_options() && !self.no_stream_options.load(Ordering::Relaxed)
    }

    /// Puts a request that was just begun in line.
    pub fn line_up(&self, op: &Op, plan: &Plan) -> Result<Turn, TooLate> {
        op.ticket().line_up(self.terms(op, plan).1)
    }

    /// The whole life of a request, from its turn for the first attempt. Its end is told however it comes.
    pub async fn run(&self, guard: EndGuard, plan: &Plan, turn: Result<Turn, TooLate>) {
        let op = &*guard.0;
        let (policy, until) = self.terms(op, plan);
        let stream = self.streaming && plan.streamable;
        let usage = self.asks_usage(stream, plan);
        let (turn, retries, replayed, refused) = (Some(turn), 0, false, false);
        let plan = plan.clone();
        let life = Life { op, plan, policy, until, turn, stream, usage, retries, replayed, refused };
        let outcome = within(until, pin!(caught(pin!(self.attempts(life))))).await;
        let outcome = match outcome {
            Some(outcome) => outcome,
            // It may have been whole, and waiting for its usage.
            None if matches!(op.finish(), Ok(Ok(()))) => Ok(Ok((None, None))),
            None => Ok(Err(passed("total", policy.total, op).into())),
        };
        let (rest, permit) = match outcome {
            Ok(Ok((rest, permit))) => {
                let rest = drain(rest, DRAIN_FIRST).await;
                op.end(Ok(()));
                (rest, permit)
            }
            Ok(Err(Stop::Failed(Failed { error, permit, .. }))) => {
                // The end books what it cost; only then may the next go, who may be one too many.
                op.end(Err(error));
                return drop(permit);
            }
            Ok(Err(Stop::Ended)) => return,
            Err(panic) => return op.end(Err(panic)),
        };
        drop(guard);
        // A stream that goes on loses its connection; nothing else comes of it. Until then the server is busy with it.
        drop(drain(rest, DRAIN_WAIT).await);
        drop(permit);
    }

    /// Attempts until one has a verdict. Gives back an answer that is complete but not read to its end, and the leave to
    /// read it.
    async fn attempts(&self, mut life: Life<'_>) -> Result<(Option<Reply>, Option<Permit>), Stop> {
        #[cfg(feature = "test-hooks")]
        crate::hooks::panic_if_asked(crate::hooks::TASK);
        self.retry_budget.first(Instant::now());
        loop {
            let mut permit = self.turn(&mut life).await?;
            let failed = match self.attempt(&life, &mut permit).await {
                Ok(rest) => {
                    // FastAPI repeats the whole body in any 422, so the name alone proves nothing: going without did.
                    if life.refused {
                        self.no_stream_options.store(true, Ordering::Relaxed);
                    }
                    return Ok((rest, Some(permit)));
                }
                Err(Stop::Ended) => return Err(Stop::Ended),
                Err(Stop::Failed(failed)) => failed,
            };
            let wait = self.again(&mut life, &failed, &permit)?;
            if !failed.sent {
                permit.never_sent();
            }
            let Some(wait) = wait else {
                return Err(Stop::Failed(Failed { permit: Some(permit), ..failed }));
            };
            drop(permit);
            self.tell_retry(&life, &failed.error, wait);
            life.op.retry(failed.error, wait, life.plan.model(), self.decoder(&life.plan))?;
            if !wait.is_zero() && !self.at_once {
                sleep(wait).await;
            }
        }
    }

    /// Waits for the request's turn.
    async fn turn(&self, life: &mut Life<'_>) -> Result<Permit, Stop> {
        let came = Instant::now();
        let turn = life.turn.take().unwrap_or_else(|| life.op.ticket().line_up(life.until));
        let permit = match turn {
            Ok(turn) => turn.comes().await,
            Err(late) => Err(late),
        };
        let mut permit = permit.map_err(|late| {
            let limit = life.policy.total.unwrap_or_default().as_millis();
            let wait = late.wait.as_millis();
            let message = format!(
                "the total deadline of {limit} ms passes before the request may start: {} lets it start in {wait} ms",
                late.why
            );
            Error::deadline("total", message)
        })?;
        let waited = u64::try_from(came.elapsed().as_millis()).unwrap_or(u64::MAX);
        if waited > 0 {
            self.account
                .log
                .tell(Level::Debug, life.op.id(), None, "turn", || [("waited_ms", waited.into())]);
        }
        // What ran meanwhile may have used up the rest.
        if let Err(error) = self.account.check() {
            permit.never_sent();
            return Err(error.into());
        }
        Ok(permit)
    }

    async fn attempt(&self, life: &Life<'_>, permit: &mut Permit) -> Result<Option<Reply>, Stop> {
        // Read when its turn has come: a request that waited is sent with the key of its time, and counts for it.
        let key = lock(&self.key).clone();
        let number = life.op.attempt(key.clone())?;
        // It may have a long history.
        end_turn();
        let body = life.plan.body(life.stream, life.usage)?;
        self.account.log.tell(Level::Debug, life.op.id(), key.as_ref(), "attempt", || {
            [
                ("attempt", number.into()),
                ("model", life.plan.model().into()),
                ("bytes", body.len().into()),
                ("stream", life.stream.into()),
            ]
        });
        let attempt = Attempt {
            op: life.op.id(),
            route: life.plan.route(),
            key,
            body: body.into(),
            stream: life.stream,
        };
        self.exchange(life.op, &life.policy, attempt, permit).await
    }

    /// How long to wait before the next attempt, which may ask another model; `None` if there is none.
    fn again(&self, life: &mut Life<'_>, failed: &Failed, permit: &Permit) -> Result<Option<Duration>, Stop> {
        let progress = life.op.progress()?;
        let (error, random) = (life.op.describe(&failed.error)?, fastrand::f64());
        if error.http_status == 429 {
            self.account.counters.add(Count::RateLimited, 1);
        }
        let failure = Failure {
            error: &error,
            should_retry: progress.should_retry,
            received: progress.has_begun,
            after_deadlines: life.policy.retry_deadlines,
            retries: life.retries,
            max_retries: life.policy.max_retries,
        };
        let wait = failure.retry_in(random);
        // It is the key that was too fast, not the one request. But who is told to come back in an hour is told so, and
        // so is the next.
        let pause = failure.wait(random).filter(|_| error.status == Status::RateLimited);
        if let Some(pause) = pause.filter(|_| !self.at_once) {
            permit.pause(Instant::now() + pause);
        }
        // Before anything else: servers repeat the whole request in such an error, also what is looked for below.
        if !progress.has_begun && is_gone(&error, life.plan.model()) && self.pass_on(life) {
            return Ok(Some(Duration::ZERO));
        }
        if life.usage && !progress.has_begun && refuses_stream_options(&error) {
            (life.usage, life.refused) = (false, true);
            return Ok(Some(Duration::ZERO));
        }
        if failed.replay && !life.replayed {
            life.replayed = true;
            self.account.counters.add(Count::Replays, 1);
            return Ok(Some(Duration::ZERO));
        }
        let now = Instant::now();
        let in_time = |wait: &Duration| life.until.is_none_or(|until| now + *wait < until);
        let wait = wait.filter(in_time).filter(|_| self.at_once || self.retry_budget.retry(now));
        // The pause is the next model's too.
        let may_pass_on = is_overloaded(&failure) && pause.as_ref().is_none_or(in_time);
        if wait.is_none() && may_pass_on && self.pass_on(life) {
            return Ok(Some(Duration::ZERO));
        }
        life.retries += u32::from(wait.is_some());
        Ok(wait)
    }

    /// Goes on to the next model, if there is one, as if it were the first. One that is known to refuse the request's images
    /// is no next one.
    fn pass_on(&self, life: &mut Life<'_>) -> bool {
        let models = self.account.models();
        let takes_images = |plan: &Plan| plan.check_images(|id| models.get(id)?.images).is_ok();
        let Some(next) = successors(life.plan.next_model(), Plan::next_model).find(takes_images) else {
            return false;
        };
        life.plan = next;
        life.usage = self.asks_usage(life.stream, &life.plan);
        (life.retries, life.refused) = (0, false);
        true
    }

    fn tell_retry(&self, life: &Life<'_>, error: &Error, wait: Duration) {
        self.account.counters.add(Count::Retries, 1);
        let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.account.log.tell(Level::Info, life.op.id(), None, "retry", || {
            [
                ("status", error.status.name().into()),
                ("http_status", error.http_status.into()),
                ("model", life.plan.model().into()),
                ("wait_ms", wait.into()),
            ]
        });
    }
}

/// The length of the minute that requests are counted in.
fn minute() -> Duration {
    #[cfg(feature = "test-hooks")]
    return crate::hooks::minute();
    #[cfg(not(feature = "test-hooks"))]
    Duration::from_secs(60)
}

/// Whether a server says that it does not know `stream_options`.
fn refuses_stream_options(error: &Error) -> bool {
    let named = |text: &str| text.contains("stream_options");
    matches!(error.http_status, 400 | 422) && (named(error.message.as_str()) || named(error.body.as_str()))
}

/// Runs `future`; a panic in it becomes an error.
async fn caught<F: Future + Unpin>(mut future: F) -> Result<F::Output, Error> {
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| Pin::new(&mut future).poll(context))) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(Error::panicked(&*panic))),
    })
    .await
}
