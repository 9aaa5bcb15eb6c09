//! Values that are kept as they came, made valid JSON again, and the short texts read out of any value.

use super::json::{Fault, Type, Value};
use super::numbers::is_strict_number;
use super::reader::Reader;
use super::strings::Str;
use super::tolerated::{Oddity, Tolerated};
use super::unicode::lossy;
use crate::text::Text;

/// Appends `value` as valid JSON, without changing what was valid already but the white space.
pub fn write_value(value: Value<'_>, out: &mut String, odd: &mut Tolerated) {
    // The value was read to its end before: its grammar has no fault, and what it tolerates was counted then. What
    // its strings hold is met here for the first time.
    let _ = write_next(&mut Reader::before(value), out, odd, &mut Tolerated::default());
}

/// Writes what the reader stands before. One pass: a value is not read again for each bracket around it.
fn write_next(
    reader: &mut Reader<'_>,
    out: &mut String,
    odd: &mut Tolerated,
    counted: &mut Tolerated,
) -> Result<(), Fault> {
    match reader.peek()? {
        b'[' => {
            reader.enter();
            out.push('[');
            let mut place = 0;
            while reader.next_item(counted)? {
                comma(&mut place, out);
                write_next(reader, out, odd, counted)?;
            }
            out.push(']');
        }
        b'{' => {
            reader.enter();
            out.push('{');
            let mut place = 0;
            while let Some(key) = reader.next_key(counted)? {
                comma(&mut place, out);
                write_string(key, out, odd);
                out.push(':');
                write_next(reader, out, odd, counted)?;
            }
            out.push('}');
        }
        _ => write_scalar(reader.skip()?, out, odd),
    }
    Ok(())
}

fn write_scalar(value: Value<'_>, out: &mut String, odd: &mut Tolerated) {
    match value.kind() {
        Type::Bool => out.push_str(if value.raw() == b"true" { "true" } else { "false" }),
        Type::Number => write_number(value.raw(), out),
        Type::String => {
            if let Some(text) = value.string() {
                write_string(text, out, odd);
            }
        }
        Type::Null | Type::Array | Type::Object => out.push_str("null"),
    }
}

fn comma(place: &mut usize, out: &mut String) {
    if *place > 0 {
        out.push(',');
    }
    *place += 1;
}

fn write_number(raw: &[u8], out: &mut String) {
    let text = str::from_utf8(raw).unwrap_or_default();
    if is_strict_number(raw) {
        return out.push_str(text);
    }
    // `+1`, `.5`, `01`: what they mean is plain, so that is what is kept.
    let number = text.parse().unwrap_or(f64::NAN);
    out.push_str(&if number.is_finite() { number.to_string() } else { "null".to_owned() });
}

fn write_string(text: Str<'_>, out: &mut String, odd: &mut Tolerated) {
    let plain = !text.raw().iter().any(|byte| *byte < 0x20 || *byte == b'\\');
    match str::from_utf8(text.raw()) {
        Ok(as_it_is) if plain => out.extend(["\"", as_it_is, "\""]),
        _ => write_text(&lossy(&text.bytes(odd), odd), out),
    }
}

/// Appends `text` as a JSON string.
pub fn write_text(text: &str, out: &mut String) {
    out.push('"');
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 => "",
            _ => continue,
        };
        out.push_str(&text[from..at]);
        from = at + 1;
        if escape.is_empty() {
            out.push_str(&format!("\\u{byte:04x}"));
        } else {
            out.push_str(escape);
        }
    }
    out.push_str(&text[from..]);
    out.push('"');
}

/// The text of a string; of anything else but null, its JSON. Deviations count.
pub fn text_of(value: Value<'_>, odd: &mut Tolerated) -> Option<String> {
    if let Some(text) = value.string() {
        let bytes = text.bytes(odd);
        return Some(lossy(&bytes, odd));
    }
    if value.is_null() {
        return None;
    }
    odd.add(Oddity::WrongType);
    let mut json = String::new();
    write_value(value, &mut json, odd);
    Some(json)
}

/// A short identifier: like [`text_of`], with its control characters replaced, because C reads it to the first NUL.
pub fn identifier(value: Value<'_>, odd: &mut Tolerated) -> Option<Text> {
    let text = text_of(value, odd)?;
    if text.contains(char::is_control) {
        return Some(text.replace(char::is_control, "\u{fffd}").into());
    }
    Some(text.into())
}

#[cfg(test)]
mod tests {
    use super::{identifier, write_text, write_value};
    use crate::wire::json::parse;
    use crate::wire::tolerated::Tolerated;

    #[test]
    fn what_is_kept_is_valid_json() {
        let source =
            b"{ \"a\" : [1, NaN,+1, .5, -0,1e999,], \"b\xff\":\"\\ud800\\u00e9\n\x01\", \"c\\\\\": true }";
        let mut odd = Tolerated::default();
        let (value, rest) = parse(source, 8, &mut odd).unwrap();
        assert!(rest.is_empty());
        let mut out = String::new();
        write_value(value, &mut out, &mut odd);
        assert_eq!(
            out,
            "{\"a\":[1,null,1,0.5,-0,1e999],\"b\u{fffd}\":\"\u{fffd}é\\n\\u0001\",\"c\\\\\":true}"
        );
        serde_json::from_str::<serde::de::IgnoredAny>(&out).unwrap();
        assert!(odd.total() >= 6, "{odd:?}");
    }

    #[test]
    fn identifiers_hold_no_control_characters() {
        let mut odd = Tolerated::default();
        let mut read = |json: &str| {
            let value = parse(json.as_bytes(), 8, &mut odd).unwrap().0;
            identifier(value, &mut odd).map(|text| text.as_str().to_owned())
        };
        assert_eq!(read(r#""a\u0000b\n""#).as_deref(), Some("a\u{fffd}b\u{fffd}"));
        assert_eq!(read("42").as_deref(), Some("42"));
        assert_eq!(read(r#"{"type": "stop"}"#).as_deref(), Some(r#"{"type":"stop"}"#));
        assert_eq!(read("null"), None);
    }

    #[test]
    fn every_control_character_is_escaped() {
        let all: String = (0..0x30).filter_map(char::from_u32).collect();
        let mut out = String::new();
        write_text(&all, &mut out);
        assert_eq!(serde_json::from_str::<String>(&out).unwrap(), all);
    }
}
