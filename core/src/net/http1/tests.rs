use super::given::{Given, answer};
use super::{Connection, Unanswered};
use crate::net::dial::{BoxError, Counted, Transport};
use bytes::Bytes;
use http::{Request, Response};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const WHOLE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Nothing here takes as long.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.expect("it hangs")
}

fn over(stream: impl Transport + 'static) -> Connection {
    Connection::new(Counted::new(Box::new(stream)))
}

fn request(body: impl Into<Bytes>) -> Request<Bytes> {
    Request::post("/").body(body.into()).unwrap()
}

async fn send(connection: &mut Connection, body: impl Into<Bytes>) -> Result<Response<()>, Unanswered> {
    soon(connection.send(request(body))).await
}

/// The rest of a body, and the error that it ended with.
async fn rest(connection: &mut Connection) -> (Vec<u8>, Option<BoxError>) {
    let mut body = Vec::new();
    loop {
        match soon(connection.next()).await {
            Ok(Some(bytes)) => body.extend_from_slice(&bytes),
            Ok(None) => return (body, None),
            Err(error) => return (body, Some(error)),
        }
    }
}

async fn hears(far: &mut DuplexStream) {
    assert!(soon(far.read(&mut [0; 1024])).await.unwrap() > 0);
}

/// A server that takes so many bytes, and then no more: none for now, or none ever.
struct Stubborn {
    stream: DuplexStream,
    takes: usize,
    fails: bool,
    closed: Arc<AtomicBool>,
}

impl Stubborn {
    fn new(takes: usize, fails: bool) -> (Self, DuplexStream) {
        let (near, far) = duplex(1 << 20);
        (Self { stream: near, takes, fails, closed: Arc::default() }, far)
    }
}

impl AsyncRead for Stubborn {
    fn poll_read(mut self: Pin<&mut Self>, c: &mut Context<'_>, b: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(c, b)
    }
}

impl AsyncWrite for Stubborn {
    fn poll_write(mut self: Pin<&mut Self>, c: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.takes == 0 {
            return if self.fails {
                Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
            } else {
                Poll::Pending
            };
        }
        let count = self.takes.min(bytes.len());
        self.takes -= count;
        Pin::new(&mut self.stream).poll_write(c, &bytes[..count])
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.closed.store(true, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl Transport for Stubborn {}

#[tokio::test]
async fn nothing_depends_on_how_an_answer_is_cut() {
    for (text, body, whole, kept) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok", true, true),
        // What is behind the end is nobody's, and nobody's answer.
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n", "ok", true, false),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n\n", "ok", true, false),
        ("HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\nok", "", true, false),
        ("HTTP/1.1 101 No\r\n\r\n", "", true, false),
        ("HTTP/1.1 200 OK\r\n\r\nok", "ok", true, false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", "ok", false, false),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\nx\r\n",
            "ok",
            false,
            false,
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n", "ok", false, false),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nok", "ok", false, false),
    ] {
        for size in 1..=text.len() {
            let came = answer(Given::new(text.as_bytes(), &[size])).await.unwrap();
            assert!(text[9..].starts_with(came.head.status().as_str()));
            assert_eq!(
                (&came.body[..], came.whole, came.kept),
                (body.as_bytes(), whole, kept),
                "{text}: {size}"
            );
        }
    }
}

/// Most answers that begin before the request was sent whole say why it will not be taken. The server leaves with bytes
/// that it did not read, so that what it sent may be followed by a reset.
#[tokio::test]
async fn an_early_answer_comes_though_the_server_takes_no_more() {
    for patient in [false, true] {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut connection = over(TcpStream::connect(server.local_addr().unwrap()).await.unwrap());
        let (mut served, _) = server.accept().await.unwrap();
        let refuses = async move {
            served.read_exact(&mut [0; 1000]).await.unwrap();
            served.write_all(b"HTTP/1.1 413 No\r\nContent-Length: 7\r\n\r\ntoo big").await.unwrap();
            patient.then_some(served)
        };
        let (answer, served) =
            soon(async { tokio::join!(send(&mut connection, vec![0; 60 << 20]), refuses) }).await;
        assert_eq!(answer.ok().unwrap().status(), 413);
        let (body, error) = rest(&mut connection).await;
        assert_eq!((&body[..], error.map(|e| e.to_string())), (&b"too big"[..], None));
        // Of no use to anybody else: half a request is still to be sent.
        let settles = timeout(Duration::from_millis(1), connection.settle()).await;
        assert!(!settles.unwrap_or_default());
        drop(served);
    }
}

/// A server whose own buffers are full takes no more before it is read from.
#[tokio::test]
async fn a_request_and_its_answer_go_past_each_other() {
    const LONG: usize = 3 << 20;
    let (near, mut far) = duplex(1000);
    let mut connection = over(near);
    let echo = async move {
        // Not before the request: it would be nobody's answer.
        let (mut heard, mut said, mut bytes) = (0, 0, vec![0; 700]);
        heard += far.read(&mut bytes).await.unwrap();
        far.write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {LONG}\r\n\r\n").as_bytes()).await.unwrap();
        while said < LONG {
            heard += far.read(&mut bytes).await.unwrap();
            let count = 700.min(LONG - said);
            far.write_all(&bytes[..count]).await.unwrap();
            said += count;
        }
        while heard < LONG {
            heard += far.read(&mut bytes).await.unwrap();
        }
        far
    };
    let (near_side, _far) = soon(async {
        tokio::join!(
            async {
                connection.send(request(vec![b'x'; LONG])).await.ok().unwrap();
                let (body, error) = rest(&mut connection).await;
                assert!(error.is_none());
                (body.len(), connection.settle().await)
            },
            echo
        )
    })
    .await;
    assert_eq!(near_side, (LONG, true));
}

/// The answer was whole, but who knows what the server makes of half a request.
#[tokio::test]
async fn a_connection_that_took_half_a_request_serves_no_other() {
    let (near, mut far) = Stubborn::new(30, true);
    let mut connection = over(near);
    let answers = async {
        hears(&mut far).await;
        far.write_all(WHOLE).await.unwrap();
    };
    let (answer, ()) = tokio::join!(send(&mut connection, "0123456789"), answers);
    assert_eq!(answer.ok().unwrap().status(), 200);
    assert_eq!(rest(&mut connection).await.0, b"ok");
    assert!(!soon(connection.settle()).await);
}

/// It is given back only if not a byte of it went out.
#[tokio::test]
async fn what_could_not_be_sent_is_told_from_what_was_not_answered() {
    for takes in [0, 1] {
        let (near, mut far) = Stubborn::new(takes, true);
        let mut connection = over(near);
        let leaves = async {
            if takes > 0 {
                hears(&mut far).await;
            }
            far.shutdown().await.unwrap();
        };
        let (answer, ()) = tokio::join!(send(&mut connection, "body"), leaves);
        let unanswered = answer.err().unwrap();
        assert_eq!(unanswered.back.is_some(), takes == 0);
        assert_eq!(unanswered.error.downcast_ref::<io::Error>().unwrap().kind(), io::ErrorKind::BrokenPipe);
    }
}

#[tokio::test]
async fn a_server_that_speaks_unasked_gets_no_request() {
    let (near, mut far) = duplex(1 << 20);
    far.write_all(WHOLE).await.unwrap();
    let mut connection = over(near);
    assert!(poll_fn(|context| Poll::Ready(connection.poll_idle(context))).await.is_ready());
    let (near, mut far) = duplex(1 << 20);
    far.write_all(WHOLE).await.unwrap();
    let back = send(&mut over(near), "body").await.err().unwrap().back.unwrap();
    assert_eq!(back.body(), "body");
    assert_eq!(soon(far.read(&mut [0; 10])).await.unwrap(), 0, "nothing was written");
}

#[tokio::test]
async fn a_connection_serves_one_request_after_another() {
    let (near, mut far) = duplex(1 << 20);
    let mut connection = over(near);
    for keeps in [true, true, false] {
        let body = Bytes::from(b"body".to_vec());
        let mut asked = request(body.clone());
        if !keeps {
            asked.headers_mut().insert("connection", "x, close".parse().unwrap());
        }
        let answers = async {
            hears(&mut far).await;
            far.write_all(WHOLE).await.unwrap();
        };
        let (answer, ()) = soon(async { tokio::join!(connection.send(asked), answers) }).await;
        assert_eq!(answer.ok().unwrap().status(), 200);
        assert_eq!(rest(&mut connection).await.0, b"ok");
        assert_eq!(soon(connection.settle()).await, keeps);
        assert!(poll_fn(|context| Poll::Ready(connection.poll_idle(context))).await.is_pending());
        assert_eq!(connection.came.capacity(), 0, "there may be thousands that wait");
        assert!(body.is_unique(), "what was sent is forgotten");
    }
}

/// Whoever leaves in the middle leaves nothing that could be taken for the beginning of something.
#[tokio::test]
async fn whoever_leaves_keeps_no_connection() {
    let (near, mut far) = duplex(1 << 20);
    let mut connection = over(near);
    assert!(timeout(Duration::from_millis(1), connection.send(request("body"))).await.is_err());
    assert!(!soon(connection.settle()).await, "its answer is still to come");
    far.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab").await.unwrap();
    drop(connection);
    hears(&mut far).await;
    assert_eq!(soon(far.read(&mut [0; 10])).await.unwrap(), 0, "it is closed");
}

/// TLS wants a last word.
#[tokio::test]
async fn a_connection_says_goodbye() {
    let (near, _far) = Stubborn::new(0, false);
    let closed = Arc::clone(&near.closed);
    drop(over(near));
    assert!(closed.load(Ordering::Relaxed));
}

/// A runtime may be gone before what it drove.
#[test]
fn a_connection_outlives_its_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let connection = runtime.block_on(async {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        over(TcpStream::connect(server.local_addr().unwrap()).await.unwrap())
    });
    drop(runtime);
    drop(connection);
}

/// Reads are as large as what comes, within bounds, and each is one piece.
#[tokio::test]
async fn room_grows_with_what_comes() {
    let body = vec![b'x'; 1 << 20];
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let mut connection = over(Given::new(&[head.as_bytes(), &body].concat(), &[usize::MAX]));
    send(&mut connection, "").await.ok().unwrap();
    let (mut came, mut reads) = (0, 0);
    while let Some(bytes) = soon(connection.next()).await.unwrap() {
        came += bytes.len();
        assert!(connection.came.capacity() <= 2 * super::MOST_ROOM);
        reads += 1;
    }
    assert!(came == body.len() && reads < 32, "{reads} reads");
}
