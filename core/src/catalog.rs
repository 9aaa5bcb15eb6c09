//! Models: the built-in list of the vendor's page, and lists that servers send.

use crate::error::{Error, Status};
use crate::text::Text;
use serde_json::Value;
use std::sync::LazyLock;

/// One model. What a server did not say is `None`.
#[derive(Clone, Debug, PartialEq)]
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
    /// In the order of the source; an id may repeat in a server's list.
    pub models: Vec<Model>,
    /// The day, as YYYY-MM-DD, on which the list was true; empty in lists from servers.
    pub date: Text,
}

/// The models of the vendor's page on the day that the list names.
pub fn builtin() -> &'static ModelList {
    static LIST: LazyLock<ModelList> = LazyLock::new(|| {
        let source: Value = serde_json::from_str(include_str!("catalog.json")).unwrap_or_default();
        let rows = source["models"].as_array().map_or(&[][..], Vec::as_slice);
        ModelList { models: rows.iter().map(from_catalog).collect(), date: text(&source["date"]) }
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

impl ModelList {
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
