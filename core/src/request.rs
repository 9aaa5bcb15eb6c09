//! What is asked: a model, messages or a prompt, and parameters, typed or as raw JSON.

use crate::error::Error;
use crate::message::{Image, Message, Role, Turn, no_place_for_image};
use crate::policy::Wishes;
use crate::tools::{TOOLS, Tool};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Who speaks in messages that are text alone.
const ROLES: [Role; 3] = [Role::System, Role::User, Role::Assistant];
pub(crate) const MODEL: &str = "model";
pub(crate) const MESSAGES: &str = "messages";
pub(crate) const PROMPT: &str = "prompt";
pub(crate) const STREAM: &str = "stream";
pub(crate) const LOGPROBS: &str = "logprobs";
pub(crate) const TOP_LOGPROBS: &str = "top_logprobs";
pub(crate) const LOGIT_BIAS: &str = "logit_bias";
pub(crate) const STOP: &str = "stop";

/// A parameter with a range, and the range in words.
type Ranged<T> = (&'static str, RangeInclusive<T>, &'static str);

/// Ranges from the vendor's page and from its server's own description. The server drops a value outside of
/// them silently, so it is refused here. What is in neither table may be anything.
const WHOLE: [Ranged<i64>; 5] = [
    ("max_tokens", 1..=i64::MAX, "at least 1"),
    ("n", 1..=i64::MAX, "at least 1"),
    ("best_of", 1..=i64::MAX, "at least 1"),
    ("top_k", -1..=i64::MAX, "at least -1, which is no limit"),
    (TOP_LOGPROBS, 0..=20, "from 0 to 20"),
];

/// See [`WHOLE`]; the penalties' and the bias's ranges are those that every server with them shares.
const REAL: [Ranged<f64>; 7] = [
    ("temperature", 0.0..=2.0, "from 0 to 2"),
    ("top_p", 0.0..=1.0, "from 0 to 1"),
    ("min_p", 0.0..=1.0, "from 0 to 1"),
    ("frequency_penalty", -2.0..=2.0, "from -2 to 2"),
    ("presence_penalty", -2.0..=2.0, "from -2 to 2"),
    // The server divides by it.
    ("repetition_penalty", f64::MIN_POSITIVE..=f64::MAX, "greater than 0"),
    (LOGIT_BIAS, -100.0..=100.0, "from -100 to 100"),
];

/// How the answer is delivered; not part of the body.
#[derive(Clone, Copy, Debug, Default)]
pub struct Delivery {
    /// Reasoning is left out of events and answer.
    pub omit_reasoning: bool,
    /// Text comes in whole sentences.
    pub sentences: bool,
    /// Nothing comes but retries and the end.
    pub omit_pieces: bool,
}

/// A request under construction. Cloning shares messages and values.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub(crate) model: String,
    /// What is asked in place of it, one after the other, where it is gone or overloaded; not part of the body.
    pub(crate) fallbacks: Vec<Arc<str>>,
    pub(crate) messages: Vec<Message>,
    /// The first call of the conversation that has no result.
    pub(crate) open_call: Option<Arc<str>>,
    pub(crate) tools: Vec<Arc<Tool>>,
    /// Texts of the prompt; more than one makes a list.
    pub(crate) prompts: Vec<Arc<str>>,
    pub(crate) stops: Vec<Arc<str>>,
    pub(crate) biases: Vec<(i64, f64)>,
    /// Every other key, in the order in which it was first set.
    pub(crate) fields: Vec<(Arc<str>, Arc<RawValue>)>,
    /// What is to be different from the client's own settings; not part of the body.
    pub wishes: Wishes,
    /// How its answer is delivered.
    pub delivery: Delivery,
    /// Whether the model gets its reasoning of earlier turns back.
    pub send_reasoning: bool,
}

impl Request {
    /// A request to `model`.
    pub fn new(model: &str) -> Result<Self, Error> {
        let mut request = Self::default();
        request.set_model(model)?;
        Ok(request)
    }

    /// Reads a whole body. Messages in it can be added to; every other key is kept as it is.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let mut request = Self::default();
        for (key, value) in
            fields(json).map_err(|e| Error::invalid("json", format!("is not a JSON object ({e})")))?
        {
            match key.as_str() {
                MESSAGES => {
                    let messages: Vec<Box<RawValue>> = serde_json::from_str(value.get())
                        .map_err(|_| Error::invalid(MESSAGES, "is not an array"))?;
                    request.messages.extend(messages.into_iter().map(|message| Message::Raw(message.into())));
                }
                _ => request.put(&key, value)?,
            }
        }
        Ok(request)
    }

    /// Sets any key of the body to any JSON value, as it is written.
    pub fn set_json(&mut self, key: &str, json: &str) -> Result<(), Error> {
        let value = serde_json::from_str::<Box<RawValue>>(json);
        let value = value.map_err(|e| Error::invalid(key, format!("is not JSON ({e})")))?;
        self.put(key, value)
    }

    fn put(&mut self, key: &str, value: Box<RawValue>) -> Result<(), Error> {
        match key {
            "" => return Err(Error::invalid("key", "is empty")),
            STREAM => {
                return Err(Error::invalid(
                    STREAM,
                    "belongs to the library: the call decides whether to stream",
                ));
            }
            MODEL => {
                let model = serde_json::from_str::<String>(value.get());
                return self.set_model(&model.map_err(|_| Error::invalid(MODEL, "is not a string"))?);
            }
            _ => {}
        }
        self.store(key, value);
        self.no_double(key)
    }

    /// A key that was set as JSON and that typed calls add to has two meanings.
    pub(crate) fn no_double(&self, key: &str) -> Result<(), Error> {
        let added = match key {
            MESSAGES => !self.messages.is_empty(),
            PROMPT => !self.prompts.is_empty(),
            STOP => !self.stops.is_empty(),
            LOGIT_BIAS => !self.biases.is_empty(),
            TOOLS => !self.tools.is_empty(),
            _ => false,
        };
        if added && self.field(key).is_some() {
            return Err(Error::invalid(
                key,
                format!("was set as JSON (\"{key}\") and also added to by its typed calls"),
            ));
        }
        Ok(())
    }

    pub(crate) fn store(&mut self, key: &str, value: Box<RawValue>) {
        let value = Arc::from(value);
        match self.fields.iter_mut().find(|(name, _)| **name == *key) {
            Some((_, old)) => *old = value,
            None => self.fields.push((key.into(), value)),
        }
    }

    pub(crate) fn field(&self, key: &str) -> Option<&RawValue> {
        self.fields.iter().find(|(name, _)| **name == *key).map(|(_, value)| &**value)
    }

    fn set_model(&mut self, model: &str) -> Result<(), Error> {
        if model.is_empty() {
            return Err(Error::invalid(MODEL, "is empty; the server refuses a request without one"));
        }
        model.clone_into(&mut self.model);
        Ok(())
    }

    /// Appends a message.
    pub fn add_message(&mut self, role: &str, text: &str) -> Result<(), Error> {
        let turn = Turn::new(Role::of(role, &ROLES)?, text);
        self.messages.push(Message::Turn(Arc::new(turn)));
        self.no_double(MESSAGES)
    }

    /// Adds an image to the last message.
    pub fn add_image(&mut self, image: Image) -> Result<(), Error> {
        match self.messages.last_mut() {
            Some(Message::Turn(turn)) => Arc::make_mut(turn).add_image(image),
            Some(Message::Raw(_)) => {
                Err(Error::invalid("image", "goes with a message of the typed calls, not of JSON"))
            }
            None => Err(no_place_for_image(None)),
        }
    }

    /// Whether images were added; what is in JSON is the caller's own.
    pub(crate) fn has_images(&self) -> bool {
        let has_images =
            |message: &Message| matches!(message, Message::Turn(turn) if !turn.images.is_empty());
        self.messages.iter().any(has_images)
    }

    /// Makes it a text completion of `text`, in place of any prompt before.
    pub fn set_prompt(&mut self, text: &str) -> Result<(), Error> {
        self.fields.retain(|(name, _)| &**name != PROMPT);
        self.prompts = vec![text.into()];
        Ok(())
    }

    /// Adds a prompt: several are completed side by side.
    pub fn add_prompt(&mut self, text: &str) -> Result<(), Error> {
        self.prompts.push(text.into());
        self.no_double(PROMPT)
    }

    /// Makes it a text completion of tokens.
    pub fn set_prompt_tokens(&mut self, tokens: &[i64]) -> Result<(), Error> {
        if let Some(at) = tokens.iter().position(|token| *token < 0) {
            return Err(Error::invalid(PROMPT, format!("token {at} is negative")));
        }
        if tokens.is_empty() {
            return Err(Error::invalid(PROMPT, "has no tokens"));
        }
        self.prompts.clear();
        self.set(PROMPT, &tokens)
    }

    /// Sets one of the whole-number parameters.
    pub fn set_whole(&mut self, key: &'static str, value: i64) -> Result<(), Error> {
        in_range(key, &value, &WHOLE)?;
        self.set(key, &value)
    }

    /// Sets one of the real-number parameters.
    pub fn set_real(&mut self, key: &'static str, value: f64) -> Result<(), Error> {
        in_range(key, &value, &REAL)?;
        self.set(key, &value)
    }

    /// Sets a parameter that is a text.
    pub fn set_text(&mut self, key: &'static str, value: &str) -> Result<(), Error> {
        self.set(key, &value)
    }

    /// Sets a parameter that is on or off.
    pub fn set_flag(&mut self, key: &'static str, value: bool) -> Result<(), Error> {
        self.set(key, &value)
    }

    fn set(&mut self, key: &'static str, value: &impl Serialize) -> Result<(), Error> {
        let value = to_raw_value(value).map_err(|e| Error::invalid(key, e))?;
        self.store(key, value);
        Ok(())
    }

    /// Adds a text at which the answer ends.
    pub fn add_stop(&mut self, text: &str) -> Result<(), Error> {
        if text.is_empty() {
            return Err(Error::invalid(STOP, "is empty"));
        }
        self.stops.push(text.into());
        self.no_double(STOP)
    }

    /// Makes a token more or less likely; a token that was given before gets the new bias.
    pub fn set_logit_bias(&mut self, token: i64, bias: f64) -> Result<(), Error> {
        if token < 0 {
            return Err(Error::invalid(LOGIT_BIAS, format!("token {token} is negative")));
        }
        in_range(LOGIT_BIAS, &bias, &REAL)?;
        self.biases.retain(|(known, _)| *known != token);
        self.biases.push((token, bias));
        self.no_double(LOGIT_BIAS)
    }
}

fn in_range<T: PartialOrd + std::fmt::Display>(
    key: &str,
    value: &T,
    table: &[Ranged<T>],
) -> Result<(), Error> {
    match table.iter().find(|(name, ..)| *name == key) {
        Some((_, range, words)) if !range.contains(value) => {
            Err(Error::invalid(key, format!("{value} is out of range; it must be {words}")))
        }
        _ => Ok(()),
    }
}

/// The members of a JSON object in their order, each value as it is written.
fn fields(json: &str) -> serde_json::Result<Vec<(String, Box<RawValue>)>> {
    struct Members;
    impl<'de> serde::de::Visitor<'de> for Members {
        type Value = Vec<(String, Box<RawValue>)>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<M: serde::de::MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }
    let mut source = serde_json::Deserializer::from_str(json);
    let members = serde::Deserializer::deserialize_map(&mut source, Members)?;
    source.end()?;
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::Request;
    use crate::plan::Plan;
    use std::sync::Arc;

    fn chat() -> Request {
        let mut request = Request::new("m").unwrap();
        request.add_message("user", "hi").unwrap();
        request
    }

    fn plan(request: Request) -> Plan {
        Arc::new(request).plan().unwrap()
    }

    fn body(request: Request) -> String {
        String::from_utf8(plan(request).body(false, true).unwrap()).unwrap()
    }

    #[test]
    fn a_body_is_what_was_set() {
        let mut request = chat();
        request.set_whole("max_tokens", 5).unwrap();
        request.set_real("temperature", 0.5).unwrap();
        request.set_whole("max_tokens", 6).unwrap();
        request.add_stop("a").unwrap();
        request.set_logit_bias(7, 1.0).unwrap();
        request.set_json("x", "{\"b\": 1.10,  \"a\":2}").unwrap();
        let clone = request.clone();
        request.add_message("assistant", "yo").unwrap();
        request.add_stop("b").unwrap();
        assert_eq!(
            body(clone),
            r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"max_tokens":6,"temperature":0.5,"x":{"b": 1.10,  "a":2},"stop":"a","logit_bias":{"7":1.0}}"#
        );
        assert!(body(request).contains(r#"{"role":"assistant","content":"yo"}],"#));
        let streamed = String::from_utf8(plan(chat()).body(true, true).unwrap()).unwrap();
        assert!(
            streamed.ends_with(r#""stream":true,"stream_options":{"include_usage":true}}"#),
            "{streamed}"
        );
        assert!(
            !String::from_utf8(plan(chat()).body(true, false).unwrap()).unwrap().contains("stream_options")
        );
    }

    #[test]
    fn a_whole_body_can_be_read() {
        let json = r#"{"model":"m","messages":[{"role":"tool","x":1}],"future":[1]}"#;
        let mut request = Request::from_json(json).unwrap();
        assert_eq!(body(request.clone()), json);
        request.add_message("user", "more").unwrap();
        assert!(body(request).contains(r#"[{"role":"tool","x":1},{"role":"user","content":"more"}]"#));
        for (bad, field) in [
            ("[]", "json"),
            ("{}{}", "json"),
            (r#"{"stream":true}"#, "stream"),
            (r#"{"model":1}"#, "model"),
            (r#"{"messages":{}}"#, "messages"),
        ] {
            let error = Request::from_json(bad).unwrap_err();
            assert_eq!(error.param.as_str(), field, "{bad}: {error}");
        }
    }

    #[test]
    fn a_bad_value_names_its_field() {
        let mut r = chat();
        for (field, result) in [
            ("temperature", r.set_real("temperature", 2.1)),
            ("temperature", r.set_real("temperature", f64::NAN)),
            ("top_p", r.set_real("top_p", -0.1)),
            ("repetition_penalty", r.set_real("repetition_penalty", 0.0)),
            ("max_tokens", r.set_whole("max_tokens", 0)),
            ("top_logprobs", r.set_whole("top_logprobs", 21)),
            ("logit_bias", r.set_logit_bias(1, 101.0)),
            ("stop", r.add_stop("")),
            ("role", r.add_message("robot", "")),
            ("x", r.set_json("x", "{")),
            ("stream", r.set_json("stream", "true")),
            ("messages", r.set_json("messages", "[]")),
        ] {
            let error = result.unwrap_err();
            assert_eq!(error.param.as_str(), field);
            assert!(error.message.as_str().starts_with(field), "{error}");
        }
        for (field, json) in [
            ("model", r#"{"prompt":"a"}"#),
            ("messages", r#"{"model":"m"}"#),
            ("prompt", r#"{"model":"m","prompt":"a","messages":[{}]}"#),
        ] {
            let error = Arc::new(Request::from_json(json).unwrap()).plan().unwrap_err();
            assert_eq!(error.param.as_str(), field, "{json}");
        }
    }
}
