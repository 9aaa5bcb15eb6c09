//! Bodies of requests: how they stand in a recording, and when two of them are the same.

use super::line::NO_BODY;
use crate::key::Key;
use crate::wire::Tolerated;
use crate::wire::json::{self, Type, Value};
use serde_json::value::{RawValue, to_raw_value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// No request is nested deeper; the bound keeps the recursion off the end of the stack.
const MAX_DEPTH: usize = 128;

/// A body as it stands in a recording: one line of JSON, without the key.
///
/// The key of a server that wants none may be anything, such as `0` or `null`: where JSON ends with it, the body
/// becomes a text.
pub fn recorded(body: &[u8], key: Option<&Key>) -> serde_json::Result<Box<RawValue>> {
    if body.is_empty() {
        return RawValue::from_string(NO_BODY.into());
    }
    let clean = key.and_then(|key| key.redact_pieces(&[body])).map(|pieces| pieces.concat());
    let text = String::from_utf8_lossy(clean.as_deref().unwrap_or(body));
    // Line breaks are only where white space may be: inside of strings they are escaped.
    let json = RawValue::from_string(text.replace(['\n', '\r'], " "));
    match json.ok().filter(|json| canonical(json.get()).is_some()) {
        Some(json) => Ok(json),
        None => to_raw_value(&text),
    }
}

/// A form that is equal for JSON values that are: neither white space nor the order of keys, the escapes or how a
/// number is written count. `None` if `json` is not JSON, or nested too deeply.
pub fn canonical(json: &str) -> Option<Vec<u8>> {
    let mut form = Vec::new();
    write(value(json)?, &mut form);
    Some(form)
}

/// How many members two objects do not have in common, and the first of them.
pub fn difference(one: &str, other: &str) -> (usize, Option<String>) {
    let (one, other) = (members(one), members(other));
    let names = one.keys().chain(other.keys().filter(|name| !one.contains_key(*name)));
    let mut differing: Vec<_> = names.filter(|name| one.get(*name) != other.get(*name)).collect();
    differing.sort_unstable();
    (differing.len(), differing.first().map(|name| String::from_utf8_lossy(name).into_owned()))
}

fn members(json: &str) -> BTreeMap<Cow<'_, [u8]>, Vec<u8>> {
    let fields = value(json).into_iter().flat_map(Value::fields);
    let form = |value| {
        let mut form = Vec::new();
        write(value, &mut form);
        form
    };
    // The last of a name wins, as in `write`.
    fields.map(|(name, value)| (name, form(value))).collect()
}

fn value(json: &str) -> Option<Value<'_>> {
    let mut odd = Tolerated::default();
    json::parse(json.as_bytes(), MAX_DEPTH, &mut odd).ok().map(|(value, _)| value)
}

/// Each part says how long it is, so that nothing else looks the same. The depth was bounded by [`value`].
fn write(value: Value<'_>, form: &mut Vec<u8>) {
    match value.kind() {
        Type::Object => {
            let mut fields: Vec<_> = value.fields().collect();
            // Stable: of one name the last stays the last.
            fields.sort_by(|one, other| one.0.cmp(&other.0));
            form.push(b'{');
            for (index, (name, value)) in fields.iter().enumerate() {
                if fields.get(index + 1).is_none_or(|next| next.0 != *name) {
                    sized(name, form);
                    write(*value, form);
                }
            }
            form.push(b'}');
        }
        Type::Array => {
            form.push(b'[');
            value.items().for_each(|item| write(item, form));
            form.push(b']');
        }
        Type::String => {
            let text = value.string().map(|text| text.bytes(&mut Tolerated::default()));
            sized(&text.unwrap_or_default(), form);
        }
        Type::Number => {
            form.extend_from_slice(number(value.raw()).as_bytes());
            form.push(b',');
        }
        Type::Bool | Type::Null => form.extend_from_slice(&value.raw()[..1]),
    }
}

fn sized(text: &[u8], form: &mut Vec<u8>) {
    form.extend_from_slice(format!("\"{}:", text.len()).as_bytes());
    form.extend_from_slice(text);
}

/// Whole numbers as they are, whatever their size; 1.0 and 1e0 are 1.
fn number(token: &[u8]) -> Cow<'_, str> {
    /// Doubles are exact up to here.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let token = String::from_utf8_lossy(token);
    let whole = !token.contains(['.', 'e', 'E']) && token != "-0";
    match token.parse::<f64>() {
        Ok(number) if !whole && number.fract() == 0.0 && number.abs() <= EXACT => {
            (number as i64).to_string().into()
        }
        Ok(number) if !whole && number.is_finite() => format!("{number:e}").into(),
        _ => token,
    }
}

#[cfg(test)]
mod tests {
    use super::{canonical, difference, recorded};
    use crate::key::Key;

    fn same(one: &str, other: &str) -> bool {
        canonical(one).unwrap() == canonical(other).unwrap()
    }

    #[test]
    fn bodies_are_compared_as_values() {
        for (one, other) in [
            (r#"{"a":1,"b":[true,null]}"#, "{ \"b\" : [ true,\tnull ],\r\n\"a\":1}"),
            (r#"{"a":{"b":"\u00e9\/\ud83d\ude00"}}"#, r#"{"\u0061":{"b":"é/😀"}}"#),
            (r#"{"a":0,"b":2,"a":1}"#, r#"{"a":1,"b":2}"#),
            ("[1,-0,10,0.5,1e400]", "[1.0,0.0,1e1,5E-1,1e400]"),
        ] {
            assert!(same(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("[1,2]", "[2,1]"),
            ("[1,2]", "[12]"),
            ("[1]", "1"),
            ("[[],1]", "[[1]]"),
            ("1", r#""1""#),
            ("null", r#""null""#),
            ("true", "false"),
            (r#"["a","b"]"#, r#"["a\",\"b"]"#),
            (r#"{"a":"b"}"#, r#"["a","b"]"#),
            (r#"{"a":{"b":1}}"#, r#"{"a":{},"b":1}"#),
            (r#"{"a":1,"a":2}"#, r#"{"a":2,"a":1}"#),
            // Not the same double plus one.
            ("9007199254740993", "9007199254740992"),
            ("1e400", "1e401"),
        ] {
            assert!(!same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(canonical(&nested(128)).is_some());
        assert!(canonical(&nested(129)).is_none());
        assert!(canonical(&nested(1_000_000)).is_none());
        // It can be recorded all the same.
        let deep = recorded(nested(200_000).as_bytes(), None).unwrap();
        assert_eq!(serde_json::from_str::<String>(deep.get()).unwrap(), nested(200_000));
    }

    #[test]
    fn a_body_is_one_line_without_the_key() {
        let line = |body: &str, key: &str| {
            let key = Key::new(key).unwrap();
            recorded(body.as_bytes(), Some(&key)).unwrap().get().to_owned()
        };
        assert_eq!(line("", "sk"), "null");
        assert_eq!(line("\n{\"a\":\r\n\"b\\n\"}\n", "sk"), "{\"a\":  \"b\\n\"}");
        assert_eq!(line(r#"{"sk-1":"sk-1\u0073k\u002d1"}"#, "sk-1"), r#"{"[key]":"[key][key]"}"#);
        // Keys for servers that want none, which JSON has its own meaning for.
        assert_eq!(line(r#"{"n":10}"#, "0"), r#""{\"n\":1[key]}""#);
        assert_eq!(line(r#"{"n":null}"#, "null"), r#""{\"n\":[key]}""#);
        assert_eq!(line("no JSON", "sk"), r#""no JSON""#);
    }

    #[test]
    fn what_differs_is_named() {
        let body = r#"{"model":"m","messages":[],"stop":["a"]}"#;
        for (other, expected) in [
            (r#"{"stop":["a"],"messages":[ ],"model":"m"}"#, (0, None)),
            (r#"{"stop":["a"],"messages":[1],"model":"m"}"#, (1, Some("messages".into()))),
            (r#"{"messages":[],"model":"n"}"#, (2, Some("model".into()))),
            (r#"{"stop":["a"],"messages":[],"model":"m","n":2}"#, (1, Some("n".into()))),
            ("null", (3, Some("messages".into()))),
            ("", (3, Some("messages".into()))),
        ] {
            assert_eq!(difference(body, other), expected, "{other}");
            assert_eq!(difference(other, body), expected, "{other}");
        }
    }
}
