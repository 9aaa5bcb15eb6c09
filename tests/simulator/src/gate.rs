//! What stands between hyper and a connection of HTTP/1.1, so that a head can end in its middle.

use crate::connection::{Connection, End};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Lets everything through, or half of a head.
pub struct Gate<S> {
    inner: S,
    connection: Arc<Connection>,
    /// How many bytes are still let through, and what comes then.
    cut: Option<(usize, End)>,
}

impl<S> Gate<S> {
    /// A gate that is open.
    pub fn new(inner: S, connection: Arc<Connection>) -> Self {
        Self { inner, connection, cut: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Gate<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

/// Not vectored: a head is in one slice.
impl<S: AsyncWrite + Unpin> AsyncWrite for Gate<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let gate = &mut *self;
        if gate.cut.is_none() {
            let head = || bytes.windows(4).position(|end| end == b"\r\n\r\n").unwrap_or(bytes.len());
            gate.cut = gate.connection.take_head_cut().map(|end| (head() / 2, end));
        }
        match &mut gate.cut {
            None => Pin::new(&mut gate.inner).poll_write(context, bytes),
            Some((0, end)) => {
                ready!(Pin::new(&mut gate.inner).poll_flush(context))?;
                gate.connection.end(*end);
                Poll::Pending
            }
            Some((left, _)) => {
                let part = &bytes[..bytes.len().min(*left)];
                let written = ready!(Pin::new(&mut gate.inner).poll_write(context, part))?;
                *left -= written;
                Poll::Ready(Ok(written))
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
