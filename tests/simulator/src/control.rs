//! The routes under `/simulator/`, through which tests steer the server and read what it saw.

use crate::body::Body;
use crate::connection::{self, End};
use crate::faults::Script;
use crate::state::{State, Upload};
use crate::stats::Stats;
use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Method, Response, StatusCode, Uri};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

/// Under which all paths are control requests.
pub const PREFIX: &str = "/simulator/";

/// Wait when the request names no time.
const LONGEST_WAIT_MS: u64 = 10_000;

/// Answers a control request.
pub async fn answer(
    state: &State,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let path = uri.path().strip_prefix(PREFIX).unwrap_or_default();
    let answer = match (method.as_str(), path) {
        ("GET", "stats") => Ok(state.stats().to_json()),
        ("GET", "last") => Ok(state.last().to_json()),
        ("GET", "users") => Ok(state.users().into()),
        ("GET", "wait") => wait(state, uri.query().unwrap_or_default()).await,
        ("POST", "reset") => {
            state.reset();
            Ok(json!({}))
        }
        ("POST", "disconnect") => disconnect(state, uri.query().unwrap_or_default()).await,
        ("PUT", "faults") => set_faults(state, &body),
        ("PUT", "connections") => set_connection_faults(state, &body),
        ("PUT", "max-streams") => set_max_streams(state, &body),
        ("PUT", _) => put_body(state, path, headers, body),
        _ => Err((StatusCode::NOT_FOUND, json!({"error": "there is no such control route"}))),
    };
    let (status, value) = answer.map_or_else(|refusal| refusal, |value| (StatusCode::OK, value));
    let mut response = Response::new(Body::whole(value.to_string().into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

type Answer = Result<Value, (StatusCode, Value)>;

fn refuse(message: impl Into<String>) -> (StatusCode, Value) {
    (StatusCode::BAD_REQUEST, json!({"error": message.into()}))
}

fn text(body: &[u8]) -> Result<&str, (StatusCode, Value)> {
    std::str::from_utf8(body).map(str::trim).map_err(|_| refuse("the body is not UTF-8"))
}

fn set_max_streams(state: &State, body: &[u8]) -> Answer {
    state.set_max_streams(text(body)?.parse().map_err(|_| refuse("the body is no number"))?);
    Ok(json!({}))
}

fn set_faults(state: &State, body: &[u8]) -> Answer {
    state.set_faults(Script::parse(text(body)?).map_err(refuse)?);
    Ok(json!({}))
}

fn set_connection_faults(state: &State, body: &[u8]) -> Answer {
    let script = connection::Script::parse(text(body)?).map_err(refuse)?;
    if !state.options.tls && script.any(|fault| fault.after_hello) {
        return Err(refuse("this server speaks no TLS"));
    }
    state.set_connection_faults(script);
    Ok(json!({}))
}

async fn disconnect(state: &State, query: &str) -> Answer {
    let how = query.strip_prefix("how=").and_then(End::named);
    let how = how.ok_or_else(|| refuse("how=reset, how=close or how=silent?"))?;
    Ok(json!({"connections": state.disconnect(how).await}))
}

fn put_body(state: &State, path: &str, headers: &HeaderMap, bytes: Bytes) -> Answer {
    let name = path.strip_prefix("body/").filter(|name| !name.is_empty());
    let name = name.ok_or((StatusCode::NOT_FOUND, json!({"error": "there is no such control route"})))?;
    let content_type = headers.get(CONTENT_TYPE).cloned();
    let content_type = content_type.unwrap_or(HeaderValue::from_static("application/json"));
    state.put_body(name, Upload { content_type, bytes });
    Ok(json!({}))
}

/// Waits until all the counters in the query are reached.
async fn wait(state: &State, query: &str) -> Answer {
    let mut longest = LONGEST_WAIT_MS;
    let mut conditions = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let bad = || refuse(format!("\"{pair}\" is no counter with a number"));
        let (name, value) = pair.split_once('=').ok_or_else(bad)?;
        let value: u64 = value.parse().map_err(|_| bad())?;
        if name == "timeout-ms" {
            longest = value;
            continue;
        }
        let (name, at_most) = name.strip_suffix("-at-most").map_or((name, false), |name| (name, true));
        if Stats::default().number(name).is_none() {
            return Err(bad());
        }
        conditions.push((name, at_most, value));
    }
    let reached = |stats: &Stats| {
        conditions.iter().all(|(name, at_most, value)| {
            stats.number(name).is_some_and(|now| if *at_most { now <= *value } else { now >= *value })
        })
    };
    match timeout(Duration::from_millis(longest), state.wait_for(reached)).await {
        Ok(stats) => Ok(stats.to_json()),
        Err(_) => Err((StatusCode::GATEWAY_TIMEOUT, state.stats().to_json())),
    }
}
