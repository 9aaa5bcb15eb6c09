//! Reads a request's body: strict about shapes, silent about values that are out of range, as the vendor is.

use crate::errors::ApiError;
use crate::text::estimate;
use serde_json::Value;
use std::ops::RangeInclusive;

/// Choices that one request may have.
const MOST_CHOICES: i64 = 128;
/// Length of a text completion when nobody asks for another.
const COMPLETION_TOKENS: usize = 512;

/// Fields that must have a type if they are there and not null.
const TYPES: [(&str, Kind); 22] = [
    ("stream", Kind::Flag),
    ("stream_options", Kind::Object),
    ("max_tokens", Kind::Integer),
    ("max_completion_tokens", Kind::Integer),
    ("temperature", Kind::Number),
    ("top_p", Kind::Number),
    ("n", Kind::Integer),
    ("seed", Kind::Integer),
    ("frequency_penalty", Kind::Number),
    ("presence_penalty", Kind::Number),
    ("repetition_penalty", Kind::Number),
    ("top_k", Kind::Integer),
    ("min_p", Kind::Number),
    ("top_logprobs", Kind::Integer),
    ("logit_bias", Kind::Object),
    ("user", Kind::Text),
    ("tools", Kind::List),
    ("response_format", Kind::Object),
    ("suffix", Kind::Text),
    ("echo", Kind::Flag),
    ("best_of", Kind::Integer),
    ("model", Kind::Text),
];

#[derive(Clone, Copy)]
enum Kind {
    Flag,
    Integer,
    Number,
    Text,
    List,
    Object,
}

impl Kind {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Flag => value.is_boolean(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Text => value.is_string(),
            Self::List => value.is_array(),
            Self::Object => value.is_object(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Flag => "a boolean",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Text => "a string",
            Self::List => "an array",
            Self::Object => "an object",
        }
    }
}

/// What is asked, whichever the route.
#[derive(Debug)]
pub struct Ask {
    /// The model's id.
    pub model: String,
    /// Each prompt in turn; a chat has one.
    pub prompts: Vec<Prompt>,
    /// Whether this is a chat completion.
    pub chat: bool,
    /// Whether the answer is to be streamed.
    pub stream: bool,
    /// Whether `stream_options.include_usage` is set.
    pub include_usage: bool,
    /// Answers to each prompt.
    pub n: usize,
    /// Candidates of which the answers are chosen.
    pub best_of: usize,
    /// Longest answer in tokens.
    pub max_tokens: Option<usize>,
    /// Texts that end an answer.
    pub stop: Vec<String>,
    /// Changes the words.
    pub seed: u64,
    /// Alternatives to each token, where log-probabilities are asked for.
    pub logprobs: Option<usize>,
    /// Whether a text completion begins with its prompt.
    pub echo: bool,
    /// What comes after a text completion.
    pub suffix: String,
    /// The whole body, for tools and formats.
    pub body: Value,
}

/// What an answer continues.
#[derive(Debug, PartialEq)]
pub struct Prompt {
    /// The prompt, or a chat's last user message.
    pub text: String,
    /// Its length, or the whole chat's.
    pub tokens: usize,
}

impl Ask {
    /// Reads the body of a chat completion (`chat`) or a text completion.
    pub fn parse(body: &[u8], chat: bool) -> Result<Self, ApiError> {
        let body: Value = serde_json::from_slice(body)
            .map_err(|error| ApiError::invalid("body", format!("the body is not JSON: {error}")))?;
        if !body.is_object() {
            return Err(ApiError::invalid("body", "the body is not a JSON object"));
        }
        for (name, kind) in TYPES {
            if !body[name].is_null() && !kind.fits(&body[name]) {
                return Err(ApiError::invalid(name, format!("'{name}' must be {}", kind.name())));
            }
        }
        let model = body["model"].as_str().filter(|model| !model.is_empty());
        let model = model.ok_or_else(|| ApiError::invalid("model", "'model' is required"))?.to_owned();
        let n = integer(&body, "n", 1..=MOST_CHOICES).unwrap_or(1) as usize;
        let default_length = (!chat).then_some(COMPLETION_TOKENS);
        let max_tokens = integer(&body, "max_tokens", 1..=i64::MAX)
            .or_else(|| integer(&body, "max_completion_tokens", 1..=i64::MAX))
            .map(|most| most as usize);
        Ok(Self {
            model,
            prompts: if chat { vec![chat_prompt(&body)?] } else { prompts(&body["prompt"])? },
            chat,
            stream: body["stream"] == true,
            include_usage: body["stream_options"]["include_usage"] == true,
            n,
            best_of: integer(&body, "best_of", n as i64..=MOST_CHOICES).map_or(n, |best| best as usize),
            max_tokens: max_tokens.or(default_length),
            stop: stops(&body["stop"])?,
            seed: body["seed"].as_i64().unwrap_or(0).unsigned_abs(),
            logprobs: logprobs(&body, chat)?,
            echo: body["echo"] == true,
            suffix: body["suffix"].as_str().unwrap_or_default().to_owned(),
            body,
        })
    }

    /// Length of all prompts, in tokens.
    pub fn prompt_tokens(&self) -> usize {
        self.prompts.iter().map(|prompt| prompt.tokens).sum()
    }
}

/// An integer within its range; any other is dropped.
fn integer(body: &Value, name: &str, range: RangeInclusive<i64>) -> Option<i64> {
    body[name].as_i64().filter(|value| range.contains(value))
}

fn logprobs(body: &Value, chat: bool) -> Result<Option<usize>, ApiError> {
    let value = &body["logprobs"];
    let kind = if chat { Kind::Flag } else { Kind::Integer };
    if !value.is_null() && !kind.fits(value) {
        return Err(ApiError::invalid("logprobs", format!("'logprobs' must be {}", kind.name())));
    }
    let alternatives = match chat {
        true if *value == true => Some(integer(body, "top_logprobs", 0..=20).unwrap_or(0)),
        true => None,
        false => integer(body, "logprobs", 0..=20),
    };
    Ok(alternatives.map(|count| count as usize))
}

fn stops(stop: &Value) -> Result<Vec<String>, ApiError> {
    let bad = || ApiError::invalid("stop", "'stop' must be a string or an array of strings");
    match stop {
        Value::Null => Ok(Vec::new()),
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Array(list) => list.iter().map(|text| Ok(text.as_str().ok_or_else(bad)?.to_owned())).collect(),
        _ => Err(bad()),
    }
}

fn chat_prompt(body: &Value) -> Result<Prompt, ApiError> {
    let messages = body["messages"].as_array().filter(|messages| !messages.is_empty());
    let messages =
        messages.ok_or_else(|| ApiError::invalid("messages", "'messages' must be an array of messages"))?;
    let mut prompt = Prompt { text: String::new(), tokens: 0 };
    for (index, message) in messages.iter().enumerate() {
        let text = message_text(message).ok_or_else(|| {
            ApiError::invalid("messages", format!("'messages[{index}]' must have a known role and content"))
        })?;
        prompt.tokens += estimate(&text);
        if message["role"] == "user" {
            prompt.text = text;
        }
    }
    Ok(prompt)
}

/// A message's text, of all its parts; `None` if it has not a message's shape.
fn message_text(message: &Value) -> Option<String> {
    let role = message["role"].as_str()?;
    if !["system", "developer", "user", "assistant", "tool"].contains(&role) {
        return None;
    }
    match &message["content"] {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let texts = parts.iter().map(|part| {
                part["type"].as_str()?;
                Some(part["text"].as_str().unwrap_or_default())
            });
            texts.collect()
        }
        // What an assistant says beside its tool calls may be nothing.
        Value::Null if role == "assistant" && message["tool_calls"].is_array() => Some(String::new()),
        _ => None,
    }
}

/// A text, token ids, or a list of either.
fn prompts(prompt: &Value) -> Result<Vec<Prompt>, ApiError> {
    let bad = || ApiError::invalid("prompt", "'prompt' must be a string, token ids, or an array of either");
    let list = match prompt {
        Value::Array(list) if !list.is_empty() && !list[0].is_number() => list.iter().collect(),
        other => vec![other],
    };
    list.into_iter().map(|prompt| one_prompt(prompt).ok_or_else(bad)).collect()
}

fn one_prompt(prompt: &Value) -> Option<Prompt> {
    match prompt {
        Value::String(text) => Some(Prompt { text: text.clone(), tokens: estimate(text) }),
        Value::Array(ids) if !ids.is_empty() => {
            // No vocabulary: an id's text is its number in angle brackets.
            let texts = ids.iter().map(|id| Some(format!("<{}>", id.as_u64()?)));
            Some(Prompt { text: texts.collect::<Option<String>>()?, tokens: ids.len() })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Ask, Prompt};
    use serde_json::{Value, json};

    fn chat(mut with: Value) -> Result<Ask, super::ApiError> {
        let body = with.as_object_mut().unwrap();
        body.entry("model").or_insert(json!("m"));
        body.entry("messages").or_insert(json!([{"role": "user", "content": "Hi"}]));
        Ask::parse(with.to_string().as_bytes(), true)
    }

    fn completion(mut with: Value) -> Result<Ask, super::ApiError> {
        with.as_object_mut().unwrap().entry("model").or_insert(json!("m"));
        Ask::parse(with.to_string().as_bytes(), false)
    }

    #[test]
    fn wrong_shapes_are_refused_by_name() {
        let bad = [
            (json!({"model": null}), "model"),
            (json!({"messages": []}), "messages"),
            (json!({"messages": "Hi"}), "messages"),
            (json!({"messages": [{"role": "king", "content": "Hi"}]}), "messages"),
            (json!({"messages": [{"role": "user"}]}), "messages"),
            (json!({"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}), "messages"),
            (json!({"temperature": "hot"}), "temperature"),
            (json!({"max_tokens": 1.5}), "max_tokens"),
            (json!({"stop": [1]}), "stop"),
            (json!({"stream": "yes"}), "stream"),
            (json!({"logprobs": 3}), "logprobs"),
        ];
        for (body, param) in bad {
            let error = chat(body.clone()).unwrap_err();
            assert_eq!((error.param, error.code), (Some(param), 40001), "{body}");
            assert!(error.message.contains(param), "{body}: {}", error.message);
        }
        assert_eq!(Ask::parse(b"{", true).unwrap_err().param, Some("body"));
        assert_eq!(Ask::parse(b"[]", true).unwrap_err().param, Some("body"));
        for prompt in [json!(null), json!([]), json!([1, "a"]), json!(["a", 1]), json!([-1])] {
            assert_eq!(completion(json!({"prompt": prompt})).unwrap_err().param, Some("prompt"), "{prompt}");
        }
        assert_eq!(completion(json!({"prompt": "", "logprobs": true})).unwrap_err().param, Some("logprobs"));
    }

    #[test]
    fn values_out_of_range_are_dropped() {
        let ask =
            chat(json!({"n": 0, "max_tokens": -5, "temperature": 9, "logprobs": true, "top_logprobs": 99}))
                .unwrap();
        assert_eq!((ask.n, ask.max_tokens, ask.logprobs), (1, None, Some(0)));
        let ask = completion(json!({"prompt": "a", "n": 3, "best_of": 2, "logprobs": -1})).unwrap();
        assert_eq!((ask.best_of, ask.max_tokens, ask.logprobs), (3, Some(512), None));
    }

    #[test]
    fn prompts_come_in_four_forms() {
        let read = |prompt: Value| completion(json!({"prompt": prompt})).unwrap().prompts;
        let prompt = |text: &str, tokens| Prompt { text: text.to_owned(), tokens };
        assert_eq!(read(json!("abcde")), [prompt("abcde", 2)]);
        assert_eq!(read(json!(["a", "b"])), [prompt("a", 1), prompt("b", 1)]);
        assert_eq!(read(json!([7, 8, 9])), [prompt("<7><8><9>", 3)]);
        assert_eq!(read(json!([[7, 8], [9]])), [prompt("<7><8>", 2), prompt("<9>", 1)]);
    }

    #[test]
    fn a_chat_is_about_its_last_user_message() {
        let ask = chat(json!({"messages": [
            {"role": "system", "content": "Be nice."}, {"role": "user", "content": "One"},
            {"role": "assistant", "content": null, "tool_calls": []},
            {"role": "user", "content": [{"type": "text", "text": "Tw"}, {"type": "image_url"}, {"type": "text", "text": "o"}]},
            {"role": "tool", "content": "result"}
        ]}));
        assert_eq!(ask.unwrap().prompts, [Prompt { text: "Two".into(), tokens: 2 + 1 + 1 + 2 }]);
    }
}
