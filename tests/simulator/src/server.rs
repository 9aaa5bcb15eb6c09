//! Connections, and the way of one request through the server.

use crate::answer::{Answer, bad_fault};
use crate::api::{self, Route};
use crate::body::Body;
use crate::connection::{Connection, End};
use crate::control;
use crate::errors::ApiError;
use crate::faults::{Fault, NoHead, Script};
use crate::flight::InFlight;
use crate::gate::Gate;
use crate::socket::Socket;
use crate::state::State;
use crate::stats::Last;
use crate::tls::H2;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_rustls::rustls::server::Acceptor;
use tokio_rustls::{LazyConfigAcceptor, TlsAcceptor};

/// The header in which a request brings its own script.
const FAULT_HEADER: &str = "x-simulator-fault";

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
                control(&state, &head, body).await
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
    let service = service_fn(|request| handle(request, state.clone(), connection.clone()));
    // Errors are what the faults and the clients make them; the counters tell of them.
    if h2 {
        let io = TokioIo::new(socket);
        let _ = http2::Builder::new(TokioExecutor::new()).serve_connection(io, service).await;
    } else {
        let io = TokioIo::new(Gate::new(socket, connection.clone()));
        let _ = http1::Builder::new().serve_connection(io, service).await;
    }
}

async fn handle(
    request: Request<Incoming>,
    state: Arc<State>,
    connection: Arc<Connection>,
) -> io::Result<Response<Body>> {
    let (head, mut body) = request.into_parts();
    let is_control = head.uri.path().starts_with(control::PREFIX);
    connection.used(is_control);
    if is_control {
        return control(&state, &head, body).await;
    }
    let route = Route::of(head.uri.path());
    let mut request = InFlight::begin(&state, &connection, route.name());
    let fault = fault(&state, &head);
    let no_head = fault.as_ref().ok().and_then(|fault| fault.no_head);
    if no_head == Some(NoHead::ResetUpload) {
        // The first bytes only, so that the client is still writing the others.
        let _ = body.frame().await;
        request.reset();
        return std::future::pending().await;
    }
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    request.arrived(body.clone());
    state.set_last(Last {
        method: head.method.to_string(),
        path: head.uri.path_and_query().map_or_else(String::new, ToString::to_string),
        version: format!("{:?}", head.version),
        headers: head.headers.clone(),
        body: body.clone(),
    });
    if no_head.is_some() {
        if no_head == Some(NoHead::Reset) {
            request.reset();
        }
        return std::future::pending().await;
    }
    if let Ok(Fault { delay: Some(delay), .. }) = fault.as_deref() {
        sleep(*delay).await;
    }
    let number = state.next_id();
    let (answer, fault) = match fault {
        Err(error) => (Err(error), Arc::default()),
        Ok(fault) => {
            let answer = Answer::replaced(&state, &fault).unwrap_or_else(|| {
                api::answer(&state, (route, &head.method), &head.headers, &body, &fault, number)
            });
            (answer, fault)
        }
    };
    let answer = answer.unwrap_or_else(|error| Answer::error(&error, fault.openai_errors));
    if let Some(how) = fault.cut_head {
        connection.cut_head(how);
    }
    Ok(answer.send(&state, fault, request, number))
}

async fn control(state: &State, head: &Parts, body: Incoming) -> io::Result<Response<Body>> {
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    Ok(control::answer(state, &head.method, &head.uri, &head.headers, body).await)
}

/// The fault for a request: of its own script, or else of the server's.
fn fault(state: &State, head: &Parts) -> Result<Arc<Fault>, ApiError> {
    let fault = match head.headers.get(FAULT_HEADER) {
        None => state.faults().map(|script| script.next(state)).unwrap_or_default(),
        Some(script) => {
            let script = script.to_str().map_err(|_| bad_fault("not ASCII"))?;
            Script::parse(script).map_err(|error| bad_fault(&error))?.next(state)
        }
    };
    if fault.cut_head.is_some() && head.version > Version::HTTP_11 {
        return Err(bad_fault("a head can be cut in HTTP/1.1 only"));
    }
    Ok(match fault.random {
        Some(random) => random.apply(state, fault),
        None => fault,
    })
}
