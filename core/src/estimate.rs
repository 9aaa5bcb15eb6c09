//! What a request will come to, before it is sent: the tokens of its prompt, and the most that it can cost.

use crate::catalog::{Model, ModelList};
use crate::error::Error;
use crate::message::{Call, Message, Role, Turn};
use crate::request::{MESSAGES, PROMPT, Request};
use crate::tokens::{IMAGE_TOKENS, MARGIN_PERCENT, MESSAGE_OVERHEAD, estimate};
use crate::tools::TOOLS;
use serde_json::Value;
use serde_json::value::RawValue;
use std::sync::Arc;

/// What opens the answer, in tokens.
const OPENING: i64 = 4;
/// What templates put in front of a chat, in tokens: a system prompt where the chat has none (Qwen, SmolLM), or the date
/// (Llama).
const PREAMBLE: i64 = 25;
/// What templates say about tools beside their schemas, in tokens.
const ABOUT_TOOLS: i64 = 100;
/// The borders of a tool call, in tokens.
const CALL_OVERHEAD: i64 = 8;

/// The estimate of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Tokens of the prompt, about.
    pub prompt_tokens: i64,
    /// The most that it can cost, in nano-USD; `None` where a price or the longest answer is not known.
    pub worst_cost: Option<i64>,
}

impl Turn {
    /// About how many tokens the message has, without its reasoning, which mostly does not go back to the model.
    pub fn tokens(&self) -> i64 {
        let of_call = |call: &Call| {
            let texts = [&call.id, &call.name, &call.arguments].map(|text| estimate(text.as_str()));
            CALL_OVERHEAD + texts.iter().sum::<i64>()
        };
        let calls: i64 = self.tool_calls.iter().map(of_call).sum();
        let images = i64::try_from(self.images.len()).unwrap_or(i64::MAX).saturating_mul(IMAGE_TOKENS);
        let texts = estimate(self.text.as_str()) + estimate(self.tool_call_id.as_str());
        (MESSAGE_OVERHEAD + calls + texts).saturating_add(images)
    }
}

impl Request {
    /// What it will come to, at the prices and contexts of `models`.
    pub fn estimate(self: &Arc<Self>, models: &ModelList) -> Result<Estimate, Error> {
        self.plan()?;
        let prompt_tokens = if self.is_chat() { self.chat_tokens() } else { self.prompt_tokens() };
        // The server makes the best of several out of all, each of which it bills.
        let answers = self.number("n").max(self.number("best_of")).max(1);
        let prompts = self.prompt_count().unwrap_or(1);
        let worst_cost = self.worst_cost(prompt_tokens, prompts, answers, models);
        Ok(Estimate { prompt_tokens, worst_cost })
    }

    /// That of the dearest model that may be asked, with so many answers to each prompt; unknown if one of them is.
    fn worst_cost(&self, prompt: i64, prompts: usize, answers: usize, models: &ModelList) -> Option<i64> {
        let ids = std::iter::once(&*self.model).chain(self.fallbacks.iter().map(|id| &**id));
        let costs = ids.map(|id| self.cost_with(models.get(id)?, prompt, prompts, answers));
        costs.collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    fn cost_with(&self, model: &Model, prompt: i64, prompts: usize, answers: usize) -> Option<i64> {
        let (input, output) = model.prices()?;
        let [prompts, answers] = [prompts, answers].map(|count| i128::try_from(count).unwrap_or(i128::MAX));
        // Of one answer to each prompt, each of which has the whole context.
        let longest = match self.longest_answer()? {
            Some(limit) => i128::from(limit).checked_mul(prompts)?,
            None => (i128::from(model.context?).checked_mul(prompts)? - i128::from(prompt)).max(0),
        };
        let prompt = up(i128::from(prompt) * i128::from(100 + MARGIN_PERCENT), 100);
        let answers = longest.checked_mul(answers)?.checked_mul(output.into())?;
        i64::try_from(up(prompt.checked_mul(input.into())?.checked_add(answers)?, 1000)).ok()
    }

    /// The request's own limit on an answer, if it has one; `None` if nobody knows what it means.
    fn longest_answer(&self) -> Option<Option<i64>> {
        let mut longest = None;
        for limit in ["max_tokens", "max_completion_tokens"].into_iter().filter_map(|key| self.field(key)) {
            // Null is no limit, nor is what is negative.
            let limit = if limit.get() == "null" { -1.0 } else { limit.get().parse::<f64>().ok()? };
            longest = longest.max(Some(limit as i64).filter(|limit| *limit >= 0));
        }
        Some(longest)
    }

    fn chat_tokens(&self) -> i64 {
        let set = self.field(MESSAGES).map_or(Vec::new(), |json| read_list(json.get()));
        let added = self.messages.iter().map(|message| match message {
            Message::Turn(turn) if self.send_reasoning => turn.tokens() + estimate(turn.reasoning.as_str()),
            Message::Turn(turn) => turn.tokens(),
            Message::Raw(json) => of_message(&read(json.get())),
        });
        let messages = added.chain(set.iter().map(of_message)).fold(0, i64::saturating_add);
        let preamble = if self.begins_with_system(&set) { 0 } else { PREAMBLE };
        messages.saturating_add(preamble + OPENING + self.tool_tokens())
    }

    fn begins_with_system(&self, set: &[Value]) -> bool {
        let is_system = |message: &Value| message["role"] == Role::System.name();
        match self.messages.first() {
            Some(Message::Turn(turn)) => turn.role == Role::System,
            Some(Message::Raw(json)) => is_system(&read(json.get())),
            None => set.first().is_some_and(is_system),
        }
    }

    fn tool_tokens(&self) -> i64 {
        let added = self.tools.iter().map(|tool| estimate(tool.json()));
        let set = self.field(TOOLS).map(|json| estimate(json.get()));
        let tokens: i64 = added.chain(set).sum();
        if tokens > 0 { tokens + ABOUT_TOOLS } else { 0 }
    }

    fn prompt_tokens(&self) -> i64 {
        let added = self.prompts.iter().map(|prompt| estimate(prompt)).sum();
        let tokens = self.field(PROMPT).map_or(added, |json| of_json(&read(json.get())));
        // A mark that opens each prompt, in most vocabularies; there is one more for a prompt that is empty.
        tokens + i64::try_from(self.prompts.len()).unwrap_or(i64::MAX).max(1)
    }
}

/// A quotient rounded up; neither number is negative.
fn up(number: i128, by: i128) -> i128 {
    (number + by - 1) / by
}

/// What a caller wrote as JSON. It is kept as it was written, and what has no value here (1e999, half a surrogate pair,
/// a hundred brackets in each other) counts as the text that it is.
fn read(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|_| json.into())
}

/// The items of a list, each read by itself.
fn read_list(json: &str) -> Vec<Value> {
    let items: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
    items.into_iter().map(|item| read(item.get())).collect()
}

fn of_message(message: &Value) -> i64 {
    let Value::Object(members) = message else { return MESSAGE_OVERHEAD.saturating_add(of_json(message)) };
    let members = members.iter().filter(|(key, _)| *key != "role");
    members.map(|(_, value)| of_json(value)).fold(MESSAGE_OVERHEAD, i64::saturating_add)
}

/// The texts in a value. A number is a token, as it is in a prompt of tokens.
fn of_json(value: &Value) -> i64 {
    match value {
        Value::String(text) => estimate(text),
        Value::Array(list) => list.iter().map(of_json).fold(0, i64::saturating_add),
        Value::Object(part) if part.contains_key("image_url") => IMAGE_TOKENS,
        Value::Object(members) => members.values().map(of_json).fold(0, i64::saturating_add),
        Value::Number(_) => 1,
        Value::Null | Value::Bool(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{MESSAGE_OVERHEAD, OPENING, PREAMBLE};
    use crate::catalog::{ModelList, builtin};
    use crate::message::Image;
    use crate::request::Request;
    use crate::tokens::IMAGE_TOKENS;
    use std::sync::Arc;

    fn prompt_tokens(json: &str) -> i64 {
        Arc::new(Request::from_json(json).unwrap()).estimate(builtin()).unwrap().prompt_tokens
    }

    #[test]
    fn a_prompt_is_what_the_model_reads() {
        let mut request = Request::new("m").unwrap();
        request.add_message("user", "one two three").unwrap();
        let tokens = |request: &Request| Arc::new(request.clone()).estimate(builtin()).unwrap().prompt_tokens;
        assert_eq!(tokens(&request), PREAMBLE + MESSAGE_OVERHEAD + 3 + OPENING);
        let before = tokens(&request);
        request.add_image(Image::at("https://a/b.png", None).unwrap()).unwrap();
        assert_eq!(tokens(&request), before + IMAGE_TOKENS);
        request.add_tool("add", "Adds two numbers.", r#"{"type":"object"}"#).unwrap();
        assert!(tokens(&request) > before + IMAGE_TOKENS + 100);
        // However the same was written.
        let typed = r#"{"model":"m","messages":[{"role":"user","content":"one two three"}]}"#;
        assert_eq!(prompt_tokens(typed), before);
        let parts = r#"{"model":"m","messages":[{"role":"user","content":[
            {"type":"text","text":"one two three"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}]}"#;
        assert_eq!(prompt_tokens(parts), before + IMAGE_TOKENS + 1);
        let system = r#"{"model":"m","messages":[{"role":"system","content":"one two three"}]}"#;
        assert_eq!(prompt_tokens(system), before - PREAMBLE);
        assert_eq!(prompt_tokens(r#"{"model":"m","prompt":"one two three"}"#), 4);
        assert_eq!(prompt_tokens(r#"{"model":"m","prompt":[[1,2,3],[4]]}"#), 5);
    }

    /// What serde_json keeps as it is written it may not be able to read: the words count all the same.
    #[test]
    fn no_json_is_free() {
        let words = "word ".repeat(1000);
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        for odd in ["1e999", r#""\ud800""#, &deep] {
            let message = format!(r#"{{"role":"user","content":"{words}","x":{odd}}}"#);
            assert!(prompt_tokens(&format!(r#"{{"model":"m","messages":[{message}]}}"#)) > 1000, "{odd:.20}");
            let mut request = Request::new("m").unwrap();
            request.set_json("messages", &format!("[{message}]")).unwrap();
            let tokens = Arc::new(request).estimate(builtin()).unwrap().prompt_tokens;
            assert!(tokens > 1000, "{odd:.20}");
            let prompt = format!(r#"{{"model":"m","prompt":["{words}",{odd}]}}"#);
            assert!(prompt_tokens(&prompt) > 1000, "{odd:.20}");
        }
    }

    #[test]
    fn the_worst_cost_is_that_of_the_longest_answers() {
        let list = r#"{"data":[{"id":"m","input_price":2,"output_price":3,"context_length":1000},{"id":"free"},
            {"id":"endless","input_price":1,"output_price":1}]}"#;
        let models = builtin().under(&ModelList::from_json(list).unwrap());
        let cost = |body: &str| {
            let request = Arc::new(Request::from_json(body).unwrap());
            request.estimate(&models).unwrap().worst_cost
        };
        // 4 tokens with their margin are 6, at 2 micro-USD; the answers at 3.
        assert_eq!(cost(r#"{"model":"m","prompt":"one two three","max_tokens":10}"#), Some(12_000 + 30_000));
        assert_eq!(
            cost(r#"{"model":"m","prompt":"one two three","max_tokens":10,"n":3}"#),
            Some(12_000 + 90_000)
        );
        assert_eq!(
            cost(r#"{"model":"m","prompt":"one two three","best_of":2}"#),
            Some(12_000 + 2 * 996 * 3_000)
        );
        assert_eq!(cost(r#"{"model":"free","prompt":"one","max_tokens":1}"#), None);
        assert_eq!(cost(r#"{"model":"endless","prompt":"one"}"#), None);
        assert_eq!(cost(r#"{"model":"endless","prompt":"one","max_tokens":1e300,"n":1e300}"#), None);
        assert!(cost(r#"{"model":"Qwen/QwQ-32B","prompt":"one"}"#) > Some(52_000_000));
        assert!(Arc::new(Request::new("m").unwrap()).estimate(&models).is_err());
        // Each prompt has its own best, and its own place for an answer.
        assert_eq!(
            cost(r#"{"model":"m","prompt":["one two three","one two three"],"max_tokens":10,"best_of":3}"#),
            Some(20_000 + 2 * 3 * 10 * 3_000)
        );
        assert_eq!(
            cost(r#"{"model":"m","prompt":["one two three","one two three"]}"#),
            Some(20_000 + (2 * 1000 - 7) * 3_000)
        );
        // What says nothing is no limit; of two the larger is.
        for limit in ["null", "-1", "-1e300"] {
            let body = format!(r#"{{"model":"m","prompt":"one two three","max_tokens":{limit}}}"#);
            assert_eq!(cost(&body), cost(r#"{"model":"m","prompt":"one two three"}"#), "{limit}");
        }
        assert_eq!(cost(r#"{"model":"m","prompt":"one","max_tokens":"10"}"#), None);
        assert_eq!(
            cost(r#"{"model":"m","prompt":"one two three","max_tokens":5,"max_completion_tokens":10}"#),
            Some(12_000 + 30_000)
        );
        // Of the models that may come into question the dearest counts.
        let body = r#"{"model":"endless","prompt":"one two three","max_tokens":10}"#;
        let mut request = Request::from_json(body).unwrap();
        request.add_fallback_model("m").unwrap();
        let worst = |request: &Request| Arc::new(request.clone()).estimate(&models).unwrap().worst_cost;
        assert_eq!(worst(&request), Some(12_000 + 30_000));
        request.add_fallback_model("free").unwrap();
        assert_eq!(worst(&request), None);
    }
}
