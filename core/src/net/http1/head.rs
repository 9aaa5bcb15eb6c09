//! Heads: that of a request is written, that of an answer read.

use super::framing::Framing;
use crate::net::dial::BoxError;
use bytes::{Buf, Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::{Method, Request, Response, StatusCode};
use memchr::memchr_iter;
use zeroize::Zeroizing;

/// Bytes and fields of a head, at most: far beyond the bound on headers that clients set, whose error says more.
const MOST_BYTES: usize = 400 << 10;
const MOST_FIELDS: usize = 100;

/// A head that no other attempt would make better.
#[derive(Debug)]
pub struct BadHead(&'static str);

impl std::fmt::Display for BadHead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for BadHead {}

/// The head of an answer, and what it says of the rest.
pub struct Head {
    pub response: Response<()>,
    pub framing: Framing,
    pub keeps: bool,
}

/// A request as it is sent: its head, and its body. The head has the key in it, and so is zeroed behind.
pub fn write(request: &Request<Bytes>) -> [Bytes; 2] {
    let (method, target, body) = (request.method(), request.uri().to_string(), request.body());
    let length =
        if *method == Method::GET { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    let fields =
        || request.headers().iter().map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()));
    let size: usize = fields().map(|(name, value)| name.len() + value.len() + 4).sum();
    // No growth: what it would leave behind is not zeroed.
    let mut head =
        Zeroizing::new(Vec::with_capacity(method.as_str().len() + target.len() + length.len() + size + 14));
    let mut add = |parts: &[&[u8]]| parts.iter().for_each(|part| head.extend_from_slice(part));
    add(&[method.as_str().as_bytes(), b" ", target.as_bytes(), b" HTTP/1.1\r\n"]);
    for (name, value) in fields() {
        add(&[name, b": ", value, b"\r\n"]);
    }
    add(&[length.as_bytes(), b"\r\n"]);
    debug_assert_eq!(head.capacity(), head.len());
    [Bytes::from_owner(head), body.clone()]
}

/// Takes the head of an answer from what came, once it is whole. Before it may come others, which say that one is on its
/// way. `searched` is how much of what came was searched for its end.
pub fn read(came: &mut BytesMut, searched: &mut usize) -> Result<Option<Head>, BoxError> {
    while ends(came, searched) {
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut parsed = httparse::Response::new(&mut fields);
        let size = match parsed.parse(came) {
            Ok(httparse::Status::Complete(size)) => size,
            // What ended was an empty line before it.
            Ok(httparse::Status::Partial) => break,
            Err(httparse::Error::TooManyHeaders) => return Err(BadHead("it has too many fields").into()),
            Err(error) => return Err(error.into()),
        };
        let status = StatusCode::from_u16(parsed.code.unwrap_or_default())?;
        let is_new = parsed.version == Some(1);
        let mut headers = HeaderMap::with_capacity(parsed.headers.len());
        for field in parsed.headers.iter() {
            let value = HeaderValue::from_bytes(field.value)?;
            headers.append(HeaderName::from_bytes(field.name.as_bytes())?, value);
        }
        came.advance(size);
        *searched = 0;
        if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
            continue;
        }
        let framing = framing(status, is_new, &headers)?;
        let keeps = keeps(is_new, &headers) && framing.says_its_end() && !status.is_informational();
        let mut response = Response::new(());
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        return Ok(Some(Head { response, framing, keeps }));
    }
    if came.len() > MOST_BYTES { Err(BadHead("it is too large").into()) } else { Ok(None) }
}

/// Whether an empty line is in what came.
fn ends(came: &[u8], searched: &mut usize) -> bool {
    let from = searched.saturating_sub(2);
    let found = memchr_iter(b'\n', &came[from..]).any(|at| {
        let rest = &came[from + at + 1..];
        rest.starts_with(b"\n") || rest.starts_with(b"\r\n")
    });
    *searched = came.len();
    found
}

fn framing(status: StatusCode, is_new: bool, headers: &HeaderMap) -> Result<Framing, BoxError> {
    if status.is_informational() || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        return Ok(Framing::Ended);
    }
    if let Some(encoding) = headers.get_all(TRANSFER_ENCODING).iter().next_back() {
        if !is_new {
            return Err("HTTP/1.0 has no transfer encodings".into());
        }
        let last = encoding.as_bytes().rsplit(|byte| *byte == b',').next().unwrap_or_default();
        let is_chunked = last.trim_ascii().eq_ignore_ascii_case(b"chunked");
        return Ok(if is_chunked { Framing::chunked() } else { Framing::UntilClosed });
    }
    let mut length = None;
    for said in
        headers.get_all(CONTENT_LENGTH).iter().flat_map(|value| value.as_bytes().split(|b| *b == b','))
    {
        let said = said.trim_ascii();
        // The parser of std takes a sign.
        let digits = str::from_utf8(said).ok().filter(|_| said.iter().all(u8::is_ascii_digit));
        let said: Option<u64> = digits.and_then(|digits| digits.parse().ok());
        if said.is_none() || length.is_some_and(|length| Some(length) != said) {
            return Err("the length of the answer makes no sense".into());
        }
        length = said;
    }
    Ok(length.map_or(Framing::UntilClosed, Framing::length))
}

/// Whether the server keeps the connection.
fn keeps(is_new: bool, headers: &HeaderMap) -> bool {
    let says = |word: &[u8]| {
        let words =
            headers.get_all(CONNECTION).iter().flat_map(|value| value.as_bytes().split(|b| *b == b','));
        words.into_iter().any(|said| said.trim_ascii().eq_ignore_ascii_case(word))
    };
    !says(b"close") && (is_new || says(b"keep-alive"))
}

#[cfg(test)]
mod tests {
    use super::read;
    use bytes::BytesMut;

    /// The status of a head that comes byte by byte, whether its connection is kept, and what is left; or why not.
    fn told(text: &str) -> Result<(u16, bool, String), String> {
        let (mut came, mut searched) = (BytesMut::new(), 0);
        for (at, byte) in text.bytes().enumerate() {
            came.extend_from_slice(&[byte]);
            if let Some(head) = read(&mut came, &mut searched).map_err(|error| error.to_string())? {
                return Ok((head.response.status().as_u16(), head.keeps, text[at + 1..].to_owned()));
            }
        }
        Err("not whole".to_owned())
    }

    #[test]
    fn says_whether_the_connection_is_kept() {
        for (head, keeps) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", true),
            ("HTTP/1.1 200 OK\nContent-Length: 1\n\nx", true),
            ("\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\nx", true),
            ("HTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nx", true),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: x, Close\r\n\r\nx", false),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\nx", false),
            ("HTTP/1.1 200 OK\r\n\r\nx", false),
            ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", false),
            ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\nx", true),
        ] {
            assert_eq!(told(head), Ok((200, keeps, "x".to_owned())), "{head}");
        }
    }

    #[test]
    fn refuses_what_makes_no_sense() {
        for fields in [
            "Content-Length: 1\r\nContent-Length: 2",
            "Content-Length: +1",
            "Content-Length: ",
            "Content-Length: 99999999999999999999",
            "A\u{0}: b",
        ] {
            assert!(told(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n")).is_err(), "{fields}");
        }
        assert!(told("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
        let many = told(&format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(101)));
        assert_eq!(many, Err("it has too many fields".to_owned()));
        assert_eq!(told("HTTP/1.1 200 OK\r\n"), Err("not whole".to_owned()));
    }

    #[test]
    fn a_head_without_end_is_refused() {
        let mut came = BytesMut::from("HTTP/1.1 200 OK\r\nA: ");
        came.resize(super::MOST_BYTES + 1, b'x');
        assert_eq!(read(&mut came, &mut 0).err().unwrap().to_string(), "it is too large");
    }
}
