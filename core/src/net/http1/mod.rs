//! HTTP/1.1 on one connection: a request out, its answer in.
//!
//! By hand, because of what it costs to be handed an answer in the pieces that a server wrote: each event of a stream is
//! a chunk of its own, and each would go from one task to another. Here all that a read brought comes as one piece,
//! on the task that asked for it. httparse reads heads. What hyper refuses is refused, and what
//! leaves open where an answer ends.

mod framing;
#[cfg(any(test, fuzzing))]
pub mod given;
mod head;

use super::dial::{BoxError, Counted};
use bytes::{Buf, Bytes, BytesMut};
use framing::Framing;
use http::{Request, Response};
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

pub use head::BadHead;

/// Room for a read: as much as a stream of words needs, and more once reads fill it.
const LEAST_ROOM: usize = 2 << 10;
const MOST_ROOM: usize = 64 << 10;

/// A connection, which serves one request at a time.
pub struct Connection {
    stream: Counted,
    /// What came and was not handed out.
    came: BytesMut,
    room: usize,
    /// What of the request is still to be sent: its head, and its body.
    unsent: [Bytes; 2],
    /// Whether any of it was written, and whether that is to be flushed.
    written: bool,
    flushing: bool,
    /// Why the request could not be sent to its end.
    unsendable: Option<io::Error>,
    framing: Framing,
    /// Whether it may serve another request after this one.
    keeps: bool,
}

/// A request without an answer. It is given back if not a byte of it was written.
pub struct Unanswered {
    pub error: BoxError,
    pub back: Option<Request<Bytes>>,
}

impl Connection {
    pub fn new(stream: Counted) -> Self {
        Self {
            stream,
            came: BytesMut::new(),
            room: LEAST_ROOM,
            unsent: Default::default(),
            written: false,
            flushing: false,
            unsendable: None,
            framing: Framing::Ended,
            keeps: true,
        }
    }

    /// Sends a request and waits for the head of its answer. The server may answer before it has all of the request, whose
    /// rest is sent while the answer is read.
    pub async fn send(&mut self, request: Request<Bytes>) -> Result<Response<()>, Unanswered> {
        // A server that has left is mostly known to have.
        if poll_fn(|context| Poll::Ready(self.poll_idle(context))).await.is_ready() {
            let why = "the server closed the connection, or spoke on it, before it was asked";
            return Err(Unanswered { error: why.into(), back: Some(request) });
        }
        self.unsent = head::write(&request);
        self.written = false;
        // Until the server has said it.
        self.keeps = false;
        let closes = head::wants_close(request.headers());
        let answer = self.head().await;
        self.keeps &= !closes;
        answer.map_err(|error| Unanswered { error, back: (!self.written).then_some(request) })
    }

    async fn head(&mut self) -> Result<Response<()>, BoxError> {
        let mut seen = 0;
        loop {
            if let Some(head) = head::read(&mut self.came, &mut seen)? {
                self.framing = head.framing;
                self.keeps = head.keeps;
                return Ok(head.response);
            }
            if poll_fn(|context| self.poll_read(context)).await? == 0 {
                return Err(self.unsendable.take().unwrap_or_else(closed).into());
            }
        }
    }

    /// The next bytes of the body, as many as there are; `None` at its end. What is asked for is held no longer than until
    /// the next call, or its memory cannot be used again.
    pub async fn next(&mut self) -> Result<Option<Bytes>, BoxError> {
        loop {
            let bytes = self.framing.take(&mut self.came)?;
            if !bytes.is_empty() {
                return Ok(Some(bytes));
            }
            if self.framing.has_ended() {
                return Ok(None);
            }
            if poll_fn(|context| self.poll_read(context)).await? == 0 {
                self.keeps = false;
                self.framing.close()?;
            }
        }
    }

    /// Sends the rest of the request. Says whether the connection may serve another.
    pub async fn settle(&mut self) -> bool {
        poll_fn(|context| self.poll_send(context)).await;
        let is_free =
            self.keeps && self.unsendable.is_none() && self.framing.has_ended() && self.came.is_empty();
        // Thousands may wait.
        self.came = BytesMut::new();
        is_free
    }

    /// Between two requests: ready once it is of no use any more, because the server closed it, or speaks unasked.
    pub fn poll_idle(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut unasked = [0];
        Pin::new(&mut self.stream).poll_read(context, &mut ReadBuf::new(&mut unasked)).map(drop)
    }

    /// Reads what is there, and sends meanwhile.
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        // A server that takes no more may have said why.
        let _ = self.poll_send(context);
        self.came.reserve(self.room);
        let count = ready!(pin!(self.stream.read_buf(&mut self.came)).poll(context))?;
        if count >= self.room {
            self.room = (2 * self.room).min(MOST_ROOM);
        }
        Poll::Ready(Ok(count))
    }

    /// Sends as much of the request as the server takes.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while self.unsent.iter().any(Buf::has_remaining) {
            let [head, body] = &mut self.unsent;
            let slices = [IoSlice::new(head), IoSlice::new(body)];
            let sent = match ready!(Pin::new(&mut self.stream).poll_write_vectored(context, &slices)) {
                Ok(0) => Err(io::ErrorKind::WriteZero.into()),
                sent => sent,
            };
            match sent {
                Ok(sent) => {
                    (self.written, self.flushing) = (true, true);
                    let of_head = sent.min(head.len());
                    head.advance(of_head);
                    body.advance(sent - of_head);
                }
                Err(error) => self.give_up(error),
            }
        }
        if self.flushing {
            match ready!(Pin::new(&mut self.stream).poll_flush(context)) {
                // With the key in it, which is zeroed now.
                Ok(()) => (self.flushing, self.unsent) = (false, Default::default()),
                Err(error) => self.give_up(error),
            }
        }
        Poll::Ready(())
    }

    /// The rest of the request cannot be sent.
    fn give_up(&mut self, error: io::Error) {
        self.unsendable = Some(error);
        self.unsent = Default::default();
        self.flushing = false;
    }
}

impl Drop for Connection {
    /// Says goodbye, as far as that can be said at once: TLS asks for it.
    fn drop(&mut self) {
        let _ = Pin::new(&mut self.stream).poll_shutdown(&mut Context::from_waker(Waker::noop()));
    }
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection before it answered")
}

#[cfg(test)]
mod tests;
