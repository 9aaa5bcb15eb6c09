//! Characters that arrive in pieces: half a code point in one delta, the rest in the next.

use super::strings::{is_high, is_low, pair};
use super::tolerated::{Oddity, Tolerated};

/// Turns the bytes of one channel's deltas into text; keeps back the beginning of a character until the rest comes.
///
/// The bytes are WTF-8: half a surrogate pair is three bytes, as [`super::strings::Str::bytes`] gives them.
#[derive(Clone, Debug, Default)]
pub struct Joiner {
    /// An incomplete character: at most half a pair and two bytes of the other half.
    pending: Vec<u8>,
}

impl Joiner {
    /// The bytes as text, if they are whole and nothing waits: nothing needs copying then.
    pub fn whole<'a>(&self, bytes: &'a [u8]) -> Option<&'a str> {
        if self.pending.is_empty() { str::from_utf8(bytes).ok() } else { None }
    }

    /// Appends to `out` what became whole; U+FFFD stands for what never can.
    pub fn push(&mut self, bytes: &[u8], out: &mut String, odd: &mut Tolerated) {
        if self.pending.is_empty() {
            return self.decode(bytes, out, odd);
        }
        if bytes.is_empty() {
            return;
        }
        let mut joined = std::mem::take(&mut self.pending);
        joined.extend_from_slice(bytes);
        self.decode(&joined, out, odd);
    }

    /// Nothing follows: U+FFFD stands for what waited.
    pub fn finish(&mut self, out: &mut String, odd: &mut Tolerated) {
        if let Some(first) = self.pending.first() {
            odd.add(if *first == 0xed { Oddity::LoneSurrogate } else { Oddity::InvalidUtf8 });
            out.push('\u{fffd}');
            self.pending.clear();
        }
    }

    fn decode(&mut self, mut rest: &[u8], out: &mut String, odd: &mut Tolerated) {
        while let Err(error) = str::from_utf8(rest) {
            let (valid, bad) = rest.split_at(error.valid_up_to());
            out.push_str(str::from_utf8(valid).unwrap_or_default());
            if let Some(unit) = half(bad) {
                let Some(after) = self.surrogate(unit, bad, out, odd) else { return };
                rest = after;
            } else if let Some(length) = error.error_len() {
                odd.add(Oddity::InvalidUtf8);
                out.push('\u{fffd}');
                rest = &bad[length..];
            } else {
                self.pending = bad.to_vec();
                return;
            }
        }
        out.push_str(str::from_utf8(rest).unwrap_or_default());
    }

    /// Handles half a pair at the start of `bad`; `None` if the other half may still come.
    fn surrogate<'a>(
        &mut self,
        unit: u16,
        bad: &'a [u8],
        out: &mut String,
        odd: &mut Tolerated,
    ) -> Option<&'a [u8]> {
        let after = &bad[3..];
        if is_high(unit) {
            if let Some(low) = half(after).filter(|low| is_low(*low)) {
                out.extend(char::from_u32(pair(unit, low)));
                return Some(&after[3..]);
            }
            if matches!(after, [] | [0xed] | [0xed, 0xb0..=0xbf]) {
                self.pending = bad.to_vec();
                return None;
            }
        }
        odd.add(Oddity::LoneSurrogate);
        out.push('\u{fffd}');
        Some(after)
    }
}

/// The half of a pair that three bytes spell, if they do.
fn half(bytes: &[u8]) -> Option<u16> {
    match bytes {
        [0xed, b @ 0xa0..=0xbf, c @ 0x80..=0xbf, ..] => {
            Some(0xd000 | u16::from(b & 0x3f) << 6 | u16::from(c & 0x3f))
        }
        _ => None,
    }
}

/// All of `bytes` as text, where nothing can follow.
pub fn lossy(bytes: &[u8], odd: &mut Tolerated) -> String {
    let mut joiner = Joiner::default();
    let mut out = String::with_capacity(bytes.len());
    joiner.push(bytes, &mut out, odd);
    joiner.finish(&mut out, odd);
    out
}

#[cfg(test)]
mod tests {
    use super::{Joiner, Tolerated};
    use crate::wire::tolerated::Oddity;

    fn joined(pieces: &[&[u8]]) -> (String, Tolerated) {
        let (mut joiner, mut out, mut odd) = (Joiner::default(), String::new(), Tolerated::default());
        for piece in pieces {
            joiner.push(piece, &mut out, &mut odd);
        }
        joiner.finish(&mut out, &mut odd);
        (out, odd)
    }

    #[test]
    fn characters_join_across_any_split() {
        // A pair in WTF-8 halves, a three-byte character, plain text.
        let bytes = b"a\xed\xa0\xbd\xed\xb8\x80\xe2\x82\xacz";
        for at in 0..=bytes.len() {
            let (text, odd) = joined(&[&bytes[..at], b"", &bytes[at..]]);
            // Between the bytes of one half nobody can cut: the escape that it came from was whole.
            if at == 3 {
                continue;
            }
            assert_eq!((text.as_str(), odd.total()), ("a\u{1f600}€z", 0), "{at}");
        }
    }

    #[test]
    fn what_never_joins_is_replaced_and_counted() {
        let (text, odd) = joined(&[b"\xed\xa0\xbd", b"x\xff", b"\xed\xb8\x80\xe2\x82"]);
        assert_eq!(text, "\u{fffd}x\u{fffd}\u{fffd}\u{fffd}");
        assert_eq!((odd.count(Oddity::LoneSurrogate), odd.count(Oddity::InvalidUtf8)), (2, 2));
        let (text, odd) = joined(&[b"\xed\xa0\xbd\xed\xa0\xbd\xed\xb8\x80"]);
        assert_eq!((text.as_str(), odd.total()), ("\u{fffd}\u{1f600}", 1));
    }
}
