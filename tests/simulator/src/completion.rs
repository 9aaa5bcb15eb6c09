//! What is answered: choices made of deltas, which become one body or a stream of chunks.

use crate::faults::{Fault, Usage};
use crate::request::{Ask, Prompt};
use crate::tools::{self, Call};
use crate::{schema, text};
use serde_json::{Value, json};

/// A completion of either kind.
pub struct Completion {
    /// Its id.
    pub id: String,
    /// When it was made, in Unix seconds.
    pub created: u64,
    /// The model that was asked for.
    pub model: String,
    /// Whether it answers a chat.
    pub chat: bool,
    /// What was answered.
    pub choices: Vec<Choice>,
    /// Length of all prompts.
    pub prompt_tokens: usize,
    /// Alternatives to each token, where log-probabilities were asked for.
    pub logprobs: Option<usize>,
    /// Fields that carry the reasoning.
    pub reasoning_fields: Vec<String>,
    /// Which chunks carry usage.
    pub usage: Usage,
    /// Whether the request asked for usage in the stream.
    pub include_usage: bool,
    /// Candidates made for each one that is answered, as a fraction.
    candidates: (usize, usize),
}

/// One answer to one prompt.
pub struct Choice {
    /// Its pieces, from the role to the finish.
    pub deltas: Vec<Delta>,
    /// Tools it calls.
    pub calls: Vec<Call>,
    /// Why it ends.
    pub finish: &'static str,
}

/// A piece of a choice.
pub enum Delta {
    /// The role, in a chat.
    Role,
    /// A token of reasoning in a field of its own.
    Reasoning(String),
    /// A token of the prompt, repeated.
    Echo(Token),
    /// A token of the text.
    Content(Token),
    /// A tool call's id and name.
    Head(usize),
    /// A token of a tool call's arguments.
    Arguments(usize, String),
    /// The end.
    Finish,
}

/// A token in its place.
pub struct Token {
    /// Its text.
    pub text: String,
    /// How many come before it in its choice.
    pub ordinal: usize,
    /// How many characters come before it in its choice.
    pub offset: usize,
}

impl Delta {
    /// Whether the model made it.
    pub fn is_counted(&self) -> bool {
        matches!(self, Self::Reasoning(_) | Self::Content(_) | Self::Arguments(..))
    }
}

impl Completion {
    /// Answers `ask`. `number` makes the id.
    pub fn new(ask: &Ask, fault: &Fault, number: u64, created: u64) -> Self {
        let prompts = ask.prompts.iter().flat_map(|prompt| (0..ask.n).map(move |_| prompt));
        let choices = prompts.enumerate().map(|(index, prompt)| choice(ask, fault, prompt, index)).collect();
        Self {
            id: format!("{}-{number:016x}", if ask.chat { "chatcmpl" } else { "cmpl" }),
            created,
            model: ask.model.clone(),
            chat: ask.chat,
            choices,
            prompt_tokens: ask.prompt_tokens(),
            logprobs: ask.logprobs,
            reasoning_fields: fault.think.iter().filter(|field| !field.is_empty()).cloned().collect(),
            usage: fault.usage,
            include_usage: ask.include_usage,
            candidates: (if ask.chat { ask.n } else { ask.best_of }, ask.n),
        }
    }

    /// Usage when everything was made.
    pub fn total_usage(&self) -> Value {
        let made = self.choices.iter().flat_map(|choice| &choice.deltas).filter(|delta| delta.is_counted());
        let (drawn, kept) = self.candidates;
        self.usage_after(made.count() * drawn / kept)
    }

    /// Usage when so many tokens were made.
    pub fn usage_after(&self, made: usize) -> Value {
        json!({"prompt_tokens": self.prompt_tokens, "completion_tokens": made, "total_tokens": self.prompt_tokens + made})
    }

    /// The log-probabilities of some tokens, made up; null where none were asked for.
    pub fn logprobs_of<'a>(&self, tokens: impl Iterator<Item = &'a Token>) -> Value {
        let Some(alternatives) = self.logprobs else { return Value::Null };
        if self.chat {
            let content: Value = tokens.map(|token| chat_logprob(token, alternatives)).collect();
            return json!({"content": content});
        }
        let tokens: Vec<&Token> = tokens.collect();
        let texts: Vec<&str> = tokens.iter().map(|token| token.text.as_str()).collect();
        let values: Vec<Value> =
            tokens.iter().map(|token| first_is_null(token, json!(logprob(token, 0)))).collect();
        let top: Vec<Value> =
            tokens.iter().map(|token| first_is_null(token, top_map(token, alternatives))).collect();
        let offsets: Vec<usize> = tokens.iter().map(|token| token.offset).collect();
        json!({"tokens": texts, "token_logprobs": values, "top_logprobs": top, "text_offset": offsets})
    }
}

fn choice(ask: &Ask, fault: &Fault, prompt: &Prompt, index: usize) -> Choice {
    let calls = if ask.chat { tools::calls(&ask.body, &prompt.text) } else { Vec::new() };
    let mut deltas = Vec::new();
    if ask.chat {
        deltas.push(Delta::Role);
    }
    if fault.think.iter().any(|field| !field.is_empty()) {
        deltas.extend(text::tokens(text::canned_reasoning()).into_iter().map(Delta::Reasoning));
    }
    let finish = if calls.is_empty() {
        content(ask, fault, prompt, index, &mut deltas)
    } else {
        for (number, call) in calls.iter().enumerate() {
            deltas.push(Delta::Head(number));
            deltas.extend(
                text::tokens(&call.arguments).into_iter().map(|token| Delta::Arguments(number, token)),
            );
        }
        "tool_calls"
    };
    deltas.push(Delta::Finish);
    Choice { deltas, calls, finish }
}

/// Appends the text's tokens, and the prompt's before them where it is echoed; says why the text ends.
fn content(ask: &Ask, fault: &Fault, prompt: &Prompt, index: usize, deltas: &mut Vec<Delta>) -> &'static str {
    let (tokens, finish) = text::limit(&answer(ask, fault, prompt, index), ask.max_tokens, &ask.stop);
    let echoed = if ask.echo && !ask.chat { text::tokens(&prompt.text) } else { Vec::new() };
    let count = echoed.len();
    let mut offset = 0;
    for (ordinal, text) in echoed.into_iter().chain(tokens).enumerate() {
        let length = text.chars().count();
        let token = Token { text, ordinal, offset };
        offset += length;
        deltas.push(if ordinal < count { Delta::Echo(token) } else { Delta::Content(token) });
    }
    finish
}

/// The text before anything cuts it.
fn answer(ask: &Ask, fault: &Fault, prompt: &Prompt, index: usize) -> String {
    let format = &ask.body["response_format"];
    let variant = ask.seed.wrapping_add(index as u64);
    let words = fault.words.unwrap_or(text::WORDS);
    let asked = match ask.suffix.as_str() {
        "" => prompt.text.clone(),
        suffix => format!("{} [...] {suffix}", prompt.text),
    };
    let canned = text::canned(&ask.model, &asked, variant, words);
    let text = match format["type"].as_str() {
        Some("json_schema") => schema::instance(&format["json_schema"]["schema"]).to_string(),
        Some("json_object") => json!({"canned": true, "text": canned}).to_string(),
        // A completion goes on where its prompt ends.
        _ if !ask.chat => format!(" {canned}"),
        _ => canned,
    };
    if fault.think.iter().any(String::is_empty) {
        return format!("<think>\n{}\n</think>\n\n{text}", text::canned_reasoning());
    }
    text
}

/// A number that is exact in binary, smaller for each alternative.
fn logprob(token: &Token, alternative: usize) -> f64 {
    -((token.ordinal % 8 + 1) as f64) / 8.0 - alternative as f64
}

/// The first token of a text completion, echoed or not, has nothing before it that could make it likely.
fn first_is_null(token: &Token, value: Value) -> Value {
    if token.offset == 0 { Value::Null } else { value }
}

/// The token itself and made-up others.
fn alternatives(token: &Token, count: usize) -> impl Iterator<Item = (String, f64)> {
    (0..count).map(|number| {
        let text = if number == 0 { token.text.clone() } else { format!("{}~{number}", token.text) };
        (text, logprob(token, number))
    })
}

fn top_map(token: &Token, count: usize) -> Value {
    Value::Object(alternatives(token, count).map(|(text, value)| (text, json!(value))).collect())
}

fn chat_logprob(token: &Token, count: usize) -> Value {
    let entry =
        |(text, value): (String, f64)| json!({"bytes": text.as_bytes(), "token": text, "logprob": value});
    let top: Vec<Value> = alternatives(token, count).map(entry).collect();
    let mut whole = entry((token.text.clone(), logprob(token, 0)));
    whole["top_logprobs"] = top.into();
    whole
}
