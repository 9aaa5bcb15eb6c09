//! The small language of faults. The crate's documentation has the grammar.

use crate::state::State;
use hyper::StatusCode;
use hyper::header::{HeaderName, HeaderValue};
use std::sync::Arc;
use std::time::Duration;

/// Where in a body something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// After so many events.
    Event(usize),
    /// After so many bytes.
    Byte(usize),
    /// After everything.
    End,
}

/// How a body is broken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// The body ends in good order, as if that were all.
    Cut,
    /// The connection closes without the end of the body.
    Close,
    /// The connection is reset.
    Reset,
    /// Nothing more comes; the connection stays open.
    Stall,
}

/// What happens instead of an answer's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoHead {
    /// A reset after the request was read.
    Reset,
    /// A reset after the first bytes of the request's body.
    ResetUpload,
    /// Silence.
    Stall,
}

/// Which chunks of a stream carry usage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Usage {
    /// Every one, cumulative, unasked: the vendor's way.
    #[default]
    Each,
    /// One without choices after the finish, when `stream_options.include_usage` asks for it.
    Final,
    /// None.
    Never,
}

/// One clause of a script: what is to be different about an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    text: String,
    times: Option<u64>,
    /// Wait before the head.
    pub delay: Option<Duration>,
    /// What happens instead of a head.
    pub no_head: Option<NoHead>,
    /// Status of the answer.
    pub status: Option<StatusCode>,
    /// Body of the answer.
    pub body: Option<Vec<u8>>,
    /// Name of an uploaded body.
    pub raw: Option<String>,
    /// Content-Type of the answer.
    pub content_type: Option<HeaderValue>,
    /// Further headers of the answer.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Where and how the body breaks off.
    pub breaks: Option<(Position, Break)>,
    /// Wait before every event but the first.
    pub event_delay: Option<Duration>,
    /// Byte offsets of the body at which writes are split.
    pub splits: Vec<usize>,
    /// Whether every byte is written alone.
    pub bytewise: bool,
    /// Status with which `stream_options` is refused.
    pub refuse_stream_options: Option<StatusCode>,
    /// Whether errors have OpenAI's shape.
    pub openai_errors: bool,
    /// Which chunks carry usage.
    pub usage: Usage,
    /// Where reasoning goes: a field's name, or the empty text for `<think>` tags in the content.
    pub think: Vec<String>,
    /// Length of the canned text.
    pub words: Option<usize>,
}

/// Clauses in order; the first that may still be applied is the fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script(Vec<Arc<Fault>>);

impl Script {
    /// Reads a script, or says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let clauses = text.split(';').map(str::trim).filter(|clause| !clause.is_empty());
        clauses.map(|clause| Fault::parse(clause).map(Arc::new)).collect::<Result<_, _>>().map(Self)
    }

    /// The fault for the next request.
    pub fn next(&self, state: &State) -> Arc<Fault> {
        let applies = |fault: &&Arc<Fault>| fault.times.is_none_or(|times| state.apply(&fault.text, times));
        self.0.iter().find(applies).cloned().unwrap_or_default()
    }
}

impl Fault {
    fn parse(clause: &str) -> Result<Self, String> {
        let mut fault = Self { text: clause.to_owned(), ..Self::default() };
        for item in clause.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let (name, value) = item.split_once('=').unwrap_or((item, ""));
            let value = decode(value).ok_or_else(|| format!("\"{item}\" has a bad percent sign"))?;
            fault.set(name, value).ok_or_else(|| format!("\"{item}\" is no fault"))?;
        }
        Ok(fault)
    }

    /// `None` for an unknown name or a bad value.
    fn set(&mut self, name: &str, bytes: Vec<u8>) -> Option<()> {
        let text = || String::from_utf8(bytes.clone()).ok();
        let number = || text()?.parse::<usize>().ok();
        let milliseconds = || number().map(|n| Duration::from_millis(n as u64));
        let status = || StatusCode::from_bytes(&bytes).ok();
        let bare = || bytes.is_empty().then_some(());
        match name {
            "times" => self.times = Some(number()? as u64),
            "delay" => self.delay = Some(milliseconds()?),
            "stall" => self.no_head = Some(bare().map(|()| NoHead::Stall)?),
            "reset-head" => self.no_head = Some(bare().map(|()| NoHead::Reset)?),
            "reset-upload" => self.no_head = Some(bare().map(|()| NoHead::ResetUpload)?),
            "status" => self.status = Some(status()?),
            "body" => self.body = Some(bytes),
            "raw" => self.raw = Some(text()?),
            "content-type" => self.content_type = Some(HeaderValue::from_bytes(&bytes).ok()?),
            "header" => self.headers.push(header(&text()?)?),
            "cut-after" => self.breaks = Some((position(&text()?)?, Break::Cut)),
            "close-after" => self.breaks = Some((position(&text()?)?, Break::Close)),
            "reset-after" => self.breaks = Some((position(&text()?)?, Break::Reset)),
            "stall-after" => self.breaks = Some((position(&text()?)?, Break::Stall)),
            "event-delay" => self.event_delay = Some(milliseconds()?),
            "split" => self.splits.push(number()?),
            "bytewise" => self.bytewise = bare().map(|()| true)?,
            "refuse-stream-options" => self.refuse_stream_options = Some(status()?),
            "openai-errors" => self.openai_errors = bare().map(|()| true)?,
            "final-usage" => self.usage = bare().map(|()| Usage::Final)?,
            "no-usage" => self.usage = bare().map(|()| Usage::Never)?,
            "think" => self.think.push(text()?),
            "words" => self.words = Some(number()?),
            _ => return None,
        }
        Some(())
    }
}

fn position(text: &str) -> Option<Position> {
    if text == "end" {
        return Some(Position::End);
    }
    match text.strip_suffix('b') {
        Some(bytes) => bytes.parse().ok().map(Position::Byte),
        None => text.parse().ok().map(Position::Event),
    }
}

fn header(text: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = text.split_once(':')?;
    Some((name.trim().parse().ok()?, value.trim().parse().ok()?))
}

/// Undoes percent-encoding.
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let hex = piece.get(..2).filter(|hex| hex.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(hex, 16).ok()?);
        bytes.extend_from_slice(&piece.as_bytes()[2..]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{Break, NoHead, Position, Script, Usage};
    use crate::limits::Tier;
    use crate::state::State;
    use std::time::Duration;

    #[test]
    fn reads_every_item() {
        let script = "status=503,body=%7B%22a%22%3A1%2C2%7D,header=retry-after: 2,header=x:y,content-type=text/html,\
            delay=10,event-delay=20,split=3,split=7,bytewise,raw=name,times=2,openai-errors,no-usage,think,\
            think=reasoning,words=9,refuse-stream-options=422,reset-after=17b";
        let script = Script::parse(script).unwrap();
        let fault = &script.0[0];
        assert_eq!(fault.status.unwrap(), 503);
        assert_eq!(fault.body.as_deref(), Some(&br#"{"a":1,2}"#[..]));
        assert_eq!(fault.headers[0], ("retry-after".parse().unwrap(), "2".parse().unwrap()));
        assert_eq!(fault.headers.len(), 2);
        assert_eq!(fault.content_type.as_ref().unwrap(), "text/html");
        assert_eq!(
            (fault.delay, fault.event_delay),
            (Some(Duration::from_millis(10)), Some(Duration::from_millis(20)))
        );
        assert_eq!((&fault.splits[..], fault.bytewise), (&[3, 7][..], true));
        assert_eq!((fault.raw.as_deref(), fault.times, fault.words), (Some("name"), Some(2), Some(9)));
        assert_eq!((fault.openai_errors, fault.usage), (true, Usage::Never));
        assert_eq!(fault.think, ["", "reasoning"]);
        assert_eq!(fault.refuse_stream_options.unwrap(), 422);
        assert_eq!(fault.breaks, Some((Position::Byte(17), Break::Reset)));
    }

    #[test]
    fn later_breaks_replace_earlier_ones() {
        let read = |text: &str| Script::parse(text).unwrap().0[0].clone();
        assert_eq!(read("cut-after=3,stall-after=end").breaks, Some((Position::End, Break::Stall)));
        assert_eq!(read("close-after=0").breaks, Some((Position::Event(0), Break::Close)));
        assert_eq!(read("reset-upload").no_head, Some(NoHead::ResetUpload));
    }

    #[test]
    fn says_what_is_wrong() {
        for (bad, named) in [
            ("status=9", "status=9"),
            ("stal", "stal"),
            ("body=%4", "body=%4"),
            ("delay=-1", "delay=-1"),
            ("stall,header=x", "header=x"),
            ("cut-after=3c", "cut-after=3c"),
            ("body=%+1", "body=%+1"),
        ] {
            assert!(Script::parse(bad).unwrap_err().contains(named), "{bad}");
        }
        for bad in ["stall=1", "bytewise=1", "reset-head=x", "openai-errors=1", "no-usage=2"] {
            assert!(Script::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn clauses_apply_in_order_and_so_often() {
        let state = State::new(Tier::None, Duration::from_secs(60), Vec::new());
        let script = Script::parse("status=500,times=1; status=503,times=2").unwrap();
        let seen: Vec<_> = (0..4).map(|_| script.next(&state).status.map(|s| s.as_u16())).collect();
        assert_eq!(seen, [Some(500), Some(503), Some(503), None]);
        state.reset();
        assert_eq!(script.next(&state).status.unwrap(), 500);
    }
}
