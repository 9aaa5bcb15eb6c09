//! One pass over JSON, and the ways back into what it has read.

use super::json::{Fault, MAX_DEPTH, Value};
use super::numbers::scalar_kind;
use super::strings::Str;
use super::tolerated::{Oddity, Tolerated};
use memchr::memchr2;

/// Reads the first value of `input`; also answers what follows it.
pub fn parse<'a>(input: &'a [u8], depth: usize, odd: &mut Tolerated) -> Result<(Value<'a>, &'a [u8]), Fault> {
    parse_with(input, depth, odd, &mut [])
}

/// The same, and notes in `spans` where brackets close: fields and items are then found without another search. What it
/// has no place for is searched for, as it is by [`parse`].
pub fn parse_with<'i: 'a, 'a>(
    input: &'i [u8],
    depth: usize,
    odd: &mut Tolerated,
    spans: &'a mut [Span],
) -> Result<(Value<'a>, &'i [u8]), Fault> {
    let mut reader = Reader::of(input, 0, &[]);
    let (mut met, mut notes) = (Tolerated::default(), Notes { spans, opened: 0 });
    let raw = reader.raw_value(depth, &mut met, &mut notes)?;
    odd.merge(&met);
    let Notes { spans, opened } = notes;
    // The first is the value itself.
    let inside = spans.get(1..opened.min(spans.len())).unwrap_or_default();
    Ok((Value::new(raw, inside), &input[reader.at..]))
}

/// How far a list or an object goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Bytes, with its brackets.
    length: usize,
    /// Lists and objects inside it, at any depth.
    inside: usize,
}

/// Where brackets close, in the order in which they open, as far as there is room.
struct Notes<'s> {
    spans: &'s mut [Span],
    opened: usize,
}

impl Notes<'_> {
    /// A bracket opens; answers its place.
    fn open(&mut self) -> usize {
        self.opened += 1;
        self.opened - 1
    }

    fn close(&mut self, place: usize, length: usize) {
        let inside = self.opened - place - 1;
        if let Some(span) = self.spans.get_mut(place) {
            *span = Span { length, inside };
        }
    }
}

/// Reads on from where it stands, one bracket, name or scalar at a time.
///
/// Most steps are a few bytes long: made as calls, those that are `inline` cost a sixth more in all.
pub(super) struct Reader<'a> {
    input: &'a [u8],
    at: usize,
    /// Whether a bracket was opened just now: there is no comma before its first member.
    first: bool,
    /// The brackets from here on, if they were noted.
    spans: &'a [Span],
}

impl<'a> Reader<'a> {
    /// Stands before `value`.
    pub(super) fn before(value: Value<'a>) -> Self {
        Self::of(value.raw(), 0, &[])
    }

    /// Stands behind the opening bracket of a list or an object.
    pub(super) fn inside(value: Value<'a>) -> Self {
        Self { first: true, ..Self::of(value.raw(), 1, value.spans()) }
    }

    /// Stands before what nobody has read before.
    pub(super) fn over(input: &'a [u8]) -> Self {
        Self::of(input, 0, &[])
    }

    fn of(input: &'a [u8], at: usize, spans: &'a [Span]) -> Self {
        Self { input, at, first: false, spans }
    }

    /// What it has not come to.
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.input[self.at..]
    }

    /// Steps over these very bytes, if they come next.
    pub(super) fn literal(&mut self, bytes: &[u8]) -> Option<&'a [u8]> {
        let found = self.rest().get(..bytes.len()).filter(|found| *found == bytes)?;
        self.at += bytes.len();
        Some(found)
    }

    /// The next value, if it is a string, which nobody has read before.
    pub(super) fn new_string(&mut self) -> Result<Value<'a>, Fault> {
        let text = self.string()?.raw().len();
        Ok(Value::new(&self.input[self.at - text - 2..self.at], &[]))
    }

    /// The next value, which nobody has read before.
    pub(super) fn new_value(&mut self, depth: usize, odd: &mut Tolerated) -> Result<Value<'a>, Fault> {
        Ok(Value::new(self.raw_value(depth, odd, &mut Notes { spans: &mut [], opened: 0 })?, &[]))
    }

    fn raw_value(
        &mut self,
        depth: usize,
        odd: &mut Tolerated,
        notes: &mut Notes<'_>,
    ) -> Result<&'a [u8], Fault> {
        self.peek()?;
        let from = self.at;
        self.value(depth.min(MAX_DEPTH), odd, notes)?;
        Ok(&self.input[from..self.at])
    }

    /// Steps behind the opening bracket of a list or an object.
    pub(super) fn enter(&mut self) {
        self.at += 1;
        self.first = true;
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

    /// Steps over the next value, which nobody has read before.
    fn value(&mut self, depth: usize, odd: &mut Tolerated, notes: &mut Notes<'_>) -> Result<(), Fault> {
        let first = self.peek()?;
        if first == b'"' {
            return self.string().map(drop);
        }
        if !matches!(first, b'{' | b'[') {
            return self.scalar(odd);
        }
        let deeper = depth.checked_sub(1).ok_or(Fault::Depth)?;
        let (from, place) = (self.at, notes.open());
        self.enter();
        if first == b'{' {
            while self.next_key(odd)?.is_some() {
                self.value(deeper, odd, notes)?;
            }
        } else {
            while self.next_item(odd)? {
                self.value(deeper, odd, notes)?;
            }
        }
        notes.close(place, self.at - from);
        Ok(())
    }

    /// Steps over the next value, which was read before: all that counts is where it ends.
    #[inline(always)]
    pub(super) fn skip(&mut self) -> Result<Value<'a>, Fault> {
        let first = self.peek()?;
        let from = self.at;
        let mut inside: &[Span] = &[];
        match (first, self.spans.split_first()) {
            (b'"', _) => drop(self.string()?),
            (b'{' | b'[', Some((span, rest))) => {
                self.at += span.length;
                (inside, self.spans) = rest.split_at(span.inside.min(rest.len()));
            }
            (b'{' | b'[', None) => self.skip_brackets()?,
            _ => self.at += word(&self.input[self.at..]).len(),
        }
        Ok(Value::new(&self.input[from..self.at], inside))
    }

    /// Steps over a list or an object by its brackets alone.
    fn skip_brackets(&mut self) -> Result<(), Fault> {
        let mut open = 0usize;
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
                return Ok(());
            }
        }
    }

    /// The next name and its colon, or `None` behind the closing brace.
    #[inline(always)]
    pub(super) fn next_key(&mut self, odd: &mut Tolerated) -> Result<Option<Str<'a>>, Fault> {
        if self.closes(b'}', odd)? {
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
        Ok(!self.closes(b']', odd)?)
    }

    /// Steps over the comma before a further member, or over the closing bracket.
    fn closes(&mut self, close: u8, odd: &mut Tolerated) -> Result<bool, Fault> {
        let mut next = self.peek()?;
        let first = std::mem::take(&mut self.first);
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

    #[inline(always)]
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
                let raw = &self.input[from..at];
                return Ok(if from + found == at { Str::plain(raw) } else { Str::new(raw) });
            }
            at += 2;
        }
        Err(Fault::Cut)
    }

    fn scalar(&mut self, odd: &mut Tolerated) -> Result<(), Fault> {
        let rest = &self.input[self.at..];
        let token = word(rest);
        if let Some(oddity) = scalar_kind(token) {
            if let Some(oddity) = oddity {
                odd.add(oddity);
            }
            self.at += token.len();
            return Ok(());
        }
        // A word that the end of the input cut short may still have become one.
        let words: [&[u8]; 6] = [b"true", b"false", b"null", b"NaN", b"Infinity", b"-Infinity"];
        let cut = token.len() == rest.len() && words.iter().any(|full| full.starts_with(token));
        Err(if cut { Fault::Cut } else { Fault::Syntax })
    }
}

/// The word or number that `text` begins with.
fn word(text: &[u8]) -> &[u8] {
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    &text[..text.iter().position(|byte| !inside(byte)).unwrap_or(text.len())]
}
