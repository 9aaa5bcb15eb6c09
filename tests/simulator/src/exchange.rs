//! The way of one request through the server.

use crate::answer::{Answer, bad_fault};
use crate::api::{self, Route};
use crate::body::Body;
use crate::connection::Connection;
use crate::control;
use crate::errors::ApiError;
use crate::faults::{Fault, NoHead, Script};
use crate::flight::InFlight;
use crate::state::State;
use crate::stats::Last;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Request, Response, Version};
use serde_json::Value;
use std::io;
use std::sync::Arc;
use tokio::time::sleep;

/// The header in which a request brings its own script.
const FAULT_HEADER: &str = "x-simulator-fault";

/// Answers a request on a connection of the API.
pub async fn handle(
    request: Request<Incoming>,
    state: Arc<State>,
    connection: Arc<Connection>,
) -> io::Result<Response<Body>> {
    let (head, mut body) = request.into_parts();
    let is_control = head.uri.path().starts_with(control::PREFIX);
    connection.used(is_control);
    if is_control {
        let _busy = connection.busy();
        return control(&state, &head, body).await;
    }
    let route = Route::of(head.uri.path());
    let mut request = InFlight::begin(&state, &connection, route.name());
    let script = script(&state, &head);
    // Only then, because a fault may come before the body.
    let names_models = script.as_ref().is_ok_and(|script| script.any(|fault| fault.model.is_some()));
    let mut early = None;
    if names_models {
        early = Some((&mut body).collect().await.map_err(io::Error::other)?.to_bytes());
    }
    let fault = script.and_then(|script| fault(&state, &head, &script, &model(early.as_deref())));
    let no_head = fault.as_ref().ok().and_then(|fault| fault.no_head);
    if no_head == Some(NoHead::ResetUpload) {
        // The first bytes only, so that the client is still writing the others.
        let _ = body.frame().await;
        request.reset();
        return std::future::pending().await;
    }
    let body = match early {
        Some(body) => body,
        None => body.collect().await.map_err(io::Error::other)?.to_bytes(),
    };
    request.arrived(&body);
    state.set_last(last(&head, &body));
    if no_head.is_some() {
        if no_head == Some(NoHead::Reset) {
            request.reset();
        }
        return std::future::pending().await;
    }
    if let Ok(Fault { delay: Some(delay), .. }) = fault.as_deref() {
        sleep(*delay).await;
    }
    let number = state.next_id();
    let answer_under = |fault: &Fault| {
        Answer::replaced(&state, fault).unwrap_or_else(|| {
            api::answer(&state, (route, &head.method), &head.headers, &body, fault, number)
        })
    };
    let (answer, fault) = match fault {
        Err(error) => (Err(error), Arc::default()),
        Ok(fault) => (answer_under(&fault), fault),
    };
    let answer = answer.unwrap_or_else(|error| Answer::error(&error, fault.openai_errors));
    if let Some(how) = fault.cut_head {
        connection.cut_head(how);
    }
    let mut response = answer.send(&state, fault, request, number);
    if head.version == Version::HTTP_11 {
        response.headers_mut().extend(keep_alive(&state));
    }
    Ok(response)
}

fn last(head: &Parts, body: &Bytes) -> Last {
    Last {
        method: head.method.to_string(),
        path: head.uri.path_and_query().map_or_else(String::new, ToString::to_string),
        version: format!("{:?}", head.version),
        headers: head.headers.clone(),
        body: body.clone(),
    }
}

/// Tells a client how many whole seconds its connection may be idle, if that is one at least.
fn keep_alive(state: &State) -> Option<(HeaderName, HeaderValue)> {
    let seconds = state.options.idle?.as_secs();
    let value = HeaderValue::try_from(format!("timeout={seconds}")).ok()?;
    (seconds > 0).then_some((HeaderName::from_static("keep-alive"), value))
}

/// Answers a control request.
pub async fn control(state: &State, head: &Parts, body: Incoming) -> io::Result<Response<Body>> {
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    Ok(control::answer(state, &head.method, &head.uri, &head.headers, body).await)
}

/// The script for a request: its own, or else the server's.
fn script(state: &State, head: &Parts) -> Result<Arc<Script>, ApiError> {
    let Some(script) = head.headers.get(FAULT_HEADER) else {
        return Ok(state.faults().unwrap_or_default());
    };
    let script = script.to_str().map_err(|_| bad_fault("not ASCII"))?;
    Script::parse(script).map(Arc::new).map_err(|error| bad_fault(&error))
}

/// The model that a body names.
fn model(body: Option<&[u8]>) -> String {
    let body: Value = serde_json::from_slice(body.unwrap_or_default()).unwrap_or_default();
    body["model"].as_str().unwrap_or_default().to_owned()
}

/// The fault for a request.
fn fault(state: &State, head: &Parts, script: &Script, model: &str) -> Result<Arc<Fault>, ApiError> {
    let fault = script.next_where(state, |fault| fault.is_for(model));
    if fault.cut_head.is_some() && head.version > Version::HTTP_11 {
        return Err(bad_fault("a head can be cut in HTTP/1.1 only"));
    }
    Ok(match fault.random {
        Some(random) => random.apply(state, fault),
        None => fault,
    })
}
