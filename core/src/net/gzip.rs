//! Bodies that a server compressed.

use crate::error::{Error, Status};
use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use std::io::Write;

/// Bytes that are taken in at a time: what comes out is at most a thousand times as much, so that a small body cannot
/// fill the memory before its bound is looked at.
const STEP: usize = 1024;

/// Takes a compressed body as it comes.
pub struct Gzip {
    decoder: MultiGzDecoder<Vec<u8>>,
    /// What was received and not yet taken in.
    input: Bytes,
}

impl Gzip {
    pub fn new() -> Self {
        Self { decoder: MultiGzDecoder::new(Vec::new()), input: Bytes::new() }
    }

    /// Adds what was received.
    pub fn push(&mut self, bytes: Bytes) {
        self.input = bytes;
    }

    /// The next bytes of the body; `None` when more must be received first.
    pub fn pull(&mut self) -> Result<Option<Bytes>, Error> {
        while !self.input.is_empty() {
            let step = self.input.split_to(self.input.len().min(STEP));
            self.decoder.write_all(&step).and_then(|()| self.decoder.flush()).map_err(|e| broken(&e))?;
            let output = std::mem::take(self.decoder.get_mut());
            if !output.is_empty() {
                return Ok(Some(output.into()));
            }
        }
        Ok(None)
    }

    /// The body ended: gives its last bytes, or says that it is not whole. Asked again, it has no more.
    pub fn finish(&mut self) -> Result<Option<Bytes>, Error> {
        // Cut inside the checksum, it is called wrong.
        self.decoder.try_finish().map_err(|_| {
            Error::new(Status::Truncated, "the answer broke off: its compressed body is not whole")
                .retryable()
        })?;
        let output = std::mem::take(self.decoder.get_mut());
        Ok((!output.is_empty()).then(|| output.into()))
    }
}

fn broken(error: &std::io::Error) -> Error {
    Error::new(Status::BadResponse, format!("the compressed body of the answer cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::Gzip;
    use crate::error::{Error, Status};
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(packed: &[u8], size: usize) -> Result<Vec<u8>, Error> {
        let (mut gzip, mut all) = (Gzip::new(), Vec::new());
        for chunk in packed.chunks(size) {
            gzip.push(chunk.to_vec().into());
            while let Some(bytes) = gzip.pull()? {
                assert!(bytes.len() < 2 << 20);
                all.extend_from_slice(&bytes);
            }
        }
        all.extend_from_slice(&gzip.finish()?.unwrap_or_default());
        Ok(all)
    }

    #[test]
    fn whole_in_pieces_and_in_members() {
        let text = b"data: {}\n\n".repeat(1000);
        for size in [1, 7, 100_000] {
            assert_eq!(unpack(&packed(&text), size).unwrap(), text);
            assert_eq!(unpack(&[packed(b"a"), packed(b"b")].concat(), size).unwrap(), b"ab");
        }
    }

    #[test]
    fn half_of_it_is_cut_and_garbage_is_no_answer() {
        let whole = packed(&b"data: {}\n\n".repeat(1000));
        for cut in 1..whole.len() {
            assert_eq!(unpack(&whole[..cut], 64).unwrap_err().status, Status::Truncated, "{cut}");
        }
        assert_eq!(unpack(b"no gzip at all, but plain text", 64).unwrap_err().status, Status::BadResponse);
    }

    #[test]
    fn a_bomb_comes_in_bounded_pieces() {
        assert_eq!(unpack(&packed(&vec![0; 64 << 20]), 1 << 20).unwrap().len(), 64 << 20);
    }
}
