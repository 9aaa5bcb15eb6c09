//! A client: its key, its connections, its requests, its account.

use crate::account::Account;
use crate::catalog::ModelList;
use crate::config::Config;
use crate::counters::{Count, Counters};
use crate::error::{Error, Status};
use crate::key::Key;
use crate::life::{EndGuard, Shared};
use crate::log::{Log, Record};
use crate::op::{Op, Start};
use crate::plan::Plan;
use crate::queue::{Producer, Queue};
use crate::registry::Registry;
use crate::sync::lock;
use crate::usage::ModelUsage;
use std::sync::{Arc, Mutex, Weak};
use tokio::runtime::Handle;
use tokio::sync::Notify;

/// A client of one server. Shared by any number of threads.
pub struct Client {
    /// `None` once closed: the connections go with the last request.
    shared: Mutex<Option<Arc<Shared>>>,
    requests: Arc<Registry<Op>>,
    key: Arc<Mutex<Option<Key>>>,
    /// Whether a key may be sent to this server.
    private: bool,
    account: Arc<Account>,
    /// Held by the task that connects ahead of the first request; told to leave it.
    warming: Mutex<Weak<Notify>>,
}

impl Client {
    /// Checks the settings and prepares the connections; nothing is sent.
    pub fn new(config: &Config) -> Result<Self, Error> {
        let counters = Arc::<Counters>::default();
        let log = Log::new(config.log_level, config.log_bodies, Arc::clone(&counters));
        let account = Arc::new(Account::new(counters, log, config.spending_limit));
        let key = Arc::default();
        let shared = Shared::new(config, Arc::clone(&account), Arc::clone(&key))?;
        let client = Self {
            private: config.allow_http || config.is_replay() || config.endpoint()?.is_private(),
            shared: Mutex::new(Some(Arc::new(shared))),
            requests: Arc::default(),
            key,
            account,
            warming: Mutex::default(),
        };
        client.replace_key(config.key.clone())?;
        Ok(client)
    }

    /// Replaces the key for what is sent from now on. What the server allows, it allows to a key.
    pub fn set_api_key(&self, key: &str) -> Result<(), Error> {
        self.replace_key(Some(Key::new(key)?))?;
        if let Ok(shared) = self.shared() {
            shared.pacer.renew();
        }
        Ok(())
    }

    fn replace_key(&self, key: Option<Key>) -> Result<(), Error> {
        if key.is_some() && !self.private {
            return Err(Error::invalid(
                "base_url",
                "plain http would show the API key to everybody on the way",
            )
            .with_hint("Use https, or allow plain http explicitly."));
        }
        *lock(&self.key) = key;
        Ok(())
    }

    fn shared(&self) -> Result<Arc<Shared>, Error> {
        lock(&self.shared).clone().ok_or_else(|| Error::new(Status::Closed, "the client is closed"))
    }

    /// Starts a request under an id from [`Op::reserve`].
    pub fn start(
        &self,
        runtime: &Handle,
        plan: Plan,
        queue: &Arc<Queue>,
        id: u64,
        tag: u64,
    ) -> Result<(), Error> {
        let shared = self.shared()?;
        self.account.check()?;
        plan.check_images(|model| self.models().get(model)?.images)?;
        let (model, decoder) = (plan.model(), shared.decoder(&plan));
        let delivery = plan.delivery;
        let (ticket, bound) = (shared.pacer.ticket(model), shared.queue_bytes);
        let start = Start { id, tag, delivery, queue, bound, model, ticket, decoder };
        let op = Op::begin(start, &self.account, &self.requests)?;
        // Made here and not in the task, which may be dropped before it ever runs.
        let guard = EndGuard(Arc::clone(&op));
        // Tasks begin in any order; the line is that of the calls.
        let turn = shared.line_up(&op, &plan);
        let task = runtime.spawn(async move { shared.run(guard, &plan, turn).await });
        op.set_task(task.abort_handle());
        Ok(())
    }

    /// Connects ahead of the first request, once at a time.
    pub fn warm_up(&self, runtime: &Handle) -> Result<(), Error> {
        let shared = self.shared()?;
        let leave = Arc::new(Notify::new());
        {
            let mut warming = lock(&self.warming);
            if warming.upgrade().is_some() {
                return Ok(());
            }
            *warming = Arc::downgrade(&leave);
        }
        runtime.spawn(async move {
            tokio::select! {
                () = shared.net.warm_up() => {}
                () = leave.notified() => {}
            }
        });
        // A close that came between found nothing to stop.
        self.shared().map(drop).inspect_err(|_| self.cool_down())
    }

    fn cool_down(&self) {
        if let Some(leave) = lock(&self.warming).upgrade() {
            leave.notify_one();
        }
    }

    /// One of the client's numbers.
    pub fn count(&self, count: Count) -> i64 {
        self.account.counters.get(count)
    }

    /// Takes the oldest record of the log.
    pub fn take_log(&self) -> Option<Record> {
        self.account.log.take()
    }

    /// The client's view of models: the catalogue, under what the server said last.
    pub fn models(&self) -> Arc<ModelList> {
        self.account.models()
    }

    /// What was used so far, a row for each model in the order of first use.
    pub fn usage(&self) -> Vec<ModelUsage> {
        self.account.usage.snapshot()
    }

    /// Cancels what runs and refuses what comes.
    pub fn close(&self) {
        drop(lock(&self.shared).take());
        self.cool_down();
        for (_, op) in self.requests.close() {
            op.cancel("the client was closed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Client;
    use crate::config::Config;
    use crate::error::Status;
    use crate::op::Op;
    use crate::plan::Plan;
    use crate::queue::{Event, EventKind, Patience, Queue, Taken};
    use std::sync::Arc;
    use std::time::Duration;

    #[test]
    fn a_task_that_never_ran_ends_its_request() {
        let client = Client::new(&Config::default()).unwrap();
        let queue = Arc::<Queue>::default();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        client.start(runtime.handle(), Plan::models(), &queue, Op::reserve(), 0).unwrap();
        drop(runtime);
        match queue.next(Patience::For(Duration::ZERO)).unwrap() {
            Taken::Event(Event { kind: EventKind::Done(response), .. }) => {
                assert_eq!(response.error.as_ref().map(|error| error.status), Some(Status::Cancelled));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_close_ends_every_warm_up() {
        // Takes connections, and never says a word of TLS.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut config = Config::default();
        config.set_base_url(&format!("https://{}", silent.local_addr().unwrap())).unwrap();
        let client = Client::new(&config).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        client.warm_up(runtime.handle()).unwrap();
        client.warm_up(runtime.handle()).unwrap();
        runtime.block_on(tokio::task::yield_now());
        client.close();
        let gone = async {
            while runtime.metrics().num_alive_tasks() > 0 {
                tokio::task::yield_now().await;
            }
        };
        runtime.block_on(async { tokio::time::timeout(Duration::from_secs(5), gone).await }).unwrap();
    }
}
