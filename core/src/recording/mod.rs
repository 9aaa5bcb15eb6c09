//! Recorded exchanges: written while a client talks to its server, and answered from later, without any.
//!
//! The file is JSON Lines, to be read, compared and edited: a header, then one exchange a line, in the order of their
//! ends.
//!
//! ```text
//! {"format":"hyperbolic-recording","version":1}
//! {"route":"models","request":null,"head":{"ms":9,"status":200,"headers":[["content-type","application/json"]]},
//!  "chunks":[{"ms":9,"text":"{\"data\""},{"ms":12,"hex":"ff00"}],"end":{"whole":{"ms":12}}}
//! ```
//!
//! (one line there). Times are milliseconds since the request was sent, and never go backwards. A chunk is one read of
//! the decoded body: `text` where it is UTF-8, else `hex`. `request` is the body that was sent, `null` where there was
//! none. The other ends are `{"cut":{"ms":…}}` and, with a `message` too, `broken_off` and `unreadable`; where no answer
//! began, `head` and `chunks` are missing, and the end is `cut`,
//! `{"no_answer":{"ms":…,"error":…,"message":…,"hint":…,"retryable":…}}` with `connect`, `deadline`, `system` or
//! `bad_response` as the error, or, with the same fields, `dead`. The API key is nowhere in it: `[key]` stands there.

mod body;
mod line;
mod player;
mod recorder;

pub use player::Recording;
pub use recorder::Recorder;

use crate::error::{Error, Status};
use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use std::fmt;

/// One attempt: what was asked, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// The route below the base URL: `chat/completions`, `completions` or `models`.
    pub route: String,
    /// The JSON body that was sent; empty for a GET.
    pub request: Bytes,
    /// When it ended, in milliseconds since it was sent.
    pub ended_ms: u64,
    /// What came.
    pub outcome: Outcome,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// An answer, or its beginning.
    Answer {
        /// What came before the body.
        head: Head,
        /// The body, read by read.
        chunks: Vec<Chunk>,
        /// How it ended.
        end: End,
    },
    /// No answer began. Status, message, hint and whether it is retryable are kept; the status is one of
    /// [`Status::Connect`], [`Status::Deadline`], [`Status::System`] and [`Status::BadResponse`].
    NoAnswer(Error),
    /// The same of a connection that had been kept and was dead: the request may have gone again at once.
    Dead(Error),
    /// The client left before an answer began.
    Cut,
}

/// The head of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// When it came, in milliseconds since the request was sent.
    pub ms: u64,
    /// The HTTP status.
    pub status: u16,
    /// The headers that a client reads; not the encoding of the body, which is kept decoded.
    pub headers: Vec<(String, String)>,
}

/// One read of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// When it came, in milliseconds since the request was sent.
    pub ms: u64,
    /// What came; may be empty.
    pub bytes: Bytes,
}

/// How an answer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The body was read to its end.
    Whole,
    /// The connection broke; why.
    BrokenOff(String),
    /// The body cannot be unpacked; why.
    Unreadable(String),
    /// The client left.
    Cut,
}

impl Exchange {
    /// What is wrong with it: what this accepts can be written, and read again.
    fn check(&self) -> Result<(), String> {
        let mut now = 0;
        let mut after = |what: fmt::Arguments<'_>, ms| {
            let known = std::mem::replace(&mut now, ms);
            if ms < known {
                return Err(format!("{what}: the time goes backwards, from {known} to {ms} ms"));
            }
            Ok(())
        };
        match &self.outcome {
            Outcome::Answer { head, chunks, .. } => {
                head.check()?;
                after(format_args!("head"), head.ms)?;
                for (index, chunk) in chunks.iter().enumerate() {
                    after(format_args!("chunk {}", index + 1), chunk.ms)?;
                }
            }
            Outcome::NoAnswer(error) | Outcome::Dead(error) if line::Failure::of(error.status).is_none() => {
                return Err(format!("{:?} is not the status of a request without an answer", error.status));
            }
            Outcome::NoAnswer(_) | Outcome::Dead(_) | Outcome::Cut => {}
        }
        after(format_args!("end"), self.ended_ms)
    }
}

impl Head {
    fn check(&self) -> Result<(), String> {
        if !(100..=999).contains(&self.status) {
            return Err(format!("head: {} is no HTTP status", self.status));
        }
        for (name, value) in &self.headers {
            if HeaderName::from_bytes(name.as_bytes()).is_err() {
                return Err(format!("head: {name:?} is no name of a header"));
            }
            if HeaderValue::from_str(value).is_err() {
                return Err(format!("head: the value of {name} cannot stand in a header"));
            }
        }
        Ok(())
    }
}

/// An error of a recording that cannot be read.
fn damaged(line: usize, what: impl fmt::Display) -> Error {
    Error::new(Status::BadData, format!("the recording is damaged: line {line}: {what}"))
        .with_hint("Repair that line, or record it anew.")
}

#[cfg(test)]
mod tests {
    use super::{Chunk, End, Exchange, Head, Outcome, Recorder, Recording};
    use crate::error::{Error, Status};
    use std::collections::HashMap;

    /// A small generator (xorshift): the same numbers on every machine.
    struct Random(u64);

    impl Random {
        fn below(&mut self, bound: u64) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) % bound
        }

        fn bytes(&mut self) -> Vec<u8> {
            const PARTS: [&[u8]; 8] = [
                b"data: {\"a\"}\n\n",
                b"\r\0\x7f",
                b"\\\"",
                "é€😀".as_bytes(),
                b"\xf0\x9f",
                b"\xff",
                b"a",
                b"\xe2\x80\xa8",
            ];
            (0..self.below(4)).flat_map(|_| PARTS[self.below(8) as usize]).copied().collect()
        }

        fn text(&mut self) -> String {
            String::from_utf8_lossy(&self.bytes()).into_owned()
        }

        fn exchange(&mut self) -> Exchange {
            let mut now = 0;
            let mut later = |random: &mut Self| {
                now += random.below(3);
                now
            };
            let outcome = match self.below(4) {
                0 => Outcome::Cut,
                1 => {
                    let status = [Status::Connect, Status::Deadline, Status::System, Status::BadResponse];
                    let mut error =
                        Error::new(status[self.below(4) as usize], self.text()).with_hint(self.text());
                    error.retryable = self.below(2) == 0;
                    if self.below(2) == 0 { Outcome::NoAnswer(error) } else { Outcome::Dead(error) }
                }
                _ => {
                    let headers =
                        (0..self.below(3)).map(|n| (format!("x-{n}"), format!("a \" \\ {n}"))).collect();
                    let head = Head { ms: later(self), status: 100 + self.below(900) as u16, headers };
                    let mut chunk =
                        |random: &mut Self| Chunk { ms: later(random), bytes: random.bytes().into() };
                    let chunks = (0..self.below(5)).map(|_| chunk(self)).collect();
                    let ends =
                        [End::Whole, End::Cut, End::BrokenOff(self.text()), End::Unreadable(self.text())];
                    Outcome::Answer { head, chunks, end: ends[self.below(4) as usize].clone() }
                }
            };
            let route = ["models", "completions", "chat/completions"][self.below(3) as usize].to_owned();
            let request = match &*route {
                "models" => String::new(),
                _ => serde_json::json!({"prompt": self.text(), "n": self.below(3)}).to_string(),
            };
            Exchange { route, request: request.into(), ended_ms: later(self), outcome }
        }
    }

    #[test]
    fn what_was_written_is_read() {
        const THREADS: u64 = 4;
        let path = std::env::temp_dir().join(format!("hyperbolic-recording-{}.jsonl", std::process::id()));
        let recorder = Recorder::create(&path).unwrap();
        let written: Vec<Vec<Exchange>> = std::thread::scope(|scope| {
            let write = |seed| {
                let (mut random, recorder) = (Random(seed), &recorder);
                scope.spawn(move || {
                    let one = |number| {
                        let mut exchange = random.exchange();
                        // Like no other.
                        exchange.ended_ms += 1000 * (number * THREADS + seed);
                        recorder.write(&exchange, None).unwrap();
                        exchange
                    };
                    (0..500).map(one).collect()
                })
            };
            let threads: Vec<_> = (1..=THREADS).map(write).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let recording = Recording::open(&path);
        std::fs::remove_file(&path).unwrap();
        let recording = recording.unwrap();
        // Each thread's are there in its order, and nothing else is.
        let mut left: Vec<_> = written.iter().map(|exchanges| exchanges.iter().peekable()).collect();
        for read in recording.exchanges() {
            let next = left.iter_mut().find_map(|exchanges| exchanges.next_if(|next| **next == **read));
            assert!(next.is_some(), "{read:?}");
        }
        assert!(left.iter_mut().all(|exchanges| exchanges.peek().is_none()));
        // Asked in the order of the file, each is the answer to its own request.
        for read in recording.exchanges() {
            assert_eq!(recording.answer(&read.route, &read.request, None).as_ref(), Ok(read));
        }
        let asked: HashMap<_, _> =
            recording.exchanges().map(|read| ((&read.route, &read.request), ())).collect();
        assert!(asked.keys().all(|(route, request)| recording.answer(route, request, None).is_err()));
    }
}
