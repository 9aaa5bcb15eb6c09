//! Which tools an answer calls.

use crate::schema;
use serde_json::{Value, json};

/// A call of a tool.
#[derive(Debug, PartialEq)]
pub struct Call {
    /// The tool's name.
    pub name: String,
    /// Its arguments: JSON as text.
    pub arguments: String,
}

/// The calls that a request leads to: every tool that the last user message names, or the one that `tool_choice`
/// asks for; none once the history holds a tool's result after that message.
pub fn calls(body: &Value, last_user_message: &str) -> Vec<Call> {
    let functions = body["tools"].as_array().into_iter().flatten().map(|tool| &tool["function"]);
    let functions: Vec<&Value> = functions.filter(|function| function["name"].is_string()).collect();
    if answered(body) {
        return Vec::new();
    }
    let name = |function: &Value| function["name"].as_str().unwrap_or_default().to_owned();
    let named = |function: &&&Value| last_user_message.contains(&name(function));
    let chosen: Vec<&Value> = match &body["tool_choice"] {
        Value::Object(choice) => {
            let wanted = choice.get("function").unwrap_or(&Value::Null);
            functions.iter().filter(|function| function["name"] == wanted["name"]).copied().collect()
        }
        Value::String(choice) if choice == "auto" || choice == "required" => {
            let asked: Vec<&Value> = functions.iter().filter(named).copied().collect();
            let first = if choice == "required" && asked.is_empty() { functions.first() } else { None };
            asked.into_iter().chain(first.copied()).collect()
        }
        // The vendor's default is "none".
        _ => Vec::new(),
    };
    let call = |function: &Value| Call { name: name(function), arguments: arguments(function) };
    chosen.into_iter().map(call).collect()
}

fn arguments(function: &Value) -> String {
    match &function["parameters"] {
        Value::Object(_) => schema::instance(&function["parameters"]).to_string(),
        _ => json!({}).to_string(),
    }
}

/// Whether a tool's result follows the last user message.
fn answered(body: &Value) -> bool {
    let messages = body["messages"].as_array().into_iter().flatten();
    messages.rev().take_while(|message| message["role"] != "user").any(|message| message["role"] == "tool")
}

#[cfg(test)]
mod tests {
    use super::{Call, calls};
    use serde_json::{Value, json};

    fn ask(choice: Value, messages: Value) -> Vec<Call> {
        let tools = json!([
            {"type": "function", "function": {"name": "add", "parameters": {"type": "object",
                "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}}}},
            {"type": "function", "function": {"name": "now"}}
        ]);
        let last = messages.as_array().unwrap().iter().rfind(|message| message["role"] == "user").unwrap();
        let last = last["content"].as_str().unwrap().to_owned();
        calls(&json!({"tools": tools, "tool_choice": choice, "messages": messages}), &last)
    }

    #[test]
    fn calls_what_is_named_or_required() {
        let add = || Call { name: "add".into(), arguments: r#"{"a":0,"b":0}"#.into() };
        let now = || Call { name: "now".into(), arguments: "{}".into() };
        let user = |text: &str| json!([{"role": "user", "content": text}]);
        assert_eq!(ask(json!("auto"), user("please add 2 and 3")), [add()]);
        assert_eq!(ask(json!("auto"), user("add now")), [add(), now()]);
        assert_eq!(ask(json!("auto"), user("hello")), []);
        assert_eq!(ask(json!("required"), user("hello")), [add()]);
        assert_eq!(ask(json!("required"), user("now")), [now()]);
        assert_eq!(ask(json!({"type": "function", "function": {"name": "now"}}), user("add")), [now()]);
        assert_eq!(ask(json!("none"), user("add")), []);
        assert_eq!(ask(json!(null), user("add")), []);
    }

    #[test]
    fn a_result_is_answered_with_text() {
        let call = json!({"role": "assistant", "content": null, "tool_calls": [{}]});
        let mut messages =
            vec![json!({"role": "user", "content": "add"}), call, json!({"role": "tool", "content": "5"})];
        assert_eq!(ask(json!("auto"), json!(messages)), []);
        assert_eq!(ask(json!("required"), json!(messages)), []);
        messages.push(json!({"role": "user", "content": "add again"}));
        assert_eq!(ask(json!("auto"), json!(messages)).len(), 1);
    }
}
