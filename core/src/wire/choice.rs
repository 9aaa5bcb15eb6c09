//! One choice of an answer, and what each part of a chunk adds to it.

use super::answer::set;
use super::chunk::{ChoiceChunk, Delta, is_known_choice, is_known_delta};
use super::clean::identifier;
use super::fields::{Fields, Grown, Rule};
use super::json::{Type, Value};
use super::reasoning::{Channel, Splitter};
use super::strings::Str;
use super::tolerated::{Oddity, Tolerated};
use super::tool_calls::{Cost, ToolCalls};
use super::unicode::Joiner;
use super::{Bound, Budget, Piece, Sink};
use crate::text::Text;

/// One choice of an answer.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Who speaks; "assistant" where the server does not say.
    pub role: Text,
    /// The text.
    pub text: Text,
    /// The thinking before it, whichever way it came.
    pub reasoning: Text,
    /// Why it ended, in the server's words; empty if it did not say.
    pub finish_reason: Text,
    /// The calls of tools.
    pub tool_calls: ToolCalls,
    /// Log-probabilities as JSON, filled in by [`super::Decoder::into_answer`]; empty if there are none.
    pub logprobs: Text,
    pub(super) seen: bool,
    /// Whether anything came that a model had to say, be it still held back.
    pub(super) begun: bool,
    /// Whether a part of it came as a `delta`.
    pub(super) streamed: bool,
    /// Whether there was content at all: null and "" are not the same in JSON.
    pub(super) has_text: bool,
    /// The names under which reasoning came: `reasoning_content`, `reasoning`.
    pub(super) reasoning_names: [bool; 2],
    pub(super) unknown: Fields,
    pub(super) message_unknown: Fields,
    pub(super) splitter: Splitter,
    pub(super) text_joiner: Joiner,
    pub(super) reasoning_joiner: Joiner,
    pub(super) grown_logprobs: Grown,
}

impl Choice {
    /// An empty one; `search` says whether its text may begin with reasoning.
    pub(super) fn new(search: bool) -> Self {
        Self { splitter: if search { Splitter::default() } else { Splitter::off() }, ..Self::default() }
    }
}

impl Choice {
    /// Takes the reasoning out; says whether there was any.
    pub(super) fn omit_reasoning(&mut self) -> bool {
        let had = !self.reasoning.is_empty() || self.reasoning_names.contains(&true);
        self.reasoning = Text::new();
        self.reasoning_names = [false; 2];
        self.splitter = Splitter::off();
        // The same once more, in parts: OpenRouter's `reasoning_details`, LiteLLM's `thinking_blocks`.
        let others =
            self.message_unknown.remove(|name| name.contains("reasoning") || name.contains("thinking"));
        had || others
    }
}

/// Parts in parts in lists: the deepest known is text in a list in a part in the list. Each level is read again.
const PART_DEPTH: usize = 6;

/// One choice while a part of it is added.
pub(super) struct Adding<'c, 's> {
    pub(super) choice: &'c mut Choice,
    pub(super) number: u32,
    pub(super) begins_inside: bool,
    pub(super) budget: &'c mut Budget,
    pub(super) odd: &'c mut Tolerated,
    pub(super) unescaped: &'c mut Vec<u8>,
    pub(super) tool_calls: usize,
    pub(super) sink: &'c mut Sink<'s>,
}

impl Adding<'_, '_> {
    pub(super) fn apply(&mut self, all: Value<'_>, part: &ChoiceChunk<'_>) -> Result<(), Bound> {
        self.choice.seen = true;
        self.choice.streamed |= part.is_delta;
        let repeats = self.choice.streamed && !part.is_delta && part.message.is_some();
        match part.message {
            Some(message) if repeats => self.take_new(message)?,
            Some(message) if message.kind() == Type::Object => self.apply_delta(message, part.is_delta)?,
            Some(text) => {
                self.odd.add(Oddity::WrongType);
                self.content(text, Channel::Text, PART_DEPTH)?;
            }
            None => part.text.map_or(Ok(()), |text| self.content(text, Channel::Text, PART_DEPTH))?,
        }
        // What stands beside a whole message belongs to all of it.
        if let Some(logprobs) = part.logprobs
            && (!repeats || self.choice.grown_logprobs.is_empty())
        {
            self.choice.grown_logprobs.add(logprobs, self.budget, self.odd)?;
        }
        if part.unknown {
            for (key, value) in all.fields().filter(|(key, _)| !is_known_choice(key)) {
                self.choice.unknown.keep(&key, value, Rule::Replace, self.budget, self.odd)?;
            }
        }
        // An empty reason is no reason: some servers send one with every chunk.
        if let Some(reason) = part.finish_reason.and_then(|reason| finish_reason(reason, self.odd))
            && !reason.is_empty()
        {
            self.budget.refund(self.choice.finish_reason.len());
            self.budget.spend(reason.len())?;
            self.choice.finish_reason = reason;
            self.finish();
        }
        Ok(())
    }

    pub(super) fn apply_delta(&mut self, value: Value<'_>, is_delta: bool) -> Result<(), Bound> {
        let delta = Delta::read(value);
        set(&mut self.choice.role, delta.role, self.budget, self.odd)?;
        // Several servers send the same reasoning under both names at once.
        for (place, reasoning) in [delta.reasoning_content, delta.reasoning].into_iter().enumerate() {
            self.choice.reasoning_names[place] |= reasoning.is_some();
        }
        let has_words = |value: &Value<'_>| !value.is_empty_text();
        if let Some(reasoning) =
            delta.reasoning_content.filter(has_words).or(delta.reasoning.filter(has_words))
        {
            self.content(reasoning, Channel::Reasoning, PART_DEPTH)?;
        }
        if let Some(content) = delta.content {
            self.content(content, Channel::Text, PART_DEPTH)?;
        }
        let (number, sink) = (self.number, &mut *self.sink);
        let mut complete = |index, call: &_| sink(Piece::ToolCall { choice: number, index, call });
        let mut cost =
            Cost { budget: self.budget, odd: self.odd, tool_calls: self.tool_calls, delta: is_delta };
        let listed = |value: &Value<'_>| value.items().next().is_some();
        self.choice.begun |= delta.tool_calls.as_ref().is_some_and(listed) || delta.function_call.is_some();
        let calls = &mut self.choice.tool_calls;
        match (delta.tool_calls, delta.function_call) {
            (Some(listed), _) => calls.add(listed, number, &mut cost, &mut complete)?,
            (None, Some(call)) => calls.add_function_call(call, number, &mut cost, &mut complete)?,
            (None, None) => {}
        }
        if delta.unknown {
            for (key, field) in value.fields().filter(|(key, _)| !is_known_delta(key)) {
                self.choice.message_unknown.keep(&key, field, Rule::Grow, self.budget, self.odd)?;
            }
        }
        Ok(())
    }

    /// Adds a piece to the arguments of the call at `index`.
    pub(super) fn arguments(&mut self, index: i64, piece: Value<'_>) -> Result<(), Bound> {
        let (number, sink) = (self.number, &mut *self.sink);
        let mut complete = |index, call: &_| sink(Piece::ToolCall { choice: number, index, call });
        let mut cost = Cost { budget: self.budget, odd: self.odd, tool_calls: self.tool_calls, delta: true };
        self.choice.tool_calls.add_piece(index, piece, number, &mut cost, &mut complete)
    }

    /// Adds content: text, or a list of parts, of which the kind decides on the channel.
    fn content(&mut self, value: Value<'_>, channel: Channel, depth: usize) -> Result<(), Bound> {
        let Some(deeper) = depth.checked_sub(1) else {
            self.odd.add(Oddity::WrongType);
            return Ok(());
        };
        match value.kind() {
            Type::String => value.string().map_or(Ok(()), |text| self.string(text, channel)),
            Type::Array => value.items().try_for_each(|item| self.content(item, channel, deeper)),
            Type::Object => self.part(value, channel, deeper),
            Type::Null => Ok(()),
            Type::Bool | Type::Number => {
                self.odd.add(Oddity::WrongType);
                let text = str::from_utf8(value.raw()).unwrap_or_default();
                self.budget.spend(text.len())?;
                self.emit(text, channel);
                Ok(())
            }
        }
    }

    /// A content part: `{"type": "text", "text": …}`, `{"type": "thinking", "thinking": […]}` and their like.
    fn part(&mut self, value: Value<'_>, channel: Channel, depth: usize) -> Result<(), Bound> {
        let kind = value.get("type").map(Value::raw).unwrap_or_default();
        let thinks = |word: &[u8]| kind.windows(word.len()).any(|part| part == word);
        let channel = if thinks(b"thinking") || thinks(b"reasoning") { Channel::Reasoning } else { channel };
        let words = ["text", "thinking", "reasoning", "content"].into_iter().find_map(|name| value.get(name));
        words.map_or(Ok(()), |words| self.content(words, channel, depth))
    }

    pub(super) fn string(&mut self, text: Str<'_>, channel: Channel) -> Result<(), Bound> {
        self.choice.has_text |= channel == Channel::Text;
        // Servers send them beside something else, and they come to nothing.
        if text.is_empty() {
            return Ok(());
        }
        // With its quotes.
        self.budget.spend(text.raw().len() + 2)?;
        let mut unescaped = std::mem::take(self.unescaped);
        let bytes = text.bytes_in(&mut unescaped, self.odd);
        let joiner = match channel {
            Channel::Text => &mut self.choice.text_joiner,
            Channel::Reasoning => &mut self.choice.reasoning_joiner,
        };
        if let Some(whole) = joiner.whole(bytes) {
            self.emit(whole, channel);
        } else {
            let mut joined = String::new();
            joiner.push(bytes, &mut joined, self.odd);
            self.emit(&joined, channel);
        }
        *self.unescaped = unescaped;
        Ok(())
    }

    /// Whole characters of one channel: text goes through the search for a block of reasoning first.
    fn emit(&mut self, text: &str, channel: Channel) {
        if text.is_empty() {
            return;
        }
        self.choice.begun = true;
        let number = self.number;
        let Choice { splitter, text: texts, reasoning, .. } = &mut *self.choice;
        let mut out = deliver(number, texts, reasoning, self.sink);
        if channel == Channel::Reasoning {
            splitter.leave_alone(&mut out);
            out(channel, text);
        } else {
            splitter.push(text, self.begins_inside, &mut out);
        }
    }

    /// Hands out half characters and half tags.
    pub(super) fn flush(&mut self) {
        for channel in [Channel::Reasoning, Channel::Text] {
            let joiner = match channel {
                Channel::Text => &mut self.choice.text_joiner,
                Channel::Reasoning => &mut self.choice.reasoning_joiner,
            };
            let mut last = String::new();
            joiner.finish(&mut last, self.odd);
            self.emit(&last, channel);
        }
        let Choice { splitter, text, reasoning, .. } = &mut *self.choice;
        splitter.finish(&mut deliver(self.number, text, reasoning, self.sink));
    }

    /// Nothing more is expected of this choice.
    pub(super) fn finish(&mut self) {
        let cut = matches!(self.choice.finish_reason.as_str(), "length" | "content_filter");
        if cut {
            self.choice.splitter.cut();
        }
        self.flush();
        let (number, sink) = (self.number, &mut *self.sink);
        self.choice.tool_calls.finish(number, cut, self.odd, &mut |index, call| {
            sink(Piece::ToolCall { choice: number, index, call });
        });
    }
}

/// Appends pieces to their text and passes them on.
pub(super) fn deliver<'a>(
    choice: u32,
    text: &'a mut Text,
    reasoning: &'a mut Text,
    sink: &'a mut Sink<'_>,
) -> impl FnMut(Channel, &str) {
    move |channel, piece| match channel {
        Channel::Text => {
            text.push_str(piece);
            sink(Piece::Text { choice, text: piece });
        }
        Channel::Reasoning => {
            reasoning.push_str(piece);
            sink(Piece::Reasoning { choice, text: piece });
        }
    }
}

/// A reason as text; `false` is no reason, an object is its JSON.
fn finish_reason(value: Value<'_>, odd: &mut Tolerated) -> Option<Text> {
    if value.raw() == b"false" { None } else { identifier(value, odd) }
}
