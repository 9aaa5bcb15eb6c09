//! Connections: accepted, served, ended.

use crate::connection::{Connection, End};
use crate::exchange;
use crate::gate::Gate;
use crate::socket::Socket;
use crate::state::State;
use crate::tls::H2;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_rustls::rustls::server::Acceptor;
use tokio_rustls::{LazyConfigAcceptor, TlsAcceptor};

/// Accepts connections to the API for ever.
pub async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, state: &Arc<State>) {
    loop {
        let tcp = accept(&listener).await;
        let connection = Connection::open(state);
        tokio::spawn(serve_connection(tcp, tls.clone(), state.clone(), connection));
    }
}

/// Accepts connections that bring control requests alone, and are neither counted nor harmed by any fault.
pub async fn serve_control(listener: TcpListener, state: &Arc<State>) {
    loop {
        let tcp = accept(&listener).await;
        let state = state.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let state = state.clone();
            async move {
                let (head, body) = request.into_parts();
                exchange::control(&state, &head, body).await
            }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(tcp), service));
    }
}

/// The next connection.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((tcp, _)) => {
                // Failure means no delay is lost, which no test could see.
                let _ = tcp.set_nodelay(true);
                return tcp;
            }
            // Out of descriptors: accepting again at once would only burn the CPU until one is free.
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn serve_connection(
    tcp: TcpStream,
    tls: Option<TlsAcceptor>,
    state: Arc<State>,
    connection: Arc<Connection>,
) {
    let socket = Socket::new(tcp);
    let serving = pin!(serve_socket(socket.clone(), tls, state, connection.clone()));
    let mut end = tokio::select! {
        biased;
        end = connection.ending(|_| true) => end,
        () = serving => return,
    };
    if end == End::Silent {
        // Whatever served the connection is there still, but is not polled: nothing is read or written.
        end = tokio::select! {
            end = connection.ending(|end| end != End::Silent) => end,
            () = socket.left() => End::Close,
        };
    }
    match end {
        End::Reset => socket.reset_when_closed(),
        _ => socket.finish_when_closed(),
    }
}

/// Serves a connection to its end, or as far as a fault lets it come.
async fn serve_socket(
    socket: Socket,
    tls: Option<TlsAcceptor>,
    state: Arc<State>,
    connection: Arc<Connection>,
) {
    let fault = state.connection_fault();
    if let Some(how) = fault.how {
        state.count(|stats| stats.connections_faulted += 1);
        // A client that leaves before its first message is complete ends the connection itself.
        if fault.after_hello && LazyConfigAcceptor::new(Acceptor::default(), socket).await.is_err() {
            return;
        }
        connection.end(how);
        return std::future::pending().await;
    }
    match tls {
        None => serve_http(socket, false, state, connection).await,
        Some(tls) => {
            // A failed handshake is the client's decision; the connection is counted all the same.
            let Ok(socket) = tls.accept(socket).await else { return };
            let h2 = socket.get_ref().1.alpn_protocol() == Some(H2);
            serve_http(socket, h2, state, connection).await;
        }
    }
}

async fn serve_http<S>(socket: S, h2: bool, state: Arc<State>, connection: Arc<Connection>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|request| exchange::handle(request, state.clone(), connection.clone()));
    // Errors are what the faults and the clients make them; the counters tell of them.
    if h2 {
        let mut server = http2::Builder::new(TokioExecutor::new());
        if let Some(streams) = state.max_streams() {
            server.max_concurrent_streams(streams);
        }
        let serving = server.serve_connection(TokioIo::new(socket), service);
        until_idle(serving, &state, &connection, |serving| serving.graceful_shutdown()).await;
    } else {
        let io = TokioIo::new(Gate::new(socket, connection.clone()));
        let serving = http1::Builder::new().serve_connection(io, service);
        until_idle(serving, &state, &connection, |serving| serving.graceful_shutdown()).await;
    }
}

/// Serves a connection to its end, which the server brings about if it was idle for too long.
async fn until_idle<S: Future>(
    serving: S,
    state: &State,
    connection: &Connection,
    shut_down: impl FnOnce(Pin<&mut S>),
) {
    let mut serving = pin!(serving);
    if let Some(time) = state.options.idle {
        tokio::select! {
            _ = serving.as_mut() => return,
            () = connection.idle(time) => shut_down(serving.as_mut()),
        }
    }
    let _ = serving.await;
}
