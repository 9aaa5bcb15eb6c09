//! One object of an answer, streamed (a chunk) or whole, as the fields that this library knows.
//!
//! Lenient by construction: a field is a value or absent, null is absent, and nothing is demanded. Reading the
//! value is left to whoever uses it, who takes what makes sense and counts what does not.

use super::errors::{Sign, sign};
use super::json::{Type, Value};

/// A chunk, or a whole completion.
#[derive(Clone, Copy)]
pub struct Chunk<'a> {
    /// All of it.
    pub all: Value<'a>,
    /// `id`.
    pub id: Option<Value<'a>>,
    /// `model`.
    pub model: Option<Value<'a>>,
    /// `object`.
    pub object: Option<Value<'a>>,
    /// `created`.
    pub created: Option<Value<'a>>,
    /// `usage`.
    pub usage: Option<Value<'a>>,
    /// `choices`, null too: that it is there tells an answer from something else.
    pub choices: Option<Value<'a>>,
    /// Whether it is an error, or says so among other things.
    pub sign: Sign,
    /// Whether there are fields that are not listed here.
    pub unknown: bool,
}

/// Whether a field of a chunk has a place of its own.
pub fn is_known(key: &[u8]) -> bool {
    matches!(key, b"id" | b"model" | b"object" | b"created" | b"usage" | b"choices" | b"error")
}

impl<'a> Chunk<'a> {
    /// Reads the fields of `all`.
    pub fn read(all: Value<'a>) -> Self {
        let mut new = Self {
            all,
            id: None,
            model: None,
            object: None,
            created: None,
            usage: None,
            choices: None,
            sign: Sign::None,
            unknown: false,
        };
        for (key, value) in all.fields() {
            if *key == *b"choices" && (new.choices.is_none() || !value.is_null()) {
                new.choices = Some(value);
            }
            if value.is_null() {
                continue;
            }
            new.sign = new.sign.max(sign(&key, value));
            match &*key {
                b"choices" => {}
                b"id" => new.id = Some(value),
                b"model" => new.model = Some(value),
                b"object" => new.object = Some(value),
                b"created" => new.created = Some(value),
                b"usage" => new.usage = Some(value),
                b"error" => {}
                _ => new.unknown = true,
            }
        }
        new
    }

    /// The choices: a list, or one alone.
    pub fn choices(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let alone = self.choices.filter(|value| value.kind() == Type::Object);
        self.choices.into_iter().flat_map(Value::items).chain(alone)
    }
}

/// One choice of a chunk.
#[derive(Clone, Copy, Default)]
pub struct ChoiceChunk<'a> {
    /// `index`.
    pub index: Option<Value<'a>>,
    /// `finish_reason`.
    pub finish_reason: Option<Value<'a>>,
    /// `logprobs`.
    pub logprobs: Option<Value<'a>>,
    /// `usage`: Moonshot's place for it.
    pub usage: Option<Value<'a>>,
    /// `error`: OpenRouter's place for a provider that failed.
    pub error: Option<Value<'a>>,
    /// `text`, of a text completion.
    pub text: Option<Value<'a>>,
    /// `delta`, or the `message` that stands in its place.
    pub message: Option<Value<'a>>,
    /// Whether it is a `delta`.
    pub is_delta: bool,
    /// Whether there are fields that are not listed here.
    pub unknown: bool,
}

/// Whether a field of a choice has a place of its own.
pub fn is_known_choice(key: &[u8]) -> bool {
    let common = matches!(key, b"index" | b"finish_reason" | b"logprobs" | b"usage" | b"error");
    common || matches!(key, b"text" | b"delta" | b"message")
}

impl<'a> ChoiceChunk<'a> {
    /// Reads the fields of `all`.
    pub fn read(all: Value<'a>) -> Self {
        let mut new = Self::default();
        let (mut delta, mut message) = (None, None);
        for (key, value) in all.fields().filter(|(_, value)| !value.is_null()) {
            match &*key {
                b"index" => new.index = Some(value),
                b"finish_reason" => new.finish_reason = Some(value),
                b"logprobs" => new.logprobs = Some(value),
                b"usage" => new.usage = Some(value),
                b"error" => new.error = Some(value),
                b"text" => new.text = Some(value),
                b"delta" => delta = Some(value),
                b"message" => message = Some(value),
                _ => new.unknown = true,
            }
        }
        new.is_delta = delta.is_some();
        new.message = delta.or(message);
        new
    }
}

/// A delta, or a whole message.
#[derive(Clone, Copy, Default)]
pub struct Delta<'a> {
    /// `role`.
    pub role: Option<Value<'a>>,
    /// `content`.
    pub content: Option<Value<'a>>,
    /// `reasoning_content`.
    pub reasoning_content: Option<Value<'a>>,
    /// `reasoning`.
    pub reasoning: Option<Value<'a>>,
    /// `tool_calls`.
    pub tool_calls: Option<Value<'a>>,
    /// `function_call`: the one call of older servers.
    pub function_call: Option<Value<'a>>,
    /// Whether there are fields that are not listed here.
    pub unknown: bool,
}

/// Whether a field of a delta has a place of its own.
pub fn is_known_delta(key: &[u8]) -> bool {
    let words = matches!(key, b"role" | b"content" | b"reasoning_content" | b"reasoning");
    words || matches!(key, b"tool_calls" | b"function_call")
}

impl<'a> Delta<'a> {
    /// Reads the fields of `all`.
    pub fn read(all: Value<'a>) -> Self {
        let mut new = Self::default();
        for (key, value) in all.fields().filter(|(_, value)| !value.is_null()) {
            match &*key {
                b"role" => new.role = Some(value),
                b"content" => new.content = Some(value),
                b"reasoning_content" => new.reasoning_content = Some(value),
                b"reasoning" => new.reasoning = Some(value),
                b"tool_calls" => new.tool_calls = Some(value),
                b"function_call" => new.function_call = Some(value),
                _ => new.unknown = true,
            }
        }
        new
    }
}
