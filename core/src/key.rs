//! The API key: sent with every request, shown nowhere.

use crate::error::Error;
use crate::text::Text;
use bytes::Bytes;
use http::HeaderValue;
use memchr::memchr3_iter;
use std::fmt;
use std::ops::Range;
use zeroize::Zeroizing;

const SCHEME: &str = "Bearer ";
/// What stands in place of a key that a server echoed.
const REDACTED: &str = "[key]";

/// A key as the Authorization header that it is sent in. The one copy of it is zeroed when the last clone goes.
#[derive(Clone)]
pub struct Key(HeaderValue);

/// Owns the bytes of a header, so that they are zeroed when its last reader is gone.
struct Header(Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Header {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Key {
    /// Takes a key; control characters and an empty key are refused.
    pub fn new(key: &str) -> Result<Self, Error> {
        if key.is_empty() {
            return Err(Error::invalid("api_key", "is empty"));
        }
        // Sized first: a vector that grows leaves copies behind.
        let mut header = Zeroizing::new(Vec::with_capacity(SCHEME.len() + key.len()));
        header.extend_from_slice(SCHEME.as_bytes());
        header.extend_from_slice(key.as_bytes());
        if header.iter().any(|byte| byte.is_ascii_control()) {
            return Err(Error::invalid(
                "api_key",
                "holds a control character; was a line break copied with it?",
            ));
        }
        let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(Header(header)))
            .map_err(|_| Error::invalid("api_key", "cannot be sent in a header"))?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    /// The value of the Authorization header, marked sensitive.
    pub fn header(&self) -> HeaderValue {
        self.0.clone()
    }

    /// Takes the key out of a text that a server wrote.
    pub fn redact_text(&self, text: &mut Text) {
        if let Some(clean) = self.redact_str(text.as_str()) {
            *text = Text::from(clean);
        }
    }

    /// `text` without the key; `None` if it is not there.
    pub fn redact_str(&self, text: &str) -> Option<String> {
        let clean = self.redact_pieces(&[text])?;
        Some(String::from_utf8_lossy(&clean.concat()).into_owned())
    }

    /// The bytes that come in `pieces` without the key, however they split it; `None` if it is not there. Its mark
    /// stands in the piece where it began.
    pub fn redact_pieces(&self, pieces: &[impl AsRef<[u8]>]) -> Option<Vec<Vec<u8>>> {
        let whole = pieces.iter().map(AsRef::as_ref).collect::<Vec<_>>().concat();
        let mut ranges = self.ranges(&whole).peekable();
        ranges.peek()?;
        let mut end = 0;
        let clean = pieces.iter().map(|piece| {
            let start = end;
            end += piece.as_ref().len();
            let (mut clean, mut at) = (Vec::new(), start);
            while let Some(range) = ranges.peek().filter(|range| range.start < end) {
                if range.start >= start {
                    clean.extend_from_slice(&whole[at..range.start]);
                    clean.extend_from_slice(REDACTED.as_bytes());
                }
                at = range.end.min(end);
                if range.end > end {
                    break;
                }
                ranges.next();
            }
            clean.extend_from_slice(&whole[at..end]);
            clean
        });
        Some(clean.collect())
    }

    /// Takes the key out of everything that `error` shows: servers echo it.
    pub fn redact(&self, error: &mut Error) {
        for text in error.texts_mut() {
            self.redact_text(text);
        }
    }

    /// Where the key stands in `text`, in any of its writings.
    fn ranges(&self, text: &[u8]) -> impl Iterator<Item = Range<usize>> {
        let key = &self.0.as_bytes()[SCHEME.len()..];
        let mut free = 0;
        // What any of the writings can begin with; a key is never empty.
        memchr3_iter(key[0], b'\\', b'%', text).filter_map(move |at| {
            let rest = &text[at..];
            // Inside of one that was found already.
            if at < free {
                return None;
            }
            let length = WRITINGS.iter().find_map(|writing| written(rest, key, *writing))?;
            free = at + length;
            Some(at..free)
        })
    }
}

/// How one byte of a key may stand at the beginning of a text, and how long it is there.
type Writing = fn(&[u8], u8) -> Option<usize>;

/// As it is; as JSON has it in a raw body (PHP writes a slash as `\/`); as a URL has it in a redirect.
const WRITINGS: [Writing; 3] = [plain, in_json, in_url];

/// How long a key is that stands at the beginning of `text`.
fn written(text: &[u8], key: &[u8], writing: Writing) -> Option<usize> {
    key.iter().try_fold(0, |at, byte| Some(at + writing(&text[at..], *byte)?))
}

fn plain(text: &[u8], byte: u8) -> Option<usize> {
    (text.first() == Some(&byte)).then_some(1)
}

fn in_json(text: &[u8], byte: u8) -> Option<usize> {
    match *text {
        [b'\\', b'u', b'0', b'0', high, low, ..] => is_hex(high, low, byte).then_some(6),
        [b'\\', escaped, ..] => (escaped == byte && byte.is_ascii_punctuation()).then_some(2),
        _ => plain(text, byte),
    }
}

fn in_url(text: &[u8], byte: u8) -> Option<usize> {
    match *text {
        [b'%', high, low, ..] => is_hex(high, low, byte).then_some(3),
        _ => plain(text, byte),
    }
}

fn is_hex(high: u8, low: u8, byte: u8) -> bool {
    let digit = |letter: u8| char::from(letter).to_digit(16);
    digit(high) == Some(u32::from(byte >> 4)) && digit(low) == Some(u32::from(byte & 15))
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

#[cfg(test)]
mod tests {
    use super::Key;
    use crate::error::{Error, Status};

    #[test]
    fn is_shown_nowhere() {
        let key = Key::new("sk-secret").unwrap();
        assert_eq!(format!("{key:?}"), "[key]");
        assert!(!format!("{:?}", key.header()).contains("secret"));
        assert_eq!(key.header(), "Bearer sk-secret");
        let mut error = Error::new(Status::Authentication, "no such key: sk-secret");
        error.body = "{\"key\":\"sk-secret\"}".into();
        key.redact(&mut error);
        assert_eq!(error.message.as_str(), "no such key: [key]");
        assert_eq!(error.body.as_str(), "{\"key\":\"[key]\"}");
    }

    #[test]
    fn is_found_however_it_is_written() {
        let key = Key::new(r#"sk/+"\%é"#).unwrap();
        for echo in [
            r#"sk/+"\%é"#,
            r#"sk/+\"\\%é"#,
            r#"\u0073k\/\u002B\"\\%é"#,
            "sk%2f%2B%22%5c%25%C3%A9",
            "%73k/%2B%22%5C%25%c3%a9",
        ] {
            let mut error = Error::new(Status::Server, format!("é{echo}{echo}é sk/"));
            key.redact(&mut error);
            assert_eq!(error.message.as_str(), "é[key][key]é sk/", "{echo}");
        }
    }

    #[test]
    fn is_found_wherever_it_is_split() {
        // Bytes that are no UTF-8 stand around it, and text that begins like it.
        let (before, after) = (&b"\xff\xe2sk-sk\\u"[..], &b"\x80sk-secre%\xc3"[..]);
        let key = Key::new("sk-s/cret").unwrap();
        for echo in [&b"sk-s/cret"[..], b"sk-s\\/cret", b"\\u0073k-s\\u002fcret", b"%73k-s%2Fcret"] {
            let whole = [before, echo, after].concat();
            for first in 0..=whole.len() {
                for second in first..=whole.len() {
                    let pieces = [&whole[..first], &whole[first..second], &whole[second..]];
                    let clean = key.redact_pieces(&pieces).unwrap();
                    assert_eq!(clean.concat(), [before, b"[key]", after].concat(), "{first} {second}");
                    // Nothing but the key left its piece.
                    let begins = [first, second].iter().filter(|split| before.len() >= **split).count();
                    for (index, piece) in clean.iter().enumerate() {
                        let marks = piece.windows(5).filter(|window| window == b"[key]").count();
                        assert_eq!(marks, usize::from(index == begins), "{first} {second}");
                    }
                }
            }
        }
    }

    #[test]
    fn is_found_as_often_as_it_is_there() {
        let key = Key::new("aab").unwrap();
        let clean = |pieces: &[&str]| {
            let clean = key.redact_pieces(pieces)?;
            Some(clean.into_iter().map(|piece| String::from_utf8(piece).unwrap()).collect::<Vec<_>>())
        };
        assert_eq!(
            clean(&["aaa", "", "baabaa", "b", "xaa"]).unwrap(),
            ["a[key]", "", "[key][key]", "", "xaa"]
        );
        assert_eq!(clean(&["a", "a", "", "", "b"]).unwrap(), ["[key]", "", "", "", ""]);
        assert_eq!(clean(&["aa", "", "ab", "aa"]).unwrap(), ["a[key]", "", "", "aa"]);
        assert_eq!(clean(&["aa", "xb", "a"]), None);
        assert_eq!(clean(&[]), None);
    }

    #[test]
    fn refuses_what_no_header_carries() {
        for bad in ["", "a\n", "a\r\nX-Evil: 1", "\u{7f}"] {
            assert!(Key::new(bad).unwrap_err().message.as_str().starts_with("api_key: "), "{bad:?}");
        }
        // Keys are ASCII everywhere, but a header may carry any other byte, and a password is a password.
        assert!(Key::new("clé").is_ok());
    }
}
