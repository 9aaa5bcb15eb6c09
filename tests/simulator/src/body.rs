//! An answer's body: its pieces, and what a fault does to them on the way out.

use crate::faults::{Break, Fault, Position};
use crate::flight::InFlight;
use bytes::Bytes;
use hyper::body::Frame;
use std::collections::VecDeque;
use std::io;
use std::iter::Peekable;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// The pieces of a body in order: the events of a stream, or the whole of anything else. Made when they are
/// asked for, so that ten thousand open streams cost little memory.
pub type Pieces = Box<dyn Iterator<Item = Bytes> + Send>;

/// A reset takes away what the client's system has and the client has not read, be it the head: so it is given time.
const BEFORE_RESET: Duration = Duration::from_millis(30);

/// What the body does next.
#[derive(Debug, PartialEq)]
enum Step {
    Write(Bytes),
    Pause(Duration),
    Break(Break),
}

/// The steps that the pieces become under a fault.
struct Steps {
    pieces: Pieces,
    fault: Arc<Fault>,
    breaks: Option<(Position, Break)>,
    waiting: VecDeque<Step>,
    events: usize,
    offset: usize,
    over: bool,
}

impl Steps {
    fn new(pieces: Pieces, fault: Arc<Fault>) -> Self {
        // Of an answer whose head is cut, no body may count as handed over.
        let breaks = fault.cut_head.map_or(fault.breaks, |_| Some((Position::Event(0), Break::Stall)));
        Self { pieces, fault, breaks, waiting: VecDeque::new(), events: 0, offset: 0, over: false }
    }

    /// Puts the next piece, and what goes with it, among the waiting steps.
    fn advance(&mut self) {
        let breaks = self.breaks;
        if let Some((Position::Event(events), how)) = breaks
            && events == self.events
        {
            return self.end(Some(how));
        }
        let Some(mut piece) = self.pieces.next() else {
            return self.end(breaks.filter(|(at, _)| *at == Position::End).map(|(_, how)| how));
        };
        if self.events > 0 {
            self.waiting.extend(self.fault.event_delay.map(Step::Pause));
        }
        self.events += 1;
        let mut end = None;
        if let Some((Position::Byte(bytes), how)) = breaks
            && bytes <= self.offset + piece.len()
        {
            piece.truncate(bytes - self.offset);
            end = Some(how);
        }
        self.write(piece);
        if end.is_some() {
            self.end(end);
        }
    }

    fn end(&mut self, how: Option<Break>) {
        self.over = true;
        if how == Some(Break::Reset) {
            self.waiting.push_back(Step::Pause(BEFORE_RESET));
        }
        self.waiting.extend(how.map(Step::Break));
    }

    /// One write, or several where the fault splits it.
    fn write(&mut self, mut piece: Bytes) {
        let end = self.offset + piece.len();
        let mut cuts: Vec<usize> = if self.fault.bytewise {
            (self.offset + 1..end).collect()
        } else {
            self.fault.splits.iter().copied().filter(|cut| (self.offset + 1..end).contains(cut)).collect()
        };
        cuts.sort_unstable();
        cuts.dedup();
        for cut in cuts {
            self.write_at_once(piece.split_to(cut - self.offset));
        }
        if !piece.is_empty() {
            self.write_at_once(piece);
        }
    }

    fn write_at_once(&mut self, bytes: Bytes) {
        if self.offset > 0 {
            self.waiting.extend(self.fault.byte_delay.map(Step::Pause));
        }
        self.offset += bytes.len();
        self.waiting.push_back(Step::Write(bytes));
    }
}

impl Iterator for Steps {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        while self.waiting.is_empty() && !self.over {
            self.advance();
        }
        self.waiting.pop_front()
    }
}

/// A body for hyper, which counts its own end.
pub struct Body {
    steps: Peekable<Steps>,
    pause: Option<Pin<Box<Sleep>>>,
    /// Whether to let hyper write out what it has before it gets more.
    flush: bool,
    /// None for control requests, which are not counted.
    request: Option<InFlight>,
}

impl Body {
    /// The body of an answer to `request`.
    pub fn new(pieces: Pieces, fault: Arc<Fault>, mut request: Option<InFlight>) -> Self {
        let mut steps = Steps::new(pieces, fault).peekable();
        if let (Some(request), None) = (&mut request, steps.peek()) {
            request.finish();
        }
        // A break at once still comes after the head.
        let flush = matches!(steps.peek(), Some(Step::Break(_)));
        Self { steps, pause: None, flush, request }
    }

    /// A whole body that no fault touches.
    pub fn whole(bytes: Bytes) -> Self {
        Self::new(Box::new(std::iter::once(bytes)), Arc::default(), None)
    }

    /// Asked as often as hyper polls: a break stays the next step for ever.
    fn break_off(&mut self, how: Break) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Some(request) = &mut self.request else { return Poll::Ready(None) };
        match how {
            // Only the client ends a stall.
            Break::Stall => Poll::Pending,
            Break::Reset => {
                request.reset();
                Poll::Pending
            }
            Break::Cut => {
                request.cut();
                Poll::Ready(None)
            }
            Break::Close => {
                request.cut();
                Poll::Ready(Some(Err(io::Error::other("closed by a fault"))))
            }
        }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let body = &mut *self;
        if body.request.as_ref().is_some_and(InFlight::is_cut_off) {
            return Poll::Pending;
        }
        if std::mem::take(&mut body.flush) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        loop {
            if let Some(pause) = &mut body.pause {
                std::task::ready!(pause.as_mut().poll(context));
                body.pause = None;
            }
            if let Some(Step::Break(how)) = body.steps.peek() {
                let how = *how;
                return body.break_off(how);
            }
            match body.steps.next() {
                None | Some(Step::Break(_)) => return Poll::Ready(None),
                Some(Step::Pause(time)) => body.pause = Some(Box::pin(sleep(time))),
                Some(Step::Write(bytes)) => {
                    body.flush = true;
                    if let Some(request) = &body.request {
                        request.writes(bytes.len());
                    }
                    if let (None, Some(request)) = (body.steps.peek(), &mut body.request) {
                        request.finish();
                    }
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
            }
        }
    }
}
