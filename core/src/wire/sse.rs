//! Server-sent events: the event-stream grammar of the HTML standard, from bytes in any split to events.
//!
//! An event that lies inside one read and has one line of data is handed out as a slice of that read. What spans
//! reads is copied once; a line is searched for its end only where that was not done before.

use super::{Bound, Limits};
use memchr::memchr2;

/// One event, or what an unterminated stream left of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// Its type; empty where the stream gave none. An `error:` field makes it `error`.
    pub name: &'a [u8],
    /// The lines of its data, joined by line feeds.
    pub data: &'a [u8],
    /// Whether no line of it had `data:` before it: JSON that a server wrote without any framing.
    pub bare: bool,
}

/// The parser: bytes in, events out.
#[derive(Debug, Default)]
pub struct Sse {
    /// How much of the byte-order mark was seen; all of it, or something else, ends the search.
    mark: usize,
    /// A carriage return ended the last line: a line feed right after it belongs to it.
    skip_feed: bool,
    /// The line that the last read broke off.
    line: Vec<u8>,
    name: Vec<u8>,
    /// The data so far, from `data_from` on, where it could not stay in the caller's bytes.
    data: Vec<u8>,
    data_from: usize,
    has_data: bool,
    has_field: bool,
    bare: bool,
    /// Whether any line was one of a stream: a field that it can have, a comment, or JSON without a field.
    spoke: bool,
}

enum Line<'a> {
    Blank,
    Name(&'a [u8]),
    Data(&'a [u8]),
    Error(&'a [u8]),
    Bare(&'a [u8]),
    Ignored,
    /// A field that no stream has: ignored, as the standard wants it.
    Foreign,
}

const MARK: &[u8; 3] = b"\xef\xbb\xbf";

impl Sse {
    /// A parser for a stream whose byte-order mark, if any, is gone already.
    pub fn past_mark() -> Self {
        Self { mark: MARK.len(), ..Self::default() }
    }

    /// Whether every line so far was of a kind that streams do not have.
    pub fn is_foreign(&self) -> bool {
        !self.spoke
    }

    /// Reads `bytes` and calls `event` for each event that they complete.
    pub fn feed<E: From<Bound>>(
        &mut self,
        bytes: &[u8],
        limits: &Limits,
        event: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut rest = self.skip_mark(bytes);
        // The data of an event that began in this read, as long as it is one line.
        let mut here = None;
        while let Some(first) = rest.first() {
            if std::mem::take(&mut self.skip_feed) && *first == b'\n' {
                rest = &rest[1..];
                continue;
            }
            let end = memchr2(b'\n', b'\r', rest);
            let part = &rest[..end.unwrap_or(rest.len())];
            Bound::check("line", self.line.len() + part.len(), limits.line)?;
            let Some(end) = end else {
                self.line.extend_from_slice(part);
                break;
            };
            self.skip_feed = rest[end] == b'\r';
            rest = &rest[end + 1..];
            if self.line.is_empty() {
                self.take(self.read(part), &mut here, limits, event)?;
            } else {
                self.line.extend_from_slice(part);
                self.take_spanning(&mut here, limits, event)?;
            }
        }
        self.keep(&mut here);
        Ok(())
    }

    /// The stream ended: calls `event` for the one that its end left without a blank line, if any.
    pub fn finish<E: From<Bound>>(
        &mut self,
        limits: &Limits,
        event: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut here = None;
        if !self.line.is_empty() {
            self.take_spanning(&mut here, limits, event)?;
        }
        self.dispatch(&mut here, event)
    }

    /// Steps over a byte-order mark at the very start, wherever the reads cut it.
    fn skip_mark<'b>(&mut self, mut bytes: &'b [u8]) -> &'b [u8] {
        while self.mark < MARK.len() {
            let Some((first, rest)) = bytes.split_first() else { break };
            if *first != MARK[self.mark] {
                // It was the beginning of a line after all.
                self.line.extend_from_slice(&MARK[..self.mark]);
                self.mark = MARK.len();
                break;
            }
            self.mark += 1;
            bytes = rest;
        }
        bytes
    }

    fn read<'b>(&self, line: &'b [u8]) -> Line<'b> {
        if line.is_empty() {
            return Line::Blank;
        }
        let colon = line.iter().take("retry:".len()).position(|byte| *byte == b':');
        let (field, value) = match colon {
            Some(at) => (&line[..at], &line[at + 1..]),
            None => (line, &[][..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => Line::Data(value),
            b"event" => Line::Name(value),
            // llama.cpp reported failures in a field of this name.
            b"error" => Line::Error(value),
            b"" | b"id" | b"retry" => Line::Ignored,
            // Servers that fail in the middle of a stream write their error as plain JSON, or `[DONE]` alone;
            // the lines after it, if it is printed over several, belong to it.
            _ if self.bare || matches!(line[0], b'{' | b'[') => Line::Bare(line),
            _ => Line::Foreign,
        }
    }

    fn take<'b, E: From<Bound>>(
        &mut self,
        line: Line<'b>,
        here: &mut Option<&'b [u8]>,
        limits: &Limits,
        event: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.spoke |= !matches!(line, Line::Blank | Line::Foreign);
        match line {
            Line::Blank => self.dispatch(here, event),
            Line::Ignored | Line::Foreign => Ok(()),
            Line::Name(name) => {
                self.name.clear();
                self.name.extend_from_slice(name);
                Ok(())
            }
            Line::Error(value) => {
                self.name.clear();
                self.name.extend_from_slice(b"error");
                self.has_field = true;
                Ok(self.add(value, here, limits)?)
            }
            Line::Data(value) => {
                self.has_field = true;
                Ok(self.add(value, here, limits)?)
            }
            Line::Bare(value) => {
                self.bare = true;
                Ok(self.add(value, here, limits)?)
            }
        }
    }

    /// Like `take`, for a line that spanned reads; a long first line of data is moved, not copied again.
    fn take_spanning<E: From<Bound>>(
        &mut self,
        here: &mut Option<&[u8]>,
        limits: &Limits,
        event: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut line = std::mem::take(&mut self.line);
        match self.read(&line) {
            Line::Data(value) if !self.has_data => {
                Bound::check("event", value.len(), limits.event)?;
                self.data_from = line.len() - value.len();
                std::mem::swap(&mut self.data, &mut line);
                (self.has_data, self.has_field, self.spoke) = (true, true, true);
            }
            other => {
                self.keep(here);
                let mut owned = None;
                self.take(other, &mut owned, limits, event)?;
                self.keep(&mut owned);
            }
        }
        line.clear();
        self.line = line;
        Ok(())
    }

    fn add<'b>(
        &mut self,
        value: &'b [u8],
        here: &mut Option<&'b [u8]>,
        limits: &Limits,
    ) -> Result<(), Bound> {
        if !self.has_data {
            self.has_data = true;
            *here = Some(value);
            return Bound::check("event", value.len(), limits.event);
        }
        self.keep(here);
        Bound::check("event", self.data.len() - self.data_from + 1 + value.len(), limits.event)?;
        self.data.push(b'\n');
        self.data.extend_from_slice(value);
        Ok(())
    }

    /// Copies data that the caller's bytes still hold.
    fn keep(&mut self, here: &mut Option<&[u8]>) {
        if let Some(value) = here.take() {
            self.data.extend_from_slice(value);
        }
    }

    fn dispatch<E>(
        &mut self,
        here: &mut Option<&[u8]>,
        event: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut result = Ok(());
        if self.has_data {
            let data = here.take().unwrap_or(&self.data[self.data_from..]);
            result = event(Event { name: &self.name, data, bare: !self.has_field });
        }
        self.name.clear();
        self.data.clear();
        self.data_from = 0;
        (self.has_data, self.has_field, self.bare) = (false, false, false);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::Sse;
    use crate::wire::{Bound, Limits};

    const LIMITS: Limits =
        Limits { line: 64, event: 32, answer: 0, error_body: 0, json_depth: 0, choices: 0, tool_calls: 0 };

    /// The events of a stream as `name|data`, with `!` before those without `data:`.
    fn events(reads: &[&[u8]]) -> Result<Vec<String>, Bound> {
        let (mut sse, mut out) = (Sse::default(), Vec::new());
        let mut keep = |event: super::Event<'_>| {
            let bare = if event.bare { "!" } else { "" };
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            out.push(format!("{bare}{}|{}", text(event.name), text(event.data)));
            Ok::<(), Bound>(())
        };
        for read in reads {
            sse.feed(read, &LIMITS, &mut keep)?;
        }
        sse.finish(&LIMITS, &mut keep)?;
        Ok(out)
    }

    const STREAMS: &[(&str, &[&str])] = &[
        ("data: a\n\ndata:b\n\n", &["|a", "|b"]),
        ("data: a\r\n\r\ndata: b\r\rdata: c\n\n", &["|a", "|b", "|c"]),
        ("data: a\r\ndata: b\r\n\r\n", &["|a\nb"]),
        ("data\ndata: \ndata:  x\n\n", &["|\n\n x"]),
        ("event: e\ndata: a\n\ndata: b\n\n", &["e|a", "|b"]),
        ("event: e\n\n\n\n: c\n\nid: 3\nretry: 5\n\ndata: b\n\n", &["|b"]),
        ("event: e\nevent\ndata: a\n\n", &["|a"]),
        (":data: a\ndataset: b\n data: c\nDATA: d\n\n", &[]),
        ("\u{feff}data: a\n\n\u{feff}data: b\n\ndata: c\n\n", &["|a", "|c"]),
        ("data: last", &["|last"]),
        ("data: a\ndata: b", &["|a\nb"]),
        ("error: x\n\ndata: y\n\n", &["error|x", "|y"]),
        ("{\n \"a\": 1\n}\n\ndata: y\n\n", &["!|{\n \"a\": 1\n}", "|y"]),
        ("{1}\ndata: [DONE]\n\n", &["|{1}\n[DONE]"]),
        ("[DONE]", &["!|[DONE]"]),
        ("data: a\u{2028}b\u{85}c\u{b}d\u{0}\n\n", &["|a\u{2028}b\u{85}c\u{b}d\u{0}"]),
    ];

    #[test]
    fn any_split_gives_the_same_events() {
        for (stream, want) in STREAMS {
            let bytes = stream.as_bytes();
            for at in 0..=bytes.len() {
                assert_eq!(&events(&[&bytes[..at], &bytes[at..]]).unwrap(), want, "{stream:?} at {at}");
            }
            let single: Vec<_> = bytes.chunks(1).collect();
            assert_eq!(&events(&single).unwrap(), want, "{stream:?} in single bytes");
        }
    }

    #[test]
    fn an_event_inside_one_read_is_not_copied() {
        let bytes = b"data: first\r\n\r\ndata: second\r\n\r\n";
        let mut sse = Sse::default();
        let mut seen = 0;
        let mut check = |event: super::Event<'_>| {
            assert!(bytes.as_ptr_range().contains(&event.data.as_ptr()));
            seen += 1;
            Ok::<(), Bound>(())
        };
        sse.feed(bytes, &LIMITS, &mut check).unwrap();
        assert_eq!((seen, sse.data.capacity(), sse.line.capacity()), (2, 0, 0));
    }

    #[test]
    fn lines_and_events_are_bounded_in_any_split() {
        let long_line = format!(": {}\n", "x".repeat(63));
        let long_event = "data: 0123456789\n".repeat(4);
        let long_data = format!("data: {}\n", "x".repeat(33));
        for (stream, what) in [(&long_line, "line"), (&long_event, "event"), (&long_data, "event")] {
            for size in [1, 7, 1000] {
                let reads: Vec<_> = stream.as_bytes().chunks(size).collect();
                assert_eq!(events(&reads).unwrap_err().what, what, "in reads of {size}");
            }
        }
        assert!(events(&[format!(": {}\ndata: {}\n\n", "x".repeat(62), "x".repeat(32)).as_bytes()]).is_ok());
    }
}
