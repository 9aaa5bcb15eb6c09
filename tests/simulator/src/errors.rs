//! Errors in the vendor's shape, and in OpenAI's.

use hyper::StatusCode;
use serde_json::{Value, json};

/// A refusal.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError {
    /// HTTP status.
    pub status: StatusCode,
    /// The vendor's number.
    pub code: u32,
    /// What is wrong.
    pub message: String,
    /// The field that is wrong; the vendor's shape leaves it null.
    pub param: Option<&'static str>,
}

impl ApiError {
    /// An error that is about no field.
    pub fn new(status: StatusCode, code: u32, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), param: None }
    }

    /// A request that cannot be understood: 400 and 40001.
    pub fn invalid(param: &'static str, message: impl Into<String>) -> Self {
        Self { param: Some(param), ..Self::new(StatusCode::BAD_REQUEST, 40001, message) }
    }

    /// The error that belongs to a status which a fault asked for.
    pub fn of_status(status: StatusCode) -> Self {
        let code = match status.as_u16() {
            400 | 422 => 40001,
            401 => 40102,
            403 => 40103,
            429 => 42901,
            500 => 50001,
            502 | 503 => 50005,
            504 => 50006,
            other => u32::from(other),
        };
        let reason = status.canonical_reason().unwrap_or("error");
        Self::new(status, code, format!("the simulator was asked to answer {} {reason}", status.as_u16()))
    }

    /// The body: no wrapper and a number, or wrapped and a word.
    pub fn to_json(&self, openai: bool) -> Value {
        if !openai {
            return json!({"object": "error", "message": self.message, "type": "", "param": null, "code": self.code});
        }
        let (kind, code) = match self.status.as_u16() {
            401 => ("authentication_error", "invalid_api_key"),
            403 => ("permission_error", "permission_denied"),
            404 => ("not_found_error", "not_found"),
            429 => ("rate_limit_error", "rate_limit_exceeded"),
            500.. => ("server_error", "server_error"),
            _ if self.code == 40301 => ("invalid_request_error", "model_not_found"),
            _ if self.code == 40303 => ("invalid_request_error", "context_length_exceeded"),
            _ => ("invalid_request_error", "invalid_value"),
        };
        json!({"error": {"message": self.message, "type": kind, "param": self.param, "code": code}})
    }
}
