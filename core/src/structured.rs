//! Answers that are JSON: how a request asks for them.

use crate::checks;
use crate::error::Error;
use crate::request::Request;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

const RESPONSE_FORMAT: &str = "response_format";

/// The member of the body, as the API has it.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Format<'a> {
    JsonObject,
    JsonSchema { json_schema: Schema<'a> },
}

#[derive(Serialize)]
struct Schema<'a> {
    name: &'a str,
    strict: bool,
    schema: &'a RawValue,
}

impl Request {
    /// Asks for an answer that is a JSON object, of whatever shape.
    pub fn set_json_object(&mut self) -> Result<(), Error> {
        self.set_format(&Format::JsonObject)
    }

    /// Asks for an answer that fits a JSON Schema, which is an object and is sent as it is written.
    pub fn set_json_schema(&mut self, name: &str, schema: &str, strict: bool) -> Result<(), Error> {
        checks::name(name)?;
        let schema = checks::schema(schema)?;
        self.set_format(&Format::JsonSchema { json_schema: Schema { name, strict, schema } })
    }

    fn set_format(&mut self, format: &Format<'_>) -> Result<(), Error> {
        let value = to_raw_value(format).map_err(|e| Error::invalid(RESPONSE_FORMAT, e))?;
        self.store(RESPONSE_FORMAT, value);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::request::Request;

    fn format(
        change: impl FnOnce(&mut Request) -> Result<(), crate::error::Error>,
    ) -> Result<String, String> {
        let mut request = Request::new("m").unwrap();
        change(&mut request).map_err(|error| error.param.as_str().to_owned())?;
        Ok(request.field("response_format").map_or(String::new(), |value| value.get().to_owned()))
    }

    #[test]
    fn a_format_is_what_the_api_calls_it() {
        assert_eq!(format(Request::set_json_object).as_deref(), Ok(r#"{"type":"json_object"}"#));
        assert_eq!(
            format(|r| r.set_json_schema("a-b_1", r#" {"type": "object", "x": 1.10}"#, true)).as_deref(),
            Ok(
                r#"{"type":"json_schema","json_schema":{"name":"a-b_1","strict":true,"schema":{"type": "object", "x": 1.10}}}"#
            )
        );
    }

    #[test]
    fn the_last_one_wins_and_a_bad_one_names_its_field() {
        let both = format(|r| r.set_json_schema("a", "{}", false).and_then(|()| r.set_json_object()));
        assert_eq!(both.as_deref(), Ok(r#"{"type":"json_object"}"#));
        for (name, schema, field) in [
            ("", "{}", "name"),
            ("a b", "{}", "name"),
            ("é", "{}", "name"),
            (&"a".repeat(65), "{}", "name"),
            ("a", "[]", "schema"),
            ("a", "{", "schema"),
            ("a", "", "schema"),
            ("a", "{} {}", "schema"),
        ] {
            assert_eq!(
                format(|r| r.set_json_schema(name, schema, true)),
                Err(field.into()),
                "{name} {schema}"
            );
        }
    }
}
