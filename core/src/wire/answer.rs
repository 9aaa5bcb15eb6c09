//! What a server's chunks add up to: the completion that the unstreamed call would have returned.

use super::chunk::{ChoiceChunk, Chunk, Delta, is_known, is_known_choice, is_known_delta};
use super::clean::{identifier, write_value};
use super::fields::{Fields, Grown, Rule};
use super::json::{Type, Value};
use super::reasoning::{Channel, Splitter, begins_inside};
use super::tolerated::{Oddity, Tolerated};
use super::tool_calls::{Cost, ToolCalls};
use super::unicode::Joiner;
use super::{Bound, Budget, Kind, Limits, Piece, Sink};
use crate::text::Text;

/// The answer so far, or the final one. Plain data; the choices are dense, each at its number.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The server's id of the completion, or empty.
    pub id: Text,
    /// The model that answered, or empty.
    pub model: Text,
    /// What the object is called unstreamed.
    pub object: Text,
    /// Unix time in seconds.
    pub created: Option<i64>,
    /// The choices, in the order of their numbers.
    pub choices: Vec<Choice>,
    /// Tokens.
    pub usage: Usage,
    /// What the server got wrong and was understood all the same.
    pub tolerated: Tolerated,
    /// The body, if it was one JSON text and not a stream: then it is what [`Answer::to_json`] answers.
    pub(super) body: String,
    pub(super) usage_json: String,
    pub(super) unknown: Fields,
    pub(super) kind: Kind,
    begins_inside: bool,
    budget: Budget,
}

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
    /// Whether there was content at all: null and "" are not the same in JSON.
    pub(super) has_text: bool,
    /// The names under which reasoning came: `reasoning_content`, `reasoning`.
    pub(super) reasoning_names: [bool; 2],
    pub(super) unknown: Fields,
    pub(super) message_unknown: Fields,
    pub(super) splitter: Splitter,
    text_joiner: Joiner,
    reasoning_joiner: Joiner,
    grown_logprobs: Grown,
}

/// Token counts, as far as the server gave them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt_tokens: Option<i64>,
    /// Tokens of the answer.
    pub completion_tokens: Option<i64>,
    /// Both; added up here if the server did not.
    pub total_tokens: Option<i64>,
}

impl Answer {
    pub(super) fn new(kind: Kind, limits: &Limits) -> Self {
        Self {
            id: Text::new(),
            model: Text::new(),
            object: Text::new(),
            created: None,
            choices: Vec::new(),
            usage: Usage::default(),
            tolerated: Tolerated::default(),
            body: String::new(),
            usage_json: String::new(),
            unknown: Fields::default(),
            kind,
            begins_inside: false,
            budget: Budget::new(limits.answer),
        }
    }

    /// How many choices have finished, if every one that was seen has.
    pub(super) fn finished(&self) -> Option<usize> {
        let mut seen = self.choices.iter().filter(|choice| choice.seen);
        let all = seen.clone().count();
        (all > 0 && seen.all(|choice| !choice.finish_reason.is_empty())).then_some(all)
    }

    /// Adds a chunk or a whole completion; what became readable goes to `sink`.
    ///
    /// Answers the error of a choice, if one has it instead of an end.
    pub(super) fn apply<'a>(
        &mut self,
        chunk: &Chunk<'a>,
        limits: &Limits,
        sink: &mut Sink<'_>,
    ) -> Result<Option<Value<'a>>, Bound> {
        self.apply_head(chunk)?;
        let mut error = None;
        for (place, value) in chunk.choices().enumerate() {
            let part = ChoiceChunk::read(value);
            error = error.or(part.error);
            let index = part.index.and_then(|index| index.integer(&mut self.tolerated));
            let index = index.and_then(|index| usize::try_from(index).ok()).unwrap_or(place);
            Bound::check("choices", index.saturating_add(1), limits.choices)?;
            if self.choices.len() <= index {
                self.budget.spend((index + 1 - self.choices.len()) * size_of::<Choice>())?;
                let off = if self.kind == Kind::Chat { Splitter::default() } else { Splitter::off() };
                let new = Choice { splitter: off, ..Choice::default() };
                self.choices.resize(index + 1, new);
            }
            if let Some(usage) = part.usage {
                self.apply_usage(usage)?;
            }
            let mut adding = Adding {
                choice: &mut self.choices[index],
                number: index as u32,
                begins_inside: self.begins_inside,
                budget: &mut self.budget,
                odd: &mut self.tolerated,
                tool_calls: limits.tool_calls,
                sink,
            };
            adding.apply(value, &part)?;
        }
        Ok(error)
    }

    fn apply_head(&mut self, chunk: &Chunk<'_>) -> Result<(), Bound> {
        set(&mut self.id, chunk.id, &mut self.budget, &mut self.tolerated)?;
        if self.model.is_empty() {
            set(&mut self.model, chunk.model, &mut self.budget, &mut self.tolerated)?;
            self.begins_inside = begins_inside(self.model.as_str());
        }
        if self.object.is_empty()
            && let Some(object) = chunk.object.and_then(|value| identifier(value, &mut self.tolerated))
        {
            self.budget.spend(object.len())?;
            self.object = object.as_str().trim_end_matches(".chunk").into();
        }
        if let Some(created) = chunk.created
            && self.created.is_none()
        {
            self.created = created.integer(&mut self.tolerated);
        }
        if let Some(usage) = chunk.usage {
            self.apply_usage(usage)?;
        }
        if chunk.unknown {
            for (key, value) in chunk.all.fields().filter(|(key, _)| !is_known(key)) {
                self.unknown.keep(&key, value, Rule::Replace, &mut self.budget, &mut self.tolerated)?;
            }
        }
        Ok(())
    }

    fn apply_usage(&mut self, value: Value<'_>) -> Result<(), Bound> {
        let mut new = Usage::default();
        for (key, count) in value.fields() {
            let slot = match &*key {
                b"prompt_tokens" => &mut new.prompt_tokens,
                b"completion_tokens" => &mut new.completion_tokens,
                b"total_tokens" => &mut new.total_tokens,
                _ => continue,
            };
            *slot = count.integer(&mut self.tolerated).filter(|count| *count >= 0);
        }
        if new == Usage::default() {
            // `{}` and its like say nothing.
            return Ok(());
        }
        let usage = &mut self.usage;
        usage.prompt_tokens = new.prompt_tokens.or(usage.prompt_tokens);
        usage.completion_tokens = new.completion_tokens.or(usage.completion_tokens);
        let sum = usage.prompt_tokens.zip(usage.completion_tokens);
        let sum = sum.and_then(|(prompt, completion)| prompt.checked_add(completion));
        usage.total_tokens = new.total_tokens.or(sum).or(usage.total_tokens);
        if self.usage_json.as_bytes() != value.raw() {
            self.budget.refund(self.usage_json.len());
            self.usage_json.clear();
            write_value(value, &mut self.usage_json, &mut self.tolerated);
            self.budget.spend(self.usage_json.len())?;
        }
        Ok(())
    }

    /// The answer is complete: hands out what waited for more.
    pub(super) fn finish(&mut self, sink: &mut Sink<'_>) {
        self.finish_choices(sink, true);
    }

    /// The answer ends here, complete or not: what waited becomes part of it, and what is missing is filled in.
    pub(super) fn settle(&mut self) {
        self.finish_choices(&mut |_| {}, false);
        let (object, role) = match self.kind {
            Kind::Chat => ("chat.completion", "assistant"),
            Kind::Completion => ("text_completion", ""),
            Kind::Raw => ("", ""),
        };
        if self.object.is_empty() {
            self.object = object.into();
        }
        for choice in &mut self.choices {
            if choice.role.is_empty() {
                choice.role = role.into();
            }
            choice.logprobs = choice.grown_logprobs.to_json().into();
        }
    }

    fn finish_choices(&mut self, sink: &mut Sink<'_>, complete: bool) {
        for (number, choice) in self.choices.iter_mut().enumerate() {
            let mut adding = Adding {
                choice,
                number: number as u32,
                begins_inside: self.begins_inside,
                budget: &mut self.budget,
                odd: &mut self.tolerated,
                tool_calls: 0,
                sink,
            };
            if complete {
                adding.finish();
            } else {
                adding.flush();
                adding.choice.tool_calls.settle(adding.number, adding.odd);
            }
        }
    }
}

/// Sets a short text once.
fn set(
    text: &mut Text,
    value: Option<Value<'_>>,
    budget: &mut Budget,
    odd: &mut Tolerated,
) -> Result<(), Bound> {
    if text.is_empty()
        && let Some(new) = value.and_then(|value| identifier(value, odd))
    {
        budget.spend(new.len())?;
        *text = new;
    }
    Ok(())
}

/// Parts in parts in lists: the deepest known is text in a list in a part in the list. Each level is read again.
const PART_DEPTH: usize = 6;

/// One choice while a part of it is added.
struct Adding<'c, 's> {
    choice: &'c mut Choice,
    number: u32,
    begins_inside: bool,
    budget: &'c mut Budget,
    odd: &'c mut Tolerated,
    tool_calls: usize,
    sink: &'c mut Sink<'s>,
}

impl Adding<'_, '_> {
    fn apply(&mut self, all: Value<'_>, part: &ChoiceChunk<'_>) -> Result<(), Bound> {
        self.choice.seen = true;
        match part.message {
            Some(message) if message.kind() == Type::Object => self.apply_delta(message, part.is_delta)?,
            Some(text) => {
                self.odd.add(Oddity::WrongType);
                self.content(text, Channel::Text, PART_DEPTH)?;
            }
            None => part.text.map_or(Ok(()), |text| self.content(text, Channel::Text, PART_DEPTH))?,
        }
        if let Some(logprobs) = part.logprobs {
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

    fn apply_delta(&mut self, value: Value<'_>, is_delta: bool) -> Result<(), Bound> {
        let delta = Delta::read(value);
        set(&mut self.choice.role, delta.role, self.budget, self.odd)?;
        // Several servers send the same reasoning under both names at once.
        for (place, reasoning) in [delta.reasoning_content, delta.reasoning].into_iter().enumerate() {
            self.choice.reasoning_names[place] |= reasoning.is_some();
        }
        let has_words = |value: &Value<'_>| value.string().is_none_or(|text| !text.is_empty());
        if let Some(reasoning) =
            delta.reasoning_content.filter(has_words).or(delta.reasoning.filter(has_words))
        {
            self.content(reasoning, Channel::Reasoning, PART_DEPTH)?;
        }
        if let Some(content) = delta.content {
            self.content(content, Channel::Text, PART_DEPTH)?;
        }
        if let Some(calls) = delta.tool_calls {
            let (number, sink) = (self.number, &mut *self.sink);
            let mut cost =
                Cost { budget: self.budget, odd: self.odd, tool_calls: self.tool_calls, delta: is_delta };
            self.choice.tool_calls.add(calls, number, &mut cost, &mut |index, call| {
                sink(Piece::ToolCall { choice: number, index, call });
            })?;
        }
        if delta.unknown {
            for (key, field) in value.fields().filter(|(key, _)| !is_known_delta(key)) {
                self.choice.message_unknown.keep(&key, field, Rule::Grow, self.budget, self.odd)?;
            }
        }
        Ok(())
    }

    /// Adds content: text, or a list of parts, of which the kind decides on the channel.
    fn content(&mut self, value: Value<'_>, channel: Channel, depth: usize) -> Result<(), Bound> {
        let Some(deeper) = depth.checked_sub(1) else {
            self.odd.add(Oddity::WrongType);
            return Ok(());
        };
        match value.kind() {
            Type::String => self.string(value, channel),
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

    fn string(&mut self, value: Value<'_>, channel: Channel) -> Result<(), Bound> {
        self.budget.spend(value.raw().len())?;
        let Some(text) = value.string() else { return Ok(()) };
        let bytes = text.bytes(self.odd);
        let joiner = match channel {
            Channel::Text => &mut self.choice.text_joiner,
            Channel::Reasoning => &mut self.choice.reasoning_joiner,
        };
        self.choice.has_text |= channel == Channel::Text;
        if let Some(whole) = joiner.whole(&bytes) {
            self.emit(whole, channel);
        } else {
            let mut joined = String::new();
            joiner.push(&bytes, &mut joined, self.odd);
            self.emit(&joined, channel);
        }
        Ok(())
    }

    /// Whole characters of one channel: text goes through the search for a block of reasoning first.
    fn emit(&mut self, text: &str, channel: Channel) {
        if text.is_empty() {
            return;
        }
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
    fn flush(&mut self) {
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
    fn finish(&mut self) {
        self.flush();
        let (number, sink) = (self.number, &mut *self.sink);
        self.choice.tool_calls.finish(number, self.odd, &mut |index, call| {
            sink(Piece::ToolCall { choice: number, index, call });
        });
    }
}

/// Appends pieces to their text and passes them on.
fn deliver<'a>(
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
