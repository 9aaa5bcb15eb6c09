//! A request checked as a whole and ready to be sent, and the body that it is sent as.

use crate::catalog;
use crate::endpoint::Route;
use crate::error::Error;
use crate::message::Sent;
use crate::policy::Wishes;
use crate::request::{
    Delivery, LOGIT_BIAS, LOGPROBS, MESSAGES, MODEL, PROMPT, Request, STOP, STREAM, TOP_LOGPROBS,
};
use crate::tools::{TOOL_CHOICE, TOOLS};
use crate::wire::Kind;
use serde::Serialize;
use serde::ser::SerializeMap;
use serde_json::value::RawValue;
use std::sync::Arc;

const STREAM_OPTIONS: &str = "stream_options";

/// What is needed to send a request; made once, before anything is sent.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Chat or text completion.
    pub kind: Kind,
    /// How many choices were asked for: `n` × prompts.
    pub choices: usize,
    /// Whether the API can stream it.
    pub streamable: bool,
    /// How many of the fallback models were passed on to.
    fallback: usize,
    /// How the answer is delivered.
    pub delivery: Delivery,
    request: Arc<Request>,
}

impl Request {
    /// Checks the request as a whole: what it is, and that nothing is missing.
    pub fn plan(self: &Arc<Self>) -> Result<Plan, Error> {
        if self.model.is_empty() {
            return Err(Error::invalid(MODEL, "is missing"));
        }
        let chat = self.is_chat();
        let (kind, prompts) = match (chat, self.prompt_count()) {
            (true, None) => (Kind::Chat, 1),
            (false, Some(prompts)) => (Kind::Completion, prompts),
            (true, Some(_)) => {
                return Err(Error::invalid(PROMPT, "a request has messages or a prompt, not both"));
            }
            (false, None) => return Err(Error::invalid(MESSAGES, "is empty, and there is no prompt")),
        };
        if let Some(id) = &self.open_call {
            return Err(Error::invalid(MESSAGES, format!("the tool call {id:?} has no result yet")));
        }
        self.check_tool_choice()?;
        Ok(Plan {
            kind,
            choices: self.number("n").max(1).saturating_mul(prompts),
            // The best of several is known only when all are whole.
            streamable: self.number("best_of") <= 1,
            fallback: 0,
            delivery: self.delivery,
            request: Arc::clone(self),
        })
    }

    pub(crate) fn is_chat(&self) -> bool {
        !self.messages.is_empty() || self.field(MESSAGES).is_some()
    }

    /// How many prompts there are; `None` for a chat.
    pub(crate) fn prompt_count(&self) -> Option<usize> {
        if self.prompts.is_empty() {
            self.field(PROMPT).map(|json| count_prompts(json.get()))
        } else {
            Some(self.prompts.len())
        }
    }

    /// A parameter that is 1 where it is not set. JSON may write 2 as 2.0 or 2e0.
    pub(crate) fn number(&self, key: &str) -> usize {
        let number = self.field(key).and_then(|json| json.get().parse::<f64>().ok());
        number.map_or(1, |number| number as usize)
    }
}

impl Request {
    /// Checks it as sending it would, by what is known without a client.
    pub fn check(self: &Arc<Self>) -> Result<(), Error> {
        self.plan()?.check_images(|model| catalog::builtin().get(model)?.images)
    }
}

impl Plan {
    /// The list of models.
    pub fn models() -> Self {
        Self {
            kind: Kind::Raw,
            choices: 0,
            streamable: false,
            fallback: 0,
            delivery: Delivery::default(),
            request: Arc::default(),
        }
    }

    /// The route that takes it.
    pub fn route(&self) -> Route {
        match self.kind {
            Kind::Chat => Route::ChatCompletions,
            Kind::Completion => Route::Completions,
            Kind::Raw => Route::Models,
        }
    }

    /// The body to send: streamed or not, asking for usage at the end of the stream or not.
    pub fn body(&self, stream: bool, usage: bool) -> Result<Vec<u8>, Error> {
        if self.kind == Kind::Raw {
            return Ok(Vec::new());
        }
        let body = Body { plan: self, stream, usage };
        serde_json::to_vec(&body)
            .map_err(|e| Error::invalid("request", format!("cannot be written as JSON ({e})")))
    }

    /// The model that is asked; empty for the list of models.
    pub fn model(&self) -> &str {
        self.nth_model(self.fallback)
    }

    fn nth_model(&self, place: usize) -> &str {
        let Request { model, fallbacks, .. } = &*self.request;
        place.checked_sub(1).and_then(|place| fallbacks.get(place)).map_or(model, |model| model)
    }

    /// The same, asked of the next model; `None` if every one was asked. One that stands there twice is asked once.
    pub fn next_model(&self) -> Option<Self> {
        let is_new = |place: &usize| (0..*place).all(|other| self.nth_model(other) != self.nth_model(*place));
        let fallback = (self.fallback + 1..=self.request.fallbacks.len()).find(is_new)?;
        Some(Self { fallback, ..self.clone() })
    }

    /// What is to be different from the client's own settings.
    pub fn wishes(&self) -> Wishes {
        self.request.wishes
    }

    /// Refuses images to a model that is known to take none; `takes_images` says what is known.
    pub fn check_images(&self, takes_images: impl FnOnce(&str) -> Option<bool>) -> Result<(), Error> {
        let model = self.model();
        if self.request.has_images() && takes_images(model) == Some(false) {
            return Err(Error::invalid("image", format!("the model {model} takes none")));
        }
        Ok(())
    }

    /// Whether the caller chose `stream_options`; then they are not the library's to leave out.
    pub fn has_stream_options(&self) -> bool {
        self.request.field(STREAM_OPTIONS).is_some()
    }
}

struct Body<'a> {
    plan: &'a Plan,
    stream: bool,
    usage: bool,
}

impl Serialize for Body<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let request = &*self.plan.request;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(MODEL, self.plan.model())?;
        if !request.messages.is_empty() {
            let reasoning = request.send_reasoning;
            map.serialize_entry(MESSAGES, &Sent { messages: &request.messages, reasoning })?;
        }
        match &request.prompts[..] {
            [] => {}
            [one] => map.serialize_entry(PROMPT, &**one)?,
            several => map.serialize_entry(PROMPT, several)?,
        }
        for (key, value) in &request.fields {
            match (&**key, self.plan.kind) {
                (LOGPROBS | TOP_LOGPROBS, Kind::Completion) => {}
                _ => map.serialize_entry(&**key, &**value)?,
            }
        }
        if !request.tools.is_empty() {
            map.serialize_entry(TOOLS, &request.tools)?;
        }
        if request.is_choice_open() {
            map.serialize_entry(TOOL_CHOICE, "auto")?;
        }
        self.logprobs(&mut map)?;
        match &request.stops[..] {
            [] => {}
            [one] => map.serialize_entry(STOP, &**one)?,
            several => map.serialize_entry(STOP, several)?,
        }
        if !request.biases.is_empty() {
            map.serialize_entry(LOGIT_BIAS, &Biases(&request.biases))?;
        }
        if self.stream {
            map.serialize_entry(STREAM, &true)?;
            if self.usage && !self.plan.has_stream_options() {
                map.serialize_entry(STREAM_OPTIONS, &serde_json::json!({"include_usage": true}))?;
            }
        }
        map.end()
    }
}

impl Body<'_> {
    /// One wish, two forms: chat takes a switch and a count, text completion the count alone.
    fn logprobs<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let (on, top) = (self.plan.request.field(LOGPROBS), self.plan.request.field(TOP_LOGPROBS));
        match (self.plan.kind, on.map(RawValue::get), top) {
            // Off is the default there, and only a number is legal.
            (Kind::Completion, Some("false"), _) => Ok(()),
            (Kind::Completion, Some("true"), None) => map.serialize_entry(LOGPROBS, &0),
            (Kind::Completion, Some("true") | None, Some(top)) => map.serialize_entry(LOGPROBS, top),
            (Kind::Completion, Some(_), _) => map.serialize_entry(LOGPROBS, &on),
            // A server refuses the count without the switch.
            (_, None, Some(_)) => map.serialize_entry(LOGPROBS, &true),
            _ => Ok(()),
        }
    }
}

struct Biases<'a>(&'a [(i64, f64)]);

impl Serialize for Biases<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

/// How many prompts a raw value holds: a list of texts or of token lists is one each, all else is one.
fn count_prompts(json: &str) -> usize {
    match serde_json::from_str::<Vec<&RawValue>>(json) {
        Ok(items) if items.first().is_some_and(|item| item.get().starts_with(['"', '['])) => items.len(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::Plan;
    use crate::request::Request;
    use crate::wire::Kind;
    use std::sync::Arc;

    fn plan(request: Request) -> Plan {
        Arc::new(request).plan().unwrap()
    }

    fn body(request: Request) -> String {
        String::from_utf8(plan(request).body(false, true).unwrap()).unwrap()
    }

    #[test]
    fn logprobs_take_the_form_of_the_route() {
        let base = |on: Option<&str>, top: Option<i64>| {
            let mut request = Request::new("m").unwrap();
            request.set_prompt("p").unwrap();
            if let Some(json) = on {
                request.set_json("logprobs", json).unwrap();
            }
            if let Some(top) = top {
                request.set_whole("top_logprobs", top).unwrap();
            }
            body(request).replace(r#"{"model":"m","prompt":"p""#, "")
        };
        assert_eq!(base(Some("true"), None), r#","logprobs":0}"#);
        assert_eq!(base(Some("true"), Some(3)), r#","logprobs":3}"#);
        assert_eq!(base(None, Some(3)), r#","logprobs":3}"#);
        assert_eq!(base(Some("5"), None), r#","logprobs":5}"#);
        assert_eq!(base(Some("false"), Some(3)), "}");
        let mut request = Request::new("m").unwrap();
        request.add_message("user", "hi").unwrap();
        request.set_whole("top_logprobs", 2).unwrap();
        assert!(body(request).ends_with(r#""top_logprobs":2,"logprobs":true}"#));
    }

    #[test]
    fn models_are_asked_in_order_each_once() {
        let mut request = Request::new("m").unwrap();
        request.set_prompt("p").unwrap();
        for model in ["b", "m", "b", "c"] {
            request.add_fallback_model(model).unwrap();
        }
        let plans = std::iter::successors(Some(plan(request)), Plan::next_model);
        let bodies = plans.map(|plan| String::from_utf8(plan.body(false, true).unwrap()).unwrap());
        let expected = ["m", "b", "c"].map(|model| format!(r#"{{"model":"{model}","prompt":"p"}}"#));
        assert_eq!(bodies.collect::<Vec<_>>(), expected);
        assert!(Plan::models().next_model().is_none());
        let error = Request::default().add_fallback_model("").unwrap_err();
        assert_eq!(error.param.as_str(), "fallback_model");
    }

    #[test]
    fn choices_are_n_times_prompts() {
        let choices = |json: &str| plan(Request::from_json(json).unwrap()).choices;
        assert_eq!(choices(r#"{"model":"m","prompt":"a","n":3}"#), 3);
        assert_eq!(choices(r#"{"model":"m","prompt":["a","b"],"n":3}"#), 6);
        assert_eq!(choices(r#"{"model":"m","prompt":[1,2,3]}"#), 1);
        assert_eq!(choices(r#"{"model":"m","prompt":[[1],[2]]}"#), 2);
        let best = plan(Request::from_json(r#"{"model":"m","prompt":"a","best_of":2}"#).unwrap());
        assert!(!best.streamable && best.kind == Kind::Completion);
    }
}
