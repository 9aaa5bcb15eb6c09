//! The beginning of a JSON text, made whole: so that an object can be shown while it arrives.

use std::fmt;

/// Where a text stops being the beginning of an object or an array.
#[derive(Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The byte that does not fit, counted from 0.
    pub at: usize,
    /// What should be there.
    pub wanted: &'static str,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {} does not go on with {}", self.at, self.wanted)
    }
}

/// Closes what is open in the beginning of an object or an array, and leaves out what has no value yet: a key without
/// one, half a word, half an escape. A string is what has come of it, a number the longest that is one. The empty text
/// where nothing has begun.
pub fn close(text: &str) -> Result<String, Misfit> {
    Ok(Reader::read(text)?.closed(text))
}

/// Whether a text is a whole object.
pub fn is_whole_object(text: &str) -> bool {
    let is_object = text.bytes().find(|byte| !is_space(*byte)) == Some(b'{');
    is_object && Reader::read(text).is_ok_and(|reader| reader.state == State::End)
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// What may come next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// The object or array itself.
    #[default]
    Start,
    /// A value; or, if nothing is in the array yet, its end.
    Value {
        or_end: bool,
    },
    /// A key; or, if nothing is in the object yet, its end.
    Key {
        or_end: bool,
    },
    Colon,
    /// A comma, or the end of what is open.
    Next,
    /// Inside a string, which is a key or a value.
    Inside {
        is_key: bool,
        escape: Escape,
    },
    Number(Number),
    /// Inside `true`, `false` or `null`: what is still to come.
    Word(&'static str),
    /// White space.
    End,
}

/// What has come of an escape in a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    None,
    /// The backslash.
    Begun,
    /// `\u` and so many digits, with this value.
    Unicode {
        digits: u8,
        value: u16,
    },
    /// The first half of a surrogate pair, which is no character yet.
    Half,
}

/// The parts of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    Minus,
    Zero,
    Whole,
    Point,
    Fraction,
    Exponent,
    Sign,
    Power,
}

impl Number {
    /// Whether it is a number as it stands.
    fn is_one(self) -> bool {
        matches!(self, Self::Zero | Self::Whole | Self::Fraction | Self::Power)
    }

    fn next(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Minus, b'0') => Self::Zero,
            (Self::Minus, b'1'..=b'9') | (Self::Whole, b'0'..=b'9') => Self::Whole,
            (Self::Zero | Self::Whole, b'.') => Self::Point,
            (Self::Point | Self::Fraction, b'0'..=b'9') => Self::Fraction,
            (Self::Zero | Self::Whole | Self::Fraction, b'e' | b'E') => Self::Exponent,
            (Self::Exponent, b'+' | b'-') => Self::Sign,
            (Self::Exponent | Self::Sign | Self::Power, b'0'..=b'9') => Self::Power,
            _ => return None,
        })
    }
}

#[derive(Default)]
struct Reader {
    state: State,
    /// The brackets that close what is open, the innermost last.
    open: Vec<u8>,
    /// How much of the text stays if it ends here.
    keep: usize,
}

impl Reader {
    fn read(text: &str) -> Result<Self, Misfit> {
        let mut reader = Self::default();
        for (at, byte) in text.bytes().enumerate() {
            reader.take(at, byte).map_err(|wanted| Misfit { at, wanted })?;
        }
        Ok(reader)
    }

    fn take(&mut self, at: usize, byte: u8) -> Result<(), &'static str> {
        if let State::Inside { is_key, escape } = self.state {
            return self.inside(at, byte, is_key, escape);
        }
        if let State::Number(number) = self.state {
            if let Some(next) = number.next(byte) {
                self.state = State::Number(next);
                self.keep = if next.is_one() { at + 1 } else { self.keep };
                return Ok(());
            }
            if !number.is_one() {
                return Err("a digit");
            }
            self.state = State::Next;
        }
        if let State::Word(rest) = self.state {
            return self.word(at, byte, rest);
        }
        if is_space(byte) {
            return Ok(());
        }
        match (self.state, byte) {
            (State::Start | State::Value { .. }, b'{') => self.open(at, b'}', State::Key { or_end: true }),
            (State::Start | State::Value { .. }, b'[') => self.open(at, b']', State::Value { or_end: true }),
            (State::Key { or_end: true } | State::Next, b'}') if self.open.last() == Some(&b'}') => {
                self.end(at)
            }
            (State::Value { or_end: true } | State::Next, b']') if self.open.last() == Some(&b']') => {
                self.end(at)
            }
            (State::Key { .. }, b'"') => {
                self.state = State::Inside { is_key: true, escape: Escape::None };
            }
            (State::Colon, b':') => self.state = State::Value { or_end: false },
            (State::Next, b',') => {
                self.state = match self.open.last() {
                    Some(b'}') => State::Key { or_end: false },
                    _ => State::Value { or_end: false },
                };
            }
            (State::Value { .. }, _) => return self.scalar(at, byte),
            (State::Start, _) => return Err("an object or an array"),
            (State::Key { .. }, _) => return Err("a key in quotes"),
            (State::Colon, _) => return Err("a colon"),
            (State::Next, _) => return Err("a comma or a closing bracket"),
            _ => return Err("white space: the text was whole"),
        }
        Ok(())
    }

    /// The first byte of a string, a number or a word.
    fn scalar(&mut self, at: usize, byte: u8) -> Result<(), &'static str> {
        self.state = match byte {
            b'"' => {
                self.keep = at + 1;
                State::Inside { is_key: false, escape: Escape::None }
            }
            b'-' => State::Number(Number::Minus),
            b'0'..=b'9' => {
                self.keep = at + 1;
                State::Number(if byte == b'0' { Number::Zero } else { Number::Whole })
            }
            b't' => State::Word("rue"),
            b'f' => State::Word("alse"),
            b'n' => State::Word("ull"),
            _ => return Err("a value"),
        };
        Ok(())
    }

    fn word(&mut self, at: usize, byte: u8, rest: &'static str) -> Result<(), &'static str> {
        if rest.as_bytes().first() != Some(&byte) {
            return Err("true, false or null");
        }
        self.state = State::Word(&rest[1..]);
        if rest.len() == 1 {
            (self.state, self.keep) = (State::Next, at + 1);
        }
        Ok(())
    }

    fn inside(&mut self, at: usize, byte: u8, is_key: bool, escape: Escape) -> Result<(), &'static str> {
        let next = match (escape, byte) {
            (Escape::None | Escape::Half, b'"') => {
                (self.state, self.keep) =
                    if is_key { (State::Colon, self.keep) } else { (State::Next, at + 1) };
                return Ok(());
            }
            (Escape::None | Escape::Half, b'\\') => Escape::Begun,
            (Escape::None | Escape::Half, 0..0x20) => return Err("a character that needs no escape"),
            (Escape::None | Escape::Half, _) => Escape::None,
            (Escape::Begun, b'u') => Escape::Unicode { digits: 0, value: 0 },
            (Escape::Begun, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Escape::None,
            (Escape::Begun, _) => return Err("an escape"),
            (Escape::Unicode { digits, value }, _) => {
                let digit = (byte as char).to_digit(16).ok_or("four hexadecimal digits")?;
                match (digits + 1, value << 4 | digit as u16) {
                    (4, 0xD800..0xDC00) => Escape::Half,
                    (4, _) => Escape::None,
                    (digits, value) => Escape::Unicode { digits, value },
                }
            }
        };
        self.state = State::Inside { is_key, escape: next };
        if !is_key && next == Escape::None {
            self.keep = at + 1;
        }
        Ok(())
    }

    fn open(&mut self, at: usize, close: u8, inside: State) {
        self.open.push(close);
        (self.state, self.keep) = (inside, at + 1);
    }

    fn end(&mut self, at: usize) {
        self.open.pop();
        self.state = if self.open.is_empty() { State::End } else { State::Next };
        self.keep = at + 1;
    }

    fn closed(self, text: &str) -> String {
        let is_in_value = matches!(self.state, State::Inside { is_key: false, .. });
        let mut whole = String::with_capacity(self.keep + self.open.len() + 1);
        // What is kept ends behind a whole character.
        whole.push_str(text.get(..self.keep).unwrap_or_default());
        if is_in_value {
            whole.push('"');
        }
        whole.extend(self.open.iter().rev().map(|close| *close as char));
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::{close, is_whole_object};

    #[test]
    fn what_is_open_is_closed_and_what_has_no_value_is_left_out() {
        for (begun, whole) in [
            ("", ""),
            (" \n", ""),
            ("{", "{}"),
            (" [", " []"),
            ("{\"a", "{}"),
            ("{\"a\" ", "{}"),
            ("{\"a\": ", "{}"),
            ("{\"a\": t", "{}"),
            ("{\"a\": true", "{\"a\": true}"),
            ("{\"a\": true , \"b\"", "{\"a\": true}"),
            ("{\"a\": \"", "{\"a\": \"\"}"),
            ("{\"a\": \"x\\", "{\"a\": \"x\"}"),
            ("{\"a\": \"x\\n", "{\"a\": \"x\\n\"}"),
            ("{\"a\": \"x\\u00e", "{\"a\": \"x\"}"),
            ("{\"a\": \"x\\u00e9", "{\"a\": \"x\\u00e9\"}"),
            ("{\"a\": \"x\\ud83d", "{\"a\": \"x\"}"),
            ("{\"a\": \"x\\ud83d\\ude0", "{\"a\": \"x\"}"),
            ("{\"a\": \"x\\ud83d\\ude00", "{\"a\": \"x\\ud83d\\ude00\"}"),
            ("{\"a\": \"é", "{\"a\": \"é\"}"),
            ("[-", "[]"),
            ("[1, -", "[1]"),
            ("[12", "[12]"),
            ("[12.", "[12]"),
            ("[1.5e", "[1.5]"),
            ("[1.5e-", "[1.5]"),
            ("[1.5e-3", "[1.5e-3]"),
            ("[0,", "[0]"),
            ("[[{\"a\":[1,{", "[[{\"a\":[1,{}]}]]"),
            ("{\"a\":{\"b\":null},\"c\":[nul", "{\"a\":{\"b\":null},\"c\":[]}"),
            ("{\"a\":1}\n", "{\"a\":1}"),
        ] {
            assert_eq!(close(begun).as_deref(), Ok(whole), "{begun}");
        }
    }

    #[test]
    fn every_beginning_of_a_text_is_made_whole() {
        let text = r#" {"name": "Ann \"é\" \u00e9\ud83d\ude00", "ages": [0, -1.5e+3, 20], "x": {"": [[], {}, null]},
            "yes": true, "no": false, "deep": [[[{"a": "b"}]]]} "#;
        for (at, _) in text.char_indices() {
            let whole = close(&text[..at]).unwrap();
            let value = serde_json::from_str::<serde_json::Value>(&whole);
            assert!(value.is_ok() || whole.is_empty(), "{at}: {whole}");
            assert_eq!(close(&whole).as_ref(), Ok(&whole));
        }
        assert_eq!(close(text).as_deref(), Ok(text.trim_end()));
    }

    #[test]
    fn a_whole_object_is_told_from_all_else() {
        for (text, is_whole) in [
            ("{}", true),
            (" {\"a\": [1, {\"b\": null}]} \n", true),
            ("", false),
            ("[]", false),
            ("{", false),
            ("{\"a\": 1", false),
            ("{} {}", false),
            ("{\"a\": tru}", false),
            ("\"{}\"", false),
        ] {
            assert_eq!(is_whole_object(text), is_whole, "{text}");
        }
    }

    #[test]
    fn what_is_no_beginning_is_told_where() {
        for (text, at) in [
            ("x", 0),
            ("\"a\"", 0),
            ("{a", 1),
            ("{\"a\" 1", 5),
            ("{\"a\":}", 5),
            ("{\"a\":1,}", 7),
            ("[1,]", 3),
            ("[1 2", 3),
            ("[1}", 2),
            ("{]", 1),
            ("[01", 2),
            ("[1.]", 3),
            ("[-]", 2),
            ("[tru]", 4),
            ("[\"\n", 2),
            ("[\"\\x", 3),
            ("[\"\\u00g", 6),
            ("[] x", 3),
            ("{} {", 3),
        ] {
            assert_eq!(close(text).map_err(|misfit| misfit.at), Err(at), "{text}");
        }
    }
}
