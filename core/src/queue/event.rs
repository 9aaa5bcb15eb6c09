//! What happened to a request, and what of it waits.

use crate::error::Error;
use crate::response::Response;
use crate::spares::Spares;
use crate::text::Text;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// Texts of pieces that were taken, for pieces to come: a long answer costs the memory of a few pieces, and no
/// allocation for each.
static TEXTS: Spares<Text> = Spares::new();

/// Bytes of a text that are kept; what one that waited for long had beyond them goes back to the system.
const MOST_KEPT: usize = 64 << 10;

/// The text of a new piece.
fn begun(piece: &str) -> Text {
    let mut text = TEXTS.take().unwrap_or_default();
    text.push_str(piece);
    text
}

/// The text of a piece that is over.
fn over(mut text: Text) {
    text.empty(MOST_KEPT);
    TEXTS.give(text);
}

/// Something that happened to a request.
#[derive(Debug)]
pub struct Event {
    /// The request.
    pub op: u64,
    /// The caller's own number for it.
    pub tag: u64,
    /// What happened.
    pub kind: EventKind,
}

/// What can happen, in the order of rule C1 of `docs/abi.md`.
#[derive(Debug)]
pub enum EventKind {
    /// The request is about to be sent again; nothing had come yet.
    Retry {
        /// Why.
        error: Arc<Error>,
        /// How long it waits first.
        delay: Duration,
        /// The number of the attempt that follows; the first attempt of a request is 1.
        attempt: u32,
        /// The model that it asks: the same, or the next of the request's fallbacks.
        model: Text,
    },
    /// The next piece of the answer: whole code points, never empty.
    Text {
        /// Which choice.
        choice: u32,
        /// The piece.
        text: Text,
    },
    /// The next piece of the model's thinking.
    Reasoning {
        /// Which choice.
        choice: u32,
        /// The piece.
        text: Text,
    },
    /// One complete tool call.
    ToolCall {
        /// Which choice.
        choice: u32,
        /// Which call of the choice.
        index: u32,
        /// Its id, never empty.
        id: Text,
        /// The tool.
        name: Text,
        /// JSON, as the model wrote it.
        arguments: Text,
        /// Whether it wrote well; see [`crate::wire::ToolCall::is_whole`].
        is_whole: bool,
    },
    /// The last event, exactly once.
    Done(Arc<Response>),
}

/// What it costs to keep a text, in bytes. What it had for an earlier one is no part of it, or a word would fill an
/// inbox: it costs no more than if it had grown to its length, twice at a time.
fn cost(text: &Text) -> usize {
    text.capacity().min(2 * text.len())
}

impl EventKind {
    /// Its consumer is done with it: keeps its memory for another.
    pub fn recycle(self) {
        if let Self::Text { text, .. } | Self::Reasoning { text, .. } = self {
            over(text);
        }
    }

    /// What it costs to keep it, in bytes; the response of the end is there in any case.
    fn weight(&self) -> usize {
        let texts = match self {
            Self::Text { text, .. } | Self::Reasoning { text, .. } => cost(text),
            Self::ToolCall { id, name, arguments, .. } => {
                id.capacity() + name.capacity() + arguments.capacity()
            }
            Self::Retry { model, .. } => model.capacity(),
            Self::Done(_) => 0,
        };
        size_of::<Self>() + texts
    }

    /// The text that a piece of the same kind and choice is added to.
    fn text_of(&mut self, is_reasoning: bool, of: u32) -> Option<&mut Text> {
        match self {
            Self::Text { choice, text } if !is_reasoning && *choice == of => Some(text),
            Self::Reasoning { choice, text } if is_reasoning && *choice == of => Some(text),
            _ => None,
        }
    }
}

/// Events of one request, not yet taken. Pieces of one kind and choice merge, so that a slow consumer finds one.
#[derive(Debug, Default)]
pub struct Waiting {
    events: VecDeque<EventKind>,
    bytes: usize,
}

impl Waiting {
    /// Adds a piece of text.
    pub fn text(&mut self, choice: u32, piece: &str) {
        if !self.merged(false, choice, piece) {
            self.push(EventKind::Text { choice, text: begun(piece) });
        }
    }

    /// Adds a piece of thinking.
    pub fn reasoning(&mut self, choice: u32, piece: &str) {
        if !self.merged(true, choice, piece) {
            self.push(EventKind::Reasoning { choice, text: begun(piece) });
        }
    }

    fn merged(&mut self, is_reasoning: bool, choice: u32, piece: &str) -> bool {
        let Some(text) = self.events.iter_mut().find_map(|event| event.text_of(is_reasoning, choice)) else {
            return false;
        };
        let before = cost(text);
        text.push_str(piece);
        self.bytes += cost(text) - before;
        true
    }

    /// Adds any other event.
    pub fn push(&mut self, event: EventKind) {
        self.bytes += event.weight();
        self.events.push_back(event);
    }

    /// Takes over everything from `other`, which is left empty.
    pub(super) fn append(&mut self, other: &mut Self) {
        if self.events.is_empty() {
            return std::mem::swap(self, other);
        }
        other.bytes = 0;
        for event in other.events.drain(..) {
            match event {
                EventKind::Text { choice, text } => {
                    self.text(choice, text.as_str());
                    over(text);
                }
                EventKind::Reasoning { choice, text } => {
                    self.reasoning(choice, text.as_str());
                    over(text);
                }
                other => self.push(other),
            }
        }
    }

    pub(super) fn pop(&mut self) -> Option<EventKind> {
        let event = self.events.pop_front()?;
        self.bytes -= event.weight();
        Some(event)
    }

    /// Drops all but the end.
    pub(super) fn keep_end(&mut self) {
        let end = self.events.pop_back().filter(|event| matches!(event, EventKind::Done(_)));
        self.clear();
        end.into_iter().for_each(|end| self.push(end));
    }

    pub(super) fn clear(&mut self) {
        self.events.clear();
        self.bytes = 0;
    }

    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// What all of it costs to keep, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::{EventKind, MOST_KEPT, TEXTS};

    #[test]
    fn of_a_long_text_not_all_is_kept() {
        for size in [MOST_KEPT - 1, MOST_KEPT, 0] {
            EventKind::Text { choice: 0, text: "x".repeat(size).as_str().into() }.recycle();
        }
        let kept = std::iter::from_fn(|| TEXTS.take());
        assert!(
            kept.map(|text| (text.len(), text.capacity())).all(|(len, room)| len == 0 && room <= MOST_KEPT)
        );
    }
}
