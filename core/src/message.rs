//! One message of a chat: who says what, with images, tool calls, and the thinking before it; and its JSON.

use crate::error::Error;
use crate::text::Text;
use crate::wire::{Choice, ToolCall};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, Serializer};
use serde_json::value::RawValue;
use std::sync::Arc;

const CONTENT: &str = "content";
/// The name under which DeepSeek's API, vLLM and llama.cpp take a turn's reasoning back.
const REASONING: &str = "reasoning_content";

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Instructions.
    System,
    /// The one who asks.
    User,
    /// The model.
    Assistant,
    /// A tool that the model called.
    Tool,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::System, Self::User, Self::Assistant, Self::Tool];

    /// Its name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }

    /// The role of this name, if it is one of `allowed`.
    pub fn of(name: &str, allowed: &[Self]) -> Result<Self, Error> {
        allowed.iter().copied().find(|role| role.name() == name).ok_or_else(|| {
            let names: Vec<_> = allowed.iter().map(|role| role.name()).collect();
            Error::invalid("role", format!("{name:?} is not one of {}", names.join(", ")))
        })
    }
}

/// How closely a model should look at an image; some servers bill by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// As the server decides.
    Auto,
    /// Small and cheap.
    Low,
    /// In full.
    High,
}

impl Detail {
    /// Its name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Low => "low",
            Self::High => "high",
        }
    }

    /// The detail of this name; the empty one leaves it out.
    pub fn of(name: &str) -> Result<Option<Self>, Error> {
        if name.is_empty() {
            return Ok(None);
        }
        let known = [Self::Auto, Self::Low, Self::High].into_iter().find(|detail| detail.name() == name);
        known.map(Some).ok_or_else(|| Error::invalid("detail", format!("{name:?} is not auto, low or high")))
    }
}

/// The most bytes of one image: 20 MiB. OpenAI's API took no larger ones for years, and every server copies it.
pub const LARGEST_IMAGE: usize = 20 << 20;

/// An image that goes with a user's text.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// Where it is, or the image itself as a `data:` URL.
    pub url: Arc<str>,
    /// How closely to look.
    pub detail: Option<Detail>,
}

impl Image {
    /// An image by its bytes: what it is, they say themselves.
    pub fn new(data: &[u8], detail: Option<Detail>) -> Result<Self, Error> {
        let bad = |problem: String| Err(Error::invalid("image", problem));
        if data.len() > LARGEST_IMAGE {
            return bad(format!("has {} bytes; at most {LARGEST_IMAGE} are allowed", data.len()));
        }
        let Some(mime) = mime(data) else {
            return bad("does not begin as a JPEG, PNG or WebP image does".into());
        };
        let mut url = format!("data:{mime};base64,");
        STANDARD.encode_string(data, &mut url);
        Ok(Self { url: url.into(), detail })
    }

    /// An image that the server fetches, or that is in the URL.
    pub fn at(url: &str, detail: Option<Detail>) -> Result<Self, Error> {
        let bad = |problem: &str| Err(Error::invalid("url", problem));
        if let Some(at) = url.find(|c: char| c.is_control() || c == ' ') {
            return bad(&format!("has a space or a control character at byte {at}"));
        }
        if !["https://", "http://", "data:image/"].iter().any(|begin| url.starts_with(begin)) {
            return bad("does not begin with https://, http:// or data:image/");
        }
        // As base64, and with the name of its type.
        if url.len() > LARGEST_IMAGE / 3 * 4 + 64 {
            return bad(&format!("is longer than an image of {LARGEST_IMAGE} bytes makes it"));
        }
        Ok(Self { url: url.into(), detail })
    }
}

/// What the first bytes of an image say that it is.
fn mime(data: &[u8]) -> Option<&'static str> {
    match data {
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => Some("image/png"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

/// A call of a tool in the history.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// What its result names it by; never empty.
    pub id: Text,
    /// The tool.
    pub name: Text,
    /// A whole JSON object, or nothing, which stands for an empty one.
    pub arguments: Text,
}

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// Who speaks.
    pub role: Role,
    /// What is said; of a tool its result.
    pub text: Text,
    /// Of a user's message.
    pub images: Vec<Image>,
    /// Of the model's.
    pub tool_calls: Vec<Call>,
    /// Of a tool's: which call it answers.
    pub tool_call_id: Text,
    /// Of the model's: the thinking before it.
    pub reasoning: Text,
    /// Whether the model was cut off.
    pub is_partial: bool,
}

impl Turn {
    /// A message that is text alone.
    pub fn new(role: Role, text: &str) -> Self {
        Self {
            role,
            text: text.into(),
            images: Vec::new(),
            tool_calls: Vec::new(),
            tool_call_id: Text::new(),
            reasoning: Text::new(),
            is_partial: false,
        }
    }

    /// The model's own message, as it is handed back: without calls that it did not finish, which no tool can run and
    /// most servers refuse. `None` if nothing came.
    pub fn answer(choice: &Choice, is_partial: bool) -> Option<Self> {
        let fit = |call: &&ToolCall| call.is_whole() && call.is_complete() && !call.name.is_empty();
        let whole = choice.tool_calls.iter().filter(fit);
        let tool_calls: Vec<_> = whole
            .map(|call| Call {
                id: call.id.clone(),
                name: call.name.clone(),
                arguments: call.arguments.clone(),
            })
            .collect();
        let is_empty = choice.text.is_empty() && choice.reasoning.is_empty() && tool_calls.is_empty();
        (!is_empty).then(|| Self {
            tool_calls,
            reasoning: choice.reasoning.clone(),
            is_partial,
            text: choice.text.clone(),
            ..Self::new(Role::Assistant, "")
        })
    }

    /// The result of a tool.
    pub fn result(id: &str, text: &str) -> Self {
        Self { tool_call_id: id.into(), ..Self::new(Role::Tool, text) }
    }

    /// Adds an image, which only a user can show.
    pub fn add_image(&mut self, image: Image) -> Result<(), Error> {
        if self.role != Role::User {
            return Err(no_place_for_image(Some(self.role)));
        }
        self.images.push(image);
        Ok(())
    }
}

/// An image needs a user's message to go with.
pub fn no_place_for_image(last: Option<Role>) -> Error {
    let last = last.map_or("there is none".into(), |role| format!("the last one is the {}'s", role.name()));
    Error::invalid("image", format!("goes with a user's message, and {last}"))
}

/// A message of a request. Cloning shares it.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    Turn(Arc<Turn>),
    /// As the caller wrote it.
    Raw(Arc<RawValue>),
}

/// Messages as the API takes them.
pub(crate) struct Sent<'a> {
    pub messages: &'a [Message],
    /// Whether the model gets its earlier reasoning back.
    pub reasoning: bool,
}

impl Serialize for Sent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.messages.len()))?;
        for message in self.messages {
            match message {
                Message::Turn(turn) => {
                    list.serialize_element(&SentTurn { turn, reasoning: self.reasoning })?;
                }
                Message::Raw(json) => list.serialize_element(&**json)?,
            }
        }
        list.end()
    }
}

struct SentTurn<'a> {
    turn: &'a Turn,
    reasoning: bool,
}

impl Serialize for SentTurn<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let turn = self.turn;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("role", turn.role.name())?;
        if !turn.tool_call_id.is_empty() {
            map.serialize_entry("tool_call_id", turn.tool_call_id.as_str())?;
        }
        if !turn.images.is_empty() {
            map.serialize_entry(CONTENT, &Parts(turn))?;
        } else if turn.text.is_empty() && !turn.tool_calls.is_empty() {
            map.serialize_entry(CONTENT, &())?;
        } else {
            map.serialize_entry(CONTENT, turn.text.as_str())?;
        }
        if self.reasoning && !turn.reasoning.is_empty() {
            map.serialize_entry(REASONING, turn.reasoning.as_str())?;
        }
        if !turn.tool_calls.is_empty() {
            map.serialize_entry("tool_calls", &turn.tool_calls)?;
        }
        map.end()
    }
}

/// Text and images, as a list of parts.
struct Parts<'a>(&'a Turn);

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part<'a> {
    Text { text: &'a str },
    ImageUrl { image_url: ImageUrl<'a> },
}

#[derive(Serialize)]
struct ImageUrl<'a> {
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
}

impl Serialize for Parts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(turn) = self;
        let text = Some(turn.text.as_str()).filter(|text| !text.is_empty());
        let images = turn.images.iter().map(|image| Part::ImageUrl {
            image_url: ImageUrl { url: &image.url, detail: image.detail.map(Detail::name) },
        });
        serializer.collect_seq(text.map(|text| Part::Text { text }).into_iter().chain(images))
    }
}

impl Serialize for Call {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Function<'a> {
            name: &'a str,
            arguments: &'a str,
        }
        let arguments = match self.arguments.as_str().trim() {
            // Servers that parse what comes back refuse nothing at all.
            "" => "{}",
            _ => self.arguments.as_str(),
        };
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("id", self.id.as_str())?;
        map.serialize_entry("type", "function")?;
        map.serialize_entry("function", &Function { name: self.name.as_str(), arguments })?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::{Call, Detail, Image, LARGEST_IMAGE, Message, Role, Sent, Turn};
    use std::sync::Arc;

    fn sent(turn: Turn, reasoning: bool) -> String {
        let messages = [Message::Turn(Arc::new(turn))];
        let list = serde_json::to_string(&Sent { messages: &messages, reasoning }).unwrap();
        list[1..list.len() - 1].to_owned()
    }

    fn png() -> Image {
        Image::new(b"\x89PNG\r\n\x1a\n", None).unwrap()
    }

    #[test]
    fn an_image_is_what_its_first_bytes_say() {
        for (data, mime) in [
            (&b"\x89PNG\r\n\x1a\nrest"[..], "image/png"),
            (b"\xFF\xD8\xFF\xE0", "image/jpeg"),
            (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        ] {
            let image = Image::new(data, Some(Detail::Low)).unwrap();
            assert!(image.url.starts_with(&format!("data:{mime};base64,")), "{}", image.url);
            Image::at(&image.url, None).unwrap();
        }
        for data in [&b""[..], b"GIF89a", b"RIFF\0\0\0\0WAVE", b"\x89PN", b"<svg"] {
            let error = Image::new(data, None).unwrap_err();
            assert!(error.param.as_str() == "image" && error.message.as_str().contains("JPEG"), "{error}");
        }
        let mut large = b"\xFF\xD8\xFF".to_vec();
        large.resize(LARGEST_IMAGE, 0);
        Image::at(&Image::new(&large, None).unwrap().url, None).unwrap();
        large.push(0);
        let error = Image::new(&large, None).unwrap_err();
        assert!(error.message.as_str().contains("20971521 bytes; at most 20971520"), "{error}");
    }

    #[test]
    fn a_url_is_one_that_a_server_can_fetch() {
        for url in ["https://a/b.png", "http://127.0.0.1/x", "data:image/png;base64,AA=="] {
            Image::at(url, None).unwrap();
        }
        for url in ["", "a.png", "file:///etc/passwd", "data:text/html,x", "https://a/\n", "https://a b"] {
            assert_eq!(Image::at(url, None).unwrap_err().param.as_str(), "url", "{url}");
        }
        assert_eq!(Detail::of("high"), Ok(Some(Detail::High)));
        assert_eq!(Detail::of(""), Ok(None));
        assert_eq!(Detail::of("Low").unwrap_err().param.as_str(), "detail");
    }

    #[test]
    fn a_message_is_sent_as_the_api_has_it() {
        let mut seen = Turn::new(Role::User, "what?");
        seen.add_image(png()).unwrap();
        seen.add_image(Image::at("https://a/b", Some(Detail::High)).unwrap()).unwrap();
        let image = r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}"#;
        let other = r#"{"type":"image_url","image_url":{"url":"https://a/b","detail":"high"}}"#;
        assert_eq!(
            sent(seen, true),
            format!(r#"{{"role":"user","content":[{{"type":"text","text":"what?"}},{image},{other}]}}"#)
        );
        let call = |id: &str, arguments: &str| Call {
            id: id.into(),
            name: "add".into(),
            arguments: arguments.into(),
        };
        let mut asks = Turn::new(Role::Assistant, "");
        asks.tool_calls = vec![call("a", "{\"x\": 1.10}"), call("b", "")];
        asks.reasoning = "hm".into();
        let calls = r#""tool_calls":[{"id":"a","type":"function","function":{"name":"add","arguments":"{\"x\": 1.10}"}},{"id":"b","type":"function","function":{"name":"add","arguments":"{}"}}]}"#;
        assert_eq!(sent(asks.clone(), false), format!(r#"{{"role":"assistant","content":null,{calls}"#));
        assert_eq!(
            sent(asks, true),
            format!(r#"{{"role":"assistant","content":null,"reasoning_content":"hm",{calls}"#)
        );
        assert_eq!(sent(Turn::result("a", "5"), true), r#"{"role":"tool","tool_call_id":"a","content":"5"}"#);
        assert_eq!(sent(Turn::new(Role::Assistant, ""), true), r#"{"role":"assistant","content":""}"#);
    }

    #[test]
    fn only_a_user_shows_images() {
        let mut turn = Turn::new(Role::Assistant, "x");
        let error = turn.add_image(png()).unwrap_err();
        assert!(error.message.as_str().contains("the last one is the assistant's"), "{error}");
        assert_eq!(turn, Turn::new(Role::Assistant, "x"));
    }
}
