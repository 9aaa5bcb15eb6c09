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
    /// The list of models, if that was asked for.
    pub models: Option<ModelList>,
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
            models: None,
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

    /// The completion object, as the server sent it or put together from its chunks. Made on first ask.
    pub fn json(&self) -> &Text {
        self.json.get_or_init(|| self.answer.to_json().into())
    }
}

#[cfg(test)]
mod tests {
    use super::Response;
    use crate::wire::{Answer, Decoder, Expect, Kind, Limits};
    use std::time::Duration;

    /// An answer that came as one JSON text, with reasoning.
    fn unstreamed(message: &str) -> Answer {
        let body = format!(
            r#"{{"choices":[{{"message":{message},"finish_reason":"stop"}}],"usage":{{"completion_tokens":9}}}}"#
        );
        let mut decoder = Decoder::new(Expect { kind: Kind::Chat, choices: 1 }, Limits::default(), false);
        decoder.head(200, Some("application/json"));
        decoder.feed(body.as_bytes(), &mut |_| {}).unwrap();
        decoder.finish(&mut |_| {}).unwrap();
        decoder.into_answer()
    }

    #[test]
    fn an_answer_that_was_no_stream_has_no_rate_without_its_reasoning_either() {
        let mut answer = unstreamed(r#"{"content":"4","reasoning":"2 and 2"}"#);
        answer.omit_reasoning();
        let mut response = Response::new(answer, None, Duration::from_secs(2));
        response.first_token = Some(Duration::from_secs(1));
        assert!(!response.json().as_str().contains("2 and 2"));
        assert_eq!(response.tokens_per_second(), None);
    }

    #[test]
    fn reasoning_that_comes_once_more_in_parts_is_left_out_too() {
        let parts = r#"{"content":"4","reasoning_details":[{"type":"reasoning.text","text":"2 and 2"}],"thinking_blocks":[{"thinking":"2 and 2"}],"refusal":"no"}"#;
        let reasoning = r#"{"content":"4","reasoning":"2 and 2","#;
        for message in [parts.to_owned(), parts.replace(r#"{"content":"4","#, reasoning)] {
            let mut answer = unstreamed(&message);
            assert!(answer.to_json().contains("2 and 2"));
            answer.omit_reasoning();
            let json = answer.to_json();
            assert!(!json.contains("2 and 2") && json.contains(r#""refusal":"no""#), "{json}");
        }
    }

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
