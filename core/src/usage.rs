//! What a client has used, model by model.

use crate::sync::lock;
use crate::text::Text;
use crate::wire;
use std::sync::Mutex;

/// What one model was used for. No number ever falls.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelUsage {
    /// As requests named it.
    pub model: Text,
    /// Requests that were started with it.
    pub requests: i64,
    /// HTTP requests.
    pub attempts: i64,
    /// Tokens of prompts, as servers counted them.
    pub prompt_tokens: i64,
    /// Tokens of answers, as servers counted them.
    pub completion_tokens: i64,
    /// What its answers cost, in nano-USD.
    pub cost: i64,
    /// Answers whose cost is not known.
    pub unpriced: i64,
}

impl ModelUsage {
    /// Adds an answer: its tokens, and its cost. Nothing that came is nothing unpriced.
    fn add(&mut self, answer: &wire::Answer, cost: Option<i64>) {
        let sum = |now: &mut i64, more: i64| *now = now.saturating_add(more);
        sum(&mut self.prompt_tokens, answer.usage.prompt_tokens.unwrap_or(0));
        sum(&mut self.completion_tokens, answer.usage.completion_tokens.unwrap_or(0));
        sum(&mut self.cost, cost.unwrap_or(0));
        sum(&mut self.unpriced, i64::from(cost.is_none() && !answer.choices.is_empty()));
    }
}

/// The usage of a client, a row for each model in the order of first use.
#[derive(Debug, Default)]
pub struct Usage(Mutex<Vec<ModelUsage>>);

impl Usage {
    /// Counts a request that starts.
    pub fn request(&self, model: &str) {
        self.row(model, |row| row.requests += 1);
    }

    /// Counts an attempt that is about to be sent.
    pub fn attempt(&self, model: &str) {
        self.row(model, |row| row.attempts += 1);
    }

    /// Counts an answer.
    pub fn answer(&self, model: &str, answer: &wire::Answer, cost: Option<i64>) {
        self.row(model, |row| row.add(answer, cost));
    }

    /// What it is now.
    pub fn snapshot(&self) -> Vec<ModelUsage> {
        lock(&self.0).clone()
    }

    /// Changes the row of a model; the list of models asks none.
    fn row(&self, model: &str, change: impl FnOnce(&mut ModelUsage)) {
        if model.is_empty() {
            return;
        }
        let mut rows = lock(&self.0);
        match rows.iter_mut().find(|row| row.model.as_str() == model) {
            Some(row) => change(row),
            None => {
                let mut row = ModelUsage { model: model.into(), ..ModelUsage::default() };
                change(&mut row);
                rows.push(row);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Usage;
    use crate::wire::{Answer, Kind, Limits};

    #[test]
    fn a_row_is_a_model_in_the_order_of_first_use() {
        let usage = Usage::default();
        let mut answer = Answer::new(Kind::Chat, &Limits::default());
        (answer.usage.prompt_tokens, answer.usage.completion_tokens) = (Some(i64::MAX - 1), Some(3));
        for model in ["b", "a", "", "b"] {
            usage.request(model);
            usage.attempt(model);
            usage.answer(model, &answer, Some(7));
        }
        usage.attempt("a");
        usage.answer("a", &answer, None);
        let rows = usage.snapshot();
        let names: Vec<_> = rows.iter().map(|row| row.model.as_str()).collect();
        assert_eq!(names, ["b", "a"]);
        let [b, a] = &rows[..] else { panic!("{rows:?}") };
        assert_eq!((b.requests, b.attempts, b.completion_tokens, b.cost, b.unpriced), (2, 2, 6, 14, 0));
        // A sum stays at its end. An answer without a choice is none that a price is missing for.
        assert_eq!((b.prompt_tokens, a.requests, a.attempts, a.cost, a.unpriced), (i64::MAX, 1, 2, 7, 0));
    }
}
