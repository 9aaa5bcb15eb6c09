//! A conversation: what was said so far, to be sent, undone, trimmed, saved and loaded.
//!
//! What always holds, however a conversation came about: a result stands behind the message of its call and the other
//! results of that message; a call is answered once; an id waits for its result in one message only, so that a result
//! has one meaning. (Ids come again in later messages, because servers count them from 0 in each answer.)

mod entry;
#[cfg(test)]
mod files;
mod load;
#[cfg(test)]
mod property;
mod reading;
mod save;
#[cfg(test)]
mod tests;
mod trim;

pub use entry::Entry;
pub use save::Without;

use crate::error::Error;
use crate::message::{Call, Image, Message, Role, Turn, no_place_for_image};
use crate::request::{MESSAGES, Request};
use crate::response::Response;
use crate::text::Text;
use std::sync::Arc;

/// The most messages of a conversation: beyond what any model reads, and a bound for a saved one that means harm.
pub const MOST_MESSAGES: usize = 100_000;
/// The most images, tool calls or metadata of one message, and the most calls that wait for their results.
pub const MOST_PARTS: usize = 1024;

/// So much of an id is in an error, in bytes.
const LONGEST_SHOWN: usize = 200;

/// Who speaks in messages that are text alone. The system prompt has a place of its own.
const ROLES: [Role; 2] = [Role::User, Role::Assistant];

/// What was said so far. Cloning shares the messages.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conversation {
    system: Option<Arc<Turn>>,
    summary: Option<Arc<Turn>>,
    entries: Vec<Arc<Entry>>,
    /// Calls without a result, in the order of the messages.
    open: Vec<Open>,
    /// Members of a saved one that this library does not know: `"key":value,...` as it was written.
    unknown: String,
}

/// Where a call is that has no result.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Open {
    message: usize,
    call: usize,
}

impl Conversation {
    /// Sets the system prompt; the empty one is none.
    pub fn set_system(&mut self, text: &str) {
        self.system = slot(text);
    }

    /// The system prompt.
    pub fn system(&self) -> Option<&Text> {
        self.system.as_ref().map(|turn| &turn.text)
    }

    /// Sets the summary of what was trimmed; the empty one is none.
    pub fn set_summary(&mut self, text: &str) {
        self.summary = slot(text);
    }

    /// The summary of what was trimmed.
    pub fn summary(&self) -> Option<&Text> {
        self.summary.as_ref().map(|turn| &turn.text)
    }

    /// The messages, without system prompt and summary.
    pub fn entries(&self) -> &[Arc<Entry>] {
        &self.entries
    }

    /// Appends a message that is text alone.
    pub fn add_message(&mut self, role: &str, text: &str) -> Result<(), Error> {
        self.push(Entry::new(Turn::new(Role::of(role, &ROLES)?, text)))
    }

    /// Adds an image to the last message.
    pub fn add_image(&mut self, image: Image) -> Result<(), Error> {
        let last = self.entries.last_mut().filter(|last| last.turn().role == Role::User);
        match last {
            Some(last) => Arc::make_mut(last).add_image(image),
            None => Err(no_place_for_image(self.entries.last().map(|last| last.turn().role))),
        }
    }

    /// Appends a choice of an answer, or what came of it. Where nothing came, nothing is added.
    pub fn add_response(&mut self, response: &Response, choice: usize) -> Result<(), Error> {
        let is_partial = response.error.is_some();
        let choices = &response.answer.choices;
        match choices.get(choice) {
            Some(choice) => {
                Turn::answer(choice, is_partial).map_or(Ok(()), |turn| self.push(Entry::new(turn)))
            }
            None if is_partial => Ok(()),
            None => {
                Err(Error::invalid("choice", format!("{choice} is not there; there are {}", choices.len())))
            }
        }
    }

    /// Puts the result of a tool behind its call.
    pub fn add_tool_result(&mut self, id: &str, text: &str) -> Result<(), Error> {
        match self.find_open(id) {
            Some(place) => self.answer(place, Entry::new(Turn::result(id, text))),
            None => {
                let is_known = self.entries.iter().flat_map(|entry| &entry.turn().tool_calls);
                let is_known = is_known.into_iter().any(|call| call.id.as_str() == id);
                let problem = if is_known { "has its result already" } else { "is the id of no call" };
                Err(Error::invalid("id", format!("{id:?} {problem}")))
            }
        }
    }

    /// How many calls have no result.
    pub fn open_count(&self) -> usize {
        self.open.len()
    }

    /// A call without a result.
    pub fn open_call(&self, place: usize) -> Option<&Call> {
        self.open.get(place).and_then(|open| self.call(*open))
    }

    /// Attaches something of the host's to a message, in place of what the key had; the empty text takes it away.
    pub fn set_metadata(&mut self, index: usize, key: &str, text: &str) -> Result<(), Error> {
        let count = self.entries.len();
        match self.entries.get_mut(index) {
            Some(entry) => Arc::make_mut(entry).set_metadata(key, text),
            None => Err(Error::invalid("index", format!("{index} is not there; there are {count} messages"))),
        }
    }

    /// Leaves the first `count` messages. Calls whose results go wait for them again.
    pub fn truncate(&mut self, count: usize) -> Result<(), Error> {
        let before = self.entries.len();
        if count > before {
            return Err(Error::invalid("count", format!("{count} is more than the {before} messages")));
        }
        self.entries.truncate(count);
        // Only the calls of the last message can have lost results: results stand right behind.
        let last = self.entries.iter().rposition(|entry| entry.turn().role != Role::Tool);
        let last = last.unwrap_or_default();
        self.open.retain(|open| open.message < last);
        let waiting = self.unanswered(last);
        self.open.extend(waiting.into_iter().map(|call| Open { message: last, call }));
        Ok(())
    }

    /// About how many tokens it has, with system prompt and summary, without reasoning.
    pub fn tokens(&self) -> i64 {
        let slots = self.slots().map(|turn| turn.tokens()).sum::<i64>();
        slots + self.entries.iter().map(|entry| entry.tokens()).sum::<i64>()
    }

    fn slots(&self) -> impl Iterator<Item = &Arc<Turn>> {
        self.system.iter().chain(&self.summary)
    }

    /// System prompt and summary, in one message: the templates of many models take one system message, at the beginning.
    fn opening(&self) -> Option<Arc<Turn>> {
        match (&self.system, &self.summary) {
            (Some(system), Some(summary)) => slot(&format!("{}\n\n{}", system.text, summary.text)),
            (system, summary) => system.as_ref().or(summary.as_ref()).map(Arc::clone),
        }
    }

    fn call(&self, open: Open) -> Option<&Call> {
        self.entries.get(open.message)?.turn().tool_calls.get(open.call)
    }

    /// The first call of this id that waits: an id waits in one message, and calls of a message that share one are
    /// answered in their order.
    fn find_open(&self, id: &str) -> Option<usize> {
        self.open.iter().position(|open| self.call(*open).is_some_and(|call| call.id.as_str() == id))
    }

    /// Appends a message that is no result.
    fn push(&mut self, entry: Entry) -> Result<(), Error> {
        self.check_room()?;
        let calls = &entry.turn().tool_calls;
        if self.open.len() + calls.len() > MOST_PARTS {
            return Err(Error::invalid(
                "tool_calls",
                format!("more than {MOST_PARTS} would wait for results"),
            ));
        }
        if let Some(call) = calls.iter().find(|call| self.find_open(call.id.as_str()).is_some()) {
            // A saved one may have an id that fills it.
            let (id, rest) = call.id.as_str().split_at(call.id.as_str().floor_char_boundary(LONGEST_SHOWN));
            let more = if rest.is_empty() { "" } else { "..." };
            return Err(Error::invalid(
                "id",
                format!("{id:?}{more} is of an earlier call that waits for its result"),
            ));
        }
        let message = self.entries.len();
        self.open.extend((0..calls.len()).map(|call| Open { message, call }));
        self.entries.push(Arc::new(entry));
        Ok(())
    }

    /// Puts a result behind the call that waits at `place`, and behind the results that its message has.
    fn answer(&mut self, place: usize, result: Entry) -> Result<(), Error> {
        self.check_room()?;
        let Open { message, .. } = self.open.remove(place);
        let at = self.end_of_results(message);
        self.entries.insert(at, Arc::new(result));
        for open in self.open.iter_mut().filter(|open| open.message >= at) {
            open.message += 1;
        }
        Ok(())
    }

    /// Where the results of a message's calls end.
    fn end_of_results(&self, message: usize) -> usize {
        let behind = self.entries.iter().skip(message + 1);
        message + 1 + behind.take_while(|entry| entry.turn().role == Role::Tool).count()
    }

    /// The calls of a message that the results behind it leave open.
    fn unanswered(&self, message: usize) -> Vec<usize> {
        let Some(entry) = self.entries.get(message) else { return Vec::new() };
        let calls = &entry.turn().tool_calls;
        let mut open: Vec<_> = (0..calls.len()).collect();
        for result in &self.entries[message + 1..self.end_of_results(message)] {
            if let Some(place) = open.iter().position(|call| calls[*call].id == result.turn().tool_call_id) {
                open.remove(place);
            }
        }
        open
    }

    fn check_room(&self) -> Result<(), Error> {
        if self.entries.len() < MOST_MESSAGES {
            return Ok(());
        }
        Err(Error::invalid(
            "conversation",
            format!("has {MOST_MESSAGES} messages, which is the most there may be"),
        ))
    }
}

impl Request {
    /// Sends a conversation as it is now, in place of the messages before.
    pub fn set_conversation(&mut self, conversation: &Conversation) {
        self.fields.retain(|(name, _)| &**name != MESSAGES);
        let turns = conversation.entries.iter().map(|entry| Arc::clone(entry.turn()));
        self.messages = conversation.opening().into_iter().chain(turns).map(Message::Turn).collect();
        self.open_call = conversation.open_call(0).map(|call| call.id.as_str().into());
    }
}

fn slot(text: &str) -> Option<Arc<Turn>> {
    (!text.is_empty()).then(|| Arc::new(Turn::new(Role::System, text)))
}
