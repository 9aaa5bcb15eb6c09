//! One request's life: its turn, its attempts, the waits between them, its end.

use crate::account::Account;
use crate::config::Config;
use crate::counters::Count;
use crate::endpoint::Endpoint;
use crate::error::{Error, Status};
use crate::exchange::{DRAIN_FIRST, DRAIN_WAIT, Failed, Stop, drain, passed, within};
use crate::key::Key;
use crate::log::Level;
use crate::net::{Attempt, Net, Reply};
use crate::op::Op;
use crate::pacing::{Pacer, Permit, Rates, Ticket};
use crate::plan::Plan;
use crate::policy::Policy;
use crate::retry::{Failure, RetryBudget};
use crate::wire::{Decoder, Expect, Limits};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
    pub(crate) retry_budget: RetryBudget,
    pub(crate) account: Arc<Account>,
    /// Answers come from a recording, and waits are told and left out.
    at_once: bool,
    streaming: bool,
    limits: Limits,
    strict: bool,
    /// The server refused `stream_options` once.
    no_stream_options: AtomicBool,
}

/// Ends a request whose task is dropped before its end, as a runtime that shuts down does.
pub struct EndGuard(pub Arc<Op>);

impl Drop for EndGuard {
    fn drop(&mut self) {
        self.0.end(Err(Error::new(Status::Cancelled, "the library was shut down")));
    }
}

/// One request on its way.
struct Life<'a> {
    op: &'a Op,
    plan: &'a Plan,
    key: Option<&'a Key>,
    policy: Policy,
    /// When it must have ended.
    until: Option<Instant>,
    ticket: Ticket,
    /// Ask for an answer as a stream, and for usage at its end.
    stream: bool,
    usage: bool,
    /// Times that it was sent again by the policy.
    retries: u32,
    replayed: bool,
    /// The server refused `stream_options` of this request.
    refused: bool,
}

impl Shared {
    /// Prepares everything but the connection itself.
    pub fn new(config: &Config, account: Arc<Account>) -> Result<Self, Error> {
        let at_once = config.is_at_once();
        Ok(Self {
            net: Net::new(config, &account)?,
            endpoint: config.endpoint()?,
            policy: config.policy,
            comments_count: config.comments_count,
            pacer: Pacer::new(if at_once { Rates::default() } else { config.rates.clone() }, minute()),
            retry_budget: RetryBudget::new(Instant::now()),
            account,
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

    /// The whole life of a request, whose end is told however it comes.
    pub async fn run(&self, guard: EndGuard, plan: &Plan, key: Option<&Key>) {
        let op = &*guard.0;
        let policy = self.policy.with(plan.wishes());
        let until = policy.total.and_then(|limit| op.started().checked_add(limit)).map(Instant::from_std);
        let outcome = within(until, caught(self.attempts(op, plan, key, policy, until))).await;
        let outcome = match outcome {
            Some(outcome) => outcome,
            // It may have been whole, and waiting for its usage.
            None if matches!(op.finish(), Ok(Ok(()))) => Ok(Ok(None)),
            None => Ok(Err(passed("total", policy.total, op).into())),
        };
        let rest = match outcome {
            Ok(Ok(rest)) => {
                let rest = drain(rest, DRAIN_FIRST).await;
                op.end(Ok(()));
                rest
            }
            Ok(Err(Stop::Failed(failed))) => return op.end(Err(failed.error)),
            Ok(Err(Stop::Ended)) => return,
            Err(panic) => return op.end(Err(panic)),
        };
        drop(guard);
        // A stream that goes on loses its connection; nothing else comes of it.
        drain(rest, DRAIN_WAIT).await;
    }

    /// Attempts until one has a verdict. Gives back an answer that is complete but not read to its end.
    async fn attempts(
        &self,
        op: &Op,
        plan: &Plan,
        key: Option<&Key>,
        policy: Policy,
        until: Option<Instant>,
    ) -> Result<Option<Reply>, Stop> {
        #[cfg(feature = "test-hooks")]
        crate::hooks::panic_if_asked(crate::hooks::TASK);
        let stream = self.streaming && plan.streamable;
        let usage = stream && !plan.has_stream_options() && !self.no_stream_options.load(Ordering::Relaxed);
        let ticket = self.pacer.ticket();
        let (retries, replayed, refused) = (0, false, false);
        let mut life =
            Life { op, plan, key, policy, until, ticket, stream, usage, retries, replayed, refused };
        self.retry_budget.first(Instant::now());
        loop {
            let mut permit = self.turn(&mut life).await?;
            let failed = match self.attempt(&life, &mut permit).await {
                Ok(rest) => {
                    // FastAPI repeats the whole body in any 422, so the name alone proves nothing: going without did.
                    if life.refused {
                        self.no_stream_options.store(true, Ordering::Relaxed);
                    }
                    return Ok(rest);
                }
                Err(Stop::Ended) => return Err(Stop::Ended),
                Err(Stop::Failed(failed)) => failed,
            };
            let wait = self.again(&mut life, &failed, permit)?;
            let Some(wait) = wait else { return Err(Stop::Failed(failed)) };
            self.tell_retry(&life, &failed.error, wait);
            op.retry(failed.error, wait, self.decoder(plan))?;
            if !wait.is_zero() && !self.at_once {
                sleep(wait).await;
            }
        }
    }

    /// Waits for the request's turn.
    async fn turn(&self, life: &mut Life<'_>) -> Result<Permit, Stop> {
        let (until, came) = (life.until, Instant::now());
        let permit = self.pacer.enter(&mut life.ticket, life.plan.model(), until).await.map_err(|late| {
            let limit = life.policy.total.unwrap_or_default().as_millis();
            let wait = late.wait.as_millis();
            let message = format!(
                "the total deadline of {limit} ms passes before the request may start: {} lets it start in {wait} ms",
                late.why
            );
            Error::new(Status::Deadline, message)
        })?;
        let waited = u64::try_from(came.elapsed().as_millis()).unwrap_or(u64::MAX);
        if waited > 0 {
            self.account
                .log
                .tell(Level::Debug, life.op.id(), None, "turn", || [("waited_ms", waited.into())]);
        }
        // What ran meanwhile may have used up the rest.
        self.account.check()?;
        Ok(permit)
    }

    async fn attempt(&self, life: &Life<'_>, permit: &mut Permit) -> Result<Option<Reply>, Stop> {
        let number = life.op.attempt()?;
        self.account.counters.add(Count::Attempts, 1);
        let body = life.plan.body(life.stream, life.usage)?;
        self.account.log.tell(Level::Debug, life.op.id(), life.key, "attempt", || {
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
            key: life.key.cloned(),
            body: body.into(),
            stream: life.stream,
        };
        self.exchange(life.op, &life.policy, attempt, permit).await
    }

    /// How long to wait before the next attempt; `None` if there is none.
    fn again(&self, life: &mut Life<'_>, failed: &Failed, permit: Permit) -> Result<Option<Duration>, Stop> {
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
        if error.status == Status::RateLimited
            && !self.at_once
            && let Some(pause) = failure.wait(random)
        {
            permit.pause(Instant::now() + pause);
        }
        if failed.sent {
            drop(permit);
        } else {
            permit.never_sent();
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
        life.retries += u32::from(wait.is_some());
        Ok(wait)
    }

    fn tell_retry(&self, life: &Life<'_>, error: &Error, wait: Duration) {
        self.account.counters.add(Count::Retries, 1);
        let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.account.log.tell(Level::Info, life.op.id(), life.key, "retry", || {
            [
                ("status", error.status.name().into()),
                ("http_status", error.http_status.into()),
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
async fn caught<F: Future>(future: F) -> Result<F::Output, Error> {
    let mut future = pin!(future);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(Error::panicked(&*panic))),
    })
    .await
}
