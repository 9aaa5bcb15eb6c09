//! What the network's failures mean, in words and as a status.

use crate::error::{Error, Status};
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use std::time::Duration;
use tower_service::Service;

type Cause<'a> = &'a (dyn std::error::Error + 'static);

/// No connection came about.
pub fn no_connection(error: Cause<'_>, limit: Option<Duration>) -> Error {
    // The time for one address is a share of the whole, so that this is the deadline too.
    if let (Some(limit), true) = (limit, causes(error).any(|cause| cause.is::<tokio::time::error::Elapsed>()))
    {
        return connect_deadline(limit);
    }
    if causes(error).any(is_proxy_login) {
        return proxy_login();
    }
    if causes(error).any(is_exhausted) {
        return Error::new(Status::System, explain(error))
            .with_hint("Close what is not needed, or raise the limit of open files.")
            .retryable();
    }
    let failed = Error::new(Status::Connect, explain(error));
    if causes(error).any(is_certificate) {
        return failed.with_hint(
            "The server's certificate is not trusted. Check the base URL and the clock; a private authority is added \
             with hb_options_add_ca_pem.",
        );
    }
    failed.with_hint("Check the base URL, the network, the proxy and the certificates.").retryable()
}

/// A proxy on the way lets nothing through: the next attempt would say the same to it.
pub fn proxy_login() -> Error {
    Error::new(Status::Connect, "the proxy wants a user and a password, or other ones (HTTP status 407)")
        .with_hint("Write them into the address of the proxy: http://user:password@host:port")
}

/// A connection did not come about in time.
pub fn connect_deadline(limit: Duration) -> Error {
    let limit = limit.as_millis();
    Error::deadline("connect", format!("no connection within the connect deadline of {limit} ms"))
        .with_hint("Check the address and the network, or raise the connect deadline.")
        .retryable()
}

/// A connection broke, or an answer's head could not be read, before an answer began.
pub fn no_answer(error: Cause<'_>) -> Error {
    if causes(error).any(is_bad_head) {
        let message = format!("the head of the answer cannot be taken: {}", explain(error));
        return Error::new(Status::BadResponse, message);
    }
    no_connection(error, None)
}

/// An answer broke off while it was read.
pub fn broken_off(error: Cause<'_>) -> Error {
    Error::new(Status::Truncated, format!("the answer broke off: {}", explain(error))).retryable()
}

/// Whether an HTTP/2 server says that it did not look at a request, so that it may be sent again.
pub fn is_unseen(error: Cause<'_>) -> bool {
    of_http2(error).any(|e| {
        // h2 hands a server's GOAWAY only to the streams beyond the last that it names, and to new ones.
        e.reason() == Some(h2::Reason::REFUSED_STREAM) || (e.is_go_away() && e.is_remote())
    })
}

/// Whether a frame ended a request, of its stream or of all, and no broken connection: the server is there, and may have
/// seen the request.
pub fn is_by_frame(error: Cause<'_>) -> bool {
    of_http2(error).any(|e| !e.is_io())
}

fn of_http2(error: Cause<'_>) -> impl Iterator<Item = &h2::Error> {
    causes(error).filter_map(|cause| cause.downcast_ref())
}

/// Whether the system had no descriptor left: nothing is wrong with the address or the network.
fn is_exhausted(cause: Cause<'_>) -> bool {
    /// EMFILE and ENFILE on every Unix, and WSAEMFILE.
    const CODES: &[i32] = if cfg!(unix) { &[24, 23] } else { &[10024] };
    let code = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::raw_os_error);
    code.is_some_and(|code| CODES.contains(&code))
}

/// A proxy wants another password before it opens a tunnel. hyper-util does not name the type of what it says.
fn is_proxy_login(cause: Cause<'_>) -> bool {
    type TunnelError = <Tunnel<HttpConnector> as Service<Uri>>::Error;
    matches!(cause.downcast_ref(), Some(TunnelError::ProxyAuthRequired))
}

/// The next attempt would be shown the same certificate.
fn is_certificate(cause: Cause<'_>) -> bool {
    matches!(cause.downcast_ref(), Some(rustls::Error::InvalidCertificate(_)))
}

/// A head that hyper refuses: beyond its bound over HTTP/1.1, or, over HTTP/2, that or against the rules. The server
/// would send it again, so that this is no failure of the connection.
fn is_bad_head(cause: Cause<'_>) -> bool {
    cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse_too_large)
        || cause.downcast_ref::<h2::Error>().is_some_and(h2::Error::is_library)
}

/// An error and what is behind it. An I/O error that only wraps another shows that one too.
fn causes(error: Cause<'_>) -> impl Iterator<Item = Cause<'_>> {
    std::iter::successors(Some(error), |&cause| {
        let wrapped = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        wrapped.map(|inner| inner as Cause<'_>).or_else(|| cause.source())
    })
}

/// The whole chain of causes.
fn explain(error: Cause<'_>) -> String {
    let mut texts: Vec<String> = Vec::new();
    for text in causes(error).map(ToString::to_string) {
        // Libraries repeat each other.
        if !texts.iter().any(|said| said.contains(&text)) {
            texts.push(text);
        }
    }
    texts.join(": ")
}
