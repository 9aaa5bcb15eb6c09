//! A small value that satisfies a JSON schema.

use serde_json::{Map, Value, json};

/// Schemas that refer to themselves end here.
const DEEPEST: usize = 16;

/// The smallest value that the schema allows: required properties only, where it names any. Understands const,
/// enum, type, properties, required, items, minItems, minLength, the numeric bounds, anyOf, oneOf, allOf and
/// `$ref` into the same document.
pub fn instance(schema: &Value) -> Value {
    build(schema, schema, 0)
}

fn build(root: &Value, schema: &Value, depth: usize) -> Value {
    if depth > DEEPEST {
        return Value::Null;
    }
    if let Some(path) = schema["$ref"].as_str() {
        return build(root, root.pointer(path.trim_start_matches('#')).unwrap_or(&Value::Null), depth + 1);
    }
    if let Some(value) = schema.get("const").or_else(|| schema["enum"].get(0)) {
        return value.clone();
    }
    if let Some(either) = schema["anyOf"].get(0).or_else(|| schema["oneOf"].get(0)) {
        return build(root, either, depth + 1);
    }
    if let Some(all) = schema["allOf"].as_array() {
        return merge(all.iter().map(|part| build(root, part, depth + 1)));
    }
    match kind(schema) {
        "object" => object(root, schema, depth),
        "array" => {
            let length = schema["minItems"].as_u64().unwrap_or(1);
            (0..length).map(|_| build(root, &schema["items"], depth + 1)).collect()
        }
        "string" => string(schema),
        "integer" => json!(number(schema, 1.0).round() as i64),
        "number" => json!(number(schema, 0.5)),
        "boolean" => json!(true),
        _ => Value::Null,
    }
}

/// The schema's type: the first of several, or what its other keys say.
fn kind(schema: &Value) -> &str {
    let named = schema["type"].as_str().or_else(|| schema["type"].get(0)?.as_str());
    named.unwrap_or_else(|| {
        if schema.get("properties").is_some() {
            "object"
        } else if schema.get("items").is_some() {
            "array"
        } else {
            "string"
        }
    })
}

fn object(root: &Value, schema: &Value, depth: usize) -> Value {
    let empty = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&empty);
    let names: Vec<&str> = match schema["required"].as_array() {
        Some(required) => required.iter().filter_map(Value::as_str).collect(),
        None => properties.keys().map(String::as_str).collect(),
    };
    let fields = names.into_iter().map(|name| {
        let part = properties.get(name).unwrap_or(&Value::Null);
        (name.to_owned(), build(root, part, depth + 1))
    });
    Value::Object(fields.collect())
}

/// Parts that are objects become one; of others the first stands.
fn merge(mut parts: impl Iterator<Item = Value>) -> Value {
    let mut whole = parts.next().unwrap_or_default();
    for part in parts {
        if let (Value::Object(whole), Value::Object(part)) = (&mut whole, part) {
            whole.extend(part);
        }
    }
    whole
}

fn string(schema: &Value) -> Value {
    let limit = |name: &str| schema[name].as_u64().and_then(|limit| usize::try_from(limit).ok());
    let mut text = match schema["format"].as_str() {
        Some("date") => "2026-01-01".to_owned(),
        Some("date-time") => "2026-01-01T00:00:00Z".to_owned(),
        Some("email") => "simulator@example.com".to_owned(),
        Some("uri") => "https://example.com/".to_owned(),
        Some("uuid") => "00000000-0000-4000-8000-000000000000".to_owned(),
        _ => "canned".to_owned(),
    };
    while text.len() < limit("minLength").unwrap_or(0) {
        text.push('.');
    }
    text.truncate(limit("maxLength").unwrap_or(usize::MAX));
    text.into()
}

/// The number nearest to zero that is within the bounds; `step` keeps it off an exclusive one.
fn number(schema: &Value, step: f64) -> f64 {
    let bound = |name: &str| schema[name].as_f64();
    let low = bound("minimum").or_else(|| Some(bound("exclusiveMinimum")? + step));
    let high = bound("maximum").or_else(|| Some(bound("exclusiveMaximum")? - step));
    let near = 0.0_f64.max(low.unwrap_or(f64::MIN)).min(high.unwrap_or(f64::MAX));
    match bound("multipleOf") {
        Some(unit) if unit > 0.0 && near > 0.0 => (near / unit).ceil() * unit,
        Some(unit) if unit > 0.0 => (near / unit).floor() * unit + 0.0,
        _ => near,
    }
}

#[cfg(test)]
mod tests {
    use super::instance;
    use serde_json::json;

    #[test]
    fn builds_what_the_schema_allows() {
        let schema = json!({
            "type": "object",
            "properties": {
                "name": {"type": "string", "minLength": 8},
                "kind": {"enum": ["cat", "dog"]},
                "fixed": {"const": [1]},
                "age": {"type": "integer", "minimum": 3},
                "below": {"type": "integer", "exclusiveMaximum": 0},
                "even": {"type": "integer", "minimum": 3, "multipleOf": 2},
                "size": {"type": ["number", "null"], "exclusiveMinimum": 1},
                "tame": {"type": "boolean"},
                "none": {"type": "null"},
                "tags": {"type": "array", "minItems": 2, "items": {"type": "string", "maxLength": 3}},
                "home": {"$ref": "#/$defs/home"},
                "left_out": {"type": "string"}
            },
            "required": ["name", "kind", "fixed", "age", "below", "even", "size", "tame", "none", "tags", "home"],
            "$defs": {"home": {"allOf": [
                {"properties": {"town": {"type": "string"}}},
                {"properties": {"when": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}}}
            ]}}
        });
        assert_eq!(
            instance(&schema),
            json!({"name": "canned..", "kind": "cat", "fixed": [1], "age": 3, "below": -1, "even": 4, "size": 1.5,
                "tame": true, "none": null, "tags": ["can", "can"],
                "home": {"town": "canned", "when": "2026-01-01"}})
        );
    }

    #[test]
    fn schemas_without_end_end() {
        let schema = json!({"properties": {"next": {"$ref": "#"}}});
        assert!(instance(&schema)["next"]["next"].is_object());
        assert_eq!(instance(&json!({})), json!("canned"));
    }
}
