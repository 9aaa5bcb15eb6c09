//! Events that say the same as the one before, but for their words and what is used up.
//!
//! A server writes the same id, model and time around each piece of a stream. Once an event was read in full that adds a
//! piece to one text, or to the arguments of one call, and does nothing else when it comes again, it is remembered with
//! holes: where its words stand, and the value of its `usage`. An event that fits brings what is in the holes, and nothing
//! else of it needs to be read again. That is most of what reading a stream costs.

use super::chunk::{ChoiceChunk, Chunk, Delta};
use super::errors::Sign;
use super::json::{MAX_DEPTH, Value};
use super::reader::Reader;
use super::reasoning::Channel;
use super::tolerated::Tolerated;
use super::tool_calls::only_arguments;
use std::ops::Range;

/// A stream in which so many events in a row had other things around their words is not tried any more.
const PATIENCE: u32 = 16;

/// The last event that was read in full.
#[derive(Debug, Default)]
pub struct Frame {
    data: Vec<u8>,
    /// In the order in which they stand in it.
    holes: Vec<Hole>,
    /// Where its words go; `None` if it is no frame for others.
    place: Option<Place>,
    misses: u32,
}

/// A value that may be another in the next event.
#[derive(Debug)]
struct Hole {
    at: Range<usize>,
    is_usage: bool,
}

/// What an event adds to.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The choice.
    pub choice: usize,
    /// What of it.
    pub to: To,
}

/// What of a choice an event adds to.
#[derive(Clone, Copy, Debug)]
pub enum To {
    /// One of its texts.
    Text(Channel),
    /// The arguments of the call at this index.
    Arguments(i64),
}

/// What is new in an event.
pub struct New<'a> {
    /// Where its words go.
    pub place: Place,
    /// Its words: a string.
    pub words: Value<'a>,
    /// Its `usage`, if it has one.
    pub usage: Option<Value<'a>>,
}

impl Frame {
    /// What is new in an event with these data, if all else of it is as it was and nothing in its usage is odd. `depth` is
    /// that of an event.
    pub fn new_in<'a>(&mut self, data: &'a [u8], depth: usize) -> Option<New<'a>> {
        let place = self.place?;
        let (mut words, mut usage) = (None, None);
        let (mut reader, mut from) = (Reader::over(data), 0);
        for hole in &self.holes {
            reader.literal(&self.data[from..hole.at.start])?;
            if hole.is_usage {
                usage = Some(usage_in(&mut reader, depth)?);
            } else {
                words = Some(reader.new_string().ok()?);
            }
            from = hole.at.end;
        }
        if reader.rest() != &self.data[from..] {
            return None;
        }
        self.misses = 0;
        Some(New { place, words: words?, usage: usage.filter(|usage| !usage.is_null()) })
    }

    /// Remembers an event that was just read in full as `value`, and in which nothing was odd, if it fits others.
    pub fn learn(&mut self, data: &[u8], value: Value<'_>) {
        self.place = None;
        if self.misses >= PATIENCE {
            return;
        }
        self.misses += 1;
        let Some((place, words, usage)) = holes(value) else { return };
        // All are slices of the same bytes.
        let at = |value: Value<'_>| {
            let from = value.raw().as_ptr().addr() - data.as_ptr().addr();
            from..from + value.raw().len()
        };
        self.holes.clear();
        self.holes.push(Hole { at: at(words), is_usage: false });
        self.holes.extend(usage.map(|usage| Hole { at: at(usage), is_usage: true }));
        self.holes.sort_by_key(|hole| hole.at.start);
        self.data.clear();
        self.data.extend_from_slice(data);
        self.place = Some(place);
    }
}

/// The usage that the reader stands before; none where something is odd in it, for whoever reads it in full counts that.
fn usage_in<'a>(reader: &mut Reader<'a>, depth: usize) -> Option<Value<'a>> {
    // Most servers that write it have nothing to say in it but at the end.
    if let Some(null) = reader.literal(b"null") {
        return Some(Value::new(null, &[]));
    }
    let mut odd = Tolerated::default();
    // The event is a bracket around it.
    let value = reader.new_value(depth.min(MAX_DEPTH) - 1, &mut odd).ok()?;
    (odd == Tolerated::default()).then_some(value)
}

/// The words of an event that does nothing when it comes again but add them, and its `usage`.
fn holes(all: Value<'_>) -> Option<(Place, Value<'_>, Option<Value<'_>>)> {
    let chunk = Chunk::read(all);
    let mut choices = chunk.choices();
    let (value, None) = (choices.next()?, choices.next()) else { return None };
    // Of two, the last that is not null counts: which one that is, its value would decide.
    let mut usages = all.fields().filter(|(key, _)| **key == *b"usage").map(|(_, value)| value);
    let (usage, None) = (usages.next(), usages.next()) else { return None };
    let choice = ChoiceChunk::read(value);
    // Some servers send an empty reason with every event.
    let reason = choice.finish_reason.filter(|reason| !reason.is_empty_text());
    let others = [reason, choice.logprobs, choice.usage, choice.error];
    if chunk.sign != Sign::None || choice.unknown || others.iter().any(Option::is_some) {
        return None;
    }
    let (to, words) = match (choice.message, choice.text) {
        (Some(message), None) if choice.is_delta => words(message)?,
        (None, Some(text)) => (To::Text(Channel::Text), text),
        _ => return None,
    };
    words.string()?;
    let number = choice.index.map_or(Some(0), |index| index.integer(&mut Tolerated::default()))?;
    Some((Place { choice: usize::try_from(number).ok()?, to }, words, usage))
}

/// The words of a delta, if there are no others in it.
fn words(message: Value<'_>) -> Option<(To, Value<'_>)> {
    let delta = Delta::read(message);
    if delta.unknown || delta.function_call.is_some() {
        return None;
    }
    // Several servers send an empty text beside the reasoning or the call, or reasoning under two names.
    let texts = [
        (Channel::Text, delta.content),
        (Channel::Reasoning, delta.reasoning_content),
        (Channel::Reasoning, delta.reasoning),
    ];
    let said = texts.into_iter().filter_map(|(channel, text)| Some((To::Text(channel), text?)));
    let mut words = said.clone().filter(|(_, text)| !text.is_empty_text());
    let first = words.next();
    if words.next().is_some() {
        return None;
    }
    let Some(calls) = delta.tool_calls else { return first.or_else(|| said.clone().next()) };
    let mut calls = calls.items();
    let (Some(call), None, None) = (calls.next(), calls.next(), first) else { return None };
    only_arguments(call).map(|(index, arguments)| (To::Arguments(index), arguments))
}

#[cfg(test)]
mod tests;
