//! Whether a failed attempt is made again, and when. Knows no network and no clock.
//!
//! The numbers and the order of the rules are those of the official OpenAI client for Python, which the others of its
//! family share. Stricter than it: what may have been billed is not sent again.

use crate::error::{Error, Status};
use crate::sync::lock;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// How often a request is sent again, unless the caller says otherwise.
pub const MAX_RETRIES: u32 = 2;
/// The wait before the first retry; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// No wait of our own is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// How much of a wait is left to chance, so that clients that failed together do not come back together.
const JITTER: f64 = 0.25;
/// No wait that a server asks for is honoured beyond this: the caller had better hear of the error.
const LONGEST_ASKED: Duration = Duration::from_secs(120);

/// How long to wait before the next retry, where the server asks for nothing; `random` is from 0 to 1.
pub fn backoff(retries_so_far: u32, random: f64) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(retries_so_far));
    doubled.min(LONGEST_WAIT).mul_f64(1.0 - JITTER * random.clamp(0.0, 1.0))
}

/// The wait that a server asks for: in milliseconds, in seconds, or as a date; the official clients read them in
/// this order.
pub fn retry_after(milliseconds: &str, seconds_or_date: &str, now: SystemTime) -> Option<u64> {
    let number = |text: &str, scale: f64| {
        let wait = text.trim().parse().unwrap_or(f64::NAN) * scale;
        (wait.is_finite() && wait >= 0.0).then_some(wait as u64)
    };
    number(milliseconds, 1.0).or_else(|| number(seconds_or_date, 1000.0)).or_else(|| {
        let date = httpdate::parse_http_date(seconds_or_date.trim()).ok()?;
        let wait = date.duration_since(now).unwrap_or_default();
        Some(wait.as_millis().try_into().unwrap_or(u64::MAX))
    })
}

/// An attempt that failed, and what decides whether another follows.
#[derive(Clone, Copy, Debug)]
pub struct Failure<'e> {
    /// What went wrong, with what the head of the answer said.
    pub error: &'e Error,
    /// The header `x-should-retry`.
    pub should_retry: Option<bool>,
    /// Whether any piece of the answer came: it was billed, and its caller may have seen it.
    pub received: bool,
    /// Whether to retry after a deadline, although the server may go on working, and bill it.
    pub after_deadlines: bool,
    /// How often the request was sent again.
    pub retries: u32,
    /// How often it may be.
    pub max_retries: u32,
}

impl Failure<'_> {
    /// How long to wait before the next attempt; `None` if there is none. `random` is from 0 to 1.
    pub fn retry_in(&self, random: f64) -> Option<Duration> {
        if self.received || self.retries >= self.max_retries || self.should_retry == Some(false) {
            return None;
        }
        if self.may_pass() { self.wait(random) } else { None }
    }

    /// How long the server should be left alone; `None` if it asks for more than anybody should be made to wait.
    pub fn wait(&self, random: f64) -> Option<Duration> {
        match self.error.retry_after_ms.map(Duration::from_millis) {
            Some(asked) if asked > LONGEST_ASKED => None,
            Some(asked) if !asked.is_zero() => Some(asked),
            // "At once" from a server that just failed is no plan.
            _ => Some(backoff(self.retries, random)),
        }
    }

    /// Whether the same request may succeed later.
    pub fn may_pass(&self) -> bool {
        let error = self.error;
        match error.status {
            // The caller's doing, ours, or nothing that waiting cures.
            Status::InvalidArgument
            | Status::Closed
            | Status::Busy
            | Status::Forked
            | Status::Panic
            | Status::Cancelled
            | Status::Authentication
            | Status::Quota
            | Status::Budget
            | Status::BadData => false,
            // Only of the connect deadline is it known that nothing was sent.
            Status::Deadline => self.after_deadlines || (error.retryable && error.http_status == 0),
            Status::System | Status::Connect => error.retryable,
            // An answer: the server knows better what it means than its status says.
            Status::Truncated
            | Status::BadResponse
            | Status::BadRequest
            | Status::RateLimited
            | Status::Server => error.retryable || self.should_retry == Some(true),
        }
    }
}

/// Keeps retries from burying a server that is already down: while everything fails, [`MAX_RETRIES`] alone would send it
/// three times the load. Finagle's `RetryBudget` and the token buckets of the AWS SDKs are the models.
///
/// At any time, the retries of the last 60 seconds are at most a tenth of the first attempts of the last 60 seconds,
/// and 10 more. The 10 are for the client that sends little: without them a single request could never be retried.
/// Time is counted in steps of 5 seconds and rounded so that this holds exactly: a retry is remembered for 60 to 65
/// seconds, a first attempt for 55 to 60.
#[derive(Debug)]
pub struct RetryBudget(Mutex<Counts>);

#[derive(Debug)]
struct Counts {
    start: Instant,
    /// The latest step that anybody has seen.
    step: u64,
    /// One for each step of the window, and one for the step that leaves it; each is used again a round later.
    buckets: [Bucket; STEPS as usize + 1],
}

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    step: u64,
    firsts: u64,
    retries: u64,
}

/// Retries that are granted in a window in any case.
const FLOOR: u64 = 10;
/// First attempts that earn one retry.
const FIRSTS_PER_RETRY: u64 = 10;
const STEP: Duration = Duration::from_secs(5);
/// The window.
const STEPS: u64 = 12;

impl RetryBudget {
    /// A budget of a client that has sent nothing.
    pub fn new(now: Instant) -> Self {
        Self(Mutex::new(Counts { start: now, step: 0, buckets: Default::default() }))
    }

    /// Counts a first attempt.
    pub fn first(&self, now: Instant) {
        lock(&self.0).at(now).firsts += 1;
    }

    /// Takes a retry, if there is one.
    pub fn retry(&self, now: Instant) -> bool {
        let mut counts = lock(&self.0);
        counts.at(now);
        let retries = counts.recent(STEPS + 1).map(|bucket| bucket.retries).sum::<u64>();
        let firsts = counts.recent(STEPS).map(|bucket| bucket.firsts).sum::<u64>();
        let granted = retries < FLOOR + firsts / FIRSTS_PER_RETRY;
        counts.at(now).retries += u64::from(granted);
        granted
    }
}

impl Counts {
    /// The bucket of this moment, or of the latest that was seen: of two threads the one that looked at the clock first
    /// may come second.
    fn at(&mut self, now: Instant) -> &mut Bucket {
        let step = now.saturating_duration_since(self.start).as_secs() / STEP.as_secs();
        self.step = self.step.max(step);
        let step = self.step;
        let bucket = &mut self.buckets[(step % (STEPS + 1)) as usize];
        if bucket.step != step {
            *bucket = Bucket { step, ..Bucket::default() };
        }
        bucket
    }

    /// The buckets of the last `steps` steps, this one included.
    fn recent(&self, steps: u64) -> impl Iterator<Item = &Bucket> {
        self.buckets.iter().filter(move |bucket| self.step < bucket.step + steps)
    }
}

#[cfg(test)]
mod tests {
    use super::{Failure, MAX_RETRIES, RetryBudget, backoff, retry_after};
    use crate::error::{Error, Status};
    use std::time::{Duration, SystemTime};
    use tokio::time::Instant;

    #[test]
    fn waits_double_up_to_eight_seconds() {
        let longest = [0, 1, 2, 3, 4, 5, 40, u32::MAX].map(|retries| backoff(retries, 0.0).as_millis());
        assert_eq!(longest, [500, 1000, 2000, 4000, 8000, 8000, 8000, 8000]);
        let shortest = [0, 4, u32::MAX].map(|retries| backoff(retries, 1.0).as_millis());
        assert_eq!(shortest, [375, 6000, 6000]);
        assert_eq!(backoff(0, 0.5).as_micros(), 437_500);
        for random in [-1.0, 7.0] {
            assert!((375..=500).contains(&backoff(0, random).as_millis()), "{random}");
        }
    }

    #[test]
    fn a_server_asks_in_milliseconds_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let table = [
            // retry-after-ms, retry-after
            ("1500", "9", Some(1500)),
            (" 20.9 ", "", Some(20)),
            ("0", "9", Some(0)),
            ("", "2", Some(2000)),
            ("", "0.25", Some(250)),
            ("", " 3 ", Some(3000)),
            ("", "1e20", Some(u64::MAX)),
            ("soon", "2", Some(2000)),
            ("-5", "2", Some(2000)),
            ("NaN", "2", Some(2000)),
            ("inf", "2", Some(2000)),
            ("", "", None),
            ("", "soon", None),
            ("", "-1", None),
            ("", "NaN", None),
            ("", "inf", None),
            ("", "-infinity", None),
            ("", "12 s", None),
            ("", "Sun, 06 Nov 1994 08:49:47 GMT", Some(10_000)),
            ("", " Sun, 06 Nov 1994 08:49:47 GMT ", Some(10_000)),
            ("", "Sunday, 06-Nov-94 08:49:47 GMT", Some(10_000)),
            ("", "Sun Nov  6 08:49:47 1994", Some(10_000)),
            ("", "Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
            ("", "Sun, 06 Nov 1994 08:49:36 GMT", Some(0)),
            ("", "Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("", "Fri, 31 Dec 9999 23:59:59 GMT", Some(252_618_189_022_000)),
            ("", "Sun, 06 Nov 1994", None),
        ];
        for (milliseconds, other, wait) in table {
            assert_eq!(retry_after(milliseconds, other, now), wait, "{milliseconds:?} {other:?}");
        }
    }

    fn failure(error: &Error) -> Failure<'_> {
        Failure {
            error,
            should_retry: None,
            received: false,
            after_deadlines: false,
            retries: 0,
            max_retries: MAX_RETRIES,
        }
    }

    fn failed(status: Status) -> Error {
        Error::new(status, "x")
    }

    #[test]
    fn statuses_decide() {
        use Status::{
            Authentication, BadRequest, BadResponse, Busy, Cancelled, Closed, Connect, Deadline, Forked,
            InvalidArgument, Panic, Quota, RateLimited, Server, System, Truncated,
        };
        let never = [InvalidArgument, Closed, Busy, Forked, Panic, Cancelled, Authentication, Quota];
        for status in never {
            let error = failed(status).retryable();
            for should_retry in [None, Some(true)] {
                let wait = Failure { should_retry, after_deadlines: true, ..failure(&error) }.retry_in(0.0);
                assert_eq!(wait, None, "{status:?}");
            }
        }
        for status in [Connect, System, Truncated, BadResponse, BadRequest, RateLimited, Server, Deadline] {
            let (passing, lasting) = (failed(status).retryable(), failed(status));
            assert_eq!(failure(&passing).retry_in(0.0), Some(Duration::from_millis(500)), "{status:?}");
            assert_eq!(failure(&lasting).retry_in(0.0), None, "{status:?}");
        }
    }

    #[test]
    fn only_the_connect_deadline_passes_by_itself() {
        let mut answered = failed(Status::Deadline).retryable();
        answered.http_status = 200;
        for error in [&answered, &failed(Status::Deadline)] {
            assert_eq!(failure(error).retry_in(0.0), None);
            // The server may be at work on it, whatever its head said.
            assert_eq!(Failure { should_retry: Some(true), ..failure(error) }.retry_in(0.0), None);
            assert!(Failure { after_deadlines: true, ..failure(error) }.retry_in(0.0).is_some());
        }
    }

    #[test]
    fn the_server_overrides_its_status() {
        for status in [Status::BadRequest, Status::BadResponse, Status::Server] {
            let error = failed(status);
            assert!(Failure { should_retry: Some(true), ..failure(&error) }.retry_in(0.0).is_some());
            let error = error.retryable();
            assert_eq!(Failure { should_retry: Some(false), ..failure(&error) }.retry_in(0.0), None);
        }
    }

    #[test]
    fn nothing_is_sent_again_once_a_piece_came() {
        let error = failed(Status::Truncated).retryable();
        let received =
            Failure { received: true, should_retry: Some(true), after_deadlines: true, ..failure(&error) };
        assert_eq!(received.retry_in(0.0), None);
    }

    #[test]
    fn retries_end() {
        let error = failed(Status::Server).retryable();
        let wait =
            |retries| Failure { retries, ..failure(&error) }.retry_in(0.0).map(|wait| wait.as_millis());
        assert_eq!([0, 1, 2, 3].map(wait), [Some(500), Some(1000), None, None]);
        assert_eq!(Failure { max_retries: 0, ..failure(&error) }.retry_in(0.0), None);
    }

    #[test]
    fn what_the_server_asks_for_is_honoured_up_to_two_minutes() {
        let mut error = failed(Status::RateLimited).retryable();
        let mut wait = |asked| {
            error.retry_after_ms = Some(asked);
            Failure { retries: 1, ..failure(&error) }.retry_in(0.0).map(|wait| wait.as_millis())
        };
        let asked = [0, 1, 120_000, 120_001, u64::MAX].map(&mut wait);
        assert_eq!(asked, [Some(1000), Some(1), Some(120_000), None, None]);
        // Longer than that, nothing overrides it.
        assert_eq!(Failure { should_retry: Some(true), ..failure(&error) }.retry_in(0.0), None);
    }

    fn grants(budget: &RetryBudget, now: Instant) -> usize {
        std::iter::from_fn(|| budget.retry(now).then_some(())).count()
    }

    #[test]
    fn a_client_that_sends_little_may_retry() {
        let start = Instant::now();
        let budget = RetryBudget::new(start);
        budget.first(start);
        assert_eq!(grants(&budget, start), 10);
        // Remembered for a minute at least, and for one step more at most.
        assert_eq!(grants(&budget, start + Duration::from_secs(64)), 0);
        assert_eq!(grants(&budget, start + Duration::from_secs(65)), 10);
    }

    #[test]
    fn first_attempts_earn_retries_for_a_minute() {
        let start = Instant::now();
        let budget = RetryBudget::new(start);
        (0..109).for_each(|_| budget.first(start));
        assert_eq!(grants(&budget, start), 20);
        let budget = RetryBudget::new(start);
        (0..109).for_each(|_| budget.first(start));
        assert_eq!(grants(&budget, start + Duration::from_secs(60)), 10);
        // A clock that was read too early counts as the latest.
        assert_eq!(grants(&budget, start), 0);
        // After a long silence nothing old is left.
        assert_eq!(grants(&budget, start + Duration::from_secs(86_400)), 10);
    }

    #[test]
    fn a_storm_stays_within_a_tenth() {
        const REQUESTS: usize = 10_000;
        let start = Instant::now();
        let budget = RetryBudget::new(start);
        let (mut firsts, mut retries) = (Vec::new(), Vec::new());
        // A server that is down for five minutes, and whose clients retry as often as they may.
        for request in 0..REQUESTS {
            let now = start + Duration::from_millis(30) * request as u32;
            budget.first(now);
            firsts.push(now);
            retries.extend((0..MAX_RETRIES).filter(|_| budget.retry(now)).map(|_| now));
            let recent = |times: &[Instant]| {
                times.iter().rev().take_while(|time| now - **time < Duration::from_secs(60)).count()
            };
            assert!(recent(&retries) <= 10 + recent(&firsts) / 10);
        }
        assert!((REQUESTS / 11..=REQUESTS / 10 + 10).contains(&retries.len()), "{}", retries.len());
    }
}
