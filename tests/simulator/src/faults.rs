//! Faults of answers.

use crate::connection::End;
use crate::random::Random;
use crate::script::{self, Items, Value};
use hyper::StatusCode;
use hyper::header::{HeaderName, HeaderValue};
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
    /// In the middle, where this random number says.
    Somewhere(u64),
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

/// What is to be different about an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// The one model whose requests it is for.
    pub model: Option<String>,
    /// Faults drawn at random, in addition.
    pub random: Option<Random>,
    /// Wait before the head.
    pub delay: Option<Duration>,
    /// What happens instead of a head.
    pub no_head: Option<NoHead>,
    /// How the connection ends in the middle of the head.
    pub cut_head: Option<End>,
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
    /// Wait between writes.
    pub byte_delay: Option<Duration>,
    /// Whether the body is in gzip.
    pub gzip: bool,
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

impl Fault {
    /// Whether it is for requests to this model.
    pub fn is_for(&self, model: &str) -> bool {
        self.model.as_ref().is_none_or(|only| only == model)
    }
}

/// Faults of answers, request by request.
pub type Script = script::Script<Fault>;

impl Items for Fault {
    const KIND: &'static str = "answers";

    fn set(&mut self, name: &str, value: Value) -> Option<()> {
        match name {
            "random" => {
                self.random.get_or_insert_default().percent = value.number().filter(|n| *n <= 100)? as u64
            }
            "seed" => self.random.get_or_insert_default().seed = value.number()? as u64,
            "model" => self.model = Some(value.text()?.to_owned()),
            "delay" => self.delay = Some(value.milliseconds()?),
            "stall" => self.no_head = Some(value.bare(NoHead::Stall)?),
            "reset-head" => self.no_head = Some(value.bare(NoHead::Reset)?),
            "reset-upload" => self.no_head = Some(value.bare(NoHead::ResetUpload)?),
            "stall-head" => self.cut_head = Some(value.bare(End::Silent)?),
            "reset-in-head" => self.cut_head = Some(value.bare(End::Reset)?),
            "status" => self.status = Some(value.status()?),
            "body" => self.body = Some(value.bytes()),
            "raw" => self.raw = Some(value.text()?.to_owned()),
            "content-type" => self.content_type = Some(HeaderValue::from_bytes(&value.bytes()).ok()?),
            "header" => self.headers.push(header(value.text()?)?),
            "cut-after" => self.breaks = Some((position(value.text()?)?, Break::Cut)),
            "close-after" => self.breaks = Some((position(value.text()?)?, Break::Close)),
            "reset-after" => self.breaks = Some((position(value.text()?)?, Break::Reset)),
            "stall-after" => self.breaks = Some((position(value.text()?)?, Break::Stall)),
            "event-delay" => self.event_delay = Some(value.milliseconds()?),
            "split" => self.splits.push(value.number()?),
            "bytewise" => self.bytewise = value.bare(true)?,
            "byte-delay" => self.byte_delay = Some(value.milliseconds()?),
            "gzip" => self.gzip = value.bare(true)?,
            "refuse-stream-options" => self.refuse_stream_options = Some(value.status()?),
            "openai-errors" => self.openai_errors = value.bare(true)?,
            "final-usage" => self.usage = value.bare(Usage::Final)?,
            "no-usage" => self.usage = value.bare(Usage::Never)?,
            "think" => self.think.push(value.text()?.to_owned()),
            "words" => self.words = Some(value.number()?),
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

#[cfg(test)]
mod tests {
    use super::{Break, Fault, NoHead, Position, Script, Usage};
    use crate::Options;
    use crate::connection::End;
    use crate::random::Random;
    use crate::state::State;
    use std::sync::Arc;
    use std::time::Duration;

    fn read(script: &str) -> Arc<Fault> {
        Script::parse(script).unwrap().next(&State::new(&Options::default()))
    }

    #[test]
    fn reads_every_item() {
        let script = "status=503,body=%7B%22a%22%3A1%2C2%7D,header=retry-after: 2,header=x:y,content-type=text/html,\
            delay=10,event-delay=20,split=3,split=7,bytewise,byte-delay=1,gzip,random=30,seed=5,raw=name,times=2,openai-errors,no-usage,think,\
            think=reasoning,words=9,refuse-stream-options=422,reset-after=17b";
        let fault = read(script);
        assert_eq!(fault.status.unwrap(), 503);
        assert_eq!(fault.body.as_deref(), Some(&br#"{"a":1,2}"#[..]));
        assert_eq!(fault.headers[0], ("retry-after".parse().unwrap(), "2".parse().unwrap()));
        assert_eq!(fault.headers.len(), 2);
        assert_eq!(fault.content_type.as_ref().unwrap(), "text/html");
        assert_eq!(
            (fault.delay, fault.event_delay),
            (Some(Duration::from_millis(10)), Some(Duration::from_millis(20)))
        );
        assert_eq!((&fault.splits[..], fault.bytewise, fault.gzip), (&[3, 7][..], true, true));
        assert_eq!(fault.random, Some(Random { percent: 30, seed: 5 }));
        assert_eq!(fault.byte_delay, Some(Duration::from_millis(1)));
        assert_eq!((fault.raw.as_deref(), fault.words), (Some("name"), Some(9)));
        assert_eq!((fault.openai_errors, fault.usage), (true, Usage::Never));
        assert_eq!(fault.think, ["", "reasoning"]);
        assert_eq!(fault.refuse_stream_options.unwrap(), 422);
        assert_eq!(fault.breaks, Some((Position::Byte(17), Break::Reset)));
    }

    #[test]
    fn a_clause_may_be_for_one_model() {
        let state = State::new(&Options::default());
        let script = Script::parse("model=a,status=500,times=1;status=503,model=b/c").unwrap();
        let status = |model: &str| {
            let fault = script.next_where(&state, |fault| fault.is_for(model));
            fault.status.map(|status| status.as_u16())
        };
        assert_eq!(["", "x", "b/c", "a", "a"].map(status), [None, None, Some(503), Some(500), None]);
    }

    #[test]
    fn later_breaks_replace_earlier_ones() {
        assert_eq!(read("cut-after=3,stall-after=end").breaks, Some((Position::End, Break::Stall)));
        assert_eq!(read("close-after=0").breaks, Some((Position::Event(0), Break::Close)));
        assert_eq!(read("reset-upload").no_head, Some(NoHead::ResetUpload));
        assert_eq!(read("reset-in-head,stall-head").cut_head, Some(End::Silent));
    }
}
