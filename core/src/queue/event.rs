//! What happened to a request, and what of it waits.

use crate::error::Error;
use crate::response::Response;
use crate::text::Text;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

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

impl EventKind {
    /// What it costs to keep it, in bytes; the response of the end is there in any case.
    fn weight(&self) -> usize {
        let texts = match self {
            Self::Text { text, .. } | Self::Reasoning { text, .. } => text.capacity(),
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
            self.push(EventKind::Text { choice, text: piece.into() });
        }
    }

    /// Adds a piece of thinking.
    pub fn reasoning(&mut self, choice: u32, piece: &str) {
        if !self.merged(true, choice, piece) {
            self.push(EventKind::Reasoning { choice, text: piece.into() });
        }
    }

    fn merged(&mut self, is_reasoning: bool, choice: u32, piece: &str) -> bool {
        let Some(text) = self.events.iter_mut().find_map(|event| event.text_of(is_reasoning, choice)) else {
            return false;
        };
        let before = text.capacity();
        text.push_str(piece);
        self.bytes += text.capacity() - before;
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
                EventKind::Text { choice, text } => self.text(choice, text.as_str()),
                EventKind::Reasoning { choice, text } => self.reasoning(choice, text.as_str()),
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
