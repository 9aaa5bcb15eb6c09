//! What several setters ask of what comes in.

use crate::error::Error;
use serde_json::value::RawValue;

/// What OpenAI's API allows in the name of a schema or a tool, and so what every server can be asked for.
const LONGEST_NAME: usize = 64;

/// A name that the API allows.
pub fn name(name: &str) -> Result<(), Error> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(fits) {
        return Err(Error::invalid(
            "name",
            format!("{name:?} is not 1 to {LONGEST_NAME} letters, digits, hyphens and underscores"),
        ));
    }
    Ok(())
}

/// A JSON Schema: an object, as it is written.
pub fn schema(json: &str) -> Result<&RawValue, Error> {
    let schema = serde_json::from_str::<&RawValue>(json)
        .map_err(|e| Error::invalid("schema", format!("is not JSON ({e})")))?;
    if !schema.get().starts_with('{') {
        return Err(Error::invalid("schema", "is not a JSON object"));
    }
    Ok(schema)
}
