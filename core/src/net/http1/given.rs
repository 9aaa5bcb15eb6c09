//! A server whose answer was written down beforehand.

use super::super::dial::{Counted, Transport};
use super::Connection;
use bytes::Bytes;
use http::{Request, Response};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// A connection on which these reads follow the request, and then the end.
pub struct Given {
    reads: VecDeque<Bytes>,
    asked: bool,
    waits: Option<Waker>,
}

impl Given {
    /// Of an answer that comes in parts of these sizes, over and over.
    pub fn new(answer: &[u8], sizes: &[usize]) -> Self {
        let (mut reads, mut rest) = (VecDeque::new(), answer);
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (read, more) = rest.split_at((*size).clamp(1, rest.len()));
            reads.push_back(Bytes::copy_from_slice(read));
            rest = more;
        }
        Self { reads, asked: false, waits: None }
    }
}

impl AsyncRead for Given {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.asked {
            self.waits = Some(context.waker().clone());
            return Poll::Pending;
        }
        if let Some(mut read) = self.reads.pop_front() {
            buffer.put_slice(&read.split_to(read.len().min(buffer.remaining())));
            if !read.is_empty() {
                self.reads.push_front(read);
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Given {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.asked = true;
        if let Some(reader) = self.waits.take() {
            reader.wake();
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Transport for Given {}

/// An answer, as far as it came.
#[derive(Debug)]
pub struct Came {
    /// Its head.
    pub head: Response<()>,
    /// Its body.
    pub body: Vec<u8>,
    /// Whether the body came to its end.
    pub whole: bool,
    /// Whether the connection may serve another request.
    pub kept: bool,
}

/// What a client makes of such a server; `None` if no answer began.
pub async fn answer(given: Given) -> Option<Came> {
    let mut connection = Connection::new(Counted::new(Box::new(given)));
    let head = connection.send(Request::new(Bytes::new())).await.ok()?;
    let mut body = Vec::new();
    let whole = loop {
        match connection.next().await {
            Ok(Some(bytes)) => body.extend_from_slice(&bytes),
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    let settled = connection.settle().await;
    // What else the server says is seen sooner or later.
    let (received, mut rest) = (connection.stream.received(), [0]);
    let before = received.load(Ordering::Relaxed);
    drop(connection.stream.read(&mut rest).await);
    let kept = settled && received.load(Ordering::Relaxed) == before;
    Some(Came { head, body, whole, kept })
}
