//! Saved conversations: what is written, what is read, and what is refused where.

use super::tests::{answer, saved};
use super::{Conversation, MOST_MESSAGES, MOST_PARTS, Without};
use crate::error::{Error, Status};
use crate::message::{Detail, Image};

fn load(json: &str) -> Result<Conversation, Error> {
    Conversation::load(json.as_bytes())
}

/// A whole one around these messages.
fn around(messages: &str) -> String {
    format!(r#"{{"hyperbolic_conversation":1,"messages":[{messages}]}}"#)
}

#[test]
fn everything_is_saved_in_order() {
    let mut conversation = Conversation::default();
    assert_eq!(saved(&conversation), r#"{"hyperbolic_conversation":1}"#);
    conversation.set_summary("S");
    conversation.set_system("Be \"brief\".\n");
    conversation.add_message("user", "look\0").unwrap();
    conversation.add_image(Image::at("https://a/b", Some(Detail::Low)).unwrap()).unwrap();
    conversation.add_image(Image::at("https://c", None).unwrap()).unwrap();
    conversation.set_metadata(0, "z", "1").unwrap();
    conversation.set_metadata(0, "a", "é").unwrap();
    let cut = Some(Status::Cancelled);
    conversation
        .add_response(&answer("so", &[("c1", "dice", "{\"x\": 1}"), ("c2", "dice", "{")], cut), 0)
        .unwrap();
    conversation.add_tool_result("c1", "6").unwrap();
    let whole = concat!(
        r#"{"hyperbolic_conversation":1,"system":"Be \"brief\".\n","summary":"S","messages":["#,
        r#"{"role":"user","text":"look\u0000","images":[{"url":"https://a/b","detail":"low"},{"url":"https://c"}],"#,
        r#""metadata":{"a":"é","z":"1"}},"#,
        r#"{"role":"assistant","text":"so","reasoning":"why so","partial":true,"#,
        r#""tool_calls":[{"id":"c1","name":"dice","arguments":"{\"x\": 1}"}]},"#,
        r#"{"role":"tool","tool_call_id":"c1","text":"6"}]}"#,
    );
    assert_eq!(saved(&conversation), whole);
    let loaded = load(whole).unwrap();
    assert_eq!(loaded, conversation);
    assert_eq!(saved(&loaded), whole);
    let less = conversation.save(Without { system: true, images: true }).unwrap();
    assert!(!less.as_str().contains("https") && !less.as_str().contains("brief"), "{less}");
    load(less.as_str()).unwrap();
}

#[test]
fn what_is_not_known_is_kept_as_it_is_written() {
    let written = concat!(
        r#" { "new" : [1.50, {"a" : null}], "hyperbolic_conversation":1,"b\u0041":2, "messages": [ {"at":7,"role":"assistant","#,
        r#""tool_calls":[{"id":"a","name":"n"},{"more":true,"id":"b","name":"n"}]},{"role":"user","mood":"x","#,
        r#""images":[{"url":"https://a"},{"url":"https://b","alt":"words","alt":"twice"}]}] } "#,
    );
    let expected = concat!(
        r#"{"hyperbolic_conversation":1,"messages":[{"role":"assistant","tool_calls":[{"id":"a","name":"n"},"#,
        r#"{"id":"b","name":"n","more":true}],"at":7},{"role":"user","images":[{"url":"https://a"},"#,
        r#"{"url":"https://b","alt":"words","alt":"twice"}],"mood":"x"}],"new":[1.50, {"a" : null}],"bA":2}"#,
    );
    let mut loaded = load(written).unwrap();
    assert_eq!(saved(&loaded), expected);
    assert_eq!(saved(&load(expected).unwrap()), expected);
    // As deep as it may be, where it is deepest, any reader can follow.
    let deep = format!(r#"{{"id":"a","name":"n","new":{}{}}}"#, "[".repeat(100), "]".repeat(100));
    let deep = load(&around(&format!(r#"{{"role":"assistant","tool_calls":[{deep}]}}"#))).unwrap();
    serde_json::from_str::<serde_json::Value>(&saved(&deep)).unwrap();
    // It goes with its message, and stays with the whole.
    loaded.add_tool_result("b", "1").unwrap();
    loaded.add_tool_result("a", "2").unwrap();
    assert!(saved(&loaded).contains(r#""mood":"x""#));
    loaded.truncate(0).unwrap();
    assert_eq!(saved(&loaded), r#"{"hyperbolic_conversation":1,"new":[1.50, {"a" : null}],"bA":2}"#);
}

#[test]
fn metadata_is_sorted_and_never_empty() {
    let loaded = load(&around(r#"{"role":"user","metadata":{"b":"1","c":"","a":"2"}}"#)).unwrap();
    assert_eq!(saved(&loaded), around(r#"{"role":"user","metadata":{"a":"2","b":"1"}}"#));
    assert_eq!(loaded.entries()[0].metadata_of("a").map(|text| text.as_str()), Some("2"));
}

/// Each is refused, at this place and for this reason.
#[test]
fn what_is_refused_has_a_place() {
    let user = r#"{"role":"user"}"#;
    let call = r#"{"role":"assistant","tool_calls":[{"id":"a","name":"n"}]}"#;
    let result = r#"{"role":"tool","tool_call_id":"a"}"#;
    let head = r#"{"hyperbolic_conversation":1,"#;
    let cases: &[(String, &str, &str)] = &[
        ("".into(), "json", "EOF"),
        ("{".into(), "json", "EOF"),
        ("[]".into(), "json", "is not an object at line 1"),
        ("{}".into(), "hyperbolic_conversation", "is missing"),
        ("{\"hyperbolic_conversation\":1}x".into(), "json", "trailing characters at line 1 column 30"),
        ("{\"hyperbolic_conversation\":2}".into(), "hyperbolic_conversation", "is 2, of a newer library"),
        ("{\"hyperbolic_conversation\":0}".into(), "hyperbolic_conversation", "number of a version"),
        ("{\"hyperbolic_conversation\":-1}".into(), "hyperbolic_conversation", "number of a version"),
        ("{\"hyperbolic_conversation\":1.0}".into(), "hyperbolic_conversation", "number of a version"),
        ("{\"hyperbolic_conversation\":\"1\"}".into(), "hyperbolic_conversation", "number of a version"),
        (format!("{head}\"hyperbolic_conversation\":1}}"), "hyperbolic_conversation", "twice"),
        (format!("{head}\"system\":1}}"), "system", "is not a string"),
        (format!("{head}\"summary\":null}}"), "summary", "is not a string"),
        (format!("{head}\"messages\":{{}}}}"), "messages", "is not an array"),
        (format!("{head}\"messages\":[],\"messages\":[]}}"), "messages", "twice"),
        (format!("{head}\"x\":{}1{}}}", "[".repeat(101), "]".repeat(101)), "json", "100 brackets"),
        (around("1"), "messages[0]", "is not an object"),
        (around("{}"), "messages[0].role", "is missing"),
        (around(r#"{"role":"system"}"#), "messages[0].role", "is not user, assistant or tool"),
        (around(r#"{"role":"user","text":1}"#), "messages[0].text", "is not a string"),
        (around(r#"{"role":"user","text":"\ud800"}"#), "messages[0].text", "is not JSON"),
        (around(&format!("{user},{user},{{\"role\":\"user\",}}")), "messages[2]", "is not JSON"),
        (around(r#"{"role":"user","partial":true}"#), "messages[0].partial", "role assistant"),
        (around(r#"{"role":"assistant","partial":1}"#), "messages[0].partial", "is not true or false"),
        (around(r#"{"role":"user","reasoning":"x"}"#), "messages[0].reasoning", "role assistant"),
        (
            around(r#"{"role":"user","tool_calls":[{"id":"a","name":"n"}]}"#),
            "messages[0].tool_calls",
            "role assistant",
        ),
        (around(r#"{"role":"assistant","images":[{"url":"https://a"}]}"#), "messages[0].images", "role user"),
        (
            around(r#"{"role":"user","images":[{"url":"https://a"},{"url":"file:///etc/passwd"}]}"#),
            "messages[0].images[1].url",
            "does not begin",
        ),
        (around(r#"{"role":"user","images":[{}]}"#), "messages[0].images[0].url", "is missing"),
        (
            around(r#"{"role":"user","images":[{"url":"https://a","detail":"x"}]}"#),
            "messages[0].images[0].detail",
            "low",
        ),
        (
            around(r#"{"role":"assistant","tool_calls":[{"id":"","name":"n"}]}"#),
            "messages[0].tool_calls[0].id",
            "is empty",
        ),
        (
            around(r#"{"role":"assistant","tool_calls":[{"id":"a"}]}"#),
            "messages[0].tool_calls[0].name",
            "is missing",
        ),
        (
            around(r#"{"role":"assistant","tool_calls":[{"id":"a\n","name":"n"}]}"#),
            "messages[0].tool_calls[0].id",
            "control character at byte 1",
        ),
        (
            around(r#"{"role":"assistant","tool_calls":[{"id":"a","name":"n","arguments":"{\"x\":"}]}"#),
            "messages[0].tool_calls[0].arguments",
            "no whole JSON object",
        ),
        (around(&format!("{call},{call}")), "messages[1].tool_calls", "\"a\" is of an earlier call"),
        (around(result), "messages[0].tool_call_id", "no open call"),
        (around(&format!("{call},{user},{result}")), "messages[2].tool_call_id", "no open call"),
        (around(&format!("{call},{result},{result}")), "messages[2].tool_call_id", "no open call"),
        (around(&format!(r#"{call},{{"role":"tool"}}"#)), "messages[1].tool_call_id", "is missing"),
        (around(r#"{"role":"user","tool_call_id":"a"}"#), "messages[0].tool_call_id", "role tool"),
        (around(r#"{"role":"user","metadata":{"a":1}}"#), "messages[0].metadata[0]", "is not a string"),
        (around(r#"{"role":"user","metadata":{"":"x"}}"#), "messages[0].metadata[0]", "is empty"),
        (
            around(r#"{"role":"user","metadata":{"a":"1","b\u0007":"x"}}"#),
            "messages[0].metadata[1]",
            "control",
        ),
        (around(r#"{"role":"user","metadata":{"a":"1","a":"2"}}"#), "messages[0].metadata", "twice"),
    ];
    for (json, place, said) in cases {
        let error = load(json).unwrap_err();
        let message = error.message.as_str();
        assert_eq!((error.status, error.param.as_str()), (Status::BadData, *place), "{json:.200}: {error}");
        assert!(message.contains(said), "{json:.200}: {error}");
        assert!(message.contains(" line ") && message.contains(" column "), "{error}");
        assert!(message.starts_with(place), "{error}");
    }
    let error = Conversation::load(b"{\"hyperbolic_conversation\":1,\"system\":\"\xff\"}").unwrap_err();
    assert_eq!((error.status, error.param.as_str()), (Status::BadData, "json"));
    assert!(error.message.as_str().contains("is not UTF-8 at byte 39"), "{error}");
}

#[test]
fn what_is_too_much_is_refused_where_it_begins() {
    let many = |item: &str, count: usize| vec![item; count].join(",");
    let image =
        |count| around(&format!(r#"{{"role":"user","images":[{}]}}"#, many(r#"{"url":"https://a"}"#, count)));
    let call = |count| {
        let call = many(r#"{"id":"a","name":"n"}"#, count);
        around(&format!(r#"{{"role":"assistant","tool_calls":[{call}]}}"#))
    };
    let metadata = |count| {
        let pairs: Vec<_> = (0..count).map(|at| format!(r#""k{at}":"v""#)).collect();
        around(&format!(r#"{{"role":"user","metadata":{{{}}}}}"#, pairs.join(",")))
    };
    let message = |count| around(&many(r#"{"role":"user"}"#, count));
    for (json, more, place) in [
        (image(MOST_PARTS), image(MOST_PARTS + 1), "messages[0].images[1024]"),
        (call(MOST_PARTS), call(MOST_PARTS + 1), "messages[0].tool_calls[1024]"),
        (metadata(MOST_PARTS), metadata(MOST_PARTS + 1), "messages[0].metadata[1024]"),
        (message(MOST_MESSAGES), message(MOST_MESSAGES + 1), "messages[100000]"),
    ] {
        load(&json).unwrap();
        let error = load(&more).unwrap_err();
        assert_eq!((error.status, error.param.as_str()), (Status::BadData, place));
        assert!(error.message.as_str().contains("one more than"), "{error}");
    }
    let error = Conversation::load(&vec![b' '; (64 << 20) + 1]).unwrap_err();
    assert!(error.status == Status::BadData && error.message.as_str().contains("byte 67108864"), "{error}");
}

/// What a newer library writes may be anything: that it is newer is all that can be said of it.
#[test]
fn a_newer_version_is_named_before_what_is_new_in_it() {
    for news in [
        r#""system":[1]"#,
        r#""messages":[{"role":"critic"}]"#,
        r#""messages":{}"#,
        r#""messages":[{"role":"user","text":["a","b"]}]"#,
        r#""x":"#,
    ] {
        let error = load(&format!(r#"{{"hyperbolic_conversation":2,{news}}}"#)).unwrap_err();
        assert_eq!(error.param.as_str(), "hyperbolic_conversation", "{news}: {error}");
        assert!(error.message.as_str().contains("is 2, of a newer library"), "{error}");
        assert!(error.message.as_str().contains(" line 1 column "), "{error}");
    }
}

/// An id that fills a file does not fill the error too.
#[test]
fn a_long_id_is_named_by_its_beginning() {
    let call = format!(
        r#"{{"role":"assistant","tool_calls":[{{"id":"long{}","name":"n"}}]}}"#,
        "\u{200b}".repeat(1 << 16)
    );
    let error = load(&around(&format!("{call},{call}"))).unwrap_err();
    assert_eq!(error.param.as_str(), "messages[1].tool_calls");
    let message = error.message.as_str();
    assert!(
        message.contains("\"long") && message.contains("of an earlier call") && message.len() < 2000,
        "{message:.200}"
    );
}

/// Depth, and much of what is small: neither the stack nor time runs out.
#[test]
fn harm_is_bounded() {
    let deep = "[".repeat(1 << 20);
    for begin in ["", "{\"hyperbolic_conversation\":1,\"x\":", "{\"messages\":", "{\"messages\":[{\"text\":"]
    {
        assert_eq!(load(&format!("{begin}{deep}")).unwrap_err().status, Status::BadData);
        let closed = format!("{begin}{deep}{}", "]".repeat(1 << 20));
        assert_eq!(load(&closed).unwrap_err().status, Status::BadData);
    }
    // As many calls that wait as there may be, and another message with as many: each id is looked for among them.
    let calls = |from: usize| {
        let calls: Vec<_> = (from..from + 512).map(|id| format!(r#"{{"id":"{id}","name":"n"}}"#)).collect();
        format!(r#"{{"role":"assistant","tool_calls":[{}]}}"#, calls.join(","))
    };
    assert_eq!(load(&around(&[calls(0), calls(512)].join(","))).unwrap().open_count(), MOST_PARTS);
    let error = load(&around(&[calls(0), calls(512), calls(1024)].join(","))).unwrap_err();
    assert_eq!(error.param.as_str(), "messages[2].tool_calls");
}
