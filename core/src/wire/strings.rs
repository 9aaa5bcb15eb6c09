//! The strings of JSON: escapes undone, characters not yet joined.

use super::tolerated::{Oddity, Tolerated};
use memchr::memchr;
use std::borrow::Cow;

/// The inside of a string: what stood between the quotes.
#[derive(Clone, Copy, Debug)]
pub struct Str<'a> {
    raw: &'a [u8],
    /// It is known to have no escapes.
    plain: bool,
}

impl<'a> Str<'a> {
    pub(super) fn new(raw: &'a [u8]) -> Self {
        Self { raw, plain: false }
    }

    pub(super) fn plain(raw: &'a [u8]) -> Self {
        Self { raw, plain: true }
    }

    /// Its bytes, escapes and all.
    pub fn raw(self) -> &'a [u8] {
        self.raw
    }

    /// Whether nothing is in it.
    pub fn is_empty(self) -> bool {
        self.raw.is_empty()
    }

    /// Its bytes, where nobody counts what is odd in them.
    pub(super) fn name(self) -> Cow<'a, [u8]> {
        if self.plain { Cow::Borrowed(self.raw) } else { self.bytes(&mut Tolerated::default()) }
    }

    /// Its bytes with the escapes undone. Half a surrogate pair comes out as its three bytes (WTF-8), so that
    /// the half in the next event can still join it; bytes that are no UTF-8 come out as they are.
    pub fn bytes(self, odd: &mut Tolerated) -> Cow<'a, [u8]> {
        let mut out = Vec::new();
        if std::ptr::eq(self.bytes_in(&mut out, odd), self.raw) {
            Cow::Borrowed(self.raw)
        } else {
            Cow::Owned(out)
        }
    }

    /// The same, in the memory of `out` where they are others than those of the string.
    pub fn bytes_in<'o>(self, out: &'o mut Vec<u8>, odd: &mut Tolerated) -> &'o [u8]
    where
        'a: 'o,
    {
        let (mut has_control, mut has_escape) = (false, false);
        for byte in self.raw {
            has_control |= *byte < 0x20;
            has_escape |= *byte == b'\\';
        }
        if has_control {
            odd.add(Oddity::ControlCharacter);
        }
        if !has_escape {
            return self.raw;
        }
        out.clear();
        let mut rest = self.raw;
        while let Some(at) = memchr(b'\\', rest) {
            out.extend_from_slice(&rest[..at]);
            rest = unescape(&rest[at + 1..], out, odd);
        }
        out.extend_from_slice(rest);
        out
    }
}

/// Undoes one escape whose backslash is gone; answers what follows it.
fn unescape<'a>(rest: &'a [u8], out: &mut Vec<u8>, odd: &mut Tolerated) -> &'a [u8] {
    let Some((letter, mut rest)) = rest.split_first() else { return rest };
    let plain = match letter {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'b' => 8,
        b'f' => 12,
        b'"' | b'\\' | b'/' => *letter,
        b'u' => {
            let Some(unit) = hex4(rest) else {
                odd.add(Oddity::BadEscape);
                out.extend_from_slice("\u{fffd}".as_bytes());
                return rest;
            };
            rest = &rest[4..];
            let mut code = u32::from(unit);
            if is_high(unit)
                && let Some(low) = rest.strip_prefix(b"\\u").and_then(hex4)
                && is_low(low)
            {
                rest = &rest[6..];
                code = pair(unit, low);
            }
            push_wtf8(code, out);
            return rest;
        }
        other => {
            odd.add(Oddity::BadEscape);
            *other
        }
    };
    out.push(plain);
    rest
}

fn hex4(text: &[u8]) -> Option<u16> {
    let digits = text.get(..4)?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

/// Whether a UTF-16 unit is the first half of a pair.
pub(super) fn is_high(unit: u16) -> bool {
    (0xd800..0xdc00).contains(&unit)
}

/// Whether a UTF-16 unit is the second half of a pair.
pub(super) fn is_low(unit: u16) -> bool {
    (0xdc00..0xe000).contains(&unit)
}

/// The code point of two halves.
pub(super) fn pair(high: u16, low: u16) -> u32 {
    0x1_0000 + ((u32::from(high) - 0xd800) << 10) + (u32::from(low) - 0xdc00)
}

/// Appends a code point, or half a pair as the three bytes that UTF-8 would give it.
fn push_wtf8(code: u32, out: &mut Vec<u8>) {
    match char::from_u32(code) {
        Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        None => out.extend([0xed, 0x80 | (code >> 6 & 0x3f) as u8, 0x80 | (code & 0x3f) as u8]),
    }
}
