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
    /// Offers a tool. Its schema is sent as it is written; the empty one is for a tool without parameters.
    pub fn add_tool(&mut self, name: &str, description: &str, schema: &str) -> Result<(), Error> {
        checks::name(name)?;
        if WORDS.contains(&name) {
            return Err(Error::invalid("name", format!("{name:?} means something else as a tool's choice")));
        }
        if self.has_tool(name) {
            return Err(Error::invalid("name", format!("{name:?} was added before")));
        }
        let parameters = if schema.is_empty() { None } else { Some(checks::schema(schema)?) };
        let json = to_raw_value(&OfType { function: Function { name, description, parameters } })
            .map_err(|e| Error::invalid(TOOLS, e))?;
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
