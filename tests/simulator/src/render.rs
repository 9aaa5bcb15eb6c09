//! A completion as JSON: whole, or in chunks.

use crate::completion::{Choice, Completion, Delta, Token};
use crate::faults::Usage;
use bytes::Bytes;
use serde_json::{Map, Value, json};

/// The body of an answer that is not streamed.
pub fn whole(completion: &Completion) -> Value {
    let choices: Vec<Value> = completion
        .choices
        .iter()
        .enumerate()
        .map(|(index, choice)| whole_choice(completion, choice, index))
        .collect();
    let object = if completion.chat { "chat.completion" } else { "text_completion" };
    json!({"id": completion.id, "object": object, "created": completion.created, "model": completion.model,
        "choices": choices, "usage": completion.total_usage()})
}

fn whole_choice(completion: &Completion, choice: &Choice, index: usize) -> Value {
    let tokens = || {
        choice.deltas.iter().filter_map(|delta| match delta {
            Delta::Echo(token) | Delta::Content(token) => Some(token),
            _ => None,
        })
    };
    let text: String = tokens().map(|token| token.text.as_str()).collect();
    let mut whole = json!({"index": index, "finish_reason": choice.finish});
    if completion.logprobs.is_some() {
        whole["logprobs"] = completion.logprobs_of(tokens());
    }
    if !completion.chat {
        whole["text"] = text.into();
        return whole;
    }
    let mut message = json!({"role": "assistant", "content": text});
    let reasoning: String = choice
        .deltas
        .iter()
        .filter_map(|delta| if let Delta::Reasoning(text) = delta { Some(text.as_str()) } else { None })
        .collect();
    for field in &completion.reasoning_fields {
        message[field] = reasoning.as_str().into();
    }
    if !choice.calls.is_empty() {
        message["content"] = Value::Null;
        let call = |number| {
            json!({"id": call_id(completion, index, number), "type": "function", "function": {
            "name": choice.calls[number].name, "arguments": choice.calls[number].arguments}})
        };
        message["tool_calls"] = (0..choice.calls.len()).map(call).collect();
    }
    whole["message"] = message;
    whole
}

/// Unique in a conversation, and the same streamed and not.
fn call_id(completion: &Completion, choice: usize, number: usize) -> String {
    let unique = completion.id.rsplit('-').next().unwrap_or_default();
    format!("call_{unique}_{choice}_{number}")
}

/// The events of a streamed answer: the choices take turns, then `[DONE]`.
pub fn events(completion: Completion) -> impl Iterator<Item = Bytes> + Send {
    let usage_is_due = completion.usage == Usage::Final && completion.include_usage;
    let usage = usage_is_due.then(|| event(&frame(&completion, json!([]), Some(completion.total_usage()))));
    Events { completion, round: 0, next: 0, made: 0 }
        .chain(usage)
        .chain([Bytes::from_static(b"data: [DONE]\n\n")])
}

struct Events {
    completion: Completion,
    /// Which delta of each choice comes next.
    round: usize,
    /// Whose turn it is.
    next: usize,
    /// Tokens sent.
    made: usize,
}

impl Iterator for Events {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let longest = self.completion.choices.iter().map(|choice| choice.deltas.len()).max().unwrap_or(0);
        while self.round < longest {
            let (index, round) = (self.next, self.round);
            self.next = (index + 1) % self.completion.choices.len();
            self.round += usize::from(self.next == 0);
            if let Some(delta) = self.completion.choices[index].deltas.get(round) {
                self.made += usize::from(delta.is_counted());
                return Some(event(&self.chunk(index, delta)));
            }
        }
        None
    }
}

impl Events {
    fn chunk(&self, index: usize, delta: &Delta) -> Value {
        let completion = &self.completion;
        let choice = &completion.choices[index];
        let token: Option<&Token> = match delta {
            Delta::Echo(token) | Delta::Content(token) => Some(token),
            _ => None,
        };
        let finish = matches!(delta, Delta::Finish).then_some(choice.finish);
        let mut part = json!({"index": index, "finish_reason": finish});
        if completion.logprobs.is_some() {
            part["logprobs"] = token.map_or(Value::Null, |token| completion.logprobs_of([token].into_iter()));
        }
        if completion.chat {
            part["delta"] = self.delta(choice, index, delta);
        } else {
            part["text"] = token.map_or("", |token| &token.text).into();
        }
        let usage = (completion.usage == Usage::Each).then(|| completion.usage_after(self.made));
        frame(completion, json!([part]), usage)
    }

    fn delta(&self, choice: &Choice, index: usize, delta: &Delta) -> Value {
        match delta {
            Delta::Role => json!({"role": "assistant", "content": ""}),
            Delta::Reasoning(text) => {
                let fields = self.completion.reasoning_fields.iter();
                Value::Object(fields.map(|field| (field.clone(), json!(text))).collect::<Map<_, _>>())
            }
            Delta::Echo(token) | Delta::Content(token) => json!({"content": token.text}),
            Delta::Head(number) => json!({"tool_calls": [{"index": number, "type": "function",
                "id": call_id(&self.completion, index, *number),
                "function": {"name": choice.calls[*number].name, "arguments": ""}}]}),
            Delta::Arguments(number, text) => {
                json!({"tool_calls": [{"index": number, "function": {"arguments": text}}]})
            }
            Delta::Finish => json!({}),
        }
    }
}

/// What every chunk has around its choices.
fn frame(completion: &Completion, choices: Value, usage: Option<Value>) -> Value {
    let object = if completion.chat { "chat.completion.chunk" } else { "text_completion" };
    let mut frame = json!({"id": completion.id, "object": object, "created": completion.created,
        "model": completion.model, "choices": choices});
    if let Some(usage) = usage {
        frame["usage"] = usage;
    }
    frame
}

fn event(chunk: &Value) -> Bytes {
    format!("data: {chunk}\n\n").into()
}
