//! Heads: that of a request is written, that of an answer read.

use super::framing::Framing;
use crate::net::dial::BoxError;
use bytes::{Buf, Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::{Method, Request, Response, StatusCode};
use memchr::memchr;
use zeroize::Zeroizing;

/// Bytes and fields of a head, at most: far beyond the bound on headers that clients set, whose error says more.
const MOST_BYTES: usize = 400 << 10;
const MOST_FIELDS: usize = 100;
/// By so many bytes it is known whether this is HTTP at all: "HTTP/1.1 200 OK". Something else may say no more.
const BEGINNING: usize = 15;

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

/// A request as it is sent: its head, which has the key in it and is zeroed when it was sent, and its body.
pub fn write(request: &Request<Bytes>) -> [Bytes; 2] {
    let (path, body) = (request.uri().to_string(), request.body());
    let fields: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    // All of it from the first: what grows leaves copies behind.
    let mut head = Zeroizing::new(Vec::with_capacity(path.len() + fields + 100));
    let mut put = |parts: &[&[u8]]| parts.iter().for_each(|part| head.extend_from_slice(part));
    put(&[request.method().as_str().as_bytes(), b" ", path.as_bytes(), b" HTTP/1.1\r\n"]);
    for (name, value) in request.headers() {
        put(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"]);
    }
    if request.method() != Method::GET {
        put(&[b"content-length: ", body.len().to_string().as_bytes(), b"\r\n"]);
    }
    put(&[b"\r\n"]);
    [Bytes::from_owner(head), body.clone()]
}

/// Takes the head of an answer from what came, once it is whole. Before it may come others, which say that one is on its
/// way. `seen` is how much of what came was looked at before.
pub fn read(came: &mut BytesMut, seen: &mut usize) -> Result<Option<Head>, BoxError> {
    while is_worth_a_look(came, seen) {
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut parsed = httparse::Response::new(&mut fields);
        let size = match parsed.parse(came) {
            Ok(httparse::Status::Complete(size)) => size,
            Ok(httparse::Status::Partial) => break,
            Err(httparse::Error::TooManyHeaders) => return Err(BadHead("it has too many fields").into()),
            Err(error) => return Err(error.into()),
        };
        if size > MOST_BYTES {
            break;
        }
        let status = StatusCode::from_u16(parsed.code.unwrap_or_default())?;
        let is_new = parsed.version == Some(1);
        let mut headers = HeaderMap::with_capacity(parsed.headers.len());
        for field in parsed.headers.iter() {
            let value = HeaderValue::from_bytes(field.value)?;
            headers.append(HeaderName::from_bytes(field.name.as_bytes())?, value);
        }
        came.advance(size);
        *seen = 0;
        if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
            continue;
        }
        let framing = framing(status, is_new, &headers)?;
        // Two lengths are how one answer is passed off as two: what follows this one is nobody's.
        let is_clear = !(headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH));
        let keeps =
            keeps(is_new, &headers) && framing.says_its_end() && is_clear && !status.is_informational();
        let mut response = Response::new(());
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        return Ok(Some(Head { response, framing, keeps }));
    }
    if came.len() > MOST_BYTES { Err(BadHead("it is too large").into()) } else { Ok(None) }
}

/// Whether what came may say something new: by the line, since few lines make a head, and at its beginning. Drops the
/// empty lines before it.
fn is_worth_a_look(came: &mut BytesMut, seen: &mut usize) -> bool {
    while let Some(line) = [&b"\r\n"[..], b"\n"].into_iter().find(|line| came.starts_with(line)) {
        came.advance(line.len());
        *seen = 0;
    }
    let new = &came[*seen..];
    let is_worth = !new.is_empty() && (*seen < BEGINNING || memchr(b'\n', new).is_some());
    *seen = came.len();
    is_worth
}

fn framing(status: StatusCode, is_new: bool, headers: &HeaderMap) -> Result<Framing, BoxError> {
    if status.is_informational() || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        return Ok(Framing::Ended);
    }
    if headers.contains_key(TRANSFER_ENCODING) {
        if !is_new {
            return Err("HTTP/1.0 has no transfer encodings".into());
        }
        let last = words(headers, TRANSFER_ENCODING).filter(|coding| !coding.is_empty()).last();
        let is_chunked = last.is_some_and(|coding| coding.eq_ignore_ascii_case(b"chunked"));
        return Ok(if is_chunked { Framing::chunked() } else { Framing::UntilClosed });
    }
    let mut length = None;
    for said in words(headers, CONTENT_LENGTH) {
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
    !wants_close(headers)
        && (is_new || words(headers, CONNECTION).any(|said| said.eq_ignore_ascii_case(b"keep-alive")))
}

/// Whether the connection is to serve nothing else, as either side may say.
pub fn wants_close(headers: &HeaderMap) -> bool {
    words(headers, CONNECTION).any(|said| said.eq_ignore_ascii_case(b"close"))
}

/// What the fields of a name list.
fn words(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &[u8]> {
    let values = headers.get_all(name).iter();
    values.flat_map(|value| value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii))
}

#[cfg(test)]
mod tests {
    use super::read;
    use bytes::BytesMut;

    /// The status of a head, whether its connection is kept, and what is left; or why not. It comes byte by byte, and in
    /// one piece too.
    fn told(text: impl AsRef<[u8]>) -> Result<(u16, bool, String), String> {
        let (text, mut whole) = (text.as_ref(), BytesMut::from(text.as_ref()));
        let at_once = read(&mut whole, &mut 0).map_err(|error| error.to_string());
        let (mut came, mut seen) = (BytesMut::new(), 0);
        for (at, byte) in text.iter().enumerate() {
            came.extend_from_slice(&[*byte]);
            if let Some(head) = read(&mut came, &mut seen).map_err(|error| error.to_string())? {
                let rest = String::from_utf8_lossy(&text[at + 1..]).into_owned();
                assert_eq!(rest, String::from_utf8_lossy(&whole));
                assert_eq!(at_once.unwrap().unwrap().response.headers(), head.response.headers());
                return Ok((head.response.status().as_u16(), head.keeps, rest));
            }
        }
        assert!(at_once.is_ok_and(|head| head.is_none()));
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
            ("HTTP/1.1 200\r\nTransfer-Encoding: chunked, \r\nTransfer-Encoding:\r\n\r\nx", true),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\nx", false),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked;a\r\n\r\nx", false),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nx", false),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\nConnection: close\r\n\r\nx",
                false,
            ),
            ("HTTP/1.1 100\r\n\r\n\r\nHTTP/1.1 102 x\n\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", true),
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
            "Content-Length: 1,,1",
            "Content-Length: 0x1",
            "A\u{0}: b",
            "A : b",
            "\u{e4}: b",
            ": b",
            "A",
            "A: b\r\n c",
            "A: b\rc",
        ] {
            assert!(told(format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n")).is_err(), "{fields}");
        }
        assert!(told("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
        let many = told(format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(101)));
        assert_eq!(many, Err("it has too many fields".to_owned()));
        let enough = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(super::MOST_FIELDS));
        assert!(told(enough).is_ok());
        assert_eq!(told("HTTP/1.1 200 OK\r\n"), Err("not whole".to_owned()));
    }

    /// Those that are wrong all the same have no body here.
    #[test]
    fn statuses_are_of_three_digits() {
        for (line, status) in [("204", 204), ("304 Not Modified", 304), ("101 x", 101), ("999 \u{e4}", 999)] {
            let keeps = status != 101 && status != 999;
            assert_eq!(told(format!("HTTP/1.1 {line}\r\n\r\n")), Ok((status, keeps, String::new())));
        }
        for line in ["099 x", "99 x", "1000 x", "2x0 x", "-20 x", "", "200x"] {
            assert!(told(format!("HTTP/1.1 {line}\r\n\r\n")).is_err(), "{line}");
        }
    }

    /// Whoever waits for our next word, and never hears one that it knows, says no more.
    #[test]
    fn what_is_no_http_is_known_at_its_first_words() {
        for text in [
            &b"SSH-2.0-OpenSSH_9.6\r\n"[..],
            b"220 mail.example ESMTP\r\n",
            b"-ERR unknown command\r\n",
            b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64",
            b"\x15\x03\x01\0\x02\x02\x0a",
            b"HTTP/2.0 200 OK\r\n",
            b"HTTP/1.2 200 OK\r\n",
            b"HTTP/1.1 two hundred\r\n",
            b"http/1.1 200 OK\r\n",
            b"<html>",
            b"\r\n\rHTTP/1.1 200 OK\r\n\r\n",
        ] {
            let said = told(text);
            assert!(said.clone().is_err_and(|why| why != "not whole"), "{said:?}: {}", text.escape_ascii());
        }
    }

    /// Nothing is read twice for every byte that comes.
    #[test]
    fn long_heads_are_read_in_time() {
        let half = "x".repeat(super::MOST_BYTES / 2);
        assert!(told(format!("HTTP/1.1 200 OK\r\nA: {half}\r\n\r\n")).is_ok());
        assert!(told("\r\n".repeat(super::MOST_BYTES) + "HTTP/1.1 200 OK\r\n\r\n").is_ok());
    }

    #[test]
    fn a_request_is_written_whole() {
        let request = http::Request::post("/v1/x?a=b").header("Authorization", "Bearer \u{e4}");
        let request = request.body("body".into()).unwrap();
        let [head, body] = super::write(&request);
        let want = "POST /v1/x?a=b HTTP/1.1\r\nauthorization: Bearer \u{e4}\r\ncontent-length: 4\r\n\r\n";
        assert_eq!((&head[..], &body[..]), (want.as_bytes(), &b"body"[..]));
        let [head, body] = super::write(&http::Request::get("http://a.example/").body("".into()).unwrap());
        assert_eq!((&head[..], &body[..]), (&b"GET http://a.example/ HTTP/1.1\r\n\r\n"[..], &b""[..]));
    }

    #[test]
    fn a_head_without_end_is_refused() {
        let beginning = "HTTP/1.1 200 OK\r\nA: ";
        for end in ["", "\r\n\r\n"] {
            let mut came = BytesMut::from(beginning);
            came.resize(super::MOST_BYTES + 1 - end.len(), b'x');
            came.extend_from_slice(end.as_bytes());
            assert_eq!(read(&mut came, &mut 0).err().unwrap().to_string(), "it is too large");
        }
    }
}
