//! Any bytes as what a server sends over HTTP/1.1: the same answer however they are cut, and hyper's where both take it.
//!
//! The first byte of the input says how it is cut.
#![no_main]

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, Response, client::conn::http1};
use hyper_util::rt::TokioIo;
use hyperbolic_core::given::{Came, Given, answer};
use tokio::runtime::Runtime;

/// What hyper makes of it: a head and a body as far as it came, and whether that is whole.
async fn by_hyper(given: Given) -> Option<(Response<()>, Vec<u8>, bool)> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(given)).await.ok()?;
    let asking = async {
        let request = Request::new(Full::<Bytes>::default());
        let (head, mut rest) = sender.send_request(request).await.ok()?.into_parts();
        let (mut body, mut whole) = (Vec::new(), true);
        while let Some(frame) = rest.frame().await {
            match frame.map(hyper::body::Frame::into_data) {
                Ok(Ok(bytes)) => body.extend_from_slice(&bytes),
                Ok(Err(_trailers)) => {}
                Err(_) => whole = false,
            }
        }
        Some((Response::from_parts(head, ()), body, whole))
    };
    tokio::join!(asking, async { drop(connection.await) }).0
}

fn seen(came: &Option<Came>) -> Option<(String, &[u8], bool, bool)> {
    came.as_ref().map(|came| (format!("{:?}", came.head), &came.body[..], came.whole, came.kept))
}

thread_local! {
    static RUNTIME: Runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((cut, data)) = data.split_first() else { return };
    let sizes = [1 + usize::from(cut % 16), 1 + usize::from(cut / 16), 100];
    RUNTIME.with(|runtime| {
        let whole = runtime.block_on(answer(Given::new(data, &[usize::MAX])));
        for sizes in [&[1][..], &sizes[..1], &sizes] {
            let parts = runtime.block_on(answer(Given::new(data, sizes)));
            assert_eq!(seen(&whole), seen(&parts), "in reads of {sizes:?}");
        }
        let Some(ours) = whole else { return };
        // Nothing comes from nowhere, and what is kept had an end.
        assert!(ours.body.len() < data.len() && (ours.whole || !ours.kept));
        let Some((head, body, is_whole)) = runtime.block_on(by_hyper(Given::new(data, &[usize::MAX]))) else {
            return;
        };
        assert_eq!((head.status(), head.headers()), (ours.head.status(), ours.head.headers()));
        // The rules let a list have empty members; hyper takes the last of them for a coding.
        let coding = head.headers().get_all("transfer-encoding").iter().next_back();
        if coding
            .is_some_and(|coding| coding.as_bytes().trim_ascii_end().ends_with(b",") || coding.is_empty())
        {
            return;
        }
        // One of them may see an end, or a mistake, where the other sees none: hyper reads trailers.
        assert!(body.starts_with(&ours.body) || ours.body.starts_with(&body));
        if is_whole && ours.whole {
            assert_eq!(body, ours.body);
        }
    });
});
