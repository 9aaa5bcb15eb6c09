//! The small language in which faults are told. The README has the grammar.

use crate::state::State;
use hyper::StatusCode;
use std::sync::Arc;
use std::time::Duration;

/// What a clause's items set.
pub trait Items: Default {
    /// What its clauses are counted under, apart from those of other scripts.
    const KIND: &'static str;

    /// Applies an item; `None` for an unknown name or a bad value.
    fn set(&mut self, name: &str, value: Value) -> Option<()>;
}

/// One clause: its items, and how often they apply.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Clause<T> {
    text: String,
    times: Option<u64>,
    items: Arc<T>,
}

/// Clauses in order; the first that may still be applied counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script<T>(Vec<Clause<T>>);

impl<T> Default for Script<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Items> Script<T> {
    /// Reads a script, or says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let clauses = text.split(';').map(str::trim).filter(|clause| !clause.is_empty());
        clauses.map(Clause::parse).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a clause is of this sort.
    pub fn any(&self, sort: impl Fn(&T) -> bool) -> bool {
        self.0.iter().any(|clause| sort(&clause.items))
    }

    /// The items of the clause that applies now.
    pub fn next(&self, state: &State) -> Arc<T> {
        self.next_where(state, |_| true)
    }

    /// The same among the clauses that fit; the others are not counted.
    pub fn next_where(&self, state: &State, fits: impl Fn(&T) -> bool) -> Arc<T> {
        let is_left =
            |clause: &Clause<T>| clause.times.is_none_or(|times| state.nth(T::KIND, &clause.text) < times);
        let applies = |clause: &&Clause<T>| fits(&clause.items) && is_left(clause);
        self.0.iter().find(applies).map(|clause| clause.items.clone()).unwrap_or_default()
    }
}

impl<T: Items> Clause<T> {
    fn parse(clause: &str) -> Result<Self, String> {
        let (mut items, mut times) = (T::default(), None);
        for item in clause.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let (name, value) = item.split_once('=').unwrap_or((item, ""));
            let value = Value(decode(value).ok_or_else(|| format!("\"{item}\" has a bad percent sign"))?);
            let known = match name {
                "times" => value.number().map(|number| times = Some(number as u64)),
                _ => items.set(name, value),
            };
            known.ok_or_else(|| format!("\"{item}\" is no fault"))?;
        }
        Ok(Self { text: clause.to_owned(), times, items: Arc::new(items) })
    }
}

/// What stands behind an item's `=`.
pub struct Value(Vec<u8>);

impl Value {
    /// Any bytes.
    pub fn bytes(self) -> Vec<u8> {
        self.0
    }

    /// A text.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// A number.
    pub fn number(&self) -> Option<usize> {
        self.text()?.parse().ok()
    }

    /// A time in milliseconds.
    pub fn milliseconds(&self) -> Option<Duration> {
        self.number().map(|number| Duration::from_millis(number as u64))
    }

    /// An HTTP status.
    pub fn status(&self) -> Option<StatusCode> {
        StatusCode::from_bytes(&self.0).ok()
    }

    /// `meant`, if nothing stands there.
    pub fn bare<T>(&self, meant: T) -> Option<T> {
        self.0.is_empty().then_some(meant)
    }
}

/// Undoes percent-encoding.
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let hex = piece.get(..2).filter(|hex| hex.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(hex, 16).ok()?);
        bytes.extend_from_slice(&piece.as_bytes()[2..]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use crate::faults::Script;
    use crate::state::State;
    use crate::{Options, connection};

    #[test]
    fn says_what_is_wrong() {
        for (bad, named) in [
            ("status=9", "status=9"),
            ("stal", "stal"),
            ("body=%4", "body=%4"),
            ("delay=-1", "delay=-1"),
            ("stall,header=x", "header=x"),
            ("cut-after=3c", "cut-after=3c"),
            ("body=%+1", "body=%+1"),
            ("times=x", "times=x"),
        ] {
            assert!(Script::parse(bad).unwrap_err().contains(named), "{bad}");
        }
        for bad in ["stall=1", "bytewise=1", "reset-head=x", "openai-errors=1", "no-usage=2"] {
            assert!(Script::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn clauses_apply_in_order_and_so_often() {
        let state = State::new(&Options::default());
        let script = Script::parse("status=500,times=1; status=503,times=2").unwrap();
        let status = || script.next(&state).status.map(|status| status.as_u16());
        assert_eq!([status(), status(), status(), status()], [Some(500), Some(503), Some(503), None]);
        state.reset();
        assert_eq!(status(), Some(500));
        // Clauses of another kind of script are counted apart, though they read the same.
        assert_eq!(connection::Script::parse("times=1;close").unwrap().next(&state).how, None);
        assert_eq!(Script::parse("times=1;status=418").unwrap().next(&state).status, None);
    }
}
