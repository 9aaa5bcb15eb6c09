//! A connection's socket.

use std::future::poll_fn;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

/// A socket that one serves while another waits for the client to leave. Both are polled by one task.
#[derive(Clone)]
pub struct Socket(Arc<Mutex<TcpStream>>);

impl Socket {
    /// The socket of an accepted connection.
    pub fn new(tcp: TcpStream) -> Self {
        Self(Arc::new(Mutex::new(tcp)))
    }

    fn tcp(&self) -> MutexGuard<'_, TcpStream> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resolves when the client has closed or reset the connection. What it sends meanwhile stays unread.
    pub async fn left(&self) {
        poll_fn(|context| {
            let tcp = self.tcp();
            if ready!(tcp.poll_read_ready(context)).is_err() {
                return Poll::Ready(());
            }
            // Takes back that bytes can be read. Only the end is still told after that, or bytes that come later.
            let _: io::Result<()> = tcp.try_io(Interest::READABLE, || Err(io::ErrorKind::WouldBlock.into()));
            tcp.poll_read_ready(context).map(|_| ())
        })
        .await;
    }

    /// Lets the kernel send RST in place of FIN when the socket closes.
    pub fn reset_when_closed(&self) {
        // Failure is a socket that is broken already.
        let _ = self.tcp().set_zero_linger();
    }

    /// Lets the kernel send FIN when the socket closes: it sends RST where bytes were left unread.
    pub fn finish_when_closed(&self) {
        // Asks the kernel itself: tokio does not know yet of bytes that have come since it last slept.
        let Ok(socket) = self.tcp().as_fd().try_clone_to_owned() else { return };
        let mut tcp = std::net::TcpStream::from(socket);
        let mut bytes = [0; 4096];
        while matches!(tcp.read(&mut bytes), Ok(1..)) {}
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.tcp()).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.tcp()).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.tcp()).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.tcp()).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.tcp()).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp().is_write_vectored()
    }
}
