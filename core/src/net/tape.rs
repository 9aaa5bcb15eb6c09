//! What goes over the network, kept as it goes: for a recording, and for a log that tells bodies.

use super::{Attempt, Failure};
use crate::account::Account;
use crate::key::Key;
use crate::log::{BODY, Level};
use crate::recording::{Chunk, End, Exchange, Head, Outcome, Recorder};
use bytes::Bytes;
use http::HeaderMap;
use std::sync::Arc;
use std::time::Instant;

/// The headers of an answer that a client reads.
const HEADERS: [&str; 7] = [
    "content-type",
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
    "x-request-id",
    "request-id",
    "location",
];

/// One exchange on its way. Whoever leaves it before its end has cut it.
pub struct Tape {
    begun: Instant,
    exchange: Exchange,
    ended: bool,
    op: u64,
    key: Option<Key>,
    recorder: Option<Arc<Recorder>>,
    account: Arc<Account>,
}

impl Tape {
    /// A tape for an attempt, if anybody wants one.
    pub fn begin(
        attempt: &Attempt,
        recorder: Option<&Arc<Recorder>>,
        account: &Arc<Account>,
    ) -> Option<Self> {
        if recorder.is_none() && !account.log.tells_bodies() {
            return None;
        }
        let exchange = Exchange {
            route: attempt.route.name().to_owned(),
            request: attempt.body.clone(),
            ended_ms: 0,
            outcome: Outcome::Cut,
        };
        Some(Self {
            begun: Instant::now(),
            exchange,
            ended: false,
            op: attempt.op,
            key: attempt.key.clone(),
            recorder: recorder.cloned(),
            account: Arc::clone(account),
        })
    }

    fn now(&self) -> u64 {
        self.begun.elapsed().as_millis().try_into().unwrap_or(u64::MAX)
    }

    /// The head of the answer.
    pub fn head(&mut self, status: u16, headers: &HeaderMap) {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let headers = HEADERS.iter().filter_map(|name| Some(((*name).to_owned(), text(name)?))).collect();
        let head = Head { ms: self.now(), status, headers };
        self.exchange.outcome = Outcome::Answer { head, chunks: Vec::new(), end: End::Cut };
    }

    /// Bytes of the body.
    pub fn chunk(&mut self, bytes: &Bytes) {
        let ms = self.now();
        if let (false, Outcome::Answer { chunks, .. }) = (self.ended, &mut self.exchange.outcome) {
            // A copy: a clone would keep the whole buffer that it was read into, for each of a thousand words.
            chunks.push(Chunk { ms, bytes: Bytes::copy_from_slice(bytes) });
        }
    }

    /// The end of the body.
    pub fn end(&mut self, how: End) {
        if let (false, Outcome::Answer { end, .. }) = (self.ended, &mut self.exchange.outcome) {
            *end = how;
        }
        self.write();
    }

    /// No answer began.
    pub fn failed(&mut self, failure: &Failure) {
        let error = failure.error.clone();
        self.exchange.outcome = if failure.replay { Outcome::Dead(error) } else { Outcome::NoAnswer(error) };
        self.write();
    }

    /// Hands over what was kept, once.
    fn write(&mut self) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.exchange.ended_ms = self.now();
        if let Some(recorder) = &self.recorder
            && let Err(error) = recorder.write(&self.exchange, self.key.as_ref())
        {
            let error = error.to_string();
            self.account
                .log
                .tell(Level::Error, self.op, None, "not_recorded", || [("message", error.into())]);
        }
        if self.account.log.tells_bodies() {
            self.tell("request_body", std::slice::from_ref(&self.exchange.request));
            if let Outcome::Answer { chunks, .. } = &self.exchange.outcome {
                let chunks: Vec<Bytes> = chunks.iter().map(|chunk| chunk.bytes.clone()).collect();
                self.tell("response_body", &chunks);
            }
        }
    }

    /// Tells of a body, as far as it is shown. The key is taken out of the whole of it first, so that none is cut.
    fn tell(&self, event: &'static str, pieces: &[Bytes]) {
        let clean = self.key.as_ref().and_then(|key| key.redact_pieces(pieces));
        let mut body = clean.map_or_else(|| pieces.concat(), |clean| clean.concat());
        let bytes = body.len();
        body.truncate(BODY);
        let body = String::from_utf8_lossy(&body).into_owned();
        let key = self.key.as_ref();
        self.account
            .log
            .tell(Level::Trace, self.op, key, event, || [("bytes", bytes.into()), ("body", body.into())]);
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        self.write();
    }
}

#[cfg(test)]
mod tests {
    use super::{Account, Attempt, Bytes, HeaderMap, Level, Tape};
    use crate::endpoint::Route;
    use crate::log::Log;

    /// A read's buffer may be a thousand times as large as the word that it brought.
    #[test]
    fn what_is_kept_is_no_more_than_what_came() {
        let log = Log::new(Level::Trace, true, std::sync::Arc::default());
        let account = Account::new(std::sync::Arc::default(), log, None).into();
        let attempt = Attempt { op: 1, route: Route::Models, key: None, body: Bytes::new(), stream: false };
        let mut tape = Tape::begin(&attempt, None, &account).unwrap();
        tape.head(200, &HeaderMap::new());
        let read = Bytes::from(vec![b'x'; 64 << 10]);
        tape.chunk(&read.slice(..4));
        assert!(read.is_unique());
    }
}
