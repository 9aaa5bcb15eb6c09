//! What came back, immutable: a whole answer, or what had arrived when it ended.

use crate::catalog::ModelList;
use crate::error::Error;
use crate::text::Text;
use crate::wire::Answer;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// The end of one request.
#[derive(Debug)]
pub struct Response {
    /// What was received.
    pub answer: Answer,
    /// Why it ended; `None` for a whole answer.
    pub error: Option<Arc<Error>>,
    /// The model that was asked last; empty for the list of models.
    pub requested_model: Text,
    /// The server's id of the request, or empty.
    pub request_id: Text,
    /// HTTP requests sent.
    pub attempts: u32,
    /// From the call to the first piece of the answer; `None` if none came.
    pub first_token: Option<Duration>,
    /// From the call to the end.
    pub total: Duration,
    /// What it cost with the attempts before it that failed, in nano-USD; `None` if that is not known.
    pub cost: Option<i64>,
    /// What the server got wrong and was understood all the same: which, and how often.
    pub tolerated: Vec<(Text, u32)>,
    json: OnceLock<Text>,
}

impl Response {
    pub(crate) fn new(answer: Answer, error: Option<Arc<Error>>, total: Duration) -> Self {
        let tolerated =
            answer.tolerated.iter().map(|(oddity, times)| (oddity.name().into(), times)).collect();
        Self {
            answer,
            tolerated,
            error,
            requested_model: Text::new(),
            request_id: Text::new(),
            attempts: 0,
            first_token: None,
            total,
            cost: None,
            json: OnceLock::new(),
        }
    }

    /// Tokens of the answer after the first, by the time from its first piece to the end. Unknown for an answer that did
    /// not come as a stream, and where there is nothing to divide.
    pub fn tokens_per_second(&self) -> Option<f64> {
        let time = self.total.checked_sub(self.first_token?)?;
        let tokens = self.answer.usage.completion_tokens.filter(|tokens| *tokens >= 2)? - 1;
        (self.answer.is_streamed() && !time.is_zero()).then(|| tokens as f64 / time.as_secs_f64())
    }

    /// The list of models that a server sent.
    pub fn models(&self) -> Result<ModelList, Error> {
        ModelList::from_json(self.json().as_str()).map_err(|mut error| {
            error.attempts = self.attempts;
            error.request_id = self.request_id.clone();
            error.http_status = 200;
            error.body = self.json().clone();
            error
        })
    }

    /// The completion object, as the server sent it or put together from its chunks. Made on first ask.
    pub fn json(&self) -> &Text {
        self.json.get_or_init(|| self.answer.to_json().into())
    }
}

#[cfg(test)]
mod tests {
    use super::Response;
    use crate::wire::{Answer, Kind, Limits};
    use std::time::Duration;

    #[test]
    fn a_rate_needs_two_tokens_and_a_time() {
        let rate = |tokens, first: Option<u64>, total| {
            let mut answer = Answer::new(Kind::Chat, &Limits::default());
            answer.usage.completion_tokens = tokens;
            let mut response = Response::new(answer, None, Duration::from_millis(total));
            response.first_token = first.map(Duration::from_millis);
            response.tokens_per_second()
        };
        assert_eq!(rate(Some(11), Some(100), 600), Some(20.0));
        assert_eq!(rate(Some(2), Some(0), 4000), Some(0.25));
        for (tokens, first, total) in [
            (Some(1), Some(0), 9),
            (None, Some(0), 9),
            (Some(9), None, 9),
            (Some(9), Some(9), 9),
            (Some(-3), Some(0), 9),
        ] {
            assert_eq!(rate(tokens, first, total), None, "{tokens:?} {first:?} {total}");
        }
    }
}
