//! Pieces of an answer on their way to events: as they come, or in whole sentences.

use crate::queue::{EventKind, Waiting};
use crate::request::Delivery;
use crate::wire::sentences::Segmenter;
use crate::wire::{Choice, Piece};

/// What is between a decoder and the events of its request.
pub struct Pieces {
    omit_pieces: bool,
    omit_reasoning: bool,
    /// The sentence under way of each choice; `None` if text goes as it comes.
    sentences: Option<Vec<Segmenter>>,
}

impl Pieces {
    /// Nothing is held.
    pub fn new(delivery: Delivery) -> Self {
        let Delivery { omit_reasoning, sentences, omit_pieces } = delivery;
        Self { omit_pieces, omit_reasoning, sentences: sentences.then(Vec::new) }
    }

    /// Takes a piece.
    pub fn take(&mut self, piece: Piece<'_>, waiting: &mut Waiting) {
        match piece {
            _ if self.omit_pieces => {}
            Piece::Text { choice, text } => match &mut self.sentences {
                None => waiting.text(choice, text),
                Some(all) => {
                    let place = choice as usize;
                    if all.len() <= place {
                        all.resize_with(place + 1, Segmenter::default);
                    }
                    all[place].push(text, &mut |sentence| waiting.text(choice, sentence));
                }
            },
            Piece::Reasoning { .. } if self.omit_reasoning => {}
            Piece::Reasoning { choice, text } => {
                self.flush(choice, waiting);
                waiting.reasoning(choice, text);
            }
            Piece::ToolCall { choice, index, call } => {
                self.flush(choice, waiting);
                waiting.push(EventKind::ToolCall {
                    choice,
                    index,
                    id: call.id.clone(),
                    name: call.name.clone(),
                    arguments: call.arguments.clone(),
                    is_whole: call.is_whole(),
                });
            }
        }
    }

    /// Hands on what is held of choices that have finished.
    pub fn finish(&mut self, choices: &[Choice], waiting: &mut Waiting) {
        self.flush_where(waiting, |choice| {
            choices.get(choice).is_some_and(|choice| !choice.finish_reason.is_empty())
        });
    }

    /// The answer ends here, whole or not: hands on what is held.
    pub fn end(&mut self, waiting: &mut Waiting) {
        self.flush_where(waiting, |_| true);
    }

    fn flush(&mut self, of: u32, waiting: &mut Waiting) {
        self.flush_where(waiting, |choice| choice == of as usize);
    }

    fn flush_where(&mut self, waiting: &mut Waiting, is_due: impl Fn(usize) -> bool) {
        for (choice, sentence) in self.sentences.iter_mut().flatten().enumerate() {
            if !sentence.is_empty() && is_due(choice) {
                sentence.flush(&mut |text| waiting.text(choice as u32, text));
            }
        }
    }
}
