//! JSON as servers send it: read in place, never copied, and forgiving where the meaning is clear.
//!
//! Not serde_json, because its one pass stops at what servers do send: NaN from Python, a lone surrogate, bytes
//! that are half a character because the tokenizer cut there. Here those are values like any other. Nothing is
//! allocated: a [`Value`] is the slice of the input that holds it, checked once when [`parse`] found its end.

use super::numbers::{is_number, scalar_kind};
use super::strings::Str;
use super::tolerated::{Oddity, Tolerated};
use memchr::memchr2;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'a> {
    raw: &'a [u8],
}

/// Reads the first value of `input`; also answers what follows it.
pub fn parse<'a>(input: &'a [u8], depth: usize, odd: &mut Tolerated) -> Result<(Value<'a>, &'a [u8]), Fault> {
    let mut reader = Reader { input, at: 0 };
    let mut met = Tolerated::default();
    let value = reader.value(depth.min(MAX_DEPTH), &mut met)?;
    odd.merge(&met);
    Ok((value, &input[reader.at..]))
}

impl<'a> Value<'a> {
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
            Some(_) if is_number(self.raw) => Type::Number,
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

    /// The fields of an object, in order; of anything else, none.
    pub fn fields(self) -> impl Iterator<Item = (Cow<'a, [u8]>, Value<'a>)> {
        let mut reader = Reader::inside(self, Type::Object);
        let mut odd = Tolerated::default();
        std::iter::from_fn(move || {
            let key = reader.next_key(&mut odd).ok()??;
            let value = reader.skip().ok()?;
            Some((key.bytes(&mut odd), value))
        })
    }

    /// The items of a list; of anything else, none.
    pub fn items(self) -> impl Iterator<Item = Value<'a>> {
        let mut reader = Reader::inside(self, Type::Array);
        let mut odd = Tolerated::default();
        std::iter::from_fn(move || {
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

/// Reads on from where it stands, one bracket, name or scalar at a time.
pub(super) struct Reader<'a> {
    input: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Stands before `value`.
    pub(super) fn before(value: Value<'a>) -> Self {
        Self { input: value.raw, at: 0 }
    }

    /// Steps behind the opening bracket of a list or an object.
    pub(super) fn enter(&mut self) {
        self.at += 1;
    }

    /// Stands behind the opening bracket of `value`, or at the end if it is of another type.
    fn inside(value: Value<'a>, kind: Type) -> Self {
        let input = if value.kind() == kind { value.raw } else { &[] };
        Self { input, at: 1 }
    }

    /// The next byte that is no white space.
    pub(super) fn peek(&mut self) -> Result<u8, Fault> {
        while let Some(byte) = self.input.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Ok(*byte);
            }
            self.at += 1;
        }
        Err(Fault::Cut)
    }

    /// Steps over the next value.
    pub(super) fn value(&mut self, depth: usize, odd: &mut Tolerated) -> Result<Value<'a>, Fault> {
        let first = self.peek()?;
        let from = self.at;
        match first {
            b'"' => self.string().map(drop)?,
            b'{' => {
                let deeper = depth.checked_sub(1).ok_or(Fault::Depth)?;
                self.at += 1;
                while self.next_key(odd)?.is_some() {
                    self.value(deeper, odd)?;
                }
            }
            b'[' => {
                let deeper = depth.checked_sub(1).ok_or(Fault::Depth)?;
                self.at += 1;
                while self.next_item(odd)? {
                    self.value(deeper, odd)?;
                }
            }
            _ => self.scalar(odd)?,
        }
        Ok(Value { raw: &self.input[from..self.at] })
    }

    /// Steps over the next value, which was read before: all that counts is where its brackets close.
    fn skip(&mut self) -> Result<Value<'a>, Fault> {
        let first = self.peek()?;
        let (from, mut open) = (self.at, 0usize);
        if !matches!(first, b'{' | b'[' | b'"') {
            self.scalar(&mut Tolerated::default())?;
            return Ok(Value { raw: &self.input[from..self.at] });
        }
        loop {
            match self.input.get(self.at).ok_or(Fault::Cut)? {
                b'"' => drop(self.string()?),
                byte => {
                    open += usize::from(matches!(byte, b'{' | b'['));
                    open -= usize::from(matches!(byte, b'}' | b']'));
                    self.at += 1;
                }
            }
            if open == 0 {
                return Ok(Value { raw: &self.input[from..self.at] });
            }
        }
    }

    /// The next name and its colon, or `None` behind the closing brace.
    pub(super) fn next_key(&mut self, odd: &mut Tolerated) -> Result<Option<Str<'a>>, Fault> {
        if self.closes(b'{', b'}', odd)? {
            return Ok(None);
        }
        let key = self.string()?;
        if self.peek()? != b':' {
            return Err(Fault::Syntax);
        }
        self.at += 1;
        Ok(Some(key))
    }

    /// Whether another item follows; if not, stands behind the closing bracket.
    pub(super) fn next_item(&mut self, odd: &mut Tolerated) -> Result<bool, Fault> {
        Ok(!self.closes(b'[', b']', odd)?)
    }

    /// Steps over the comma before a further member, or over the closing bracket.
    fn closes(&mut self, open: u8, close: u8, odd: &mut Tolerated) -> Result<bool, Fault> {
        let mut next = self.peek()?;
        // The first member has no comma before it: what was read last is then the opening bracket.
        let first = self.input[..self.at].trim_ascii_end().last() == Some(&open);
        if next == b',' && !first {
            self.at += 1;
            next = self.peek()?;
            if next == close {
                odd.add(Oddity::TrailingComma);
            }
        } else if next != close && !first {
            return Err(Fault::Syntax);
        }
        if next == close {
            self.at += 1;
        }
        Ok(next == close)
    }

    fn string(&mut self) -> Result<Str<'a>, Fault> {
        if self.peek()? != b'"' {
            return Err(Fault::Syntax);
        }
        let from = self.at + 1;
        let mut at = from;
        while let Some(found) = self.input.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
            at += found;
            if self.input[at] == b'"' {
                self.at = at + 1;
                return Ok(Str::new(&self.input[from..at]));
            }
            at += 2;
        }
        Err(Fault::Cut)
    }

    fn scalar(&mut self, odd: &mut Tolerated) -> Result<(), Fault> {
        let rest = &self.input[self.at..];
        let word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let length = rest.iter().position(|byte| !word(byte)).unwrap_or(rest.len());
        let token = &rest[..length];
        if let Some(oddity) = scalar_kind(token) {
            if let Some(oddity) = oddity {
                odd.add(oddity);
            }
            self.at += length;
            return Ok(());
        }
        // A word that the end of the input cut short may still have become one.
        let words: [&[u8]; 6] = [b"true", b"false", b"null", b"NaN", b"Infinity", b"-Infinity"];
        let cut = length == rest.len() && words.iter().any(|full| full.starts_with(token));
        Err(if cut { Fault::Cut } else { Fault::Syntax })
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
