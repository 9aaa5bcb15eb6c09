//! A message of a conversation, with what belongs to the host alone.

use super::MOST_PARTS;
use crate::error::Error;
use crate::message::{Image, Turn};
use crate::text::Text;
use std::sync::Arc;

/// One message. The turn is what is sent, and is shared with requests; all else stays here.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    turn: Arc<Turn>,
    /// The host's own, by key.
    metadata: Vec<(Text, Text)>,
    pub(super) unknown: Unknown,
    /// An estimate, made once, so that trimming is linear in the number of messages.
    tokens: i64,
}

/// Members of a saved message that this library does not know, each as `"key":value,...`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Unknown {
    pub message: String,
    /// Of each image, as far as any has some.
    pub images: Vec<String>,
    /// Of each tool call, as far as any has some.
    pub calls: Vec<String>,
}

impl Entry {
    pub(super) fn new(turn: Turn) -> Self {
        Self {
            tokens: turn.tokens(),
            turn: Arc::new(turn),
            metadata: Vec::new(),
            unknown: Unknown::default(),
        }
    }

    /// What is sent.
    pub fn turn(&self) -> &Arc<Turn> {
        &self.turn
    }

    /// The host's own, in the order of its keys.
    pub fn metadata(&self) -> &[(Text, Text)] {
        &self.metadata
    }

    /// What the host has put under a key.
    pub fn metadata_of(&self, key: &str) -> Option<&Text> {
        self.place_of(key).ok().map(|place| &self.metadata[place].1)
    }

    /// About how many tokens it has.
    pub fn tokens(&self) -> i64 {
        self.tokens
    }

    fn place_of(&self, key: &str) -> Result<usize, usize> {
        self.metadata.binary_search_by(|(known, _)| known.as_str().cmp(key))
    }

    pub(super) fn set_metadata(&mut self, key: &str, text: &str) -> Result<(), Error> {
        if key.is_empty() {
            return Err(Error::invalid("key", "is empty"));
        }
        match self.place_of(key) {
            Ok(place) if text.is_empty() => {
                self.metadata.remove(place);
            }
            Ok(place) => self.metadata[place].1 = text.into(),
            Err(_) if text.is_empty() => {}
            Err(_) if self.metadata.len() >= MOST_PARTS => return Err(Error::invalid("key", too_many())),
            Err(place) => self.metadata.insert(place, (key.into(), text.into())),
        }
        Ok(())
    }

    /// Takes what a saved message has, in one go; answers whether no key is there twice.
    pub(super) fn take_metadata(&mut self, mut metadata: Vec<(Text, Text)>) -> bool {
        metadata.sort_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
        let is_unique = metadata.windows(2).all(|pair| pair[0].0 != pair[1].0);
        metadata.retain(|(_, text)| !text.is_empty());
        self.metadata = metadata;
        is_unique
    }

    pub(super) fn add_image(&mut self, image: Image) -> Result<(), Error> {
        if self.turn.images.len() >= MOST_PARTS {
            return Err(Error::invalid("image", too_many()));
        }
        Arc::make_mut(&mut self.turn).add_image(image)?;
        self.tokens = self.turn.tokens();
        Ok(())
    }
}

fn too_many() -> String {
    format!("is one more than the {MOST_PARTS} that a message may have")
}
