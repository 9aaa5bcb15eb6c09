//! A whole `message` after its deltas.
//!
//! Some servers close a stream with a chunk that holds the finished message instead of a delta. Added up like a
//! delta it would double the answer. A server that has sent deltas does not send pieces under `message`, so such a
//! message is the answer as a whole: it is read as that of an unstreamed call, and what it has beyond what came
//! before is delivered. Where it says something else than the deltas did, they stand, for what was delivered cannot
//! be called back, and the difference is counted.
//!
//! Messages without any delta before them are pieces: there are servers that name their deltas so.

use super::choice::{Adding, Choice, deliver};
use super::chunk::is_known_delta;
use super::fields::Rule;
use super::json::{Type, Value};
use super::reasoning::Channel;
use super::tolerated::Oddity;
use super::tool_calls::Cost;
use super::unicode::Joiner;
use super::{Bound, Piece};

impl Adding<'_, '_> {
    /// Takes what is new in a whole message.
    pub(super) fn take_new(&mut self, message: Value<'_>) -> Result<(), Bound> {
        if message.kind() != Type::Object {
            self.odd.add(Oddity::WrongType);
            return Ok(());
        }
        let whole = self.read_whole(message)?;
        if self.choice.role.is_empty() {
            self.choice.role = whole.role.clone();
        }
        for (ours, theirs) in self.choice.reasoning_names.iter_mut().zip(whole.reasoning_names) {
            *ours |= theirs;
        }
        self.choice.has_text |= whole.has_text;
        let same = self.take_new_text(whole.reasoning.as_str(), Channel::Reasoning)?
            & self.take_new_text(whole.text.as_str(), Channel::Text)?;
        if same && !(whole.text.is_empty() && whole.reasoning.is_empty()) {
            // What waited for more is in the message, whole.
            self.choice.splitter = whole.splitter;
            (self.choice.text_joiner, self.choice.reasoning_joiner) = (Joiner::default(), Joiner::default());
        }
        let (number, sink) = (self.number, &mut *self.sink);
        let mut cost = Cost { budget: self.budget, odd: self.odd, tool_calls: self.tool_calls, delta: false };
        self.choice.tool_calls.take_new(&whole.tool_calls, number, &mut cost, &mut |index, call| {
            sink(Piece::ToolCall { choice: number, index, call });
        })?;
        for (key, field) in message.fields().filter(|(key, _)| !is_known_delta(key)) {
            self.choice.message_unknown.keep(&key, field, Rule::Replace, self.budget, self.odd)?;
        }
        Ok(())
    }

    /// The message by itself, as an unstreamed call would have brought it.
    fn read_whole(&mut self, message: Value<'_>) -> Result<Choice, Bound> {
        let mut whole = Choice { splitter: self.choice.splitter.fresh(), ..Choice::default() };
        // Only what is new of it is kept, and paid for then.
        let mut budget = self.budget.fresh();
        let mut alone = Adding {
            choice: &mut whole,
            number: self.number,
            begins_inside: self.begins_inside,
            budget: &mut budget,
            odd: self.odd,
            unescaped: self.unescaped,
            tool_calls: self.tool_calls,
            sink: &mut |_| {},
        };
        alone.apply_delta(message, false)?;
        alone.flush();
        alone.choice.tool_calls.settle(alone.number, alone.odd);
        Ok(whole)
    }

    /// Whether the message has all that came before.
    fn take_new_text(&mut self, whole: &str, channel: Channel) -> Result<bool, Bound> {
        let Choice { text, reasoning, .. } = &mut *self.choice;
        let ours = if channel == Channel::Text { &*text } else { &*reasoning };
        let Some(rest) = whole.strip_prefix(ours.as_str()) else {
            // Servers leave the text out of a message that only closes the stream.
            if !whole.is_empty() {
                self.odd.add(Oddity::OtherMessage);
            }
            return Ok(false);
        };
        if !rest.is_empty() {
            self.budget.spend(rest.len())?;
            deliver(self.number, text, reasoning, self.sink)(channel, rest);
        }
        Ok(true)
    }
}
