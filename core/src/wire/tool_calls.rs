//! Tool calls, put together from their fragments.
//!
//! Servers disagree on how a fragment says which call it belongs to. The rules, for the fragments of one choice:
//! - The index decides; where it is missing or negative, the place in the list of its delta stands for it.
//! - A new id under a known index begins a new call, unless another call has that id: then it belongs there.
//! - Without an id, a name begins a new call if it is another name, or if the arguments of the call at that index
//!   are complete and more come (Ollama sends every call whole, at no index, without an id).
//! - Id and name are set once and never grow: some servers repeat them in every fragment.
//! - Arguments are text in fragments; anything else is taken as its JSON.
//! - Before there were lists of calls there was one, `function_call`, without an id: it is a call like any other.
//!
//! A call is complete when the next one begins and its arguments are closed, or when its choice finishes.

use super::clean::{identifier, write_text, write_value};
use super::close::is_whole_object;
use super::fields::{Fields, Rule};
use super::json::{Type, Value};
use super::tolerated::{Oddity, Tolerated};
use super::unicode::Joiner;
use super::{Bound, Budget};
use crate::text::Text;

/// The index of the call that came as `function_call`: no server can send it, for negative ones are none.
const FUNCTION_CALL: i64 = -1;

/// One call of a tool that the model asks for.
#[derive(Clone, Debug, Default)]
pub struct ToolCall {
    /// The server's id, or one made up when the call was complete.
    pub id: Text,
    /// The name of the tool.
    pub name: Text,
    /// The arguments as the model wrote them: JSON, if it wrote well.
    pub arguments: Text,
    index: i64,
    joiner: Joiner,
    closing: Closing,
    delivered: bool,
    /// Whether the answer was full before its arguments began.
    cut: bool,
    unknown: Fields,
}

/// Follows the brackets of arguments as they grow, so that nobody has to read them again to know their end.
#[derive(Clone, Debug, Default)]
struct Closing {
    depth: u32,
    in_string: bool,
    escaped: bool,
    closed: bool,
}

impl Closing {
    fn push(&mut self, text: &str) {
        for byte in text.bytes() {
            if self.in_string {
                self.in_string = self.escaped || byte != b'"';
                self.escaped = !self.escaped && byte == b'\\';
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth = self.depth.saturating_add(1),
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.closed = self.depth == 0;
                }
                _ => {}
            }
        }
    }
}

/// The fields of one fragment.
#[derive(Default)]
struct Fragment<'a> {
    index: Option<i64>,
    id: Text,
    name: Text,
    arguments: Option<Value<'a>>,
    unknown: bool,
}

impl<'a> Fragment<'a> {
    fn read(value: Value<'a>, odd: &mut Tolerated) -> Self {
        let mut new = Self::default();
        new.read_fields(value, odd);
        new
    }

    fn read_fields(&mut self, value: Value<'a>, odd: &mut Tolerated) {
        for (key, field) in value.fields().filter(|(_, field)| !field.is_null()) {
            match &*key {
                b"index" => self.index = field.integer(odd),
                b"id" => self.id = identifier(field, odd).unwrap_or_default(),
                b"name" => self.name = identifier(field, odd).unwrap_or_default(),
                b"arguments" => self.arguments = Some(field),
                b"function" => self.read_fields(field, odd),
                b"type" => {}
                _ => self.unknown = true,
            }
        }
    }

    fn has_arguments(&self) -> bool {
        self.arguments.is_some_and(|value| !value.is_empty_text())
    }
}

/// What a fragment adds to the arguments of the call at some index, if it says nothing else.
pub(super) fn only_arguments(fragment: Value<'_>) -> Option<(i64, Value<'_>)> {
    let read = Fragment::read(fragment, &mut Tolerated::default());
    let adds_only = read.id.is_empty() && read.name.is_empty() && !read.unknown;
    let index = read.index.filter(|index| adds_only && *index >= 0)?;
    Some((index, read.arguments?))
}

/// The calls of one choice, in the order in which they began.
#[derive(Clone, Debug, Default)]
pub struct ToolCalls {
    calls: Vec<ToolCall>,
}

impl ToolCalls {
    /// Adds the fragments of one delta: a list, or one alone. `complete` is told which calls they complete.
    pub(super) fn add(
        &mut self,
        value: Value<'_>,
        choice: u32,
        cost: &mut Cost<'_>,
        complete: &mut impl FnMut(u32, &ToolCall),
    ) -> Result<(), Bound> {
        match value.kind() {
            Type::Array => {
                for (place, item) in value.items().enumerate() {
                    self.add_listed(item, place, choice, cost, complete)?;
                }
                Ok(())
            }
            Type::Object => {
                cost.odd.add(Oddity::WrongType);
                self.add_listed(value, 0, choice, cost, complete)
            }
            Type::Null => Ok(()),
            _ => {
                cost.odd.add(Oddity::WrongType);
                Ok(())
            }
        }
    }

    fn add_listed(
        &mut self,
        value: Value<'_>,
        place: usize,
        choice: u32,
        cost: &mut Cost<'_>,
        complete: &mut impl FnMut(u32, &ToolCall),
    ) -> Result<(), Bound> {
        let fragment = Fragment::read(value, cost.odd);
        let given = fragment.index.filter(|index| *index >= 0);
        // A whole message numbers its calls by their order, so a missing index is odd in a delta only.
        if given.is_none() && cost.delta {
            cost.odd.add(Oddity::ToolCallIndex);
        }
        self.add_fragment(value, fragment, given.unwrap_or(place as i64), choice, cost, complete)
    }

    /// Adds a fragment of the call that comes as `function_call`.
    pub(super) fn add_function_call(
        &mut self,
        value: Value<'_>,
        choice: u32,
        cost: &mut Cost<'_>,
        complete: &mut impl FnMut(u32, &ToolCall),
    ) -> Result<(), Bound> {
        let fragment = Fragment::read(value, cost.odd);
        // An empty one is no call.
        if fragment.name.is_empty() && !fragment.has_arguments() {
            return Ok(());
        }
        self.add_fragment(value, fragment, FUNCTION_CALL, choice, cost, complete)
    }

    /// Adds what [`only_arguments`] found.
    pub(super) fn add_piece(
        &mut self,
        index: i64,
        arguments: Value<'_>,
        choice: u32,
        cost: &mut Cost<'_>,
        complete: &mut impl FnMut(u32, &ToolCall),
    ) -> Result<(), Bound> {
        let fragment = Fragment { index: Some(index), arguments: Some(arguments), ..Fragment::default() };
        self.add_fragment(arguments, fragment, index, choice, cost, complete)
    }

    fn add_fragment(
        &mut self,
        value: Value<'_>,
        fragment: Fragment<'_>,
        index: i64,
        choice: u32,
        cost: &mut Cost<'_>,
        complete: &mut impl FnMut(u32, &ToolCall),
    ) -> Result<(), Bound> {
        let at = match self.find(index, &fragment) {
            Some(at) => at,
            None => self.begin(ToolCall { index, ..ToolCall::default() }, choice, cost, complete)?,
        };
        self.calls[at].add(value, fragment, cost)
    }

    /// A new call begins: those before it whose arguments are closed are complete.
    fn begin(
        &mut self,
        call: ToolCall,
        choice: u32,
        cost: &mut Cost<'_>,
        complete: &mut impl FnMut(u32, &ToolCall),
    ) -> Result<usize, Bound> {
        Bound::check("tool calls", self.calls.len() + 1, cost.tool_calls)?;
        self.deliver(choice, |call| call.closing.closed, complete);
        self.calls.push(call);
        Ok(self.calls.len() - 1)
    }

    /// Takes what is new in the calls of a whole message that follows its deltas.
    pub(super) fn take_new(
        &mut self,
        whole: &Self,
        choice: u32,
        cost: &mut Cost<'_>,
        complete: &mut impl FnMut(u32, &ToolCall),
    ) -> Result<(), Bound> {
        for (place, theirs) in whole.calls.iter().enumerate() {
            let Some(ours) = self.calls.get_mut(place) else {
                cost.budget.spend(theirs.id.len() + theirs.name.len() + theirs.arguments.len())?;
                self.begin(theirs.clone(), choice, cost, complete)?;
                continue;
            };
            if ours.name.is_empty() && !ours.delivered {
                cost.budget.spend(theirs.name.len())?;
                ours.name = theirs.name.clone();
            }
            match theirs.arguments.as_str().strip_prefix(ours.arguments.as_str()) {
                Some("") => {}
                Some(rest) if !ours.delivered => {
                    cost.budget.spend(rest.len())?;
                    ours.append(rest);
                    ours.joiner = Joiner::default();
                }
                _ => cost.odd.add(Oddity::OtherMessage),
            }
        }
        Ok(())
    }

    /// The call that a fragment continues.
    fn find(&self, index: i64, fragment: &Fragment<'_>) -> Option<usize> {
        let at = self.calls.iter().rposition(|call| call.index == index)?;
        let call = &self.calls[at];
        if !fragment.id.is_empty() && !call.id.is_empty() {
            if fragment.id == call.id {
                return Some(at);
            }
            return self.calls.iter().rposition(|call| call.id == fragment.id);
        }
        let named_again = !fragment.name.is_empty() && !call.name.is_empty();
        let another = fragment.name != call.name || (call.closing.closed && fragment.has_arguments());
        (!(named_again && another)).then_some(at)
    }

    /// Nothing follows for this choice: all its calls are complete. `cut` says that the server broke it off; then a
    /// last call without arguments is no call of a tool without parameters.
    pub(super) fn finish(
        &mut self,
        choice: u32,
        cut: bool,
        odd: &mut Tolerated,
        complete: &mut impl FnMut(u32, &ToolCall),
    ) {
        for call in &mut self.calls {
            call.flush(odd);
        }
        if let Some(last) = self.calls.last_mut().filter(|call| !call.delivered) {
            last.cut = cut;
        }
        self.deliver(choice, |_| true, complete);
    }

    /// The answer ends here, complete or not: every call gets its last half character and an id.
    pub(super) fn settle(&mut self, choice: u32, odd: &mut Tolerated) {
        for (place, call) in self.calls.iter_mut().enumerate() {
            call.flush(odd);
            call.name_it(choice, place);
        }
    }

    fn deliver(
        &mut self,
        choice: u32,
        ready: impl Fn(&ToolCall) -> bool,
        complete: &mut impl FnMut(u32, &ToolCall),
    ) {
        // In order only: a call waits for those before it.
        let first = self.calls.iter().take_while(|call| call.delivered).count();
        for (place, call) in self.calls.iter_mut().enumerate().skip(first) {
            if !ready(call) {
                break;
            }
            call.name_it(choice, place);
            call.delivered = true;
            complete(place as u32, call);
        }
    }
}

/// Whether arguments are a whole object, or nothing.
pub fn are_arguments_whole(arguments: &str) -> bool {
    arguments.trim().is_empty() || is_whole_object(arguments)
}

/// What adding costs and counts.
pub(super) struct Cost<'c> {
    pub budget: &'c mut Budget,
    pub odd: &'c mut Tolerated,
    /// The most calls of one choice.
    pub tool_calls: usize,
    /// Whether this is a delta and not a whole message.
    pub delta: bool,
}

impl ToolCall {
    /// Whether the arguments are a whole object, or nothing, which servers send for a tool without parameters: but not
    /// where they had not come yet.
    pub fn is_whole(&self) -> bool {
        let arguments = self.arguments.as_str();
        is_whole_object(arguments) || (are_arguments_whole(arguments) && self.delivered && !self.cut)
    }

    /// Whether the model was done with it, so that it came as an event.
    pub fn is_complete(&self) -> bool {
        self.delivered
    }

    fn add(&mut self, value: Value<'_>, fragment: Fragment<'_>, cost: &mut Cost<'_>) -> Result<(), Bound> {
        if self.delivered {
            // It was handed out as complete; to add to it would make that a lie.
            if fragment.has_arguments() {
                cost.odd.add(Oddity::AfterEnd);
            }
            return Ok(());
        }
        if self.id.is_empty() {
            cost.budget.spend(fragment.id.len())?;
            self.id = fragment.id;
        }
        if self.name.is_empty() {
            cost.budget.spend(fragment.name.len())?;
            self.name = fragment.name;
        }
        if fragment.unknown {
            for (key, field) in value.fields() {
                if !matches!(&*key, b"index" | b"id" | b"type" | b"function" | b"name" | b"arguments") {
                    self.unknown.keep(&key, field, Rule::Grow, cost.budget, cost.odd)?;
                }
            }
        }
        fragment.arguments.map_or(Ok(()), |arguments| self.add_arguments(arguments, cost))
    }

    fn add_arguments(&mut self, value: Value<'_>, cost: &mut Cost<'_>) -> Result<(), Bound> {
        cost.budget.spend(value.raw().len())?;
        let Some(text) = value.string() else {
            cost.odd.add(Oddity::WrongType);
            let mut json = String::new();
            write_value(value, &mut json, cost.odd);
            self.append(&json);
            return Ok(());
        };
        let bytes = text.bytes(cost.odd);
        if let Some(whole) = self.joiner.whole(&bytes) {
            self.append(whole);
        } else {
            let mut joined = String::new();
            self.joiner.push(&bytes, &mut joined, cost.odd);
            self.append(&joined);
        }
        Ok(())
    }

    fn append(&mut self, text: &str) {
        self.closing.push(text);
        self.arguments.push_str(text);
    }

    fn flush(&mut self, odd: &mut Tolerated) {
        let mut last = String::new();
        self.joiner.finish(&mut last, odd);
        self.append(&last);
    }

    fn name_it(&mut self, choice: u32, place: usize) {
        if self.id.is_empty() {
            self.id = format!("call_{choice}_{place}").into();
        }
    }

    /// Whether it came as `function_call`.
    pub(super) fn is_function_call(&self) -> bool {
        self.index == FUNCTION_CALL
    }

    /// Appends the call as the API writes it in a list.
    pub(super) fn write(&self, out: &mut String) {
        out.push_str("{\"id\":");
        write_text(self.id.as_str(), out);
        out.push_str(",\"type\":\"function\",\"function\":");
        self.write_function(out);
        self.unknown.write(out);
        out.push('}');
    }

    /// Appends name and arguments as an object.
    pub(super) fn write_function(&self, out: &mut String) {
        out.push_str("{\"name\":");
        write_text(self.name.as_str(), out);
        out.push_str(",\"arguments\":");
        write_text(self.arguments.as_str(), out);
        out.push('}');
    }
}

impl std::ops::Deref for ToolCalls {
    type Target = [ToolCall];

    fn deref(&self) -> &[ToolCall] {
        &self.calls
    }
}
