//! Writes a recording.

use super::line::{FORMAT, Header, Line, VERSION};
use super::{End, Exchange, Outcome, body};
use crate::error::Error;
use crate::key::Key;
use crate::sync::lock;
use serde::Serialize;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;

/// A recording that is being written. Shared by any number of threads.
pub struct Recorder {
    /// `None` once a write failed: half a line may stand at the end, and the next one must not be glued to it.
    out: Mutex<Option<Box<dyn Write + Send>>>,
}

impl Recorder {
    /// Begins a recording in a file; what was in it is lost.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let recorder = File::create(path).and_then(Self::new);
        recorder.map_err(|e| Error::invalid("path", format!("{} cannot be written: {e}", path.display())))
    }

    /// Begins a recording in anything that takes bytes.
    pub fn new(out: impl Write + Send + 'static) -> io::Result<Self> {
        let recorder = Self { out: Mutex::new(Some(Box::new(out))) };
        recorder.write_line(&Header { format: FORMAT.into(), version: VERSION })?;
        Ok(recorder)
    }

    /// Adds one exchange as one line, without the key. One that contradicts itself is refused.
    pub fn write(&self, exchange: &Exchange, key: Option<&Key>) -> io::Result<()> {
        exchange.check().map_err(|what| io::Error::new(io::ErrorKind::InvalidInput, what))?;
        let request = body::recorded(&exchange.request, key)?;
        match key {
            None => self.write_line(&Line::of(exchange, &request)),
            Some(key) => self.write_line(&Line::of(&without(key, exchange), &request)),
        }
    }

    fn write_line(&self, line: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(line)?;
        line.push(b'\n');
        let mut place = lock(&self.out);
        let Some(mut out) = place.take() else {
            return Err(io::Error::other("an earlier line of the recording could not be written"));
        };
        // At once, so that whoever reads along, or after a crash, finds whole lines.
        out.write_all(&line).and_then(|()| out.flush())?;
        *place = Some(out);
        Ok(())
    }
}

/// An exchange, but for the body of its request, without the key.
fn without(key: &Key, exchange: &Exchange) -> Exchange {
    let mut clean = exchange.clone();
    let redact = |text: &mut String| {
        if let Some(clean) = key.redact_str(text) {
            *text = clean;
        }
    };
    match &mut clean.outcome {
        Outcome::Answer { head, chunks, end } => {
            head.headers.iter_mut().for_each(|(_, value)| redact(value));
            let bytes: Vec<_> = chunks.iter().map(|chunk| &chunk.bytes).collect();
            if let Some(pieces) = key.redact_pieces(&bytes) {
                for (chunk, piece) in chunks.iter_mut().zip(pieces) {
                    chunk.bytes = piece.into();
                }
            }
            if let End::BrokenOff(message) | End::Unreadable(message) = end {
                redact(message);
            }
        }
        Outcome::NoAnswer(error) | Outcome::Dead(error) => key.redact(error),
        Outcome::Cut => {}
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::Recorder;
    use crate::error::{Error, Status};
    use crate::key::Key;
    use crate::recording::{Chunk, End, Exchange, Head, Outcome, Recording};
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    /// A file in memory, of a size that is bounded like a disk's.
    #[derive(Clone)]
    pub struct Memory(Arc<Mutex<Vec<u8>>>, usize);

    impl Memory {
        fn new(size: usize) -> Self {
            Self(Arc::default(), size)
        }

        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut all = self.0.lock().unwrap();
            let length = bytes.len().min(self.1 - all.len());
            all.extend_from_slice(&bytes[..length]);
            Ok(length)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn exchange(outcome: Outcome) -> Exchange {
        Exchange { route: "models".into(), request: b"".as_slice().into(), ended_ms: 3, outcome }
    }

    fn answer(chunks: &[&'static [u8]]) -> Exchange {
        let head = Head { ms: 1, status: 200, headers: vec![("content-type".into(), "text/plain".into())] };
        let chunks = chunks.iter().map(|bytes| Chunk { ms: 2, bytes: (*bytes).into() }).collect();
        exchange(Outcome::Answer { head, chunks, end: End::Whole })
    }

    #[test]
    fn the_file_is_as_described() {
        let memory = Memory::new(10_000);
        let recorder = Recorder::new(memory.clone()).unwrap();
        recorder.write(&answer(&[b"{\"data\"\n", b"\xff\x00", b""]), None).unwrap();
        recorder.write(&exchange(Outcome::Cut), None).unwrap();
        let failed = Error::new(Status::BadResponse, "m").with_hint("h");
        let mut failed = exchange(Outcome::NoAnswer(failed));
        (failed.route, failed.request) = ("completions".into(), b"{\"b\" : 1,\n\"a\":1.0}".as_slice().into());
        recorder.write(&failed, None).unwrap();
        let expected = r#"{"format":"hyperbolic-recording","version":1}
{"route":"models","request":null,"head":{"ms":1,"status":200,"headers":[["content-type","text/plain"]]},"chunks":[{"ms":2,"text":"{\"data\"\n"},{"ms":2,"hex":"ff00"},{"ms":2,"text":""}],"end":{"whole":{"ms":3}}}
{"route":"models","request":null,"end":{"cut":{"ms":3}}}
{"route":"completions","request":{"b" : 1, "a":1.0},"end":{"no_answer":{"ms":3,"error":"bad_response","message":"m","hint":"h","retryable":false}}}
"#;
        assert_eq!(memory.text(), expected);
    }

    #[test]
    fn the_key_is_nowhere() {
        let (key, memory) = (Key::new("sk/secret").unwrap(), Memory::new(10_000));
        let recorder = Recorder::new(memory.clone()).unwrap();
        let mut said =
            answer(&[b"\xffa sk", b"", b"/sec", b"ret sk%2Fsecret\xff", b"sk\\/secret", b"sk/secre"]);
        said.request = br#"{"user":"sk\/secret"}"#.as_slice().into();
        let Outcome::Answer { head, end, .. } = &mut said.outcome else { unreachable!() };
        head.headers.push(("location".into(), "/?key=sk%2fsecret".into()));
        *end = End::BrokenOff("at sk/secret".into());
        recorder.write(&said, Some(&key)).unwrap();
        let failed = Error::new(Status::Connect, "sk/secret").with_hint("sk/secret");
        recorder.write(&exchange(Outcome::NoAnswer(failed)), Some(&key)).unwrap();
        let recording = Recording::parse(memory.text().as_bytes()).unwrap();
        let read: Vec<_> = recording.exchanges().collect();
        assert_eq!(read[0].request, br#"{"user":"[key]"}"#.as_slice());
        let Outcome::Answer { head, chunks, end } = &read[0].outcome else { panic!("{read:?}") };
        assert_eq!(head.headers[1].1, "/?key=[key]");
        let chunks: Vec<_> = chunks.iter().map(|chunk| &chunk.bytes[..]).collect();
        assert_eq!(chunks, [&b"\xffa [key]"[..], b"", b"", b" [key]\xff", b"[key]", b"sk/secre"]);
        assert_eq!(*end, End::BrokenOff("at [key]".into()));
        let failed = Error::new(Status::Connect, "[key]").with_hint("[key]");
        assert_eq!(read[1].outcome, Outcome::NoAnswer(failed));
    }

    #[test]
    fn what_could_not_be_read_is_not_written() {
        let memory = Memory::new(10_000);
        let recorder = Recorder::new(memory.clone()).unwrap();
        let (before, mut bad) = (memory.text(), [const { None }; 4]);
        let mut late = answer(&[b""]);
        late.ended_ms = 1;
        bad[0] = Some(late);
        bad[1] = Some(exchange(Outcome::NoAnswer(Error::new(Status::Panic, ""))));
        for (place, (name, value)) in bad[2..].iter_mut().zip([("a:", "b"), ("a", "b\r\nc: d")]) {
            let mut odd = answer(&[]);
            let Outcome::Answer { head, .. } = &mut odd.outcome else { unreachable!() };
            head.headers.push((name.into(), value.into()));
            *place = Some(odd);
        }
        for bad in bad.into_iter().flatten() {
            let error = recorder.write(&bad, None).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{bad:?}");
        }
        assert_eq!(memory.text(), before);
        recorder.write(&exchange(Outcome::Cut), None).unwrap();
    }

    #[test]
    fn nothing_follows_half_a_line() {
        let memory = Memory::new(150);
        let recorder = Recorder::new(memory.clone()).unwrap();
        recorder.write(&exchange(Outcome::Cut), None).unwrap();
        let full = recorder.write(&answer(&[b"more than fits"]), None).unwrap_err();
        assert_eq!(full.kind(), io::ErrorKind::WriteZero);
        assert_eq!(recorder.write(&exchange(Outcome::Cut), None).unwrap_err().kind(), io::ErrorKind::Other);
        let error = Recording::parse(memory.text().as_bytes()).err().unwrap();
        assert!(error.message.as_str().contains("line 3: it is cut off"), "{error}");
        assert!(Recorder::new(Memory::new(10)).is_err());
    }

    #[test]
    fn a_file_is_begun_anew() {
        let folder = std::env::temp_dir().join(format!("hyperbolic-recorder-{}", std::process::id()));
        let path = folder.join("a.jsonl");
        let error = Recorder::create(&path).err().unwrap();
        assert_eq!(error.status, Status::InvalidArgument);
        std::fs::create_dir(&folder).unwrap();
        for _ in 0..2 {
            Recorder::create(&path).unwrap().write(&exchange(Outcome::Cut), None).unwrap();
        }
        let read = Recording::open(&path).map(|recording| recording.exchanges().count());
        std::fs::write(&path, "no recording").unwrap();
        let damaged = Recording::open(&path).err().unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(read, Ok(1));
        assert_eq!(damaged.status, Status::BadData);
        assert!(damaged.message.as_str().contains("a.jsonl: the recording is damaged: line 1"), "{damaged}");
    }
}
