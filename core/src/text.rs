//! Text that is followed by a zero byte, so that it can be lent without a copy to readers that look for one.

use serde::de::{Deserialize, Deserializer, Visitor};
use std::fmt;

/// A growing string that keeps one zero byte after its last character. Inner zero bytes are legal.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Text {
    /// Empty, or the text and its terminator.
    buffer: String,
}

impl Text {
    /// The empty text; allocates nothing.
    pub const fn new() -> Self {
        Self { buffer: String::new() }
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.buffer[..self.len()]
    }

    /// The text and its terminator, as bytes.
    pub fn terminated(&self) -> &[u8] {
        if self.buffer.is_empty() { b"\0" } else { self.buffer.as_bytes() }
    }

    /// Length in bytes, without the terminator.
    pub fn len(&self) -> usize {
        self.buffer.len().saturating_sub(1)
    }

    /// Bytes of memory that it holds.
    pub fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends `more`; nothing is copied but `more`, so that appending stays linear.
    pub fn push_str(&mut self, more: &str) {
        if more.is_empty() {
            return;
        }
        self.buffer.pop();
        // One growth for both, or an exact fit would grow twice.
        self.buffer.reserve(more.len() + 1);
        self.buffer.push_str(more);
        self.buffer.push('\0');
    }

    /// Empties the text and keeps its memory.
    pub fn clear(&mut self) {
        self.buffer.clear();
    }

    /// Empties the text and keeps so many bytes of its memory at most.
    pub fn empty(&mut self, most: usize) {
        self.clear();
        self.buffer.shrink_to(most);
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        let mut new = Self::new();
        new.push_str(text);
        new
    }
}

impl From<String> for Text {
    fn from(mut buffer: String) -> Self {
        if !buffer.is_empty() {
            buffer.push('\0');
        }
        Self { buffer }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct Copied;
        impl Visitor<'_> for Copied {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Text, E> {
                Ok(text.into())
            }
        }
        source.deserialize_str(Copied)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn keeps_one_terminator() {
        let mut text = Text::new();
        assert_eq!((text.as_str(), text.terminated(), text.len()), ("", &b"\0"[..], 0));
        text.push_str("");
        text.push_str("a\0b");
        text.push_str("é");
        assert_eq!((text.as_str(), text.terminated()), ("a\0bé", "a\0bé\0".as_bytes()));
        assert_eq!(Text::from(String::from("x")), Text::from("x"));
        assert_eq!(Text::from(String::new()), Text::new());
        text.clear();
        assert!(text.is_empty());
        assert_eq!(text.terminated(), b"\0");
    }
}
