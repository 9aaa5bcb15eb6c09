//! Any text as the beginning of JSON: made whole, or refused where it does not fit; a whole text stays as it is.
#![no_main]

use hyperbolic_core::wire::close::close;

/// serde_json refuses half surrogate pairs, which the grammar allows, and brackets beyond its depth.
fn is_read(json: &str) -> bool {
    match serde_json::from_str::<serde_json::Value>(json) {
        Ok(_) => true,
        Err(error) => {
            let said = error.to_string();
            ["surrogate", "hex escape", "recursion limit"].iter().any(|known| said.contains(known))
        }
    }
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    match close(text) {
        Ok(whole) => {
            assert!(whole.is_empty() || is_read(&whole), "{text:?}: {whole:?}");
            assert_eq!(close(&whole).as_ref(), Ok(&whole));
            // What is whole to a reader of JSON stays as it is.
            let space = [' ', '\t', '\n', '\r'];
            if serde_json::from_str::<serde_json::Value>(text).is_ok() {
                assert_eq!(whole, text.trim_end_matches(space));
            }
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
            assert!(!is_open || serde_json::from_str::<serde_json::Value>(text).is_err());
        }
    }
});
