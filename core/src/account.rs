//! What a client keeps account of: how often, how much it cost, and what happened.

use crate::catalog::{self, Model, ModelList};
use crate::counters::{Count, Counters};
use crate::error::{Error, Status};
use crate::log::Log;
use crate::sync::lock;
use crate::wire::{Answer, Usage};
use std::sync::{Arc, Mutex};

/// The account of one client.
#[derive(Debug)]
pub struct Account {
    /// The numbers.
    pub counters: Arc<Counters>,
    /// The records.
    pub log: Log,
    /// In nano-USD.
    limit: Option<i64>,
    /// What the server said last of its models.
    models: Mutex<Option<Arc<ModelList>>>,
}

/// What the attempts of a request cost together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Whether any of them used anything.
    is_any: bool,
    /// In nano-USD; meaningless once a cost is not known.
    sum: i64,
    is_unknown: bool,
}

impl Cost {
    /// That of one attempt with this answer.
    pub fn of(answer: &Answer, cost: Option<i64>) -> Self {
        let is_any = cost.is_some() || answer.usage != Usage::default() || !answer.choices.is_empty();
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

impl Account {
    /// An empty account with a limit on what may be spent, in nano-USD.
    pub fn new(counters: Arc<Counters>, log: Log, limit: Option<i64>) -> Self {
        Self { counters, log, limit, models: Mutex::default() }
    }

    /// Whether another request may be sent.
    pub fn check(&self) -> Result<(), Error> {
        let spent = self.counters.get(Count::SpentNanousd);
        match self.limit {
            Some(limit) if spent >= limit => {
                let message = format!("the spending limit of {limit} nano-USD is reached: {spent} are spent");
                Err(Error::new(Status::Budget, message))
            }
            _ => Ok(()),
        }
    }

    /// Takes the prices that a server gives its models; they go before the built-in ones.
    pub fn learn(&self, models: &ModelList) {
        *lock(&self.models) = Some(Arc::new(models.clone()));
    }

    /// What an answer cost in nano-USD, rounded once; `None` if its usage or the price of its model is not known.
    pub fn cost(&self, asked: &str, answer: &Answer) -> Option<i64> {
        let (input, output) = self.price(asked).or_else(|| self.price(answer.model.as_str()))?;
        let usage = answer.usage;
        // A pico-USD a token; both are at most 2^53.
        let cost = i128::from(usage.prompt_tokens?) * i128::from(input)
            + i128::from(usage.completion_tokens?) * i128::from(output);
        i64::try_from((cost + 500) / 1000).ok()
    }

    /// Prices of a token of prompt and answer, in pico-USD.
    fn price(&self, model: &str) -> Option<(i64, i64)> {
        let told = lock(&self.models).clone();
        let priced = |model: &Model| model.input_price.zip(model.output_price);
        let find =
            |list: &ModelList| list.models.iter().filter(|known| known.id.as_str() == model).find_map(priced);
        told.and_then(|list| find(&list)).or_else(|| find(catalog::builtin()))
    }

    /// Books what an attempt used that failed and is made again: mostly nothing.
    pub fn book_failed(&self, asked: &str, answer: &Answer) -> Cost {
        if answer.usage == Usage::default() {
            return Cost::default();
        }
        let cost = self.cost(asked, answer);
        self.book_usage(answer, cost);
        Cost::of(answer, cost)
    }

    /// Books how a request ended, and what its answer cost.
    pub fn book(&self, status: Option<Status>, answer: &Answer, cost: Option<i64>) {
        let count = match status {
            None => Count::Succeeded,
            Some(Status::Cancelled) => Count::Cancelled,
            Some(_) => Count::Failed,
        };
        self.counters.add(count, 1);
        self.book_usage(answer, cost);
    }

    fn book_usage(&self, answer: &Answer, cost: Option<i64>) {
        self.counters.add(Count::PromptTokens, answer.usage.prompt_tokens.unwrap_or(0));
        self.counters.add(Count::CompletionTokens, answer.usage.completion_tokens.unwrap_or(0));
        match cost {
            Some(cost) => self.counters.add(Count::SpentNanousd, cost),
            None if answer.choices.is_empty() && answer.usage == Usage::default() => {}
            None => self.counters.add(Count::Unpriced, 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Account;
    use crate::catalog::ModelList;
    use crate::counters::{Count, Counters};
    use crate::error::Status;
    use crate::log::{Level, Log};
    use crate::wire::{Answer, Kind, Limits};
    use std::sync::Arc;

    fn account(limit: Option<i64>) -> Account {
        let counters = Arc::<Counters>::default();
        Account::new(Arc::clone(&counters), Log::new(Level::Off, false, counters), limit)
    }

    fn used(prompt: Option<i64>, completion: Option<i64>) -> Answer {
        let mut answer = Answer::new(Kind::Chat, &Limits::default());
        (answer.usage.prompt_tokens, answer.usage.completion_tokens) = (prompt, completion);
        answer
    }

    #[test]
    fn a_cost_is_rounded_once() {
        let account = account(None);
        // 0.0125 $ a million tokens is 12,500 pico-USD each.
        let list = r#"{"data":[{"id":"cheap","input_price":0.0125,"output_price":0.1},{"id":"free"}]}"#;
        account.learn(&ModelList::from_json(list).unwrap());
        assert_eq!(account.cost("cheap", &used(Some(1), Some(0))), Some(13));
        assert_eq!(account.cost("cheap", &used(Some(3), Some(1))), Some(138));
        assert_eq!(account.cost("free", &used(Some(3), Some(1))), None);
        assert_eq!(account.cost("cheap", &used(None, Some(1))), None);
        // The built-in price, 0.40 $ a million, where the server names none.
        assert_eq!(account.cost("Qwen/QwQ-32B", &used(Some(10), Some(5))), Some(6_000));
        let large = used(Some(1 << 40), Some(0));
        assert_eq!(account.cost("meta-llama/Meta-Llama-3.1-405B", &large), Some(4_398_046_511_104_000));
        // Beyond what a number holds, nothing is known.
        let huge = used(Some(1 << 53), Some(1 << 53));
        assert_eq!(account.cost("meta-llama/Meta-Llama-3.1-405B", &huge), None);
    }

    #[test]
    fn what_is_spent_counts_against_the_limit() {
        let account = account(Some(10));
        account.check().unwrap();
        account.book(None, &used(Some(2), Some(3)), Some(9));
        account.check().unwrap();
        account.book(Some(Status::Cancelled), &used(Some(2), None), Some(1));
        let error = account.check().unwrap_err();
        assert_eq!(error.status, Status::Budget);
        assert!(error.message.as_str().contains("10 nano-USD"), "{error}");
        let count = |which| account.counters.get(which);
        assert_eq!((count(Count::Succeeded), count(Count::Cancelled), count(Count::Failed)), (1, 1, 0));
        assert_eq!((count(Count::PromptTokens), count(Count::CompletionTokens)), (4, 3));
        assert_eq!(count(Count::SpentNanousd), 10);
    }
}
