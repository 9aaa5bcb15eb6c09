//! Where a body ends, and what of the bytes that came is body.

use bytes::{Buf, Bytes, BytesMut};
use std::io;

/// Bytes of what is between two chunks, and of what follows the last, at most.
const MOST_BETWEEN: usize = 16 << 10;

/// How a body is told from what follows it.
pub enum Framing {
    /// So many bytes are still to come.
    Length(u64),
    /// In chunks.
    Chunked(Chunks),
    /// The server closes the connection behind it.
    UntilClosed,
    /// It has come to its end.
    Ended,
    /// What follows cannot be told apart; what was before it has been handed out.
    Broken(&'static str),
}

/// Where in a chunked body it stands.
pub struct Chunks {
    at: Place,
    /// Bytes of the chunk under way that are still to come.
    left: u64,
    /// Bytes of the line under way, or of all that follows the last chunk.
    between: usize,
    has_digits: bool,
}

/// What comes next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Size,
    /// Spaces behind a size, which some servers fill it up with.
    Padding,
    /// What may follow a size, which says nothing here.
    Extension,
    SizeFeed,
    Data,
    DataReturn,
    DataFeed,
    /// A line behind the last chunk; the first byte of one, where an empty one ends it all.
    Trailer,
    TrailerFirst,
    TrailerFeed,
    LastFeed,
}

impl Framing {
    pub fn length(bytes: u64) -> Self {
        if bytes == 0 { Self::Ended } else { Self::Length(bytes) }
    }

    pub fn chunked() -> Self {
        Self::Chunked(Chunks { at: Place::Size, left: 0, between: 0, has_digits: false })
    }

    pub fn has_ended(&self) -> bool {
        matches!(self, Self::Ended)
    }

    /// Whether its end is known before the connection's.
    pub fn says_its_end(&self) -> bool {
        !matches!(self, Self::UntilClosed)
    }

    /// The connection has ended.
    pub fn close(&mut self) -> io::Result<()> {
        match self {
            Self::UntilClosed | Self::Ended => *self = Self::Ended,
            Self::Length(_) | Self::Chunked(_) => {
                let why = "the connection was closed before the end of the answer";
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, why));
            }
            Self::Broken(why) => return Err(bad(why)),
        }
        Ok(())
    }

    /// Takes from what came the bytes of the body, without what is between them: chunks that are there together come
    /// together.
    pub fn take(&mut self, came: &mut BytesMut) -> io::Result<Bytes> {
        match self {
            Self::Ended => Ok(Bytes::new()),
            Self::UntilClosed => Ok(came.split().freeze()),
            Self::Length(left) => {
                let count = came.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= count as u64;
                if *left == 0 {
                    *self = Self::Ended;
                }
                Ok(came.split_to(count).freeze())
            }
            Self::Chunked(chunks) => {
                let (seen, body, is_last) = chunks.join(came);
                match is_last {
                    Ok(false) => {}
                    Ok(true) => *self = Self::Ended,
                    Err(why) => *self = Self::Broken(why),
                }
                if body > 0 {
                    let mut bytes = came.split_to(seen);
                    bytes.truncate(body);
                    return Ok(bytes.freeze());
                }
                came.advance(seen);
                if let Self::Broken(why) = self { Err(bad(why)) } else { Ok(Bytes::new()) }
            }
            Self::Broken(why) => Err(bad(why)),
        }
    }
}

impl Chunks {
    /// Moves the data of all chunks in `came` to its beginning. Answers how many bytes it went over, how many of them are
    /// data, and whether that was all. Data before a mistake is as good as any.
    fn join(&mut self, came: &mut [u8]) -> (usize, usize, Result<bool, &'static str>) {
        let (mut read, mut written) = (0, 0);
        while read < came.len() {
            if self.at == Place::Data {
                let count = (came.len() - read).min(usize::try_from(self.left).unwrap_or(usize::MAX));
                came.copy_within(read..read + count, written);
                read += count;
                written += count;
                self.left -= count as u64;
                if self.left == 0 {
                    self.at = Place::DataReturn;
                }
                continue;
            }
            let byte = came[read];
            read += 1;
            let is_last = self.step(byte);
            if is_last != Ok(false) {
                return (read, written, is_last);
            }
        }
        (read, written, Ok(false))
    }

    /// Goes over one byte that is no data. Says whether it was the last of the body.
    fn step(&mut self, byte: u8) -> Result<bool, &'static str> {
        self.between += 1;
        if self.between > MOST_BETWEEN {
            return Err("too much is between its chunks");
        }
        self.at = match (self.at, byte) {
            (Place::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = (byte as char).to_digit(16).unwrap_or_default();
                let left = self.left.checked_mul(16).ok_or("a chunk is too long")?;
                self.left = left + u64::from(digit);
                self.has_digits = true;
                Place::Size
            }
            (Place::Size, b'\r') if self.has_digits => Place::SizeFeed,
            (Place::Size, b';') if self.has_digits => Place::Extension,
            (Place::Size, b' ' | b'\t') if self.has_digits => Place::Padding,
            (Place::Padding, b' ' | b'\t') => Place::Padding,
            (Place::Padding, b';') => Place::Extension,
            (Place::Padding | Place::Extension, b'\r') => Place::SizeFeed,
            (Place::Extension, other) if other != b'\n' => Place::Extension,
            (Place::SizeFeed, b'\n') => {
                self.between = 0;
                self.has_digits = false;
                if self.left == 0 { Place::TrailerFirst } else { Place::Data }
            }
            (Place::DataReturn, b'\r') => Place::DataFeed,
            (Place::DataFeed, b'\n') => {
                self.between = 0;
                Place::Size
            }
            (Place::TrailerFirst, b'\r') => Place::LastFeed,
            (Place::Trailer, b'\r') => Place::TrailerFeed,
            (Place::TrailerFirst | Place::Trailer, other) if other != b'\n' => Place::Trailer,
            (Place::TrailerFeed, b'\n') => Place::TrailerFirst,
            (Place::LastFeed, b'\n') => return Ok(true),
            _ => return Err("its chunks are not told apart as they must be"),
        };
        Ok(false)
    }
}

fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::Framing;
    use bytes::BytesMut;

    /// The body in `text`, if that comes in parts of so many bytes, and what is left behind its end.
    fn body(mut framing: Framing, text: &str, size: usize) -> Result<(String, usize), String> {
        let (mut came, mut body) = (BytesMut::new(), Vec::new());
        for part in text.as_bytes().chunks(size) {
            came.extend_from_slice(part);
            body.extend_from_slice(&framing.take(&mut came).map_err(|error| error.to_string())?);
        }
        framing.close().map_err(|error| error.to_string())?;
        Ok((String::from_utf8(body).unwrap(), came.len()))
    }

    #[test]
    fn chunks_come_together() {
        let chunked = "5\r\nab\r\nc\r\n0001;x=\"y\"\r\nd\r\nA \r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nrest";
        for size in 1..chunked.len() {
            let want = Ok(("ab\r\ncd0123456789".to_owned(), 4));
            assert_eq!(body(Framing::chunked(), chunked, size), want, "{size}");
        }
        let mut came = BytesMut::from(chunked);
        assert_eq!(Framing::chunked().take(&mut came).unwrap(), "ab\r\ncd0123456789");
    }

    #[test]
    fn other_bodies_end_where_they_say() {
        for size in 1..6 {
            assert_eq!(body(Framing::length(3), "abcde", size), Ok(("abc".to_owned(), 2)));
            assert_eq!(body(Framing::UntilClosed, "abcde", size), Ok(("abcde".to_owned(), 0)));
            assert_eq!(body(Framing::length(0), "abcde", size), Ok((String::new(), 5)));
        }
        assert!(body(Framing::length(6), "abcde", 2).is_err());
    }

    #[test]
    fn what_is_no_chunk_is_refused() {
        for bad in [
            "\r\n",
            "x\r\n",
            ";\r\n",
            "1\nx",
            "1\r\nxy",
            "1;a\nx",
            "1\r\nx\n",
            "-1\r\n",
            "1 2\r\n",
            "1 \nx",
            "1;a=\"\r\n\"\r\nx\r\n0\r\n\r\n",
            "1;a\rb\r\nx\r\n0\r\n\r\n",
            "10000000000000000\r\nx",
            "0\r\n\n",
            "0\r\nA: b\n\n",
            "0\r\nA: b\rc\r\n\r\n",
        ] {
            for size in 1..=bad.len() {
                let why = body(Framing::chunked(), bad, size).unwrap_err();
                assert!(!why.contains("closed"), "{bad:?}: {why}");
            }
        }
        for cut in ["1\r\nx\r\n", "0\r\n", "8000000000000000\r\nx\r\n0\r\n\r\n"] {
            assert!(body(Framing::chunked(), cut, 1).unwrap_err().contains("closed"), "{cut:?}");
        }
        let zeros = format!("{}1\r\nx\r\n0\r\n\r\n", "0".repeat(super::MOST_BETWEEN));
        assert!(body(Framing::chunked(), &zeros, 100).is_err());
        let long = format!("1;{}\r\nx\r\n0\r\n\r\n", "x".repeat(super::MOST_BETWEEN));
        assert!(body(Framing::chunked(), &long, 100).is_err());
        let trailers = format!("0\r\n{}\r\n", "A: b\r\n".repeat(super::MOST_BETWEEN / 4));
        assert!(body(Framing::chunked(), &trailers, 100).is_err());
    }

    /// An answer that breaks is worth what it brought, whatever it came together with.
    #[test]
    fn what_was_before_a_mistake_is_handed_out() {
        let mut came = BytesMut::from("2\r\nab\r\n1 \t;x\r\nc\r\n2\r\ndexx\r\n");
        let mut framing = Framing::chunked();
        assert_eq!(framing.take(&mut came).unwrap(), "abcde");
        for _ in 0..2 {
            assert!(framing.take(&mut came).is_err());
        }
        assert!(framing.close().is_err() && !framing.has_ended());
    }
}
