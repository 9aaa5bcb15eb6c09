//! Silence, counted in time in which this process ran.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

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
        Self { limit, silent: Duration::ZERO }
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
    pub async fn wait<F: Future>(&mut self, until: Option<Instant>, future: F) -> Waited<F::Output> {
        let mut future = pin!(future);
        loop {
            let begun = Instant::now();
            let step = self.limit.map(|limit| limit.saturating_sub(self.silent).min(limit / STEPS));
            let end = step.and_then(|step| begun.checked_add(step));
            let Some(end) = end.into_iter().chain(until).min() else {
                return Waited::Came(future.await);
            };
            let output = timeout_at(end, future.as_mut()).await;
            let now = Instant::now();
            self.silent += step.unwrap_or_default().min(now - begun);
            match output {
                Ok(output) => return Waited::Came(output),
                Err(_) if until.is_some_and(|until| until <= now) => return Waited::Until,
                Err(_) if self.limit.is_some_and(|limit| limit <= self.silent) => return Waited::Silent,
                Err(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Idle, Waited};
    use std::future::pending;
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
            assert!(matches!(idle.wait(None, sleep(LIMIT / 2)).await, Waited::Came(())));
            idle.broken();
        }
        let begun = Instant::now();
        let mut came = 0;
        while let Waited::Came(()) = idle.wait(None, sleep(Duration::from_secs(7))).await {
            came += 1;
        }
        assert_eq!((came, begun.elapsed().as_secs()), (11, LIMIT.as_secs()));
    }

    #[tokio::test(start_paused = true)]
    async fn another_time_may_be_over_first() {
        let until = Instant::now() + LIMIT / 3;
        assert!(matches!(Idle::new(Some(LIMIT)).wait(Some(until), pending::<()>()).await, Waited::Until));
        assert!(matches!(Idle::new(None).wait(Some(until), pending::<()>()).await, Waited::Until));
        assert!(matches!(Idle::new(None).wait(None, async { 5 }).await, Waited::Came(5)));
    }
}
