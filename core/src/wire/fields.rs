//! Fields that this library has no name for, kept so that nothing a server says is lost.

use super::clean::{write_text, write_value};
use super::json::{Type, Value};
use super::tolerated::{Oddity, Tolerated};
use super::unicode::{Joiner, lossy};
use super::{Bound, Budget};

/// How a field that comes again meets what came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The last value that is not null stands.
    Replace,
    /// Texts and lists grow, as the official client adds up a delta; the last of anything else stands.
    Grow,
}

/// More names than this in one place are an attack: each new one is looked up among the others.
const MAX_FIELDS: usize = 256;

/// Names and values in the order in which they first came.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    fields: Vec<Field>,
}

#[derive(Clone, Debug)]
struct Field {
    name: String,
    value: Kept,
}

#[derive(Clone, Debug)]
enum Kept {
    /// Valid JSON.
    Json(String),
    Text(String, Joiner),
    /// The inside of a list.
    List(String),
}

impl Fields {
    /// Whether nothing was kept.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Drops the fields of some names; says whether there were any.
    pub fn remove(&mut self, is_unwanted: impl Fn(&str) -> bool) -> bool {
        let before = self.fields.len();
        self.fields.retain(|field| !is_unwanted(&field.name));
        self.fields.len() < before
    }

    /// Keeps one field by `rule`; null changes nothing.
    pub fn keep(
        &mut self,
        name: &[u8],
        value: Value<'_>,
        rule: Rule,
        budget: &mut Budget,
        odd: &mut Tolerated,
    ) -> Result<(), Bound> {
        if value.is_null() {
            return Ok(());
        }
        let Some(field) = self.fields.iter_mut().find(|field| field.name.as_bytes() == name) else {
            Bound::check("fields", self.fields.len() + 1, MAX_FIELDS)?;
            let value = Kept::new(value, rule, odd);
            budget.spend(name.len() + value.len())?;
            self.fields.push(Field { name: lossy(name, odd), value });
            return Ok(());
        };
        // A type tag is the same in every delta; the official client, too, never lets it grow.
        let rule = if name == b"type" { Rule::Replace } else { rule };
        field.value.meet(value, rule, budget, odd)
    }

    /// Appends `,"name":value` for each.
    pub fn write(&self, out: &mut String) {
        for field in &self.fields {
            out.push(',');
            write_text(&field.name, out);
            out.push(':');
            match &field.value {
                Kept::Json(json) => out.push_str(json),
                Kept::Text(text, _) => write_text(text, out),
                Kept::List(inside) => out.extend(["[", inside.as_str(), "]"]),
            }
        }
    }
}

impl Kept {
    fn new(value: Value<'_>, rule: Rule, odd: &mut Tolerated) -> Self {
        match value.kind() {
            Type::String if rule == Rule::Grow => {
                let (mut text, mut joiner) = (String::new(), Joiner::default());
                append(value, &mut text, &mut joiner, odd);
                Self::Text(text, joiner)
            }
            Type::Array if rule == Rule::Grow => {
                let mut inside = String::new();
                extend(value, &mut inside, odd);
                Self::List(inside)
            }
            _ => {
                let mut json = String::new();
                write_value(value, &mut json, odd);
                Self::Json(json)
            }
        }
    }

    fn meet(
        &mut self,
        value: Value<'_>,
        rule: Rule,
        budget: &mut Budget,
        odd: &mut Tolerated,
    ) -> Result<(), Bound> {
        let before = self.len();
        match (&mut *self, value.kind()) {
            (Self::Text(text, joiner), Type::String) if rule == Rule::Grow => {
                append(value, text, joiner, odd)
            }
            (Self::List(inside), Type::Array) if rule == Rule::Grow => extend(value, inside, odd),
            // The fingerprint and its like, the same in every chunk.
            (Self::Json(json), _) if json.as_bytes() == value.raw() => {}
            (old, _) => *old = Self::new(value, rule, odd),
        }
        // What is paid for is what is kept: a replacement gives back what it replaced.
        budget.refund(before);
        budget.spend(self.len())
    }

    fn len(&self) -> usize {
        match self {
            Self::Json(text) | Self::Text(text, _) | Self::List(text) => text.len(),
        }
    }
}

fn append(value: Value<'_>, text: &mut String, joiner: &mut Joiner, odd: &mut Tolerated) {
    if let Some(more) = value.string() {
        let bytes = more.bytes(odd);
        joiner.push(&bytes, text, odd);
    }
}

fn extend(value: Value<'_>, inside: &mut String, odd: &mut Tolerated) {
    for item in value.items() {
        if !inside.is_empty() {
            inside.push(',');
        }
        write_value(item, inside, odd);
    }
}

/// What an object with growing lists adds up to, such as log-probabilities: its fields, or a value of another type.
#[derive(Clone, Debug, Default)]
pub struct Grown {
    fields: Fields,
    other: String,
}

impl Grown {
    /// Whether nothing came.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.other.is_empty()
    }

    /// Adds the next part; null changes nothing.
    pub fn add(&mut self, value: Value<'_>, budget: &mut Budget, odd: &mut Tolerated) -> Result<(), Bound> {
        if value.kind() == Type::Object {
            for (name, field) in value.fields() {
                self.fields.keep(&name, field, Rule::Grow, budget, odd)?;
            }
        } else if !value.is_null() {
            odd.add(Oddity::WrongType);
            budget.refund(self.other.len());
            self.other.clear();
            write_value(value, &mut self.other, odd);
            budget.spend(self.other.len())?;
        }
        Ok(())
    }

    /// It all as JSON; empty if nothing came.
    pub fn to_json(&self) -> String {
        if self.fields.is_empty() {
            return self.other.clone();
        }
        let mut out = String::new();
        self.fields.write(&mut out);
        out.replace_range(..1, "{");
        out.push('}');
        out
    }
}

#[cfg(test)]
mod tests {
    use super::{Fields, Grown, Rule};
    use crate::wire::json::parse;
    use crate::wire::{Budget, Tolerated};

    fn kept(rule: Rule, values: &[&str]) -> String {
        let (mut fields, mut odd, mut budget) = (Fields::default(), Tolerated::default(), Budget::new(1000));
        for value in values {
            let value = parse(value.as_bytes(), 9, &mut odd).unwrap().0;
            fields.keep(b"f", value, rule, &mut budget, &mut odd).unwrap();
        }
        let mut out = String::new();
        fields.write(&mut out);
        out
    }

    #[test]
    fn fields_meet_by_their_rule() {
        let texts = [r#""a""#, "null", r#""b""#];
        assert_eq!(kept(Rule::Grow, &texts), r#","f":"ab""#);
        assert_eq!(kept(Rule::Replace, &texts), r#","f":"b""#);
        assert_eq!(kept(Rule::Grow, &["[]", "[1, 2]", "[3]"]), r#","f":[1,2,3]"#);
        assert_eq!(kept(Rule::Grow, &["[1]", r#"{"a": 1}"#, r#"{"a":1}"#, "7"]), r#","f":7"#);
        assert_eq!(kept(Rule::Replace, &["null"]), "");
    }

    #[test]
    fn more_fields_than_anyone_has_are_refused() {
        let (mut fields, mut odd, mut budget) =
            (Fields::default(), Tolerated::default(), Budget::new(1 << 20));
        let value = parse(b"1", 9, &mut odd).unwrap().0;
        let mut keep = |name: usize| {
            fields.keep(name.to_string().as_bytes(), value, Rule::Replace, &mut budget, &mut odd)
        };
        for name in 0..super::MAX_FIELDS {
            keep(name).unwrap();
        }
        keep(3).unwrap();
        assert!(keep(super::MAX_FIELDS).is_err());
    }

    #[test]
    fn lists_inside_grow() {
        let (mut grown, mut odd, mut budget) = (Grown::default(), Tolerated::default(), Budget::new(100));
        assert_eq!(grown.to_json(), "");
        for part in
            [r#"{"content":[{"logprob":-0.5}],"refusal":null}"#, "null", r#"{"content":[{"logprob":NaN}]}"#]
        {
            grown.add(parse(part.as_bytes(), 9, &mut odd).unwrap().0, &mut budget, &mut odd).unwrap();
        }
        assert_eq!(grown.to_json(), r#"{"content":[{"logprob":-0.5},{"logprob":null}]}"#);
    }
}
