//! Any text as a saved conversation: loaded or refused with a place; what was loaded is saved, and loads as the same.
#![no_main]

use hyperbolic_core::conversation::{Conversation, Without};
use hyperbolic_core::error::Status;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut conversation = match Conversation::load(bytes) {
        Ok(conversation) => conversation,
        Err(error) => {
            let message = error.message.as_str();
            assert!(error.status == Status::BadData && !error.param.is_empty(), "{error}");
            assert!(message.contains(" line ") || message.contains(" byte "), "{error}");
            return;
        }
    };
    let saved = conversation.save(Without::default()).expect("what was loaded is saved");
    let again = Conversation::load(saved.as_str().as_bytes()).expect("what was saved is loaded");
    assert_eq!(again, conversation);
    assert_eq!(again.save(Without::default()).expect("saved"), saved);
    // A reader who knows nothing of conversations finds JSON.
    serde_json::from_str::<&serde_json::value::RawValue>(saved.as_str()).expect("JSON");
    let less = again.save(Without { system: true, images: true }).expect("saved");
    Conversation::load(less.as_str().as_bytes()).expect("loaded");

    // It goes on like any other: each call takes its result, and then a trim leaves one exchange at most.
    while let Some(call) = conversation.open_call(0) {
        let id = call.id.as_str().to_owned();
        conversation.add_tool_result(&id, "done").expect("a result of an open call");
    }
    conversation.add_message("user", "next").expect("a message");
    let _ = conversation.trim(0);
    assert_eq!(conversation.entries().len(), 1);
});
