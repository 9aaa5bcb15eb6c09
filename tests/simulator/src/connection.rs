//! One accepted connection: its place in the counters, and how the server ends it.

use crate::script::{self, Items, Value};
use crate::state::State;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

/// How the server ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With a TCP reset.
    Reset,
    /// In good order for TCP, without a word of TLS or HTTP.
    Close,
    /// It stays open, but nothing is read or written any more.
    Silent,
}

impl End {
    /// The name that control requests have for it.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "reset" => Some(Self::Reset),
            "close" => Some(Self::Close),
            "silent" => Some(Self::Silent),
            _ => None,
        }
    }
}

/// What becomes of a connection that was just accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectionFault {
    /// How it ends; without this it is served.
    pub how: Option<End>,
    /// Whether the client's first message of TLS is read before.
    pub after_hello: bool,
}

/// Faults of connections, in the order in which these are accepted.
pub type Script = script::Script<ConnectionFault>;

impl Items for ConnectionFault {
    const KIND: &'static str = "connections";

    fn set(&mut self, name: &str, value: Value) -> Option<()> {
        let (how, after_hello) = match name {
            "reset" => (End::Reset, false),
            "close" => (End::Close, false),
            "stall" => (End::Silent, false),
            "tls-reset" => (End::Reset, true),
            "tls-stall" => (End::Silent, true),
            _ => return None,
        };
        *self = value.bare(Self { how: Some(how), after_hello })?;
        Some(())
    }
}

/// One accepted connection.
pub struct Connection {
    state: Arc<State>,
    number: u64,
    end: watch::Sender<Option<End>>,
    /// How it ends in the middle of the next answer's head.
    head_cut: Mutex<Option<End>>,
    kind: Mutex<Kind>,
    /// How many requests are being answered.
    requests: watch::Sender<usize>,
}

/// A request that is being answered, so that its connection is not idle.
pub struct Busy(Arc<Connection>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.requests.send_modify(|requests| *requests -= 1);
    }
}

/// What a connection is used for, as its first request tells.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Unknown,
    Api,
    Control,
}

impl Connection {
    /// Counts a connection.
    pub fn open(state: &Arc<State>) -> Arc<Self> {
        state.count(|stats| {
            stats.connections += 1;
            stats.open += 1;
        });
        state.keep(|number| Self {
            state: state.clone(),
            number,
            end: watch::Sender::default(),
            head_cut: Mutex::default(),
            kind: Mutex::new(Kind::Unknown),
            requests: watch::Sender::default(),
        })
    }

    fn kind(&self) -> MutexGuard<'_, Kind> {
        self.kind.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Told of each request: a connection that begins with a control request is not the client's.
    pub fn used(&self, control: bool) {
        let mut kind = self.kind();
        if *kind != Kind::Unknown {
            return;
        }
        *kind = if control { Kind::Control } else { Kind::Api };
        if control {
            self.state.count(|stats| {
                stats.connections = stats.connections.saturating_sub(1);
                stats.open = stats.open.saturating_sub(1);
            });
        }
    }

    /// Whether it began with a control request.
    pub fn is_control(&self) -> bool {
        *self.kind() == Kind::Control
    }

    /// A request begins.
    pub fn busy(self: &Arc<Self>) -> Busy {
        self.requests.send_modify(|requests| *requests += 1);
        Busy(self.clone())
    }

    /// Resolves when no request has been answered for so long.
    pub async fn idle(&self, time: Duration) {
        let mut requests = self.requests.subscribe();
        loop {
            let idle = *requests.borrow_and_update() == 0;
            tokio::select! {
                _ = requests.changed() => {}
                () = sleep(time), if idle => return,
            }
        }
    }

    /// Ends it. Silence can still be broken; the other two are for good.
    pub fn end(&self, how: End) {
        self.end.send_if_modified(|end| {
            let open = matches!(end, None | Some(End::Silent));
            if open {
                *end = Some(how);
            }
            open
        });
    }

    /// Ends it in the middle of the next answer's head.
    pub fn cut_head(&self, how: End) {
        *self.head_cut.lock().unwrap_or_else(PoisonError::into_inner) = Some(how);
    }

    /// Whether that is to be, asked once.
    pub fn take_head_cut(&self) -> Option<End> {
        self.head_cut.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// How it was ended, if it was.
    pub fn ended(&self) -> Option<End> {
        *self.end.borrow()
    }

    /// Resolves when it is ended in a way that `counts`.
    pub async fn ending(&self, counts: impl Fn(End) -> bool) -> End {
        let mut ends = self.end.subscribe();
        match ends.wait_for(|end| end.is_some_and(&counts)).await.map(|end| *end) {
            Ok(Some(end)) => end,
            // Cannot be: this object holds the sender, and there was an end.
            _ => std::future::pending().await,
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.state.forget(self.number);
        let control = self.is_control();
        self.state.count(|stats| stats.open = stats.open.saturating_sub(u64::from(!control)));
    }
}
