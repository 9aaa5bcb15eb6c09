//! The API's own routes.

use crate::answer::Answer;
use crate::completion::Completion;
use crate::errors::ApiError;
use crate::faults::Fault;
use crate::render;
use crate::request::Ask;
use crate::state::State;
use hyper::header::AUTHORIZATION;
use hyper::{HeaderMap, Method, StatusCode};
use hyperbolic_core::catalog::{self, Model};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// A route of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// `/v1/chat/completions`.
    Chat,
    /// `/v1/completions`.
    Completions,
    /// `/v1/models`.
    Models,
    /// Any other path.
    Other,
}

impl Route {
    /// The route of a path.
    pub fn of(path: &str) -> Self {
        match path {
            "/v1/chat/completions" => Self::Chat,
            "/v1/completions" => Self::Completions,
            "/v1/models" => Self::Models,
            _ => Self::Other,
        }
    }

    /// Its name among the counters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Completions => "completions",
            Self::Models => "models",
            Self::Other => "other",
        }
    }

    fn method(self) -> Method {
        if self == Self::Models { Method::GET } else { Method::POST }
    }
}

/// Answers a request as the vendor's server would. `number` makes its id.
pub fn answer(
    state: &State,
    (route, method): (Route, &Method),
    headers: &HeaderMap,
    body: &[u8],
    fault: &Fault,
    number: u64,
) -> Result<Answer, ApiError> {
    if route == Route::Other {
        return Err(ApiError::new(StatusCode::NOT_FOUND, 404, "there is no such route"));
    }
    if *method != route.method() {
        let message = format!("this route takes {} only", route.method());
        return Err(ApiError::new(StatusCode::METHOD_NOT_ALLOWED, 405, message));
    }
    let key = key(state, headers)?;
    if route == Route::Models {
        admit(state, key, "")?;
        return Ok(Answer::json(StatusCode::OK, &models()));
    }
    let ask = Ask::parse(body, route == Route::Chat)?;
    admit(state, key, &ask.model)?;
    check(&ask, fault)?;
    let created = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let completion = Completion::new(&ask, fault, number, created);
    if !ask.stream {
        return Ok(Answer::json(StatusCode::OK, &render::whole(&completion)));
    }
    Ok(Answer::events(Box::new(render::events(completion))))
}

/// The request's key, if it is one.
fn key<'a>(state: &State, headers: &'a HeaderMap) -> Result<&'a str, ApiError> {
    let refuse = |code, message| ApiError::new(StatusCode::UNAUTHORIZED, code, message);
    let header = headers.get(AUTHORIZATION).ok_or_else(|| refuse(40101, "an API key is required"))?;
    let key = header.to_str().ok().and_then(|header| header.strip_prefix("Bearer ")).map_or("", str::trim);
    let known = match state.options.keys.as_slice() {
        [] => !key.is_empty() && !key.starts_with("wrong") && !key.starts_with("invalid"),
        keys => keys.iter().any(|known| known == key),
    };
    known.then_some(key).ok_or_else(|| refuse(40102, "the API key is not valid"))
}

fn admit(state: &State, key: &str, model: &str) -> Result<(), ApiError> {
    let limit = || ApiError::new(StatusCode::TOO_MANY_REQUESTS, 42901, "rate limit exceeded");
    state.admit(key, model).then_some(()).ok_or_else(limit)
}

/// What is wrong with a request whose shape is right.
fn check(ask: &Ask, fault: &Fault) -> Result<(), ApiError> {
    let bad = |code, param, message: String| {
        let error = ApiError::new(StatusCode::BAD_REQUEST, code, message);
        Err(ApiError { param: Some(param), ..error })
    };
    if let (Some(status), true) = (fault.refuse_stream_options, ask.body.get("stream_options").is_some()) {
        let message = "'stream_options' is not known here".to_owned();
        return Err(ApiError { status, ..ApiError::invalid("stream_options", message) });
    }
    let Some(model) = find(&ask.model) else {
        return bad(40301, "model", format!("the model '{}' does not exist", ask.model));
    };
    if ask.chat && model.chat == Some(false) {
        return bad(40301, "model", format!("the model '{}' takes text completions only", ask.model));
    }
    if ask.stream && ask.best_of > ask.n {
        return bad(40001, "best_of", "'best_of' above 'n' cannot be streamed".to_owned());
    }
    let context = model.context.and_then(|context| usize::try_from(context).ok()).unwrap_or(usize::MAX);
    let answer = ask.max_tokens.unwrap_or(0);
    let longest = ask.prompts.iter().map(|prompt| prompt.tokens).max().unwrap_or(0);
    if longest.saturating_add(answer) > context {
        let message = format!(
            "the context of '{}' is {context} tokens; the request has {longest} in its prompt and asks for {answer}",
            ask.model
        );
        return bad(40303, "messages", message);
    }
    Ok(())
}

fn find(id: &str) -> Option<&'static Model> {
    catalog::builtin().models.iter().find(|model| model.id.as_str() == id)
}

fn models() -> Value {
    // Pico-USD a token are millionths of USD a million tokens.
    let price = |pico: Option<i64>| pico.map(|pico| pico as f64 / 1e6);
    let row = |model: &Model| {
        let id = model.id.as_str();
        json!({
            "id": id,
            "object": "model",
            "created": 1_700_000_000,
            "owned_by": id.split('/').next(),
            "supports_chat": model.chat,
            "supports_tools": model.chat,
            "supports_image_input": model.images,
            "context_length": model.context,
            "input_price": price(model.input_price),
            "output_price": price(model.output_price),
        })
    };
    json!({"object": "list", "data": catalog::builtin().models.iter().map(row).collect::<Value>()})
}
