//! The control routes, on the port of their own and on the API's.

use crate::client::{Exchange, chat, chat_with, control, start, wait};
use serde_json::{Value, json};

#[test]
fn control_routes_steer_and_tell() {
    let simulator = start();
    let control = |line: &str, headers: &[&str], body: &str| control(&simulator, line, headers, body);
    assert_eq!(control("PUT /simulator/faults", &[], "raw=case\n").0, 200);
    assert_eq!(control("PUT /simulator/body/case", &["content-type: text/x"], "bytes").0, 200);
    let (_, head, body) =
        Exchange::send(&simulator, "POST /v1/a?b=c", &["X-Two: 1", "x-two: 2"], "{\"a\": 1}").answer();
    assert_eq!((body.as_str(), head.contains("content-type: text/x")), ("bytes", true));
    let last = control("GET /simulator/last", &[], "").1;
    assert_eq!(
        (&last["method"], &last["path"], &last["bytes"]),
        (&json!("POST"), &json!("/v1/a?b=c"), &json!(8))
    );
    assert_eq!((&last["body"], &last["headers"]["x-two"]), (&json!({"a": 1}), &json!("1, 2")));
    assert_eq!(last["version"], "HTTP/1.1");
    let stats = control("GET /simulator/wait?requests=1&open-at-most=0", &[], "").1;
    assert_eq!(
        (&stats["requests"], &stats["connections"], &stats["routes"]),
        (&json!(1), &json!(1), &json!({"other": 1}))
    );
    assert_eq!(control("GET /simulator/wait?requests=2&timeout-ms=0", &[], "").0, 504);
    assert_eq!(control("GET /simulator/wait?nothing=2", &[], "").0, 400);
    assert_eq!(control("PUT /simulator/faults", &[], "nonsense").0, 400);
    assert_eq!(control("GET /simulator/nothing", &[], "").0, 404);
    assert_eq!(control("POST /simulator/reset", &[], "").0, 200);
    assert_eq!(control("GET /simulator/stats", &[], "").1["requests"], 0);
    assert_eq!(Exchange::send(&simulator, "POST /v1/a", &[], "").answer().0, 404);
}

#[test]
fn users_are_told_in_order() {
    let simulator = start();
    let users = || control(&simulator, "GET /simulator/users", &[], "").1;
    for user in [json!("b"), json!("a"), json!(null), json!("a")] {
        assert_eq!(chat_with(&simulator, "status=500", json!({"user": user})).answer().0, 500);
    }
    assert_eq!(users(), json!(["b", "a", "a"]));
    assert_eq!(Exchange::send(&simulator, "GET /v1/models", &[], "").answer().0, 200);
    simulator.reset();
    assert_eq!(users(), json!([]));
}

#[test]
fn the_api_port_takes_control_requests_and_not_the_other_way_round() {
    let simulator = start();
    let (status, _, body) = Exchange::send(&simulator, "GET /simulator/stats", &[], "").answer();
    assert_eq!(
        (status, serde_json::from_str::<Value>(&body).unwrap()["connections"].clone()),
        (200, json!(0))
    );
    assert_eq!(control(&simulator, "POST /v1/chat/completions", &[], &chat(json!({}))).0, 404);
    assert_eq!(chat_with(&simulator, "", json!({})).answer().0, 200);
    let stats = wait(&simulator, |stats| stats.open == 0);
    assert_eq!((stats.connections, stats.requests), (1, 1));
}
