//! What a server's chunks add up to: the completion that the unstreamed call would have returned.

use super::choice::{Adding, Choice};
use super::chunk::{ChoiceChunk, Chunk, is_known};
use super::clean::{identifier, write_value};
use super::fields::{Fields, Rule};
use super::frame::{New, To};
use super::json::{Type, Value};
use super::reasoning::begins_inside;
use super::tolerated::Tolerated;
use super::{Bound, Budget, Kind, Limits, Sink};
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
    /// Whether it was, also where the body is gone with the reasoning in it.
    pub(super) came_whole: bool,
    /// As it came, for it is another in most events; what writes it makes it valid.
    pub(super) usage_json: Vec<u8>,
    pub(super) unknown: Fields,
    pub(super) kind: Kind,
    begins_inside: bool,
    budget: Budget,
    /// The last string that had escapes, for its memory.
    unescaped: Vec<u8>,
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
    pub(crate) fn new(kind: Kind, limits: &Limits) -> Self {
        Self {
            id: Text::new(),
            model: Text::new(),
            object: Text::new(),
            created: None,
            choices: Vec::new(),
            usage: Usage::default(),
            tolerated: Tolerated::default(),
            body: String::new(),
            came_whole: false,
            usage_json: Vec::new(),
            unknown: Fields::default(),
            kind,
            begins_inside: false,
            budget: Budget::new(limits.answer),
            unescaped: Vec::new(),
        }
    }

    /// Whether it is a body as it came, and no completion.
    pub(crate) fn is_raw(&self) -> bool {
        self.kind == Kind::Raw
    }

    /// Whether it came in pieces, and not as one JSON text.
    pub fn is_streamed(&self) -> bool {
        !self.came_whole
    }

    /// Whether anything came that a model had to say: from then on the answer is worth its money.
    pub(super) fn has_begun(&self) -> bool {
        self.choices.iter().any(|choice| choice.begun)
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
                self.choices.resize(index + 1, Choice::new(self.kind == Kind::Chat));
            }
            if let Some(usage) = part.usage {
                self.apply_usage(usage)?;
            }
            self.adding(index, limits.tool_calls, sink).apply(value, &part)?;
        }
        Ok(error)
    }

    /// Adds what is new in an event that is otherwise one that was applied.
    pub(super) fn apply_new(
        &mut self,
        new: &New<'_>,
        limits: &Limits,
        sink: &mut Sink<'_>,
    ) -> Result<(), Bound> {
        if let Some(usage) = new.usage {
            self.apply_usage(usage)?;
        }
        let mut adding = self.adding(new.place.choice, limits.tool_calls, sink);
        match new.place.to {
            To::Text(channel) => new.words.string().map_or(Ok(()), |words| adding.string(words, channel)),
            To::Arguments(index) => adding.arguments(index, new.words),
        }
    }

    fn adding<'c, 's>(
        &'c mut self,
        index: usize,
        tool_calls: usize,
        sink: &'c mut Sink<'s>,
    ) -> Adding<'c, 's> {
        Adding {
            choice: &mut self.choices[index],
            number: index as u32,
            begins_inside: self.begins_inside,
            budget: &mut self.budget,
            odd: &mut self.tolerated,
            unescaped: &mut self.unescaped,
            tool_calls,
            sink,
        }
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

    /// What is used up is told beside an error too.
    pub(super) fn count(&mut self, error: Value<'_>) {
        if let Some(usage) = error.get("usage").filter(|usage| usage.kind() == Type::Object) {
            // A bound that is broken is no worse than the error.
            let _ = self.apply_usage(usage);
        }
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
        if self.usage_json == value.raw() {
            return Ok(());
        }
        // Its strings were not looked into before: what is odd in them counts now.
        if !value.raw().iter().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'[' | b']'..=b'~')) {
            write_value(value, &mut String::new(), &mut self.tolerated);
        }
        self.budget.refund(self.usage_json.len());
        self.usage_json.clear();
        self.usage_json.extend_from_slice(value.raw());
        self.budget.spend(self.usage_json.len())
    }

    /// Takes the reasoning out, also of [`Answer::to_json`]. It has been received all the same.
    pub fn omit_reasoning(&mut self) {
        for choice in &mut self.choices {
            if choice.omit_reasoning() {
                // What the server sent has it, so the JSON is put together without.
                self.body.clear();
            }
        }
    }

    /// The answer is complete: hands out what waited for more.
    pub(super) fn finish(&mut self, sink: &mut Sink<'_>) {
        self.finish_choices(sink, true);
    }

    /// The answer ends here, complete or not: what waited becomes part of it, and what is missing is filled in.
    pub(super) fn settle(&mut self, sink: &mut Sink<'_>) {
        self.finish_choices(sink, false);
        self.unescaped = Vec::new();
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
        for index in 0..self.choices.len() {
            let mut adding = self.adding(index, 0, sink);
            if complete {
                adding.finish();
            } else {
                adding.choice.splitter.cut();
                adding.flush();
                adding.choice.tool_calls.settle(adding.number, adding.odd);
            }
        }
    }
}

/// Sets a short text once.
pub(super) fn set(
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
