//! JSON as servers send it: read in place, never copied, and forgiving where the meaning is clear.
//!
//! Not serde_json, because its one pass stops at what servers do send: NaN from Python, a lone surrogate, bytes
//! that are half a character because the tokenizer cut there. Here those are values like any other. Nothing is
//! allocated: a [`Value`] is the slice of the input that holds it, checked once when [`parse`] found its end.

use super::reader::Reader;
pub use super::reader::{Span, parse, parse_with};
use super::strings::Str;
use super::tolerated::{Oddity, Tolerated};
use std::borrow::Cow;

/// Why reading stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The input ended inside a value.
    Cut,
    /// This is no JSON.
    Syntax,
    /// Deeper than allowed.
    Depth,
}

/// Nothing that an API sends is nested deeper; the bound keeps the recursion off the end of the stack.
pub const MAX_DEPTH: usize = 256;

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `null`, and the numbers that are none.
    Null,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// A text.
    String,
    /// A list.
    Array,
    /// Names with values.
    Object,
}

/// One value, as the bytes of the input that hold it.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a> {
    raw: &'a [u8],
    /// The lists and objects in it, if they were noted.
    spans: &'a [Span],
}

impl<'a> Value<'a> {
    pub(super) fn new(raw: &'a [u8], spans: &'a [Span]) -> Self {
        Self { raw, spans }
    }

    pub(super) fn spans(self) -> &'a [Span] {
        self.spans
    }

    /// Its bytes, without white space around them.
    pub fn raw(self) -> &'a [u8] {
        self.raw
    }

    /// Its type, by its first byte.
    pub fn kind(self) -> Type {
        match self.raw.first() {
            Some(b'"') => Type::String,
            Some(b'{') => Type::Object,
            Some(b'[') => Type::Array,
            Some(b't' | b'f') => Type::Bool,
            Some(b'0'..=b'9' | b'+' | b'.') => Type::Number,
            // Not `-Infinity`.
            Some(b'-') if !self.raw.get(1).is_some_and(u8::is_ascii_alphabetic) => Type::Number,
            _ => Type::Null,
        }
    }

    /// Whether there is nothing in it.
    pub fn is_null(self) -> bool {
        self.kind() == Type::Null
    }

    /// The text of a string, escapes and all, if it is one.
    pub fn string(self) -> Option<Str<'a>> {
        (self.kind() == Type::String).then(|| Str::new(&self.raw[1..self.raw.len() - 1]))
    }

    /// Whether it is a text with nothing in it.
    pub fn is_empty_text(self) -> bool {
        self.raw == b"\"\""
    }

    /// The fields of an object, in order; of anything else, none.
    pub fn fields(self) -> impl Iterator<Item = (Cow<'a, [u8]>, Value<'a>)> {
        let mut reader = (self.kind() == Type::Object).then(|| Reader::inside(self));
        let mut odd = Tolerated::default();
        std::iter::from_fn(move || {
            let reader = reader.as_mut()?;
            let key = reader.next_key(&mut odd).ok()??;
            Some((key.name(), reader.skip().ok()?))
        })
    }

    /// The items of a list; of anything else, none.
    pub fn items(self) -> impl Iterator<Item = Value<'a>> {
        let mut reader = (self.kind() == Type::Array).then(|| Reader::inside(self));
        let mut odd = Tolerated::default();
        std::iter::from_fn(move || {
            let reader = reader.as_mut()?;
            let more = reader.next_item(&mut odd).ok()?;
            if more { reader.skip().ok() } else { None }
        })
    }

    /// The last value of that name that is not null.
    pub fn get(self, name: &str) -> Option<Value<'a>> {
        self.fields().filter(|(key, value)| **key == *name.as_bytes() && !value.is_null()).last().map(|f| f.1)
    }

    /// A whole number, also written as text or with a fraction.
    pub fn integer(self, odd: &mut Tolerated) -> Option<i64> {
        let digits = match self.string() {
            Some(text) => text.raw().trim_ascii(),
            None => self.raw,
        };
        let digits = str::from_utf8(digits).unwrap_or_default();
        match self.kind() {
            Type::Null => return None,
            Type::Number => {
                if let Ok(number) = digits.parse() {
                    return Some(number);
                }
            }
            _ => {}
        }
        odd.add(Oddity::WrongType);
        let number: f64 = digits.parse().ok()?;
        // Doubles are exact up to here, and no id, count or time of ours is beyond.
        (number.abs() <= 9_007_199_254_740_992.0).then_some(number as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Type, parse};
    use crate::wire::tolerated::{Oddity, Tolerated};

    fn read(json: &str) -> Result<(Type, Tolerated), Fault> {
        let mut odd = Tolerated::default();
        parse(json.as_bytes(), 8, &mut odd).map(|(value, _)| (value.kind(), odd))
    }

    #[test]
    fn reads_what_the_grammar_allows_and_refuses_the_rest() {
        let good =
            ["{}", "[ ]", " {\n\"a\" :[ 1 , {\"b\":null}\n] }", "\"\\\"\"", "-0.5e+3", "true", "[[],{}]"];
        for json in good {
            assert_eq!(read(json).unwrap().1.total(), 0, "{json}");
        }
        let bad = [
            "{,}",
            "[,]",
            "[1 2]",
            "{\"a\" 1}",
            "{1:2}",
            "[1,,2]",
            "}",
            "nul",
            "tru e",
            "{\"a\":}",
            "'a'",
            "1-",
        ];
        for json in bad {
            assert_eq!(read(&format!("[{json} ")).unwrap_err(), Fault::Syntax, "{json}");
        }
        for whole in ["{\"a\":[1,{\"b\":\"\\u00e9\"}]}", "[true,NaN,-Infinity]"] {
            for at in 0..whole.len() {
                assert_eq!(read(&whole[..at]).unwrap_err(), Fault::Cut, "{}", &whole[..at]);
            }
        }
    }

    #[test]
    fn reads_what_servers_write_instead() {
        for (json, kind, oddity) in [
            ("NaN", Type::Null, Oddity::NonFinite),
            ("-Infinity", Type::Null, Oddity::NonFinite),
            ("+1", Type::Number, Oddity::BadNumber),
            ("01", Type::Number, Oddity::BadNumber),
            ("[1,]", Type::Array, Oddity::TrailingComma),
            ("{\"a\":1,}", Type::Object, Oddity::TrailingComma),
        ] {
            let (got, odd) = read(json).unwrap();
            assert_eq!((got, odd.count(oddity), odd.total()), (kind, 1, 1), "{json}");
        }
    }

    #[test]
    fn fields_and_items_are_all_there() {
        let mut odd = Tolerated::default();
        let source = b"{ \n \"a\" : [ 1 ,\n 2 ] , \"\\u0062\" : \"x\" , \"a\":null }";
        let value = parse(source, 8, &mut odd).unwrap().0;
        let names: Vec<_> = value.fields().map(|(key, _)| key.into_owned()).collect();
        assert_eq!(names, [b"a", b"b", b"a"]);
        let list = value.get("a").unwrap();
        let numbers: Vec<_> = list.items().map(|item| item.integer(&mut odd)).collect();
        assert_eq!((numbers, odd.total()), (vec![Some(1), Some(2)], 0));
        assert!(list.fields().next().is_none() && value.items().next().is_none());
        assert_eq!(value.get("b").unwrap().string().unwrap().bytes(&mut odd), &b"x"[..]);
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(&nested(8)).is_ok());
        assert_eq!(read(&nested(9)).unwrap_err(), Fault::Depth);
        let deep = nested(100_000);
        assert_eq!(parse(deep.as_bytes(), usize::MAX, &mut Tolerated::default()).unwrap_err(), Fault::Depth);
    }

    #[test]
    fn integers_come_in_many_coats() {
        let mut odd = Tolerated::default();
        let mut integer = |json: &str| parse(json.as_bytes(), 8, &mut odd).unwrap().0.integer(&mut odd);
        assert_eq!(integer("9007199254740993"), Some(9_007_199_254_740_993));
        assert_eq!(integer("1739527763.9"), Some(1_739_527_763));
        assert_eq!(integer("\" 12 \""), Some(12));
        for none in ["\"x\"", "1e99", "null", "true", "[]", "\"NaN\""] {
            assert_eq!(integer(none), None, "{none}");
        }
        assert_eq!(odd.count(Oddity::WrongType), 7);
    }
}
