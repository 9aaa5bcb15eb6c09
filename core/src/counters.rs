//! What a client has done so far, in numbers.

use std::sync::atomic::{AtomicI64, Ordering};

/// One of the numbers. Each only grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Requests that were started.
    Requests,
    /// HTTP requests: each attempt of a request, also one that found no connection.
    Attempts,
    /// Attempts after the first of a request.
    Retries,
    /// Those of them that came of a connection that had died unnoticed.
    Replays,
    /// Connections that were made.
    Connections,
    /// Answers with HTTP 429.
    RateLimited,
    /// Requests that ended with a whole answer.
    Succeeded,
    /// Requests that ended with an error.
    Failed,
    /// Requests that the caller ended.
    Cancelled,
    /// Tokens of prompts, as servers counted them.
    PromptTokens,
    /// Tokens of answers, as servers counted them.
    CompletionTokens,
    /// What the answers cost, in nano-USD.
    SpentNanousd,
    /// Answers whose cost is not known: a server that does not count, or a model without a price.
    Unpriced,
    /// Log records that were dropped because nobody took them.
    LogsDropped,
}

const COUNTS: usize = Count::LogsDropped as usize + 1;

/// All of them.
#[derive(Debug, Default)]
pub struct Counters([AtomicI64; COUNTS]);

impl Counters {
    /// Adds to a number.
    pub fn add(&self, count: Count, more: i64) {
        // A server that claims to have used more than there is must not turn a sum round. It cannot fail.
        let add = |now: i64| Some(now.saturating_add(more));
        let _ = self.0[count as usize].fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// Reads a number.
    pub fn get(&self, count: Count) -> i64 {
        self.0[count as usize].load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::{Count, Counters};

    #[test]
    fn a_sum_stays_at_its_end() {
        let counters = Counters::default();
        counters.add(Count::SpentNanousd, i64::MAX - 1);
        counters.add(Count::SpentNanousd, 7);
        assert_eq!(counters.get(Count::SpentNanousd), i64::MAX);
        assert_eq!(counters.get(Count::LogsDropped), 0);
    }
}
