//! The API key: sent with every request, shown nowhere.

use crate::error::Error;
use crate::text::Text;
use bytes::Bytes;
use reqwest::header::HeaderValue;
use std::fmt;
use zeroize::Zeroizing;

const SCHEME: &str = "Bearer ";
/// What stands in place of a key that a server echoed.
const REDACTED: &str = "[key]";

/// A key as the Authorization header that it is sent in. The one copy of it is zeroed when the last clone goes.
#[derive(Clone)]
pub struct Key(HeaderValue);

/// Owns the bytes of a header, so that they are zeroed when its last reader is gone.
struct Header(Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Header {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Key {
    /// Takes a key; control characters and an empty key are refused.
    pub fn new(key: &str) -> Result<Self, Error> {
        if key.is_empty() {
            return Err(Error::invalid("api_key", "is empty"));
        }
        // Sized first: a vector that grows leaves copies behind.
        let mut header = Zeroizing::new(Vec::with_capacity(SCHEME.len() + key.len()));
        header.extend_from_slice(SCHEME.as_bytes());
        header.extend_from_slice(key.as_bytes());
        if header.iter().any(|byte| byte.is_ascii_control()) {
            return Err(Error::invalid(
                "api_key",
                "holds a control character; was a line break copied with it?",
            ));
        }
        let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(Header(header)))
            .map_err(|_| Error::invalid("api_key", "cannot be sent in a header"))?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    /// The value of the Authorization header, marked sensitive.
    pub fn header(&self) -> HeaderValue {
        self.0.clone()
    }

    /// Takes the key out of a text that a server wrote.
    pub fn redact_text(&self, text: &mut Text) {
        let Ok(key) = std::str::from_utf8(&self.0.as_bytes()[SCHEME.len()..]) else { return };
        if text.as_str().contains(key) {
            *text = Text::from(text.as_str().replace(key, REDACTED));
        }
    }

    /// Takes the key out of everything that `error` shows: servers echo it.
    pub fn redact(&self, error: &mut Error) {
        for text in error.texts_mut() {
            self.redact_text(text);
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

#[cfg(test)]
mod tests {
    use super::Key;
    use crate::error::{Error, Status};

    #[test]
    fn is_shown_nowhere() {
        let key = Key::new("sk-secret").unwrap();
        assert_eq!(format!("{key:?}"), "[key]");
        assert!(!format!("{:?}", key.header()).contains("secret"));
        assert_eq!(key.header(), "Bearer sk-secret");
        let mut error = Error::new(Status::Authentication, "no such key: sk-secret");
        error.body = "{\"key\":\"sk-secret\"}".into();
        key.redact(&mut error);
        assert_eq!(error.message.as_str(), "no such key: [key]");
        assert_eq!(error.body.as_str(), "{\"key\":\"[key]\"}");
    }

    #[test]
    fn refuses_what_no_header_carries() {
        for bad in ["", "a\n", "a\r\nX-Evil: 1", "\u{7f}"] {
            assert!(Key::new(bad).unwrap_err().message.as_str().starts_with("api_key: "), "{bad:?}");
        }
        // Keys are ASCII everywhere, but a header may carry any other byte, and a password is a password.
        assert!(Key::new("clé").is_ok());
    }
}
