//! Bodies in gzip.

use crate::body::Pieces;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

/// The pieces as those of one gzip stream, each flushed; the stream's end is part of the last.
pub fn gzip(pieces: Pieces) -> Pieces {
    let mut pieces = pieces.peekable();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    Box::new(std::iter::from_fn(move || {
        let piece = pieces.next()?;
        let written = encoder.write_all(&piece);
        let done = if pieces.peek().is_some() { encoder.flush() } else { encoder.try_finish() };
        // Writing into memory does not fail.
        written.and(done).ok()?;
        Some(std::mem::take(encoder.get_mut()).into())
    }))
}
