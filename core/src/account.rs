//! What a client keeps account of: how often, how much it cost, and what happened.

use crate::catalog::{self, ModelList};
use crate::counters::{Count, Counters};
use crate::error::{Error, Status};
use crate::log::Log;
use crate::sync::lock;
use crate::usage::{Cost, Usage};
use crate::wire::{self, Answer};
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
    /// What was used, model by model.
    pub usage: Usage,
    /// The catalogue, under what the server said last of its models.
    models: Mutex<Arc<ModelList>>,
}

impl Account {
    /// An empty account with a limit on what may be spent, in nano-USD.
    pub fn new(counters: Arc<Counters>, log: Log, limit: Option<i64>) -> Self {
        let models = Mutex::new(Arc::clone(catalog::builtin()));
        Self { counters, log, limit, usage: Usage::default(), models }
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

    /// Takes what a server says of its models; it goes before the catalogue, and before all that was said earlier.
    pub fn learn(&self, told: &ModelList) {
        let view = Arc::new(catalog::builtin().under(told));
        *lock(&self.models) = view;
    }

    /// The client's view of models.
    pub fn models(&self) -> Arc<ModelList> {
        Arc::clone(&lock(&self.models))
    }

    /// Counts a request to a model that starts.
    pub fn request(&self, model: &str) {
        self.counters.add(Count::Requests, 1);
        self.usage.request(model);
    }

    /// Counts an attempt with a model that is about to be sent.
    pub fn attempt(&self, model: &str) {
        self.counters.add(Count::Attempts, 1);
        self.usage.attempt(model);
    }

    /// What an answer cost in nano-USD, rounded once; `None` if its usage or the price of its model is not known.
    pub fn cost(&self, asked: &str, answer: &Answer) -> Option<i64> {
        let models = self.models();
        let price = |id| models.get(id)?.prices();
        let (input, output) = price(asked).or_else(|| price(answer.model.as_str()))?;
        let usage = answer.usage;
        // A pico-USD a token; both are at most 2^53.
        let cost = i128::from(usage.prompt_tokens?) * i128::from(input)
            + i128::from(usage.completion_tokens?) * i128::from(output);
        i64::try_from((cost + 500) / 1000).ok()
    }

    /// Books what an attempt used that failed and is made again: mostly nothing.
    pub fn book_failed(&self, asked: &str, answer: &Answer) -> Cost {
        if answer.usage == wire::Usage::default() { Cost::default() } else { self.book_usage(asked, answer) }
    }

    /// Books how a request ended, and what the answer of the model that it asked cost.
    pub fn book(&self, asked: &str, status: Option<Status>, answer: &Answer) -> Cost {
        let count = match status {
            None => Count::Succeeded,
            Some(Status::Cancelled) => Count::Cancelled,
            Some(_) => Count::Failed,
        };
        self.counters.add(count, 1);
        self.book_usage(asked, answer)
    }

    fn book_usage(&self, asked: &str, answer: &Answer) -> Cost {
        let cost = Cost::of(answer, self.cost(asked, answer));
        self.usage.answer(asked, answer.usage, cost);
        self.counters.add(Count::PromptTokens, answer.usage.prompt_tokens.unwrap_or(0));
        self.counters.add(Count::CompletionTokens, answer.usage.completion_tokens.unwrap_or(0));
        self.counters.add(Count::SpentNanousd, cost.sum);
        self.counters.add(Count::Unpriced, cost.is_unknown.into());
        cost
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
        // Half up, and the sum of both, each of which alone would have been rounded.
        let list = r#"{"data":[{"id":"half","input_price":0.0005,"output_price":0.0004}]}"#;
        account.learn(&ModelList::from_json(list).unwrap());
        let half = |prompt, completion| account.cost("half", &used(Some(prompt), Some(completion)));
        assert_eq!([half(1, 0), half(0, 1), half(1, 1), half(2, 1), half(3, 0)], [1, 0, 1, 1, 2].map(Some));
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
        let list = r#"{"data":[{"id":"m","input_price":0.003,"output_price":0.001}]}"#;
        account.learn(&ModelList::from_json(list).unwrap());
        assert_eq!(account.book("m", None, &used(Some(2), Some(3))).nanousd(), Some(9));
        account.check().unwrap();
        let cut = account.book("m", Some(Status::Cancelled), &used(Some(2), None));
        assert_eq!(cut.nanousd(), None);
        account.book_failed("m", &used(Some(0), Some(1)));
        let error = account.check().unwrap_err();
        assert_eq!(error.status, Status::Budget);
        assert!(error.message.as_str().contains("10 nano-USD"), "{error}");
        let count = |which| account.counters.get(which);
        assert_eq!((count(Count::Succeeded), count(Count::Cancelled), count(Count::Failed)), (1, 1, 0));
        assert_eq!((count(Count::PromptTokens), count(Count::CompletionTokens)), (4, 4));
        assert_eq!(count(Count::Unpriced), 1);
        assert_eq!(count(Count::SpentNanousd), 10);
    }
}
