//! What the JSON of an answer means, whichever framing it came in.

use super::answer::Answer;
use super::chunk::Chunk;
use super::clean::write_value;
use super::errors::{self, Sign};
use super::frame::Frame;
use super::json::{Fault, Span, Type, Value, parse, parse_with};
use super::sse::Event;
use super::tolerated::{Oddity, Tolerated};
use super::{Bound, Expect, Flow, Kind, Limits, Sink};
use crate::error::{Error, Status};

/// Brackets of an event that are noted while it is read: more than are in one without log-probabilities.
const SPANS: usize = 32;

/// An answer on its way, and what became of it.
pub(super) struct Reading {
    pub(super) expect: Expect,
    pub(super) limits: Limits,
    pub(super) strict: bool,
    pub(super) http_status: u16,
    pub(super) answer: Answer,
    pub(super) frame: Frame,
    pub(super) done: bool,
    pub(super) failed: Option<Error>,
    /// The server sent an error in place of an answer.
    pub(super) is_refused: bool,
}

impl Reading {
    pub(super) fn remember<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        result.inspect_err(|error| self.failed = Some(error.clone()))
    }

    pub(super) fn is_complete(&self) -> bool {
        self.done || self.answer.finished().is_some_and(|finished| finished >= self.expect.choices)
    }

    pub(super) fn flow(&self) -> Flow {
        match (self.done, self.is_complete()) {
            (true, _) => Flow::Done,
            (false, true) => Flow::Finished,
            (false, false) => Flow::More,
        }
    }

    /// One event: JSON values, `[DONE]`, or several of them glued together. `ended` says whether a blank line
    /// ended it: what the end of the stream cut off counts only as far as it is whole.
    pub(super) fn event(&mut self, event: Event<'_>, ended: bool, sink: &mut Sink<'_>) -> Result<(), Error> {
        let is_plain = ended && !event.bare && event.name.is_empty() && !self.done;
        if is_plain && let Some(new) = self.frame.new_in(event.data, self.limits.json_depth) {
            self.answer.apply_new(&new, &self.limits, sink)?;
        } else {
            self.event_in_full(event, ended, is_plain, sink)?;
        }
        self.check_strict()
    }

    /// Every value of an event. One that is `plain` may come again with other words.
    fn event_in_full(
        &mut self,
        event: Event<'_>,
        ended: bool,
        plain: bool,
        sink: &mut Sink<'_>,
    ) -> Result<(), Error> {
        let odd = self.answer.tolerated.total();
        let mut rest = skip_framing(event.data);
        let mut values = 0;
        while !self.done && !rest.is_empty() {
            if let Some(after) = rest.strip_prefix(b"[DONE]") {
                self.done = true;
                self.answer.finish(sink);
                rest = skip_framing(after);
            } else if event.name == b"error" && !matches!(rest[0], b'{' | b'[' | b'"') {
                // Also "502 Bad Gateway", which begins like a number.
                return Err(errors::in_text(event.data, self.http_status));
            } else {
                let mut spans = [Span::default(); SPANS];
                let depth = self.limits.json_depth;
                let (value, after) = match parse_with(rest, depth, &mut self.answer.tolerated, &mut spans) {
                    Ok(parsed) => parsed,
                    Err(fault) => return self.no_json(fault, event, rest, ended),
                };
                rest = skip_framing(after);
                self.value(value, event.name, sink)?;
                let alone = plain && values == 0 && rest.is_empty() && !self.done;
                if alone && self.answer.tolerated.total() == odd {
                    self.frame.learn(event.data, value);
                }
            }
            values += 1;
        }
        if values > 1 {
            self.answer.tolerated.add(Oddity::GluedValues);
        }
        if event.bare {
            self.answer.tolerated.add(Oddity::BareLine);
        }
        Ok(())
    }

    /// One JSON value of an event or a body.
    fn value(&mut self, value: Value<'_>, name: &[u8], sink: &mut Sink<'_>) -> Result<(), Error> {
        if value.kind() == Type::Array {
            // Google wraps its errors in a list.
            return value.items().try_for_each(|item| self.object(item, name, sink));
        }
        self.object(value, name, sink)
    }

    fn object(&mut self, value: Value<'_>, name: &[u8], sink: &mut Sink<'_>) -> Result<(), Error> {
        let named_error = name == b"error";
        if value.kind() != Type::Object {
            if named_error {
                return Err(errors::of_object(value, self.http_status));
            }
            // Servers that pass everything through a JSON writer quote it.
            if value.raw() == b"\"[DONE]\"" {
                self.done = true;
                self.answer.finish(sink);
            }
            if !value.is_null() {
                self.answer.tolerated.add(Oddity::WrongType);
            }
            return Ok(());
        }
        let chunk = Chunk::read(value);
        let foreign = !matches!(name, b"" | b"message" | b"error");
        // What a foreign event says under `message`, or in fields of its own, is its own affair.
        let bare = chunk.choices.is_none() && !foreign;
        let failed = named_error || chunk.sign == Sign::Sure || (bare && chunk.sign == Sign::Bare);
        let mut of_choice = None;
        if chunk.choices.is_some() || !(failed || foreign) {
            of_choice = self.answer.apply(&chunk, &self.limits, sink)?;
        }
        if failed {
            self.answer.count(value);
            self.is_refused = true;
            return Err(errors::of_object(value, self.http_status));
        }
        let of_choice = of_choice.filter(|error| errors::says_something(*error));
        of_choice.map_or(Ok(()), |error| Err(errors::of_object(error, self.http_status)))
    }

    /// Data that is no JSON.
    fn no_json(&mut self, fault: Fault, event: Event<'_>, rest: &[u8], ended: bool) -> Result<(), Error> {
        if fault == Fault::Depth {
            return Err(Bound { what: "JSON depth", limit: self.limits.json_depth }.into());
        }
        if event.name == b"error" {
            return Err(errors::in_text(event.data, self.http_status));
        }
        if event.bare || !matches!(event.name, b"" | b"message") {
            self.answer.tolerated.add(Oddity::ForeignText);
            return Ok(());
        }
        if !ended {
            return Ok(());
        }
        Err(errors::not_an_answer(self.http_status, rest))
    }

    /// A body that is one JSON text.
    pub(super) fn whole(&mut self, body: &[u8], sink: &mut Sink<'_>) -> Result<(), Error> {
        let body = body.trim_ascii();
        let mut odd = Tolerated::default();
        let (value, after) = parse(body, self.limits.json_depth, &mut odd).map_err(|fault| match fault {
            Fault::Cut => self.truncated("the body ended inside its JSON"),
            Fault::Depth => Bound { what: "JSON depth", limit: self.limits.json_depth }.into(),
            Fault::Syntax => errors::not_an_answer(self.http_status, body),
        })?;
        let after = skip_framing(after);
        let alone = after.is_empty() || after.starts_with(b"[DONE]");
        if self.expect.kind == Kind::Raw {
            let chunk = Chunk::read(value);
            let bare = chunk.choices.is_none() && value.get("data").is_none();
            if chunk.sign == Sign::Sure || (bare && chunk.sign == Sign::Bare) {
                self.is_refused = true;
                return Err(errors::of_object(value, self.http_status));
            }
        } else {
            self.event(Event { name: b"", data: body, bare: false }, true, sink)?;
            if self.answer.choices.is_empty() {
                return Err(errors::not_an_answer(self.http_status, body));
            }
            // One object is the whole answer; objects in a row are a stream without its framing.
            if !alone && !self.done && self.answer.finished().is_none() {
                return Err(self.truncated("the stream ended before the answer was complete"));
            }
        }
        if alone {
            self.answer.came_whole = true;
            write_value(value, &mut self.answer.body, &mut odd);
        }
        Ok(())
    }

    pub(super) fn check_strict(&self) -> Result<(), Error> {
        if !self.strict {
            return Ok(());
        }
        self.answer.tolerated.iter().next().map_or(Ok(()), |(oddity, _)| {
            let message = format!("not tolerated in strict mode: {}", oddity.name());
            Err(self.error(Status::BadResponse, &message))
        })
    }

    pub(super) fn truncated(&self, message: &str) -> Error {
        self.error(Status::Truncated, message).retryable()
    }

    fn error(&self, status: Status, message: &str) -> Error {
        let mut error = Error::new(status, message);
        error.http_status = self.http_status;
        error
    }
}

/// Steps over white space and `data:` that was glued to what came before it.
fn skip_framing(mut rest: &[u8]) -> &[u8] {
    loop {
        rest = rest.trim_ascii();
        match rest.strip_prefix(b"data:") {
            Some(after) => rest = after,
            None => return rest,
        }
    }
}
