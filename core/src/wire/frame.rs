//! Events that say the same as the one before, but for their words.
//!
//! A server writes the same id, model and time around each piece of a stream. Once an event was read in full that adds a
//! piece to one text and nothing else, what stands around its words is remembered; an event with the same around other
//! words adds those, and nothing else of it needs to be read again. That is nine tenths of what reading a stream costs.

use super::chunk::{ChoiceChunk, Chunk, Delta};
use super::errors::Sign;
use super::json::{Value, parse};
use super::reasoning::Channel;
use super::strings::Str;
use super::tolerated::Tolerated;
use memchr::memchr2;

/// A stream in which so many events in a row had other things around their words is not tried any more.
const PATIENCE: u32 = 16;

/// What stood around the words of the last event that was read in full.
#[derive(Debug, Default)]
pub struct Frame {
    before: Vec<u8>,
    after: Vec<u8>,
    place: Option<Place>,
    misses: u32,
}

/// The text that an event adds to.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The choice.
    pub choice: usize,
    /// Which of its texts.
    pub channel: Channel,
}

impl Frame {
    /// The words of an event with these data, if all else of it is as it was.
    pub fn words<'a>(&mut self, data: &'a [u8]) -> Option<(Place, Str<'a>)> {
        let place = self.place?;
        let words = data.strip_prefix(self.before.as_slice())?.strip_suffix(self.after.as_slice())?;
        if !is_one_string(words) {
            return None;
        }
        self.misses = 0;
        Some((place, Str::new(words)))
    }

    /// Remembers an event that was just read in full, and in which nothing was odd, if it adds to one text only.
    pub fn learn(&mut self, data: &[u8], depth: usize) {
        self.place = None;
        if self.misses >= PATIENCE {
            return;
        }
        self.misses += 1;
        let Some((place, words)) = place_of(data, depth) else { return };
        // Both are slices of the same bytes; between the quotes are the words.
        let from = words.raw().as_ptr().addr() - data.as_ptr().addr() + 1;
        let to = from + words.raw().len() - 2;
        self.before.clear();
        self.before.extend_from_slice(&data[..from]);
        self.after.clear();
        self.after.extend_from_slice(&data[to..]);
        self.place = Some(place);
    }
}

/// Whether these bytes, between quotes, are one string of JSON.
fn is_one_string(mut words: &[u8]) -> bool {
    while let Some(at) = memchr2(b'"', b'\\', words) {
        if words[at] == b'"' || at + 2 > words.len() {
            return false;
        }
        words = &words[at + 2..];
    }
    true
}

/// The words of an event that does nothing when it comes again, but add them.
fn place_of(data: &[u8], depth: usize) -> Option<(Place, Value<'_>)> {
    let mut odd = Tolerated::default();
    let chunk = Chunk::read(parse(data, depth, &mut odd).ok()?.0);
    let mut choices = chunk.choices();
    let (value, None) = (choices.next()?, choices.next()) else { return None };
    if chunk.sign != Sign::None || chunk.usage.is_some() {
        return None;
    }
    let choice = ChoiceChunk::read(value);
    let others = [choice.finish_reason, choice.logprobs, choice.usage, choice.error, choice.text];
    if !choice.is_delta || choice.unknown || others.iter().any(Option::is_some) {
        return None;
    }
    let delta = Delta::read(choice.message?);
    if delta.unknown || delta.tool_calls.is_some() || delta.function_call.is_some() {
        return None;
    }
    // Several servers send an empty text beside the reasoning, or reasoning under two names.
    let texts = [delta.content, delta.reasoning_content, delta.reasoning];
    let mut said = texts.into_iter().enumerate().filter_map(|(at, text)| Some((at, text?)));
    let mut words = said.clone().filter(|(_, text)| text.string().is_none_or(|text| !text.is_empty()));
    let (at, text) = words.next().or_else(|| said.next())?;
    text.string()?;
    let channel = if at == 0 { Channel::Text } else { Channel::Reasoning };
    let number = choice.index.map_or(Some(0), |index| index.integer(&mut odd))?;
    let place = Place { choice: usize::try_from(number).ok()?, channel };
    words.next().is_none().then_some((place, text))
}

#[cfg(test)]
mod tests {
    use super::Frame;

    /// The words that the second event is found to have, once the first was read.
    fn words(first: &str, second: &str) -> Option<String> {
        let mut frame = Frame::default();
        frame.learn(first.as_bytes(), 128);
        frame.words(second.as_bytes()).map(|(_, words)| String::from_utf8(words.raw().to_vec()).unwrap())
    }

    #[test]
    fn only_words_may_differ() {
        let event = |id: &str, words: &str, end: &str| {
            format!(
                r#"{{"id":"{id}","choices":[{{"index":0,"delta":{{"content":"{words}"}},"finish_reason":{end}}}]}}"#
            )
        };
        let first = event("a", "x", "null");
        for same in ["", "y", "long words", r"\n", r#"\"q\""#, r"\\", r"a\u00e9"] {
            assert_eq!(words(&first, &event("a", same, "null")).as_deref(), Some(same));
        }
        let (other_id, ended) = (event("b", "x", "null"), event("a", "x", "\"stop\""));
        let (broken, more) = (event("a", r"x\", "null"), event("a", r#"x","content":"y"#, "null"));
        for other in [&other_id, &ended, &broken, &more, &first[..20]] {
            assert_eq!(words(&first, other), None, "{other}");
        }
        // One that ends its choice does more than add to a text.
        assert_eq!(words(&ended, &ended), None);
    }

    #[test]
    fn what_does_more_than_add_to_a_text_is_read_each_time() {
        for delta in [
            r#""content":"x","tool_calls":[]"#,
            r#""content":"x","reasoning":"y""#,
            r#""content":"x","other":1"#,
            r#""content":["x"]"#,
            r#""content":null"#,
            "",
        ] {
            let event = format!(r#"{{"choices":[{{"delta":{{{delta}}}}}]}}"#);
            assert_eq!(words(&event, &event), None, "{delta}");
        }
        for event in [
            r#"{"choices":[{"delta":{"content":"x"}}],"usage":{"total_tokens":1}}"#,
            r#"{"choices":[{"delta":{"content":"x"}},{"delta":{"content":"x"}}]}"#,
            r#"{"choices":[{"delta":{"content":"x"},"logprobs":{}}]}"#,
            r#"{"choices":[{"message":{"content":"x"}}]}"#,
            r#"{"choices":[{"delta":{"content":"x"}}],"error":"no"}"#,
        ] {
            assert_eq!(words(event, event), None, "{event}");
        }
        let both = r#"{"choices":[{"delta":{"content":"","reasoning_content":"x","role":"assistant"}}]}"#;
        assert_eq!(words(both, both).as_deref(), Some("x"));
    }

    #[test]
    fn a_stream_whose_events_differ_is_soon_let_be() {
        let event = |id: u32| format!(r#"{{"id":"{id}","choices":[{{"delta":{{"content":"x"}}}}]}}"#);
        let mut frame = Frame::default();
        for id in 0..super::PATIENCE + 1 {
            assert!(frame.words(event(id).as_bytes()).is_none());
            frame.learn(event(id).as_bytes(), 128);
        }
        assert!(frame.place.is_none());
    }
}
