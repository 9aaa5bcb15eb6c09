//! One request in flight: what has arrived of its answer, and its end, which happens once and in one place.

use crate::account::Account;
use crate::catalog::ModelList;
use crate::error::{Error, Status};
use crate::key::Key;
use crate::log::Level;
use crate::pacing::Ticket;
use crate::queue::{EventKind, Producer, Queue, Waiting, end_turn};
use crate::registry::Registry;
use crate::request::Delivery;
use crate::response::Response;
use crate::sync::lock;
use crate::text::Text;
use crate::usage::Cost;
use crate::wire::{Answer, Decoder, Flow, Kind, Limits, Piece};
use attempt::Sent;
pub use attempt::{Head, Progress};
use pieces::Pieces;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// One request in flight.
pub struct Op {
    id: u64,
    started: Instant,
    queue: Arc<Queue>,
    delivery: Delivery,
    /// Its place in line: that of the model which is asked.
    ticket: Mutex<Ticket>,
    account: Arc<Account>,
    /// The requests of its client.
    siblings: Arc<Registry<Self>>,
    /// What has arrived; `None` once it has ended. Locked before the queue, never after.
    live: Mutex<Option<Live>>,
    task: Mutex<Option<AbortHandle>>,
    /// Its queue has room again.
    resumed: Notify,
}

struct Live {
    sent: Sent,
    /// The model that is asked.
    model: Text,
    decoder: Decoder,
    /// What the attempts before this one cost.
    earlier: Cost,
    pieces: Pieces,
    waiting: Waiting,
    first_token: Option<Duration>,
    /// Its queue had no more room after the last bytes.
    is_full: bool,
}

/// What a request is begun with.
pub struct Start<'a> {
    /// From [`Op::reserve`].
    pub id: u64,
    /// The caller's own number.
    pub tag: u64,
    /// How its answer is delivered.
    pub delivery: Delivery,
    /// Where its events go.
    pub queue: &'a Arc<Queue>,
    /// Bytes of them that may wait there before its answer is read on.
    pub bound: usize,
    /// The model that it asks first.
    pub model: &'a str,
    /// Its place in line.
    pub ticket: Ticket,
    /// Reads its answer.
    pub decoder: Decoder,
}

/// The request has ended meanwhile: its task has nothing left to do.
#[derive(Debug)]
pub struct Ended;

impl Op {
    /// A new id: never reused, and below 2^53 for longer than any process lives.
    pub fn reserve() -> u64 {
        static LAST: AtomicU64 = AtomicU64::new(0);
        LAST.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Enters a request into its queue and its client's list.
    pub fn begin(
        start: Start<'_>,
        account: &Arc<Account>,
        siblings: &Arc<Registry<Self>>,
    ) -> Result<Arc<Self>, Error> {
        let Start { id, tag, delivery, queue, bound, model, ticket, decoder } = start;
        let live = Live {
            sent: Sent::default(),
            model: model.into(),
            decoder,
            earlier: Cost::default(),
            pieces: Pieces::new(delivery),
            waiting: Waiting::default(),
            first_token: None,
            is_full: false,
        };
        let op = Arc::new(Self {
            id,
            started: Instant::now(),
            queue: Arc::clone(queue),
            delivery,
            ticket: Mutex::new(ticket),
            account: Arc::clone(account),
            siblings: Arc::clone(siblings),
            live: Mutex::new(Some(live)),
            task: Mutex::default(),
            resumed: Notify::new(),
        });
        let producer: Arc<dyn Producer> = op.clone();
        queue.open(id, tag, bound, Arc::downgrade(&producer))?;
        // Refused, unless it has ended meanwhile, by a close of the queue or of the library: then its end can be taken,
        // and it counts.
        if !siblings.add(id, &op) && lock(&op.live).take().is_some() {
            queue.withdraw(id);
            return Err(Error::new(Status::Closed, "the client is closed"));
        }
        // A close that came between has ended it, and found nothing to take out.
        if lock(&op.live).is_none() {
            siblings.remove(id);
        }
        account.request(model);
        Ok(op)
    }

    /// Its number.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Its place in line.
    pub fn ticket(&self) -> Ticket {
        lock(&self.ticket).clone()
    }

    /// When the call was made.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// Names the task that works on it, to be stopped by a cancel. It may have been cancelled already.
    pub fn set_task(&self, task: AbortHandle) {
        *lock(&self.task) = Some(task);
        if lock(&self.live).is_none() {
            self.stop_task();
        }
    }

    fn stop_task(&self) {
        if let Some(task) = lock(&self.task).take() {
            task.abort();
        }
    }

    /// Changes what has arrived, unless the request has ended.
    fn with_live<T>(&self, change: impl FnOnce(&mut Live) -> T) -> Result<T, Ended> {
        lock(&self.live).as_mut().map(change).ok_or(Ended)
    }

    /// Counts an attempt that is about to be sent with this key: also in the account, which knows it before any end does.
    pub fn attempt(&self, key: Option<Key>) -> Result<u32, Ended> {
        self.with_live(|live| {
            live.sent.key = key;
            live.sent.attempts += 1;
            self.account.attempt(live.model.as_str());
            live.sent.attempts
        })
    }

    /// Tells that the request goes again, to this model, because of `error`, and starts over with an empty answer. What
    /// the failed attempt used is booked.
    pub fn retry(&self, error: Error, delay: Duration, model: &str, decoder: Decoder) -> Result<(), Ended> {
        self.with_live(|live| {
            let attempt = live.sent.attempts + 1;
            let error = Arc::new(live.sent.complete(error));
            let failed = std::mem::replace(&mut live.decoder, decoder).into_answer();
            live.earlier.add(self.account.book_failed(live.model.as_str(), &failed));
            live.sent.head = Head::default();
            if live.model.as_str() != model {
                live.model = model.into();
                let mut ticket = lock(&self.ticket);
                *ticket = ticket.of_model(model);
            }
            live.waiting.push(EventKind::Retry { error, delay, attempt, model: live.model.clone() });
            self.queue.deliver(self.id, &mut live.waiting).0
        })
        .map(drop)
    }

    /// Takes the head of an answer.
    pub fn head(&self, mut head: Head, content_type: Option<&str>) -> Result<(), Ended> {
        self.with_live(|live| {
            live.decoder.head(head.status, content_type);
            if let Some(key) = &live.sent.key {
                key.redact_text(&mut head.request_id);
            }
            live.sent.head = head;
        })
    }

    /// Takes bytes of the body and delivers what they complete.
    pub fn feed(&self, bytes: &[u8]) -> Result<Result<Flow, Error>, Ended> {
        let flow = self.decode(|decoder, sink| decoder.feed(bytes, sink));
        #[cfg(feature = "test-hooks")]
        crate::hooks::count(bytes.len(), 0);
        flow
    }

    /// Takes the end of the body and gives the verdict.
    pub fn finish(&self) -> Result<Result<(), Error>, Ended> {
        // A whole body is read only now, which may take long.
        end_turn();
        self.decode(Decoder::finish)
    }

    fn decode<T>(&self, step: impl FnOnce(&mut Decoder, &mut dyn FnMut(Piece<'_>)) -> T) -> Result<T, Ended> {
        let (result, ring) = self.with_live(|live| {
            let Live { decoder, pieces, waiting, first_token, is_full, .. } = live;
            let result = step(decoder, &mut |piece| {
                first_token.get_or_insert_with(|| self.started.elapsed());
                pieces.take(piece, waiting);
            });
            pieces.finish(&decoder.answer().choices, waiting);
            let ring;
            (ring, *is_full) = self.queue.deliver(self.id, waiting);
            (result, ring)
        })?;
        drop(ring);
        Ok(result)
    }

    /// Waits until the consumer has taken enough for the answer to be read on.
    pub async fn room(&self) {
        loop {
            // Listens before it looks, so that nothing comes in between.
            let mut resumed = pin!(self.resumed.notified());
            resumed.as_mut().enable();
            if !self.queue.is_full(self.id) {
                return;
            }
            resumed.await;
        }
    }

    /// How far the attempt that is under way has come.
    pub fn progress(&self) -> Result<Progress, Ended> {
        self.with_live(|live| Progress {
            bytes: live.decoder.received(),
            events: live.decoder.events(),
            has_piece: live.first_token.is_some(),
            has_begun: live.decoder.has_begun(),
            is_full: live.is_full,
            should_retry: live.sent.head.should_retry,
        })
    }

    /// An error of the attempt that is under way, with what is known of it.
    pub fn describe(&self, error: &Error) -> Result<Error, Ended> {
        self.with_live(|live| live.sent.complete(error.clone()))
    }

    /// The end, however it came about. Only the first call counts.
    pub fn end(&self, outcome: Result<(), Error>) {
        let ring = {
            // Held until the event is in the queue, so that a second end returns only then.
            let mut slot = lock(&self.live);
            let Some(mut live) = slot.take() else { return };
            #[cfg(feature = "test-hooks")]
            crate::hooks::count(0, 1);
            let total = self.started.elapsed();
            let error = outcome.err().map(|error| live.sent.complete(error));
            let is_cancelled = error.as_ref().is_some_and(|error| error.status == Status::Cancelled);
            // What a cut answer holds back is its text, so it is delivered too (S5).
            let mut deliver = |piece: Piece<'_>| {
                if !is_cancelled {
                    live.first_token.get_or_insert(total);
                    live.pieces.take(piece, &mut live.waiting);
                }
            };
            // A panic in the decoder may have left it in pieces, and the end must come all the same.
            let answer = catch_unwind(AssertUnwindSafe(|| {
                #[cfg(feature = "test-hooks")]
                crate::hooks::panic_if_asked(crate::hooks::END);
                live.decoder.end(&mut deliver)
            }));
            let (answer, error) = match answer {
                Ok(mut answer) => {
                    if self.delivery.omit_reasoning {
                        answer.omit_reasoning();
                    }
                    (answer, error)
                }
                Err(panic) => (Answer::new(Kind::Raw, &Limits::default()), Some(Error::panicked(&*panic))),
            };
            let (models, error) = self.models(&answer, error, &live.sent);
            let status = error.as_ref().map(|error| error.status);
            live.earlier.add(self.account.book(live.model.as_str(), status, &answer));
            if !is_cancelled {
                live.pieces.end(&mut live.waiting);
            }
            let mut response = Response::new(answer, error.map(Arc::new), total);
            response.cost = live.earlier.nanousd();
            response.models = models;
            response.requested_model = live.model;
            response.request_id = live.sent.head.request_id;
            response.attempts = live.sent.attempts;
            response.first_token = live.first_token;
            self.tell_end(&response, live.sent.head.status, live.sent.key.as_ref());
            live.waiting.push(EventKind::Done(Arc::new(response)));
            if is_cancelled {
                self.queue.replace(self.id, &mut live.waiting)
            } else {
                self.queue.deliver(self.id, &mut live.waiting).0
            }
        };
        self.siblings.remove(self.id);
        drop(ring);
    }

    /// The list of models that an answer is, which the client goes by from now on; one that cannot be read is an error.
    fn models(
        &self,
        answer: &Answer,
        error: Option<Error>,
        sent: &Sent,
    ) -> (Option<ModelList>, Option<Error>) {
        if error.is_some() || !answer.is_raw() {
            return (None, error);
        }
        let json = answer.to_json();
        match ModelList::from_json(&json) {
            Ok(list) => {
                self.account.learn(&list);
                (Some(list), None)
            }
            Err(mut error) => {
                error.body = json.into();
                (None, Some(sent.complete(error)))
            }
        }
    }

    fn tell_end(&self, response: &Response, http_status: u16, key: Option<&Key>) {
        let error = response.error.as_deref();
        let level = match error.map(|error| error.status) {
            None | Some(Status::Cancelled) => Level::Info,
            Some(_) => Level::Error,
        };
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.account.log.tell(level, self.id, key, "done", || {
            let usage = response.answer.usage;
            [
                ("status", error.map_or("ok", |error| error.status.name()).into()),
                ("model", response.requested_model.as_str().into()),
                ("http_status", http_status.into()),
                ("attempts", response.attempts.into()),
                ("ms", milliseconds(response.total).into()),
                ("first_token_ms", response.first_token.map(milliseconds).into()),
                ("prompt_tokens", usage.prompt_tokens.into()),
                ("completion_tokens", usage.completion_tokens.into()),
                ("cost_nanousd", response.cost.into()),
                // A server's words may repeat the prompt; the library's own do not.
                ("message", error.filter(|_| http_status == 0).map(|error| error.message.as_str()).into()),
            ]
        });
    }
}

impl Producer for Op {
    /// Ends it for the caller: what waits is dropped, and its last event waits in the queue on return.
    fn cancel(&self, why: &str) {
        // The task leaves the line a little later; who starts next must not find it there.
        self.ticket().leave();
        self.end(Err(Error::new(Status::Cancelled, why)));
        self.stop_task();
    }

    fn resume(&self) {
        self.resumed.notify_one();
    }
}

mod attempt;
mod pieces;
#[cfg(test)]
mod tests;
