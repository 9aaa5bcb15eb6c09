//! What happens, told in records that the host takes when it likes: metadata, never the key, bodies only when asked.

use crate::counters::{Count, Counters};
use crate::key::Key;
use crate::sync::lock;
use crate::text::Text;
use serde_json::{Map, Value};
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

/// Records that wait; a further one drops the oldest.
const WAITING: usize = 1024;
/// Bytes of a body that are shown.
pub const BODY: usize = 64 << 10;

/// How much is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing.
    #[default]
    Off,
    /// Requests that failed.
    Error,
    /// And what became of the others, and retries.
    Info,
    /// And each attempt, connection and wait.
    Debug,
    /// And each read, and bodies if they were asked for.
    Trace,
}

impl Level {
    const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Record {
    /// How much it matters.
    pub level: Level,
    /// When, in milliseconds of Unix time.
    pub time_ms: i64,
    /// The request, or 0.
    pub op: u64,
    /// For people: the event, then `name=value` for each of its fields.
    pub message: Text,
    /// For programs: all of it as a JSON object.
    pub json: Text,
}

/// The records of a client.
#[derive(Debug)]
pub struct Log {
    level: Level,
    bodies: bool,
    counters: Arc<Counters>,
    waiting: Mutex<VecDeque<Record>>,
}

impl Log {
    /// A log that tells as much as `level` says.
    pub fn new(level: Level, bodies: bool, counters: Arc<Counters>) -> Self {
        Self { level, bodies, counters, waiting: Mutex::default() }
    }

    /// Whether anything of this level is told: what is costly to put together is put together only then.
    pub fn tells(&self, level: Level) -> bool {
        level <= self.level
    }

    /// Whether bodies are told.
    pub fn tells_bodies(&self) -> bool {
        self.bodies && self.tells(Level::Trace)
    }

    /// Tells of an event. `fields` are made only if somebody listens; the key is taken out of their texts. Not out of
    /// the record: for a server that wants none it may be "1", or a word that records are made of.
    pub fn tell<const N: usize>(
        &self,
        level: Level,
        op: u64,
        key: Option<&Key>,
        event: &'static str,
        fields: impl FnOnce() -> [(&'static str, Value); N],
    ) {
        if !self.tells(level) {
            return;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let time_ms = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        let (mut message, mut json) = (String::from(event), Map::new());
        json.insert("time_ms".into(), time_ms.into());
        json.insert("level".into(), level.name().into());
        json.insert("op".into(), op.into());
        json.insert("event".into(), event.into());
        for (name, mut value) in fields().into_iter().filter(|(_, value)| !value.is_null()) {
            if let (Some(key), Value::String(text)) = (key, &mut value)
                && let Some(clean) = key.redact_str(text)
            {
                *text = clean;
            }
            // Writing into a string cannot fail.
            let _ = write!(message, " {name}={value}");
            json.insert(name.into(), value);
        }
        let json = Value::Object(json).to_string().into();
        self.push(Record { level, time_ms, op, message: message.into(), json });
    }

    fn push(&self, record: Record) {
        let mut waiting = lock(&self.waiting);
        if waiting.len() >= WAITING {
            waiting.pop_front();
            self.counters.add(Count::LogsDropped, 1);
        }
        waiting.push_back(record);
    }

    /// Takes the oldest record.
    pub fn take(&self) -> Option<Record> {
        lock(&self.waiting).pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::{Level, Log, WAITING};
    use crate::counters::{Count, Counters};
    use crate::key::Key;
    use serde_json::Value;
    use std::sync::Arc;

    #[test]
    fn tells_what_the_level_says_in_two_forms() {
        let log = Log::new(Level::Info, true, Arc::default());
        log.tell::<0>(Level::Debug, 1, None, "attempt", || panic!("nobody listens"));
        let key = Key::new("sk-secret").ok();
        log.tell(Level::Info, 7, key.as_ref(), "retry", || {
            [("attempt", 2.into()), ("url", "http://x?k=sk-secret".into()), ("nothing", Value::Null)]
        });
        assert!(!log.tells_bodies());
        let record = log.take().unwrap();
        assert!(log.take().is_none());
        assert_eq!(record.message.as_str(), "retry attempt=2 url=\"http://x?k=[key]\"");
        let json: Value = serde_json::from_str(record.json.as_str()).unwrap();
        assert_eq!((json["op"].as_u64(), json["level"].as_str()), (Some(7), Some("info")));
        assert_eq!((json["time_ms"].as_i64(), json["nothing"].is_null()), (Some(record.time_ms), true));
    }

    #[test]
    fn a_record_stays_one_whatever_the_key_is() {
        let log = Log::new(Level::Info, false, Arc::default());
        for key in ["1", "e", "\"", ":", "retry", "attempt"] {
            let key = Key::new(key).ok();
            log.tell(Level::Info, 1, key.as_ref(), "retry", || [("attempt", 1.into()), ("to", "b".into())]);
            let record = log.take().unwrap();
            assert_eq!(record.message.as_str(), "retry attempt=1 to=\"b\"");
            let json: Value = serde_json::from_str(record.json.as_str()).unwrap();
            assert_eq!((json["event"].as_str(), json["attempt"].as_i64()), (Some("retry"), Some(1)));
        }
    }

    #[test]
    fn what_nobody_takes_is_bounded_and_counted() {
        let counters = Arc::<Counters>::default();
        let log = Log::new(Level::Trace, false, Arc::clone(&counters));
        for n in 0..WAITING as u64 + 10 {
            log.tell(Level::Trace, n, None, "read", || []);
        }
        assert_eq!(counters.get(Count::LogsDropped), 10);
        assert_eq!(log.take().unwrap().op, 10);
        assert_eq!(std::iter::from_fn(|| log.take()).count(), WAITING - 1);
    }
}
