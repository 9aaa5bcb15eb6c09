//! Any bytes as JSON: what is kept is valid JSON, and what was valid already means the same.
#![no_main]

use hyperbolic_core::wire::{Decoder, Expect, Kind, Limits};
use serde_json::Value;
use serde_json::value::RawValue;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    for kind in [Kind::Raw, Kind::Chat] {
        let mut decoder = Decoder::new(Expect { kind, choices: 1 }, Limits::default(), false);
        decoder.head(200, Some("application/json"));
        let verdict = decoder.feed(data, &mut |_| {}).and_then(|_| decoder.finish(&mut |_| {}));
        let answer = decoder.into_answer();
        let kept = answer.to_json();
        serde_json::from_str::<&RawValue>(&kept).expect("valid JSON");
        let given = serde_json::from_slice::<Value>(data).ok();
        if let Some(given) = given.filter(|_| kind == Kind::Raw && verdict.is_ok()) {
            // Doubled names: both keep the last.
            assert_eq!(serde_json::from_str::<Value>(&kept).ok(), Some(given));
            assert_eq!(answer.tolerated.total(), 0);
        }
    }
});
