//! Bytes to meaning: no I/O, no async, no clock.
//!
//! ```text
//! bytes ─▶ body ─▶ sse ─▶ json ─▶ chunk ─▶ answer (reasoning, tool_calls, fields) ─▶ pieces
//!           what is it?  events   values   fields   adds up
//!           └─▶ errors: every shape of a failure becomes one typed error
//! ```
//!
//! A client makes one [`Decoder`] for each HTTP response, tells it the [`Decoder::head`], then feeds it the body as
//! it comes until [`Flow::Done`], the end, or an error. [`Decoder::finish`] gives the verdict at a clean end;
//! after a reset [`Decoder::is_complete`] says whether the answer was whole all the same. Whatever happened,
//! [`Decoder::into_answer`] is what had arrived. A whole body, a stream and an HTTP error take this one path.

pub mod answer;
mod assemble;
pub mod body;
mod choice;
pub mod chunk;
mod clean;
pub mod close;
pub mod errors;
mod fields;
mod frame;
pub mod json;
mod numbers;
mod page;
mod reader;
mod reading;
pub mod reasoning;
pub mod sentences;
pub mod sse;
mod strings;
pub mod tolerated;
pub mod tool_calls;
mod unicode;
mod whole;

pub use answer::{Answer, Usage};
pub use body::Decoder;
pub use choice::Choice;
pub(crate) use clean::write_text;
pub use close::is_whole_object;
pub use strings::Str;
pub use tolerated::{Oddity, Tolerated};
pub use tool_calls::{ToolCall, ToolCalls, are_arguments_whole};

use crate::error::{Error, Status};

/// Which endpoint was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Chat completions.
    Chat,
    /// Text completions: their text is never searched for reasoning.
    Completion,
    /// Any other that answers with JSON: the body is kept, nothing is delivered.
    Raw,
}

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Expect {
    /// The endpoint.
    pub kind: Kind,
    /// How many choices (`n` × prompts): a stream is complete once so many have finished.
    pub choices: usize,
}

/// What a server may cost. Beyond a bound its answer is [`Status::BadResponse`], and the message names the bound.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one line of a stream; 16 MiB.
    pub line: usize,
    /// Bytes of the data of one event; 16 MiB.
    pub event: usize,
    /// Bytes of everything kept of an answer, and of a body that is no stream; 64 MiB.
    pub answer: usize,
    /// Bytes kept of the body of an HTTP error or of a page; 256 KiB. What is beyond is not read: the HTTP status
    /// decides what kind of error it is, and that is worth more than a complaint about the length of its page.
    pub error_body: usize,
    /// Brackets inside brackets; 128, and never more than 256.
    pub json_depth: usize,
    /// Choices; 1024.
    pub choices: usize,
    /// Tool calls of one choice; 1024.
    pub tool_calls: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line: 16 << 20,
            event: 16 << 20,
            answer: 64 << 20,
            error_body: 256 << 10,
            json_depth: 128,
            choices: 1024,
            tool_calls: 1024,
        }
    }
}

/// What came out of the last bytes, in order. Text comes in whole characters and is never empty.
#[derive(Clone, Copy, Debug)]
pub enum Piece<'a> {
    /// The next piece of a choice's text.
    Text {
        /// The choice.
        choice: u32,
        /// The piece.
        text: &'a str,
    },
    /// The next piece of a choice's reasoning.
    Reasoning {
        /// The choice.
        choice: u32,
        /// The piece.
        text: &'a str,
    },
    /// A tool call that is complete now.
    ToolCall {
        /// The choice.
        choice: u32,
        /// Which call of the choice.
        index: u32,
        /// The call itself, as the answer holds it from now on.
        call: &'a ToolCall,
    },
}

/// Takes pieces as they come.
pub type Sink<'s> = dyn FnMut(Piece<'_>) + 's;

/// Whether to read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// More must come.
    More,
    /// Every choice that was asked for has finished: read on briefly, for usage and to keep the connection.
    Finished,
    /// Nothing more is wanted: drain what is left.
    Done,
}

/// A bound that was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    what: &'static str,
    limit: usize,
}

impl Bound {
    /// Fails if `size` is beyond `limit`.
    pub(crate) fn check(what: &'static str, size: usize, limit: usize) -> Result<(), Self> {
        if size > limit { Err(Self { what, limit }) } else { Ok(()) }
    }
}

impl From<Bound> for Error {
    fn from(bound: Bound) -> Self {
        let Bound { what, limit } = bound;
        Self::new(Status::BadResponse, format!("the answer is beyond the bound of {limit}: {what}"))
    }
}

/// What is left of the bytes that one answer may keep.
#[derive(Clone, Debug)]
pub struct Budget {
    used: usize,
    limit: usize,
}

impl Budget {
    pub(crate) fn new(limit: usize) -> Self {
        Self { used: 0, limit }
    }

    /// One of the same size, for what is not kept.
    pub(crate) fn fresh(&self) -> Self {
        Self::new(self.limit)
    }

    pub(crate) fn spend(&mut self, bytes: usize) -> Result<(), Bound> {
        self.used = self.used.saturating_add(bytes);
        Bound::check("bytes of the answer", self.used, self.limit)
    }

    pub(crate) fn refund(&mut self, bytes: usize) {
        self.used = self.used.saturating_sub(bytes);
    }
}
