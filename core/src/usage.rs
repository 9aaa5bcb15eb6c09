//! What a client has used, model by model.

use crate::sync::lock;
use crate::text::Text;
use crate::wire;
use std::sync::Mutex;

/// What the attempts of a request cost together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Whether any of them used anything.
    is_any: bool,
    /// In nano-USD; meaningless once a cost is not known.
    pub sum: i64,
    /// Whether any of them used something whose price is not known.
    pub is_unknown: bool,
}

impl Cost {
    /// That of one attempt with this answer.
    pub fn of(answer: &wire::Answer, cost: Option<i64>) -> Self {
        let is_any = cost.is_some() || answer.usage != wire::Usage::default() || !answer.choices.is_empty();
        Self { is_any, sum: cost.unwrap_or(0), is_unknown: is_any && cost.is_none() }
    }

    /// Adds a further one.
    pub fn add(&mut self, other: Self) {
        self.is_any |= other.is_any;
        self.sum = self.sum.saturating_add(other.sum);
        self.is_unknown |= other.is_unknown;
    }

    /// In nano-USD; `None` if that is not known.
    pub fn nanousd(self) -> Option<i64> {
        (self.is_any && !self.is_unknown).then_some(self.sum)
    }
}

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
    /// Adds what an answer used and cost.
    fn add(&mut self, usage: wire::Usage, cost: Cost) {
        let sum = |now: &mut i64, more: i64| *now = now.saturating_add(more);
        sum(&mut self.prompt_tokens, usage.prompt_tokens.unwrap_or(0));
        sum(&mut self.completion_tokens, usage.completion_tokens.unwrap_or(0));
        sum(&mut self.cost, cost.sum);
        sum(&mut self.unpriced, cost.is_unknown.into());
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
    pub fn answer(&self, model: &str, usage: wire::Usage, cost: Cost) {
        self.row(model, |row| row.add(usage, cost));
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
    use super::{Cost, Usage};
    use crate::wire::{self, Answer, Kind, Limits};

    #[test]
    fn a_row_is_a_model_in_the_order_of_first_use() {
        let usage = Usage::default();
        let mut answer = Answer::new(Kind::Chat, &Limits::default());
        (answer.usage.prompt_tokens, answer.usage.completion_tokens) = (Some(i64::MAX - 1), Some(3));
        for model in ["b", "a", "", "b"] {
            usage.request(model);
            usage.attempt(model);
            usage.answer(model, answer.usage, Cost::of(&answer, Some(7)));
        }
        usage.attempt("a");
        usage.answer("a", answer.usage, Cost::of(&answer, None));
        usage.answer("a", wire::Usage::default(), Cost::default());
        let rows = usage.snapshot();
        let names: Vec<_> = rows.iter().map(|row| row.model.as_str()).collect();
        assert_eq!(names, ["b", "a"]);
        let [b, a] = &rows[..] else { panic!("{rows:?}") };
        assert_eq!((b.requests, b.attempts, b.completion_tokens, b.cost, b.unpriced), (2, 2, 6, 14, 0));
        // A sum stays at its end. Where nothing came, no price is missing.
        assert_eq!((b.prompt_tokens, a.requests, a.attempts, a.cost, a.unpriced), (i64::MAX, 1, 2, 7, 1));
    }
}
