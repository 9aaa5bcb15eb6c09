//! A request's further models, and when it goes on to the next: where one is gone, or overloaded. Knows no network and
//! no clock.

use crate::error::{Error, Status};
use crate::request::Request;
use crate::retry::Failure;

/// Codes and types, without case and punctuation, that say that there is no such model: of Hyperbolic (FastChat), of
/// OpenAI and of the gateways that speak its API, of vLLM and Anthropic, of Mistral, Groq, GitHub, Together.
const CODES: [&str; 12] = [
    "40301",
    "404",
    "modelnotfound",
    "notfounderror",
    "invalidmodel",
    "unknownmodel",
    "unsupportedmodel",
    "modelnotsupported",
    "modelnotavailable",
    "modelnotallowed",
    "modelnotactive",
    "modeldecommissioned",
];

/// What is said of a model that is gone, behind the word and its name.
const BEHIND: [&str; 17] = [
    "does not exist",
    "doesn t exist",
    "not exist",
    "not found",
    "was not found",
    "is not found",
    "could not be found",
    "cannot be found",
    "is not available",
    "not available",
    "is not supported",
    "not supported",
    "is not allowed",
    "is no longer",
    "has been decommissioned",
    "has been deprecated",
    "has been removed",
];

/// What is said before the word; behind it only its name follows, or a further sentence.
const BEFORE: [&str; 6] = ["unknown", "invalid", "unsupported", "no such", "not a valid", "not a supported"];
const FOLLOWING: [&str; 9] =
    ["", "specified", "requested", "provided", "given", "valid", "available", "supported", "please"];

impl Request {
    /// Adds a model to ask where those before it are gone or overloaded.
    pub fn add_fallback_model(&mut self, model: &str) -> Result<(), Error> {
        if model.is_empty() {
            return Err(Error::invalid("fallback_model", "is empty"));
        }
        self.fallbacks.push(model.into());
        Ok(())
    }
}

/// Whether the server says that it has no such model, or not for this caller. The server's code decides, the field that
/// it names, HTTP 404, and, as some servers give no more than words with their 400, those.
pub fn is_gone(error: &Error, model: &str) -> bool {
    let is_code = |text: &str| {
        let bare: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        CODES.contains(&&*bare.to_ascii_lowercase())
    };
    match error.status {
        // The account or the key, whatever else is said.
        Status::Quota | Status::RateLimited => false,
        _ if matches!(error.http_status, 404 | 410) => true,
        _ if is_code(error.code.as_str()) || is_code(error.kind.as_str()) => true,
        Status::BadRequest => error.param.as_str() == "model" || says_gone(error.message.as_str(), model),
        _ => false,
    }
}

/// Whether it is the model that cannot answer now: waiting might have helped, but is over, and the server was reached.
/// Another model on it may be free; without a connection, it would be asked in vain.
pub fn is_overloaded(failure: &Failure<'_>) -> bool {
    let is_the_models = match failure.error.status {
        Status::Connect | Status::System => false,
        // Only that of the connection is retryable.
        Status::Deadline => !failure.error.retryable,
        _ => true,
    };
    is_the_models && !failure.received && failure.may_pass()
}

fn says_gone(message: &str, model: &str) -> bool {
    // "model id", "model name" and "model named" are the same to what follows, and so is its name behind it.
    let words = words_of(message)
        .replace("model id", "model")
        .replace("model named", "model")
        .replace("model name", "model")
        .replace(&format!(" model{}", words_of(model)), " model ");
    let about = |phrase: &str| words.contains(&format!(" model {phrase} "));
    let follows = |before: &&str| {
        let rest = words.split_once(&format!(" {before} model ")).map(|(_, rest)| rest);
        rest.is_some_and(|rest| FOLLOWING.contains(&rest.split(' ').next().unwrap_or_default()))
    };
    BEHIND.into_iter().any(about) || BEFORE.iter().any(follows)
}

/// The words in small letters, with a space around each.
fn words_of(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.fold(" ".to_owned(), |all, word| all + word + " ")
}

#[cfg(test)]
mod tests {
    use super::{is_gone, is_overloaded};
    use crate::error::{Error, Status};
    use crate::retry::Failure;
    use crate::wire::errors::of_body;

    #[test]
    fn a_model_that_is_gone() {
        // HTTP status and body, as servers send them.
        let gone = [
            // Hyperbolic (FastChat), with the code inside and as text.
            (400, r#"{"object":"error","message":"Only a&&b allowed now, your model m/x-1","code":40301}"#),
            (400, r#"{"error":{"message":"x","code":"40301"}}"#),
            (200, r#"{"object":"error","message":"x","code":40301}"#),
            // OpenAI: also for a key that may not use it.
            (
                404,
                r#"{"error":{"message":"The model `m/x-1` does not exist","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#,
            ),
            (
                403,
                r#"{"error":{"message":"Project `p` does not have access to model `m/x-1`","type":"invalid_request_error","code":"model_not_found"}}"#,
            ),
            (
                400,
                r#"{"error":{"message":"invalid model ID","type":"invalid_request_error","param":"model","code":null}}"#,
            ),
            // vLLM, Ollama, a route that is not there.
            (
                404,
                r#"{"object":"error","message":"The model `m/x-1` does not exist.","type":"NotFoundError","param":null,"code":404}"#,
            ),
            (404, r#"{"error":{"message":"model \"m/x-1\" not found, try pulling it first"}}"#),
            (404, r#"{"detail":"Not Found"}"#),
            (410, ""),
            // A vLLM behind a server that answers everything with 400.
            (400, r#"{"message":"x","type":"NotFoundError"}"#),
            // Anthropic, Mistral, Groq, GitHub, Together, New API.
            (404, r#"{"type":"error","error":{"type":"not_found_error","message":"model: m/x-1"}}"#),
            (
                400,
                r#"{"object":"error","message":"Invalid model: m/x-1","type":"invalid_model","code":"1500"}"#,
            ),
            (
                400,
                r#"{"error":{"message":"The model `m/x-1` has been decommissioned and is no longer supported.","code":"model_decommissioned"}}"#,
            ),
            (400, r#"{"error":{"code":"unknown_model","message":"Unknown model: m/x-1"}}"#),
            (400, r#"{"error":{"message":"Unable to access model m/x-1.","code":"model_not_available"}}"#),
            (503, r#"{"error":{"message":"no available channel for model m/x-1","code":"model_not_found"}}"#),
            // Words alone: DeepSeek, OpenRouter and their like.
            (
                400,
                r#"{"error":{"message":"Model Not Exist","type":"invalid_request_error","code":"invalid_request_error"}}"#,
            ),
            (400, r#"{"error":{"message":"M/X-1 is not a valid model ID","code":400}}"#),
            (400, r#"{"error":{"message":"Unknown model: m/x-1"}}"#),
            (400, r#"{"error":"The model 'm/x-1' is not supported"}"#),
            (400, r#"{"error":"Model name m/x-1 is not available."}"#),
            (422, r#"{"detail":"No such model m/x-1"}"#),
            (400, r#"{"error":"Invalid model specified: m/x-1. Valid models: a, b"}"#),
        ];
        for (http, body) in gone {
            assert!(is_gone(&of_body(http, body.as_bytes()), "m/x-1"), "{http} {body}");
        }
    }

    /// Its name is a word of the message, and not a part of others.
    #[test]
    fn a_short_name_is_found_where_it_stands() {
        for name in ["x", "o", "t/e", "yi", "not", "the"] {
            for message in ["The model `{}` does not exist", "model '{}' not found, try pulling it first"] {
                let body = format!(r#"{{"error":{{"message":"{}"}}}}"#, message.replace("{}", name));
                assert!(is_gone(&of_body(400, body.as_bytes()), name), "{body}");
            }
        }
    }

    #[test]
    fn what_another_model_would_not_cure() {
        let other = [
            (400, r#"{"error":{"message":"the context of 'm/x-1' is 8192 tokens","code":40303}}"#),
            (400, r#"{"error":{"message":"temperature is out of range","code":40302}}"#),
            (400, r#"{"error":{"message":"x","code":"context_length_exceeded","param":"messages"}}"#),
            (400, r#"{"error":{"message":"the tool 'x' does not exist"}}"#),
            (400, r#"{"error":{"message":"The image was not found"}}"#),
            (400, r#"{"error":{"message":"invalid model parameters: top_p"}}"#),
            (400, r#"{"error":{"message":"'stream_options' is not supported by this model"}}"#),
            (401, r#"{"error":{"message":"model does not exist","code":40101}}"#),
            (402, r#"{"error":{"message":"model m/x-1 is not available","code":"insufficient_quota"}}"#),
            (404, r#"{"error":{"message":"x","code":"insufficient_quota"}}"#),
            (429, r#"{"error":{"message":"model m/x-1 is not available","code":42901}}"#),
            (500, r#"{"error":{"message":"model not found","code":50001}}"#),
            (403, r#"{"error":{"message":"no"}}"#),
        ];
        for (http, body) in other {
            assert!(!is_gone(&of_body(http, body.as_bytes()), "m/x-1"), "{http} {body}");
        }
        assert!(!is_gone(&Error::new(Status::Connect, "name not found"), "m"));
    }

    #[test]
    fn a_model_that_is_overloaded() {
        let overloaded = |error: &Error, received, after_deadlines, should_retry| {
            let (retries, max_retries) = (9, 0);
            is_overloaded(&Failure { error, should_retry, received, after_deadlines, retries, max_retries })
        };
        for body in [
            of_body(500, b"{}"),
            of_body(503, b"busy"),
            of_body(429, b"{}"),
            of_body(400, br#"{"code":42903,"message":"m"}"#),
            Error::new(Status::Truncated, "x").retryable(),
        ] {
            assert!(overloaded(&body, false, false, None), "{body}");
            // Another model is another request.
            assert!(overloaded(&body, false, false, Some(false)), "{body}");
            assert!(!overloaded(&body, true, true, Some(true)), "{body}");
        }
        for body in [of_body(400, b"{}"), of_body(401, b"{}"), of_body(402, b"{}"), of_body(422, b"{}")] {
            assert!(!overloaded(&body, false, true, None), "{body}");
        }
        for status in [Status::Connect, Status::System, Status::Deadline] {
            assert!(
                !overloaded(&Error::new(status, "no connection").retryable(), false, true, None),
                "{status:?}"
            );
        }
        let silent = Error::new(Status::Deadline, "the first token's");
        assert!(overloaded(&silent, false, true, None));
        assert!(!overloaded(&silent, false, false, None));
    }
}
