//! Silence, counted in time in which this process ran.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// A silence is counted in this many steps.
const STEPS: u32 = 8;

/// Counts a silence against its limit.
///
/// It counts in steps, each of which counts no more than it was planned for. If the machine slept, or a debugger held
/// the process, the step that was under way comes back late, and the rest of the time is not the server's fault. So a
/// sleep costs the server at most one step, an eighth of the limit, on every system, whether or not its clock goes on
/// in its sleep.
pub struct Idle {
    limit: Option<Duration>,
    silent: Duration,
    /// When the step under way ends. It goes on over many waits, so that what comes leaves the timer alone.
    step: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

/// How a wait ended.
pub enum Waited<T> {
    /// What was waited for came.
    Came(T),
    /// The time of something else is over.
    Until,
    /// The silence is too long.
    Silent,
}

impl Idle {
    /// A silence that may last as long as `limit`; `None` is for ever.
    pub fn new(limit: Option<Duration>) -> Self {
        Self { limit, silent: Duration::ZERO, step: None, timer: None }
    }

    /// The limit.
    pub fn limit(&self) -> Option<Duration> {
        self.limit
    }

    /// Something came: the silence begins anew.
    pub fn broken(&mut self) {
        self.silent = Duration::ZERO;
    }

    /// Waits for `future`, at most until `until`, and counts the silence.
    pub async fn wait<F: Future + Unpin>(
        &mut self,
        until: Option<Instant>,
        mut future: F,
    ) -> Waited<F::Output> {
        loop {
            let begun = Instant::now();
            let Some(end) = self.step_end(begun).into_iter().chain(until).min() else {
                return Waited::Came(future.await);
            };
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(end)));
            if timer.deadline() != end {
                timer.as_mut().reset(end);
            }
            let came = poll_fn(|context| match Pin::new(&mut future).poll(context) {
                Poll::Ready(output) => Poll::Ready(Some(output)),
                Poll::Pending => timer.as_mut().poll(context).map(|()| None),
            });
            let output = came.await;
            let now = Instant::now();
            self.silent += now.min(end) - begun;
            match output {
                Some(output) => return Waited::Came(output),
                None if until.is_some_and(|until| until <= now) => return Waited::Until,
                None if self.limit.is_some_and(|limit| limit <= self.silent) => return Waited::Silent,
                None => {}
            }
        }
    }

    /// When the step that is under way `now` ends, or the silence is too long.
    fn step_end(&mut self, now: Instant) -> Option<Instant> {
        let limit = self.limit?;
        if self.step.is_none_or(|end| end <= now) {
            self.step = now.checked_add(limit / STEPS);
        }
        let last = now.checked_add(limit.saturating_sub(self.silent));
        self.step.into_iter().chain(last).min()
    }
}

#[cfg(test)]
mod tests {
    use super::{Idle, Waited};
    use std::future::pending;
    use std::pin::pin;
    use std::time::Duration;
    use tokio::time::{Instant, advance, sleep};

    const LIMIT: Duration = Duration::from_secs(80);

    /// How long a silence is borne, if the clock jumps ahead by `asleep` after `awake`.
    async fn borne(awake: Duration, asleep: Duration) -> Duration {
        let begun = Instant::now();
        let waiting = tokio::spawn(async move {
            let waited = Idle::new(Some(LIMIT)).wait(None, pending::<()>()).await;
            assert!(matches!(waited, Waited::Silent));
        });
        sleep(awake).await;
        // A clock that jumps while nobody runs is what a machine that slept looks like.
        advance(asleep).await;
        waiting.await.unwrap();
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn time_asleep_does_not_count() {
        let slack = Duration::from_millis(10);
        assert!(borne(Duration::from_secs(1), Duration::ZERO).await.abs_diff(LIMIT) < slack);
        for (awake, asleep) in [(1, 3600), (35, 3600), (79, 3600), (35, 86_400)] {
            let (awake, asleep) = (Duration::from_secs(awake), Duration::from_secs(asleep));
            let borne = borne(awake, asleep).await;
            // At most the step in which it fell asleep is taken for silence.
            assert!(borne + LIMIT / 8 + slack >= LIMIT + asleep, "{awake:?} {asleep:?}: {borne:?}");
            assert!(borne <= LIMIT + asleep + slack, "{awake:?} {asleep:?}: {borne:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_breaks_it_only_if_it_counts() {
        let mut idle = Idle::new(Some(LIMIT));
        for _ in 0..10 {
            assert!(matches!(idle.wait(None, pin!(sleep(LIMIT / 2))).await, Waited::Came(())));
            idle.broken();
        }
        let begun = Instant::now();
        let mut came = 0;
        while let Waited::Came(()) = idle.wait(None, pin!(sleep(Duration::from_secs(7)))).await {
            came += 1;
        }
        assert_eq!((came, begun.elapsed().as_secs()), (11, LIMIT.as_secs()));
    }

    #[tokio::test(start_paused = true)]
    async fn another_time_may_be_over_first() {
        let until = Instant::now() + LIMIT / 3;
        assert!(matches!(Idle::new(Some(LIMIT)).wait(Some(until), pending::<()>()).await, Waited::Until));
        assert!(matches!(Idle::new(None).wait(Some(until), pending::<()>()).await, Waited::Until));
        assert!(matches!(Idle::new(None).wait(None, pin!(async { 5 })).await, Waited::Came(5)));
    }
}
