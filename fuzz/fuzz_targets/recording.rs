//! Any bytes as a recording: read or refused; what was read is written and read again, and answers its own requests.
//! Any bytes as the body of an answer, in pieces: recorded without the key.
#![no_main]

use hyperbolic_core::error::Status;
use hyperbolic_core::key::Key;
use hyperbolic_core::recording::{Chunk, End, Exchange, Head, Outcome, Recorder, Recording};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

const HEADER: &[u8] = b"{\"format\":\"hyperbolic-recording\",\"version\":1}\n";
const KEY: &str = "sk/a";

#[derive(Clone, Default)]
struct File(Arc<Mutex<Vec<u8>>>);

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn written<'e>(exchanges: impl IntoIterator<Item = &'e Exchange>, key: Option<&Key>) -> Vec<u8> {
    let file = File::default();
    let recorder = Recorder::new(file.clone()).expect("written");
    for exchange in exchanges {
        recorder.write(exchange, key).expect("written");
    }
    drop(recorder);
    Arc::into_inner(file.0).expect("closed").into_inner().expect("whole")
}

fn any_file(bytes: &[u8]) {
    let recording = match Recording::parse(bytes) {
        Ok(recording) => recording,
        Err(error) => {
            assert_eq!(error.status, Status::BadData);
            assert!(error.message.as_str().contains(": line ") && error.message.len() < 2000);
            return;
        }
    };
    let file = written(recording.exchanges().map(|exchange| &**exchange), None);
    let again = Recording::parse(&file).expect("what was written is read");
    // Line breaks between the parts of a request became spaces; after that, nothing changes any more.
    assert_eq!(written(again.exchanges().map(|exchange| &**exchange), None), file);
    for (one, other) in recording.exchanges().zip(again.exchanges()) {
        assert_eq!((&one.route, one.ended_ms, &one.outcome), (&other.route, other.ended_ms, &other.outcome));
        let answer = again.answer(&one.route, &one.request, None).expect("an answer to its own request");
        assert_eq!(&answer, other);
    }
    for exchange in recording.exchanges() {
        assert_eq!(
            again.answer(&exchange.route, &exchange.request, None).unwrap_err().status,
            Status::BadData
        );
    }
}

fn any_answer(data: &[u8]) {
    let size = 1 + data.len() % 5;
    let chunks = data.chunks(size).zip(0..).map(|(bytes, ms)| Chunk { ms, bytes: bytes.to_vec().into() });
    let head = Head { ms: 0, status: 200, headers: Vec::new() };
    let exchange = Exchange {
        route: "models".into(),
        request: data.to_vec().into(),
        ended_ms: data.len() as u64,
        outcome: Outcome::Answer { head, chunks: chunks.collect(), end: End::Whole },
    };
    let key = Key::new(KEY).expect("a key");
    let clean = Recording::parse(&written([&exchange], Some(&key))).expect("what was written is read");
    let answer = clean.answer("models", data, Some(&key)).expect("an answer to its own request");
    let Outcome::Answer { chunks, .. } = &answer.outcome else { panic!("an answer") };
    let pieces: Vec<_> = chunks.iter().map(|chunk| &chunk.bytes[..]).collect();
    assert_eq!(pieces.len(), data.chunks(size).len());
    let whole = pieces.concat();
    assert!(!whole.windows(KEY.len()).any(|window| window == KEY.as_bytes()));
    // The same as from one piece, so that it does not matter how the bytes were split.
    let expected = key.redact_pieces(&[data]).map_or(data.to_vec(), |pieces| pieces.concat());
    assert_eq!(whole, expected);
    assert_eq!(key.redact_pieces(&pieces), None);
    assert!(!answer.request.windows(KEY.len()).any(|window| window == KEY.as_bytes()));
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    any_file(data);
    any_file(&[HEADER, data].concat());
    any_answer(data);
});
