//! Any text as the beginning of JSON: made whole, or refused where it does not fit; a whole text stays as it is.
#![no_main]

use hyperbolic_core::wire::close::{close, is_whole_object};
use serde_json::value::RawValue;

fn is_json(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    match close(text) {
        Ok(whole) => {
            assert!(whole.is_empty() || is_json(&whole), "{text:?}: {whole:?}");
            assert_eq!(close(&whole).as_ref(), Ok(&whole));
            // What is whole stays as it is, and nothing else does.
            let kept = text.trim_end_matches([' ', '\t', '\n', '\r']);
            assert_eq!(is_json(text), whole == kept && !whole.is_empty());
            assert_eq!(is_whole_object(text), is_json(text) && text.trim_start().starts_with('{'));
            // Each beginning of a beginning is one.
            for (at, _) in text.char_indices().take(64) {
                assert!(close(&text[..at]).is_ok());
            }
        }
        Err(misfit) => {
            assert!(misfit.at < text.len() && !misfit.wanted.is_empty());
            // What came before it is a beginning, and no reader takes the whole.
            assert!(close(text.get(..misfit.at).unwrap_or_default()).is_ok());
            let is_open = text.trim_start().starts_with(['{', '[']);
            assert!(!is_open || !is_json(text));
        }
    }
});
