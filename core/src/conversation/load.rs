//! A saved conversation, read again. A saved game is whatever anybody made of it: what typed calls guarantee is
//! established anew, by those calls.

use super::entry::Unknown;
use super::reading::{Object, Refusal, Value, bad_data, read};
use super::save::{
    ARGUMENTS, DETAIL, ID, IMAGES, MARK, MESSAGES, METADATA, MOST_BYTES, NAME, PARTIAL, REASONING, ROLE,
    SUMMARY, SYSTEM, TEXT, TOOL_CALL_ID, TOOL_CALLS, URL, VERSION,
};
use super::{Conversation, Entry, MOST_MESSAGES, MOST_PARTS};
use crate::error::Error;
use crate::message::{Call, Detail, Image, Role, Turn};
use crate::text::Text;
use crate::wire::are_arguments_whole;
use serde::de::MapAccess;

/// Who speaks in messages. The system prompt has a place of its own.
const ROLES: [Role; 3] = [Role::User, Role::Assistant, Role::Tool];

impl Conversation {
    /// Reads what [`Conversation::save`] wrote.
    pub fn load(json: &[u8]) -> Result<Self, Error> {
        if json.len() > MOST_BYTES {
            return Err(bad_data(
                "json",
                format!("goes on at byte {MOST_BYTES}, behind the most that is read"),
            ));
        }
        let json = str::from_utf8(json)
            .map_err(|e| bad_data("json", format!("is not UTF-8 at byte {}", e.valid_up_to())))?;
        read::<Saved>(json).map(|saved| saved.conversation)
    }
}

/// The whole.
#[derive(Default)]
struct Saved {
    version: Option<u64>,
    system: Option<Text>,
    summary: Option<Text>,
    messages: Option<()>,
    conversation: Conversation,
}

impl Object for Saved {
    fn member<'de, M: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, M>) -> Result<(), M::Error> {
        match key {
            // A newer one is told before what is new in it is met, which looks like damage.
            MARK => {
                value.once_checked(MARK, "the number of a version", &mut self.version, |v| check_version(*v))
            }
            SYSTEM => value.text(SYSTEM, &mut self.system),
            SUMMARY => value.text(SUMMARY, &mut self.summary),
            MESSAGES => {
                let conversation = &mut self.conversation;
                value.list(MESSAGES, MOST_MESSAGES, &mut self.messages, |message: SavedMessage| {
                    conversation.admit(message)
                })
            }
            _ => value.keep(key, &mut self.conversation.unknown),
        }
    }

    fn check(&mut self) -> Result<(), Refusal> {
        if self.version.is_none() {
            return Err(Refusal::new(MARK, "is missing: this is no saved conversation"));
        }
        self.conversation.set_system(self.system.as_ref().map_or("", Text::as_str));
        self.conversation.set_summary(self.summary.as_ref().map_or("", Text::as_str));
        Ok(())
    }
}

fn check_version(version: u64) -> Result<(), Refusal> {
    let problem = match version {
        VERSION => return Ok(()),
        0 => "is not the number of a version".into(),
        newer => format!("is {newer}, of a newer library than this one, which reads {VERSION}"),
    };
    Err(Refusal::new(MARK, problem))
}

impl Conversation {
    /// Takes the next message, if a typed call could have put it there.
    fn admit(&mut self, message: SavedMessage) -> Result<(), Refusal> {
        let Some(entry) = message.entry else { return Err(Refusal::new(ROLE, "is missing")) };
        if entry.turn().role != Role::Tool {
            return self.push(entry).map_err(|error| Refusal::of(TOOL_CALLS, &error));
        }
        let place = self.find_open(entry.turn().tool_call_id.as_str());
        let place =
            place.filter(|place| self.end_of_results(self.open[*place].message) == self.entries.len());
        match place {
            Some(place) => self.answer(place, entry).map_err(|error| Refusal::of(TOOL_CALL_ID, &error)),
            None => Err(Refusal::new(TOOL_CALL_ID, "answers no open call of the message before it")),
        }
    }
}

/// One message.
#[derive(Default)]
struct SavedMessage {
    role: Option<Text>,
    tool_call_id: Option<Text>,
    text: Option<Text>,
    reasoning: Option<Text>,
    partial: Option<bool>,
    images: Option<()>,
    tool_calls: Option<()>,
    metadata: Option<()>,
    read_images: Vec<Image>,
    read_calls: Vec<Call>,
    read_metadata: Vec<(Text, Text)>,
    unknown: Unknown,
    /// All of it, when it was checked.
    entry: Option<Entry>,
}

impl Object for SavedMessage {
    fn member<'de, M: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, M>) -> Result<(), M::Error> {
        match key {
            ROLE => value.text(ROLE, &mut self.role),
            TOOL_CALL_ID => value.text(TOOL_CALL_ID, &mut self.tool_call_id),
            TEXT => value.text(TEXT, &mut self.text),
            REASONING => value.text(REASONING, &mut self.reasoning),
            PARTIAL => value.once(PARTIAL, "true or false", &mut self.partial),
            IMAGES => {
                let (images, unknown) = (&mut self.read_images, &mut self.unknown.images);
                value.list(IMAGES, MOST_PARTS, &mut self.images, |image: SavedImage| {
                    put(unknown, images.len(), image.unknown);
                    images.extend(image.image);
                    Ok(())
                })
            }
            TOOL_CALLS => {
                let (calls, unknown) = (&mut self.read_calls, &mut self.unknown.calls);
                value.list(TOOL_CALLS, MOST_PARTS, &mut self.tool_calls, |call: SavedCall| {
                    put(unknown, calls.len(), call.unknown);
                    calls.extend(call.call);
                    Ok(())
                })
            }
            METADATA => {
                let metadata = &mut self.read_metadata;
                value.texts(METADATA, &mut self.metadata, |key, text| {
                    if metadata.len() >= MOST_PARTS {
                        return Err(format!("is one more than the {MOST_PARTS} that there may be"));
                    }
                    check_identifier(key)?;
                    metadata.push((key.into(), text.into()));
                    Ok(())
                })
            }
            _ => value.keep(key, &mut self.unknown.message),
        }
    }

    fn check(&mut self) -> Result<(), Refusal> {
        let role = self.role.take().ok_or_else(|| Refusal::new(ROLE, "is missing"))?;
        let role = Role::of(role.as_str(), &ROLES)
            .map_err(|_| Refusal::new(ROLE, "is not user, assistant or tool"))?;
        self.check_role(role)?;
        let mut entry = Entry::new(Turn {
            role,
            text: self.text.take().unwrap_or_default(),
            images: std::mem::take(&mut self.read_images),
            tool_calls: std::mem::take(&mut self.read_calls),
            tool_call_id: self.tool_call_id.take().unwrap_or_default(),
            reasoning: self.reasoning.take().unwrap_or_default(),
            is_partial: self.partial.unwrap_or_default(),
        });
        if !entry.take_metadata(std::mem::take(&mut self.read_metadata)) {
            return Err(Refusal::new(METADATA, "has a key twice"));
        }
        entry.unknown = std::mem::take(&mut self.unknown);
        self.entry = Some(entry);
        Ok(())
    }
}

impl SavedMessage {
    /// Whether it has what a message of its role may have, and nothing else.
    fn check_role(&self, role: Role) -> Result<(), Refusal> {
        let has = |text: &Option<Text>| text.as_ref().is_some_and(|text| !text.is_empty());
        for (owner, member, is_there) in [
            (Role::User, IMAGES, !self.read_images.is_empty()),
            (Role::Assistant, REASONING, has(&self.reasoning)),
            (Role::Assistant, PARTIAL, self.partial == Some(true)),
            (Role::Assistant, TOOL_CALLS, !self.read_calls.is_empty()),
            (Role::Tool, TOOL_CALL_ID, has(&self.tool_call_id)),
        ] {
            if is_there && role != owner {
                return Err(Refusal::new(member, format!("belongs to the role {}", owner.name())));
            }
        }
        if role == Role::Tool && !has(&self.tool_call_id) {
            return Err(Refusal::new(TOOL_CALL_ID, "is missing"));
        }
        Ok(())
    }
}

/// An image of a message.
#[derive(Default)]
struct SavedImage {
    url: Option<Text>,
    detail: Option<Text>,
    unknown: String,
    image: Option<Image>,
}

impl Object for SavedImage {
    fn member<'de, M: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, M>) -> Result<(), M::Error> {
        match key {
            URL => value.text(URL, &mut self.url),
            DETAIL => value.text(DETAIL, &mut self.detail),
            _ => value.keep(key, &mut self.unknown),
        }
    }

    fn check(&mut self) -> Result<(), Refusal> {
        let detail = Detail::of(self.detail.take().unwrap_or_default().as_str())
            .map_err(|_| Refusal::new(DETAIL, "is not auto, low or high"))?;
        let url = self.url.take().ok_or_else(|| Refusal::new(URL, "is missing"))?;
        self.image = Some(Image::at(url.as_str(), detail).map_err(|error| Refusal::of(URL, &error))?);
        Ok(())
    }
}

/// A tool call of a message.
#[derive(Default)]
struct SavedCall {
    id: Option<Text>,
    name: Option<Text>,
    arguments: Option<Text>,
    unknown: String,
    call: Option<Call>,
}

impl Object for SavedCall {
    fn member<'de, M: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, M>) -> Result<(), M::Error> {
        match key {
            ID => value.text(ID, &mut self.id),
            NAME => value.text(NAME, &mut self.name),
            ARGUMENTS => value.text(ARGUMENTS, &mut self.arguments),
            _ => value.keep(key, &mut self.unknown),
        }
    }

    fn check(&mut self) -> Result<(), Refusal> {
        let identifier = |member, text: &mut Option<Text>| {
            let text = text.take().ok_or_else(|| Refusal::new(member, "is missing"))?;
            check_identifier(text.as_str()).map_err(|problem| Refusal::new(member, problem))?;
            Ok(text)
        };
        let (id, name) = (identifier(ID, &mut self.id)?, identifier(NAME, &mut self.name)?);
        let arguments = self.arguments.take().unwrap_or_default();
        if !are_arguments_whole(arguments.as_str()) {
            return Err(Refusal::new(ARGUMENTS, "are no whole JSON object"));
        }
        self.call = Some(Call { id, name, arguments });
        Ok(())
    }
}

/// A short name, as typed calls take them.
fn check_identifier(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("is empty".into());
    }
    text.find(char::is_control).map_or(Ok(()), |at| Err(format!("has a control character at byte {at}")))
}

/// Keeps what nobody knows of the part at a place.
fn put(unknown: &mut Vec<String>, at: usize, members: String) {
    if !members.is_empty() {
        unknown.resize(at, String::new());
        unknown.push(members);
    }
}
