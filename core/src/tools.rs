//! Tools: which ones a request offers, and whether the model must call one.

use crate::checks;
use crate::error::Error;
use crate::request::Request;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use std::sync::Arc;

pub(crate) const TOOLS: &str = "tools";
pub(crate) const TOOL_CHOICE: &str = "tool_choice";
/// What a choice may be beside a tool's name.
const WORDS: [&str; 3] = ["auto", "none", "required"];

/// A tool that the model may call.
#[derive(Debug)]
pub(crate) struct Tool {
    name: String,
    /// As the API has it.
    json: Box<RawValue>,
}

impl Tool {
    /// As the API has it.
    pub(crate) fn json(&self) -> &str {
        self.json.get()
    }
}

impl Serialize for Tool {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

/// `{"type": "function", "function": …}`, of a tool or of a choice.
#[derive(Serialize)]
#[serde(tag = "type", rename = "function")]
struct OfType<T> {
    function: T,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Chosen<'a> {
    name: &'a str,
}

impl Request {
    /// Offers a tool, in place of one of the same name. Its schema is sent as it is written; the empty one is for a tool
    /// without parameters.
    pub fn add_tool(&mut self, name: &str, description: &str, schema: &str) -> Result<(), Error> {
        checks::name(name)?;
        if WORDS.contains(&name) {
            return Err(Error::invalid("name", format!("{name:?} means something else as a tool's choice")));
        }
        let parameters = if schema.is_empty() { None } else { Some(checks::schema(schema)?) };
        let json = to_raw_value(&OfType { function: Function { name, description, parameters } })
            .map_err(|e| Error::invalid(TOOLS, e))?;
        self.tools.retain(|tool| tool.name != name);
        self.tools.push(Arc::new(Tool { name: name.into(), json }));
        self.no_double(TOOLS)
    }

    fn has_tool(&self, name: &str) -> bool {
        self.tools.iter().any(|tool| tool.name == name)
    }

    /// Says whether the model may, must not or must call a tool, or which one.
    pub fn set_tool_choice(&mut self, choice: &str) -> Result<(), Error> {
        if WORDS.contains(&choice) {
            return self.set_text(TOOL_CHOICE, choice);
        }
        checks::name(choice).map_err(|error| error.about(TOOL_CHOICE))?;
        let choice = to_raw_value(&OfType { function: Chosen { name: choice } });
        self.store(TOOL_CHOICE, choice.map_err(|e| Error::invalid(TOOL_CHOICE, e))?);
        Ok(())
    }

    /// Whether tools are offered about which the caller did not choose: Hyperbolic's default is then "none", and no model
    /// would ever call one.
    pub(crate) fn is_choice_open(&self) -> bool {
        let raw = self.field(TOOLS).is_some_and(|json| !matches!(json.get(), "null" | "[]"));
        (raw || !self.tools.is_empty()) && self.field(TOOL_CHOICE).is_none()
    }

    /// A tool that must be called must have been offered.
    pub(crate) fn check_tool_choice(&self) -> Result<(), Error> {
        if self.tools.is_empty() {
            return Ok(());
        }
        let choice = self.field(TOOL_CHOICE).and_then(|json| serde_json::from_str(json.get()).ok());
        let choice: serde_json::Value = choice.unwrap_or_default();
        match choice["function"]["name"].as_str() {
            Some(name) if !self.has_tool(name) => {
                Err(Error::invalid(TOOL_CHOICE, format!("{name:?} is not among the tools")))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::request::Request;
    use std::sync::Arc;

    fn chat() -> Request {
        let mut request = Request::new("m").unwrap();
        request.add_message("user", "hi").unwrap();
        request
    }

    fn body(request: Request) -> String {
        String::from_utf8(Arc::new(request).plan().unwrap().body(false, true).unwrap()).unwrap()
    }

    #[test]
    fn a_tool_is_offered_as_the_api_has_it() {
        let mut request = chat();
        request.add_tool("add", "Adds.", r#"{"type": "object"}"#).unwrap();
        request.add_tool("now", "?", "{}").unwrap();
        request.add_tool("now", "", "").unwrap();
        let tools = r#""tools":[{"type":"function","function":{"name":"add","description":"Adds.","parameters":{"type": "object"}}},{"type":"function","function":{"name":"now"}}]"#;
        let text = body(request.clone());
        assert!(text.ends_with(&format!(r#"{tools},"tool_choice":"auto"}}"#)), "{text}");
        request.set_tool_choice("now").unwrap();
        let text = body(request.clone());
        assert!(text.contains(r#""tool_choice":{"type":"function","function":{"name":"now"}}"#), "{text}");
        request.set_tool_choice("none").unwrap();
        let text = body(request);
        assert!(text.contains(r#""tool_choice":"none""#) && !text.contains("auto"), "{text}");
    }

    #[test]
    fn a_choice_is_made_for_tools_alone() {
        assert!(!body(chat()).contains("tool_choice"));
        for (json, is_open) in [("null", false), ("[]", false), (r#"[{"type":"function"}]"#, true)] {
            let mut request = chat();
            request.set_json("tools", json).unwrap();
            assert_eq!(body(request).contains(r#""tool_choice":"auto""#), is_open, "{json}");
        }
    }

    #[test]
    fn a_bad_tool_names_its_field() {
        let mut r = chat();
        r.add_tool("add", "", "{}").unwrap();
        for (field, result) in [
            ("name", r.add_tool("", "", "")),
            ("name", r.add_tool("a b", "", "")),
            ("name", r.add_tool("auto", "", "")),
            ("schema", r.add_tool("b", "", "[]")),
            ("schema", r.add_tool("b", "", "{")),
            ("tool_choice", r.set_tool_choice("")),
            ("tool_choice", r.set_tool_choice("a b")),
            ("tools", r.set_json("tools", "[]")),
        ] {
            let error = result.unwrap_err();
            assert_eq!(error.param.as_str(), field, "{error}");
            assert!(error.message.as_str().starts_with(field), "{error}");
        }
        let mut request = chat();
        request.add_tool("add", "", "{}").unwrap();
        request.set_tool_choice("sub").unwrap();
        let error = Arc::new(request).plan().unwrap_err();
        assert_eq!(error.param.as_str(), "tool_choice");
        assert!(error.message.as_str().contains("\"sub\""), "{error}");
    }
}
