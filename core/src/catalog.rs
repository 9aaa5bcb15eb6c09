//! Models: the built-in list of the vendor's page, and lists that servers send.

use crate::error::{Error, Status};
use crate::text::Text;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// One model. What a server did not say is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// What a request names it by.
    pub id: Text,
    /// A name for people; empty in lists from servers.
    pub name: Text,
    /// Whether it takes chat completions; a base model takes text completions only.
    pub chat: Option<bool>,
    /// Whether it can call tools.
    pub tools: Option<bool>,
    /// Whether it takes images.
    pub images: Option<bool>,
    /// Prompt and answer together, in tokens.
    pub context: Option<i64>,
    /// Price of a prompt token, in pico-USD.
    pub input_price: Option<i64>,
    /// Price of an answer token, in pico-USD.
    pub output_price: Option<i64>,
    /// Unix time in seconds at which the server says it was made.
    pub created: Option<i64>,
    /// Who the server says owns it, or empty.
    pub owned_by: Text,
}

/// An immutable list of models.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelList {
    /// In the order of the source; an id may repeat in a server's list, and not in a client's view.
    pub models: Vec<Model>,
    /// The day, as YYYY-MM-DD, on which the list was true; empty in lists from servers.
    pub date: Text,
}

/// The models of the vendor's page on the day that the list names.
pub fn builtin() -> &'static Arc<ModelList> {
    static LIST: LazyLock<Arc<ModelList>> = LazyLock::new(|| {
        let source: Value = serde_json::from_str(include_str!("catalog.json")).unwrap_or_default();
        let rows = source["models"].as_array().map_or(&[][..], Vec::as_slice);
        Arc::new(ModelList { models: rows.iter().map(from_catalog).collect(), date: text(&source["date"]) })
    });
    &LIST
}

/// A row of `catalog.json`: prices are pico-USD a token already, one for prompt and answer.
fn from_catalog(row: &Value) -> Model {
    Model {
        id: text(&row["id"]),
        name: text(&row["name"]),
        chat: Some(row["kind"] == "chat"),
        tools: None,
        images: Some(false),
        context: row["context"].as_i64(),
        input_price: row["price"].as_i64(),
        output_price: row["price"].as_i64(),
        created: None,
        owned_by: Text::new(),
    }
}

impl Model {
    /// The prices of a token of prompt and answer, in pico-USD, if both are known.
    pub fn prices(&self) -> Option<(i64, i64)> {
        self.input_price.zip(self.output_price)
    }

    /// The same model, with what `other` says where this one is silent.
    fn or(&self, other: &Self) -> Self {
        let text = |own: &Text, other: &Text| if own.is_empty() { other.clone() } else { own.clone() };
        Self {
            id: self.id.clone(),
            name: text(&self.name, &other.name),
            chat: self.chat.or(other.chat),
            tools: self.tools.or(other.tools),
            images: self.images.or(other.images),
            context: self.context.or(other.context),
            input_price: self.input_price.or(other.input_price),
            output_price: self.output_price.or(other.output_price),
            created: self.created.or(other.created),
            owned_by: text(&self.owned_by, &other.owned_by),
        }
    }
}

impl ModelList {
    /// Where the first model with this id is.
    pub fn find(&self, id: &str) -> Option<usize> {
        self.models.iter().position(|model| model.id.as_str() == id)
    }

    /// The first model with this id.
    pub fn get(&self, id: &str) -> Option<&Model> {
        self.models.get(self.find(id)?)
    }

    /// This list under what a server said: its word goes before, field by field; models that are not here come behind.
    /// An id that it repeats is one model, of which the first word counts; what has no id cannot be asked for.
    pub fn under(&self, told: &Self) -> Self {
        let named = |model: &Model| Model { id: model.id.clone(), ..Model::default() };
        let mut models: Vec<_> = self.models.iter().map(named).collect();
        let ids = self.models.iter().map(|model| model.id.as_str());
        let mut places: HashMap<_, _> = ids.enumerate().map(|(place, id)| (id, place)).collect();
        for model in told.models.iter().filter(|model| !model.id.is_empty()) {
            let place = *places.entry(model.id.as_str()).or_insert(models.len());
            match models.get_mut(place) {
                Some(known) => *known = known.or(model),
                None => models.push(model.clone()),
            }
        }
        for (model, own) in models.iter_mut().zip(&self.models) {
            *model = model.or(own);
        }
        Self { models, date: self.date.clone() }
    }

    /// Reads the body of `GET /v1/models`. Any field may be missing or null, numbers may be text.
    pub fn from_json(body: &str) -> Result<Self, Error> {
        let bad = |what: &str| Error::new(Status::BadResponse, format!("the server's list of models {what}"));
        let source: Value = serde_json::from_str(body).map_err(|e| bad(&format!("is not JSON: {e}")))?;
        // Some proxies send the bare array.
        let rows = source.get("data").unwrap_or(&source);
        let rows = rows.as_array().ok_or_else(|| bad("has no array \"data\""))?;
        Ok(Self { models: rows.iter().map(from_server).collect(), date: Text::new() })
    }
}

/// A row of a server's list: prices are USD per million tokens.
fn from_server(row: &Value) -> Model {
    Model {
        id: text(&row["id"]),
        name: Text::new(),
        chat: row["supports_chat"].as_bool(),
        tools: row["supports_tools"].as_bool(),
        images: row["supports_image_input"].as_bool(),
        context: whole(&row["context_length"], 1.0),
        input_price: whole(&row["input_price"], 1e6),
        output_price: whole(&row["output_price"], 1e6),
        created: whole(&row["created"], 1.0),
        owned_by: text(&row["owned_by"]),
    }
}

fn text(value: &Value) -> Text {
    value.as_str().unwrap_or_default().into()
}

/// A number, or a number written as text, times `scale`, rounded; `None` for what is no number of ours.
fn whole(value: &Value, scale: f64) -> Option<i64> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    let scaled = (number * scale).round();
    // Prices, sizes and times are never negative, and 2^53 is where doubles stop being exact.
    (0.0..=9_007_199_254_740_992.0).contains(&scaled).then_some(scaled as i64)
}

#[cfg(test)]
mod tests {
    use super::{ModelList, builtin};

    #[test]
    fn built_in_list_is_whole() {
        let list = builtin();
        assert_eq!(list.models.len(), 22);
        assert_eq!(list.date.as_str().len(), "2026-01-01".len());
        for model in &list.models {
            assert!(!model.id.is_empty() && !model.name.is_empty(), "{model:?}");
            assert!(model.context > Some(0) && model.input_price > Some(0), "{model:?}");
        }
    }

    #[test]
    fn a_server_has_the_last_word_and_silence_is_none() {
        let told = ModelList::from_json(
            r#"{"data":[{"id":"new","context_length":7},{"id":"Qwen/QwQ-32B","input_price":1,"supports_tools":true},
                {"id":"","input_price":3},{"id":"new","context_length":8,"supports_image_input":true},
                {"id":"Qwen/QwQ-32B","input_price":2,"supports_chat":false}]}"#,
        )
        .unwrap();
        let view = builtin().under(&told);
        let own = builtin().get("Qwen/QwQ-32B").unwrap();
        let seen = view.get("Qwen/QwQ-32B").unwrap();
        assert_eq!(view.find("Qwen/QwQ-32B"), builtin().find("Qwen/QwQ-32B"));
        assert_eq!(seen.prices(), Some((1_000_000, own.output_price.unwrap())));
        assert_eq!((seen.tools, seen.chat, seen.context), (Some(true), Some(false), own.context));
        assert_eq!((&seen.name, &view.date), (&own.name, &builtin().date));
        assert_eq!(view.models.len(), builtin().models.len() + 1);
        let new = view.models.last().unwrap();
        assert_eq!((new.id.as_str(), new.context, new.images), ("new", Some(7), Some(true)));
        // What was said before last is forgotten.
        assert_eq!(builtin().under(&ModelList { models: vec![], date: "".into() }), **builtin());
    }

    #[test]
    fn server_lists_may_lack_anything() {
        let list = ModelList::from_json(
            r#"{"object":"list","data":[{"id":"a","input_price":0.0125,"output_price":"2","context_length":null},
                {"id":"a","created":1.7e9,"supports_chat":true,"input_price":-1},{}]}"#,
        )
        .unwrap();
        let prices: Vec<_> = list.models.iter().map(|m| (m.input_price, m.output_price)).collect();
        assert_eq!(prices, [(Some(12_500), Some(2_000_000)), (None, None), (None, None)]);
        assert_eq!(list.models[1].created, Some(1_700_000_000));
        assert_eq!(list.models[1].chat, Some(true));
        assert!(ModelList::from_json("{}").is_err());
        assert!(ModelList::from_json("<html>").is_err());
    }
}
