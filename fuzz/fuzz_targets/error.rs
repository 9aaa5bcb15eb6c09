//! Any bytes as the body of an HTTP error: one typed error, its identifiers clean.
#![no_main]

use hyperbolic_core::error::Status;
use hyperbolic_core::wire::errors::of_body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    for http_status in [400, 401, 429, 500] {
        let error = of_body(http_status, data);
        assert!(!matches!(error.status, Status::BadResponse | Status::Truncated));
        assert!(!error.message.is_empty() && !error.hint.is_empty());
        for short in [&error.code, &error.kind, &error.param] {
            assert!(!short.as_str().contains(char::is_control));
        }
    }
});
