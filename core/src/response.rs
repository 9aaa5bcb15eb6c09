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
