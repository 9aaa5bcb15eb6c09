//! The completion object that the unstreamed call would have returned, written from what the chunks added up to.

use super::Kind;
use super::answer::{Answer, Usage};
use super::choice::Choice;
use super::clean::{write_text, write_value};
use super::json::{MAX_DEPTH, parse};
use super::tolerated::Tolerated;

impl Answer {
    /// The whole answer as one JSON object, unknown fields kept. A body that was one JSON text is answered as it
    /// came, made valid where it was not.
    pub fn to_json(&self) -> String {
        if !self.body.is_empty() {
            return self.body.clone();
        }
        let mut out = String::from("{\"object\":");
        write_text(self.object.as_str(), &mut out);
        for (name, text) in [("id", &self.id), ("model", &self.model)] {
            if !text.is_empty() {
                field(name, &mut out);
                write_text(text.as_str(), &mut out);
            }
        }
        if let Some(created) = self.created {
            field("created", &mut out);
            out.push_str(&created.to_string());
        }
        field("choices", &mut out);
        out.push('[');
        for (index, choice) in self.choices.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            choice.write(index, self.kind, &mut out);
        }
        out.push(']');
        if !self.usage_json.is_empty() {
            field("usage", &mut out);
            let mut json = String::new();
            // It was read when it came, and what is odd in it was counted.
            let mut odd = Tolerated::default();
            if let Ok((value, _)) = parse(&self.usage_json, MAX_DEPTH, &mut odd) {
                write_value(value, &mut json, &mut odd);
            }
            self.usage.write(&json, &mut out);
        }
        self.unknown.write(&mut out);
        out.push('}');
        out
    }
}

fn field(name: &str, out: &mut String) {
    out.extend([",\"", name, "\":"]);
}

impl Usage {
    /// The server's own object; the total is added where the server left it out.
    fn write(&self, json: &str, out: &mut String) {
        let Some(total) = self.total_tokens.filter(|_| !json.contains("\"total_tokens\"")) else {
            return out.push_str(json);
        };
        out.push_str(json.strip_suffix('}').unwrap_or(json));
        field("total_tokens", out);
        out.push_str(&total.to_string());
        out.push('}');
    }
}

impl Choice {
    fn write(&self, index: usize, kind: Kind, out: &mut String) {
        out.push_str("{\"index\":");
        out.push_str(&index.to_string());
        if kind == Kind::Chat {
            self.write_message(out);
        } else {
            field("text", out);
            write_text(self.text.as_str(), out);
        }
        if !self.logprobs.is_empty() {
            field("logprobs", out);
            out.push_str(self.logprobs.as_str());
        }
        field("finish_reason", out);
        if self.finish_reason.is_empty() {
            out.push_str("null");
        } else {
            write_text(self.finish_reason.as_str(), out);
        }
        self.unknown.write(out);
        out.push('}');
    }

    fn write_message(&self, out: &mut String) {
        field("message", out);
        out.push_str("{\"role\":");
        write_text(self.role.as_str(), out);
        field("content", out);
        // A block of reasoning goes back to where it was taken from, unless reasoning came by itself as well.
        let tags = self.splitter.tags().filter(|_| self.reasoning_names == [false; 2]);
        if let Some((opening, closing)) = tags {
            write_text(&[opening, self.reasoning.as_str(), closing, self.text.as_str()].concat(), out);
        } else if self.has_text {
            write_text(self.text.as_str(), out);
        } else {
            out.push_str("null");
        }
        for (name, sent) in ["reasoning_content", "reasoning"].into_iter().zip(self.reasoning_names) {
            if sent {
                field(name, out);
                write_text(self.reasoning.as_str(), out);
            }
        }
        self.write_tool_calls(out);
        self.message_unknown.write(out);
        out.push('}');
    }
    fn write_tool_calls(&self, out: &mut String) {
        let mut listed = self.tool_calls.iter().filter(|call| !call.is_function_call()).peekable();
        if listed.peek().is_some() {
            field("tool_calls", out);
            out.push('[');
            while let Some(call) = listed.next() {
                call.write(out);
                if listed.peek().is_some() {
                    out.push(',');
                }
            }
            out.push(']');
        }
        // A message has room for one; a second one that a server sends is in the list of calls only.
        if let Some(call) = self.tool_calls.iter().find(|call| call.is_function_call()) {
            field("function_call", out);
            call.write_function(out);
        }
    }
}
