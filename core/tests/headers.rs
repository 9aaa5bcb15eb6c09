//! The bound of an answer's headers, which hyper's own bounds must not hide.

use hyperbolic_core::client::Client;
use hyperbolic_core::config::{Bound, Config};
use hyperbolic_core::error::{Error, Status};
use hyperbolic_core::op::Op;
use hyperbolic_core::queue::{EventKind, Patience, Queue, Taken};
use hyperbolic_core::request::Request;
use hyperbolic_simulator::{Options, Script, Simulator};
use std::sync::Arc;

/// Asks for an answer with so many bytes in a header.
fn ask(tls: bool, bytes: usize, limit: Option<u64>) -> Result<(), Error> {
    let simulator = Simulator::start(Options { tls, ..Options::default() }).unwrap();
    simulator.set_faults(Script::parse(&format!("header=x-long:{}", "x".repeat(bytes))).unwrap());
    let mut config = Config::default();
    config.set_base_url(simulator.url()).unwrap();
    config.set_api_key("key").unwrap();
    if let Some(ca) = simulator.ca_pem() {
        config.add_ca_pem(ca.as_bytes()).unwrap();
    }
    if let Some(limit) = limit {
        config.set_limit(Bound::Headers, limit).unwrap();
    }
    let client = Client::new(&config).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut request = Request::new("meta-llama/Llama-3.3-70B-Instruct").unwrap();
    request.add_message("user", "hello").unwrap();
    request.delivery.omit_pieces = true;
    let (plan, queue) = (Arc::new(request).plan().unwrap(), Arc::new(Queue::default()));
    client.start(runtime.handle(), plan, &queue, Op::reserve(), 0).unwrap();
    let Taken::Event(event) = queue.next(Patience::Forever).unwrap() else { panic!("no event") };
    let version = simulator.last().version;
    assert_eq!(version, if tls { "HTTP/2.0" } else { "HTTP/1.1" });
    let EventKind::Done(response) = event.kind else { panic!("{event:?}") };
    response.error.as_ref().map_or(Ok(()), |error| Err(Error::clone(error)))
}

#[test]
fn the_default_is_64_kib_in_both_versions() {
    for tls in [false, true] {
        ask(tls, 60_000, None).unwrap();
        let error = ask(tls, 70_000, None).unwrap_err();
        assert_eq!(error.status, Status::BadResponse, "{error}");
        assert!(error.message.as_str().contains("the bound of 65536: bytes of the headers"), "{error}");
    }
}

#[test]
fn it_can_be_widened_and_narrowed() {
    for tls in [false, true] {
        ask(tls, 200_000, Some(300_000)).unwrap();
        let error = ask(tls, 2_000, Some(1_000)).unwrap_err();
        assert!(error.message.as_str().contains("the bound of 1000: bytes of the headers"), "{error}");
    }
}

/// What is far beyond is not taken in: hyper refuses it.
#[test]
fn far_beyond_it_is_a_bad_response_too() {
    for tls in [false, true] {
        let error = ask(tls, 2_000_000, None).unwrap_err();
        assert_eq!((error.status, error.retryable), (Status::BadResponse, false), "{error}");
    }
}
