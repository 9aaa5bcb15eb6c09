//! Reading JSON that may mean harm: bounds hold while it is read, and whatever is refused has a place.
//!
//! serde_json reads; this follows where it is. Its own words are used for what breaks the grammar alone, because those
//! about wrong values repeat the values.

use crate::error::{Error, Status};
use crate::text::Text;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::cell::{Cell, RefCell};
use std::fmt;

/// Brackets inside brackets in what is kept without being understood: readers of JSON stop at 128 of them, and those
/// around it count.
const DEEPEST: usize = 100;

/// Where the reader is, and what is wrong there.
#[derive(Default)]
pub(super) struct Place {
    /// On a failure it stays as it was.
    path: RefCell<Vec<Step>>,
    expected: Cell<&'static str>,
    problem: RefCell<Option<String>>,
}

enum Step {
    Member(&'static str),
    Item(usize),
}

/// What is wrong with a part that was read, and in which member.
pub(super) struct Refusal {
    pub member: Option<&'static str>,
    pub problem: String,
}

impl Refusal {
    pub fn new(member: &'static str, problem: impl Into<String>) -> Self {
        Self { member: Some(member), problem: problem.into() }
    }

    /// What a typed call says of the same value.
    pub fn of(member: &'static str, error: &Error) -> Self {
        let message = error.message.as_str();
        Self::new(member, message.strip_prefix(&format!("{}: ", error.param)).unwrap_or(message))
    }
}

/// An object that is read member by member.
pub(super) trait Object: Default {
    /// Reads the value of one of its members, or keeps it unread.
    fn member<'de, M: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, M>) -> Result<(), M::Error>;

    /// What is wrong with it as a whole.
    fn check(&mut self) -> Result<(), Refusal>;
}

/// Reads a text as one object.
pub(super) fn read<T: Object>(json: &str) -> Result<T, Error> {
    let place = Place::default();
    place.expected.set("an object");
    let mut source = serde_json::Deserializer::from_str(json);
    let read = Whole { place: &place, into: T::default() }.deserialize(&mut source);
    read.and_then(|value| source.end().map(|()| value)).map_err(|error| place.error(&error))
}

impl Place {
    fn step<T, E>(&self, step: Step, read: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.path.borrow_mut().push(step);
        let value = read()?;
        self.path.borrow_mut().pop();
        Ok(value)
    }

    fn refuse<E: serde::de::Error>(&self, refusal: Refusal) -> E {
        self.path.borrow_mut().extend(refusal.member.map(Step::Member));
        *self.problem.borrow_mut() = Some(refusal.problem);
        E::custom("")
    }

    fn error(&self, error: &serde_json::Error) -> Error {
        let place = format!("at line {} column {}", error.line(), error.column());
        match self.problem.take() {
            Some(problem) => self.bad(format!("{problem} {place}")),
            None if error.is_data() => self.bad(format!("is not {} {place}", self.expected.get())),
            None => self.bad(format!("is not JSON ({error})")),
        }
    }

    fn bad(&self, problem: String) -> Error {
        let path = self.to_string();
        bad_data(if path.is_empty() { "json" } else { &path }, problem)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, step) in self.path.borrow().iter().enumerate() {
            match step {
                Step::Member(name) if depth == 0 => f.write_str(name)?,
                Step::Member(name) => write!(f, ".{name}")?,
                Step::Item(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// A saved conversation that cannot be read, and where.
pub(super) fn bad_data(place: &str, problem: impl fmt::Display) -> Error {
    let mut error = Error::invalid(place, problem);
    error.status = Status::BadData;
    error
}

/// The value of a member, before it is read.
pub(super) struct Value<'a, M> {
    map: &'a mut M,
    place: &'a Place,
}

impl<'a, 'de, M: MapAccess<'de>> Value<'a, M> {
    /// Reads what may be there once.
    pub fn once<T: Deserialize<'de>>(
        self,
        name: &'static str,
        expected: &'static str,
        into: &mut Option<T>,
    ) -> Result<(), M::Error> {
        self.once_seed(name, expected, std::marker::PhantomData, into)
    }

    /// The same, judged before anything behind it is read.
    pub fn once_checked<T: Deserialize<'de>>(
        self,
        name: &'static str,
        expected: &'static str,
        into: &mut Option<T>,
        check: impl FnOnce(&T) -> Result<(), Refusal>,
    ) -> Result<(), M::Error> {
        let place = self.place;
        self.once(name, expected, into)?;
        into.as_ref().map_or(Ok(()), check).map_err(|refusal| place.refuse(refusal))
    }

    /// Reads a text.
    pub fn text(self, name: &'static str, into: &mut Option<Text>) -> Result<(), M::Error> {
        self.once(name, "a string", into)
    }

    /// Reads a list of objects, of which there may be so many, and hands each to `add`.
    pub fn list<T: Object>(
        self,
        name: &'static str,
        most: usize,
        into: &mut Option<()>,
        add: impl FnMut(T) -> Result<(), Refusal>,
    ) -> Result<(), M::Error> {
        let seed = List { place: self.place, most, add, item: std::marker::PhantomData };
        self.once_seed(name, "an array", seed, into)
    }

    /// Reads texts by their names, and hands each to `add`.
    pub fn texts(
        self,
        name: &'static str,
        into: &mut Option<()>,
        add: impl FnMut(&str, &str) -> Result<(), String>,
    ) -> Result<(), M::Error> {
        let seed = Texts { place: self.place, add };
        self.once_seed(name, "an object", seed, into)
    }

    /// Keeps the value of a member that nobody knows as it is written.
    pub fn keep(self, key: &str, into: &mut String) -> Result<(), M::Error> {
        let value = self.map.next_value::<&RawValue>()?.get();
        if is_deeper(value, DEEPEST) {
            let problem = format!("has a member with more than {DEEPEST} brackets inside each other");
            return Err(self.place.refuse(Refusal { member: None, problem }));
        }
        if !into.is_empty() {
            into.push(',');
        }
        crate::wire::write_text(key, into);
        into.push(':');
        into.push_str(value);
        Ok(())
    }

    fn once_seed<S: DeserializeSeed<'de>>(
        self,
        name: &'static str,
        expected: &'static str,
        seed: S,
        into: &mut Option<S::Value>,
    ) -> Result<(), M::Error> {
        let Self { map, place } = self;
        place.step(Step::Member(name), || {
            if into.is_some() {
                return Err(place.refuse(Refusal { member: None, problem: "is there twice".into() }));
            }
            place.expected.set(expected);
            *into = Some(map.next_value_seed(seed)?);
            Ok(())
        })
    }
}

/// Whether valid JSON has more brackets inside each other.
fn is_deeper(json: &str, most: usize) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            _ => {}
        }
        if depth > most {
            return true;
        }
    }
    false
}

struct Whole<'p, T> {
    place: &'p Place,
    into: T,
}

impl<'de, T: Object> DeserializeSeed<'de> for Whole<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<T, D::Error> {
        source.deserialize_map(self)
    }
}

impl<'de, T: Object> Visitor<'de> for Whole<'_, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(mut self, mut map: M) -> Result<T, M::Error> {
        while let Some(key) = map.next_key::<String>()? {
            self.into.member(&key, Value { map: &mut map, place: self.place })?;
        }
        self.into.check().map_err(|refusal| self.place.refuse(refusal))?;
        Ok(self.into)
    }
}

struct List<'p, T, F> {
    place: &'p Place,
    most: usize,
    add: F,
    item: std::marker::PhantomData<T>,
}

impl<'de, T: Object, F: FnMut(T) -> Result<(), Refusal>> DeserializeSeed<'de> for List<'_, T, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<(), D::Error> {
        source.deserialize_seq(self)
    }
}

impl<'de, T: Object, F: FnMut(T) -> Result<(), Refusal>> Visitor<'de> for List<'_, T, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<S: SeqAccess<'de>>(mut self, mut list: S) -> Result<(), S::Error> {
        let place = self.place;
        let mut index = 0;
        while place.step(Step::Item(index), || {
            place.expected.set("an object");
            let Some(item) = list.next_element_seed(Whole { place, into: T::default() })? else {
                return Ok(false);
            };
            if index >= self.most {
                let problem = format!("is one more than the {} that there may be", self.most);
                return Err(place.refuse(Refusal { member: None, problem }));
            }
            (self.add)(item).map_err(|refusal| place.refuse(refusal))?;
            Ok(true)
        })? {
            index += 1;
        }
        Ok(())
    }
}

struct Texts<'p, F> {
    place: &'p Place,
    add: F,
}

impl<'de, F: FnMut(&str, &str) -> Result<(), String>> DeserializeSeed<'de> for Texts<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<(), D::Error> {
        source.deserialize_map(self)
    }
}

impl<'de, F: FnMut(&str, &str) -> Result<(), String>> Visitor<'de> for Texts<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(mut self, mut map: M) -> Result<(), M::Error> {
        let place = self.place;
        let mut index = 0;
        while place.step(Step::Item(index), || {
            let Some(key) = map.next_key::<String>()? else { return Ok(false) };
            place.expected.set("a string");
            let text = map.next_value::<String>()?;
            (self.add)(&key, &text)
                .map(|()| true)
                .map_err(|problem| place.refuse(Refusal { member: None, problem }))
        })? {
            index += 1;
        }
        Ok(())
    }
}
