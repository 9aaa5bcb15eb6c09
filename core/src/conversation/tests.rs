use super::{Conversation, MOST_MESSAGES, MOST_PARTS, Without};
use crate::error::{Error, Status};
use crate::message::{Detail, Image, Role};
use crate::request::Request;
use crate::response::Response;
use crate::wire::{Decoder, Expect, Kind, Limits};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// An answer with a text and calls: id, name, arguments. With a status it was cut off.
pub(super) fn answer(text: &str, calls: &[(&str, &str, &str)], status: Option<Status>) -> Response {
    let calls: Vec<Value> = calls
        .iter()
        .map(|(id, name, arguments)| json!({"id": id, "function": {"name": name, "arguments": arguments}}))
        .collect();
    let finish = if status.is_some() { Value::Null } else { json!("stop") };
    let delta = json!({"content": text, "tool_calls": calls, "reasoning_content": format!("why {text}")});
    let event = format!("data: {}\n\n", json!({"choices": [{"delta": delta, "finish_reason": finish}]}));
    let mut decoder = Decoder::new(Expect { kind: Kind::Chat, choices: 1 }, Limits::default(), false);
    decoder.head(200, Some("text/event-stream"));
    decoder.feed(event.as_bytes(), &mut |_| {}).unwrap();
    let error = status.map(|status| Arc::new(Error::new(status, "cut")));
    if error.is_none() {
        decoder.finish(&mut |_| {}).unwrap();
    }
    Response::new(decoder.into_answer(), error, Duration::ZERO)
}

pub(super) fn saved(conversation: &Conversation) -> String {
    conversation.save(Without::default()).unwrap().as_str().to_owned()
}

/// Roles and texts, one a line.
fn outline(conversation: &Conversation) -> String {
    let line = |(role, text): (Role, &str)| format!("{} {text}\n", role.name());
    let entries = conversation.entries().iter();
    entries.map(|entry| line((entry.turn().role, entry.turn().text.as_str()))).collect()
}

fn open(conversation: &Conversation) -> Vec<&str> {
    (0..).map_while(|place| conversation.open_call(place)).map(|call| call.id.as_str()).collect()
}

fn with_calls(ids: &[&str]) -> Conversation {
    let mut conversation = Conversation::default();
    conversation.add_message("user", "roll").unwrap();
    let calls: Vec<_> = ids.iter().map(|id| (*id, "dice", "{}")).collect();
    conversation.add_response(&answer("now", &calls, None), 0).unwrap();
    conversation
}

#[test]
fn results_stand_behind_their_calls_whenever_they_come() {
    let mut conversation = with_calls(&["a", "b"]);
    conversation.add_message("user", "well?").unwrap();
    conversation.add_response(&answer("wait", &[("c", "dice", "")], None), 0).unwrap();
    assert_eq!(open(&conversation), ["a", "b", "c"]);
    conversation.add_tool_result("c", "3").unwrap();
    conversation.add_tool_result("b", "2").unwrap();
    conversation.add_tool_result("a", "1").unwrap();
    assert_eq!(
        outline(&conversation),
        "user roll\nassistant now\ntool 2\ntool 1\nuser well?\nassistant wait\ntool 3\n"
    );
    assert_eq!(conversation.open_count(), 0);
    for (id, said) in [("a", "has its result"), ("x", "of no call"), ("", "of no call")] {
        let error = conversation.add_tool_result(id, "").unwrap_err();
        assert_eq!(error.param.as_str(), "id");
        assert!(error.message.as_str().contains(said) && error.message.as_str().contains(id), "{error}");
    }
}

#[test]
fn an_id_waits_in_one_message_and_comes_again_when_it_was_answered() {
    let mut conversation = with_calls(&["call_0_0"]);
    let again = answer("again", &[("call_0_0", "dice", "{}")], None);
    let error = conversation.add_response(&again, 0).unwrap_err();
    assert!(error.message.as_str().contains("\"call_0_0\" is of an earlier call"), "{error}");
    assert_eq!(conversation, with_calls(&["call_0_0"]));
    conversation.add_tool_result("call_0_0", "1").unwrap();
    conversation.add_response(&again, 0).unwrap();
    conversation.add_tool_result("call_0_0", "2").unwrap();
    assert_eq!(outline(&conversation), "user roll\nassistant now\ntool 1\nassistant again\ntool 2\n");
    // Calls of one message that share an id are answered in their order. No server's chunks make them, but a file may.
    let twins = r#"{"hyperbolic_conversation":1,"messages":[{"role":"assistant","tool_calls":
        [{"id":"a","name":"one"},{"id":"a","name":"two"}]}]}"#;
    let mut twins = Conversation::load(twins.as_bytes()).unwrap();
    twins.add_tool_result("a", "1").unwrap();
    assert_eq!(twins.open_call(0).unwrap().name.as_str(), "two");
    assert_eq!(Conversation::load(saved(&twins).as_bytes()).unwrap(), twins);
    twins.add_tool_result("a", "2").unwrap();
    assert_eq!(twins.open_count(), 0);
    twins.truncate(2).unwrap();
    assert_eq!(twins.open_call(0).unwrap().name.as_str(), "two");
}

#[test]
fn an_answer_is_added_as_far_as_it_came() {
    let mut conversation = Conversation::default();
    let cut = Some(Status::Cancelled);
    conversation
        .add_response(
            &answer(
                "so far",
                &[("a", "whole", "{\"x\":1}"), ("b", "half", "{\"x\":"), ("c", "begun", "")],
                cut,
            ),
            0,
        )
        .unwrap();
    let turn = conversation.entries()[0].turn();
    assert!(turn.is_partial);
    assert_eq!(
        (turn.text.as_str(), turn.reasoning.as_str(), turn.tool_calls.len()),
        ("so far", "why so far", 1)
    );
    assert_eq!(open(&conversation), ["a"]);
    // Closed, but the stream broke before anybody was told: who acts on events knows nothing of it.
    let untold = answer("", &[("z", "closed", "{}")], cut);
    assert!(untold.answer.choices[0].tool_calls[0].is_whole());
    conversation.add_response(&untold, 0).unwrap();
    assert_eq!(open(&conversation), ["a"]);
    let broken = answer("", &[("d", "broken", "[1]"), ("e", "", "{}"), ("f", "empty", "")], None);
    conversation.add_response(&broken, 0).unwrap();
    assert_eq!(open(&conversation), ["a", "f"]);
    // A failed answer may have no choice at all; a whole one that lacks it is the caller's mistake.
    let nothing = Response::new(
        Decoder::new(Expect { kind: Kind::Chat, choices: 1 }, Limits::default(), false).into_answer(),
        Some(Arc::new(Error::new(Status::Connect, "nobody"))),
        Duration::ZERO,
    );
    conversation.add_response(&nothing, 0).unwrap();
    assert_eq!(conversation.entries().len(), 3);
    assert_eq!(conversation.add_response(&answer("x", &[], None), 1).unwrap_err().param.as_str(), "choice");
}

#[test]
fn a_call_that_was_cut_before_its_arguments_is_not_whole() {
    for (arguments, reason, is_whole) in [
        ("", "length", false),
        (" ", "length", false),
        ("", "content_filter", false),
        ("{}", "length", true),
        ("", "tool_calls", true),
        ("", "stop", true),
    ] {
        let calls = json!([
            {"index": 0, "id": "a", "function": {"name": "now", "arguments": ""}},
            {"index": 1, "id": "b", "function": {"name": "dice", "arguments": arguments}}
        ]);
        let chunk = json!({"choices": [{"delta": {"tool_calls": calls}, "finish_reason": reason}]});
        let mut decoder = Decoder::new(Expect { kind: Kind::Chat, choices: 1 }, Limits::default(), false);
        decoder.head(200, Some("text/event-stream"));
        decoder.feed(format!("data: {chunk}\n\n").as_bytes(), &mut |_| {}).unwrap();
        decoder.finish(&mut |_| {}).unwrap();
        let response = Response::new(decoder.into_answer(), None, Duration::ZERO);
        let calls = &response.answer.choices[0].tool_calls;
        assert_eq!((calls[0].is_whole(), calls[1].is_whole()), (true, is_whole), "{arguments:?} {reason}");
        let mut conversation = Conversation::default();
        conversation.add_response(&response, 0).unwrap();
        assert_eq!(conversation.open_count(), 1 + usize::from(is_whole));
    }
    // Nor one of a stream that broke: who goes by the response alone would run it.
    let cut = answer("", &[("a", "dice", "")], Some(Status::Truncated));
    assert!(!cut.answer.choices[0].tool_calls[0].is_whole());
}

#[test]
fn thinking_that_was_cut_is_not_what_was_said() {
    let came = |text: &str, reason: Option<&str>| {
        let chunk = json!({"model": "deepseek-ai/DeepSeek-R1", "choices": [{"delta": {"content": text}, "finish_reason": reason}]});
        let mut decoder = Decoder::new(Expect { kind: Kind::Chat, choices: 1 }, Limits::default(), false);
        decoder.head(200, Some("text/event-stream"));
        decoder.feed(format!("data: {chunk}\n\n").as_bytes(), &mut |_| {}).unwrap();
        decoder.into_answer()
    };
    // The template opens the block, and the stream breaks before the model closes it.
    let mut answer = came("\nLet me see <b", None);
    let choice = &answer.choices[0];
    assert_eq!((choice.reasoning.as_str(), choice.text.as_str()), ("Let me see <b", ""));
    assert!(answer.to_json().contains(r#""content":"\nLet me see <b""#), "{}", answer.to_json());
    answer.omit_reasoning();
    assert!(!answer.to_json().contains("Let me see"), "{}", answer.to_json());
    let full = came("\nLet me see", Some("length"));
    assert_eq!((full.choices[0].reasoning.as_str(), full.choices[0].text.as_str()), ("Let me see", ""));
    // A choice that came to its end without a tag has not thought.
    assert_eq!(came("Hello", Some("stop")).choices[0].text.as_str(), "Hello");
    // Half an opening tag says nothing yet.
    assert_eq!(came(" <thi", None).choices[0].text.as_str(), " <thi");
}

#[test]
fn an_undone_result_opens_its_call_again() {
    let mut conversation = with_calls(&["a", "b"]);
    conversation.add_tool_result("b", "2").unwrap();
    conversation.add_tool_result("a", "1").unwrap();
    conversation.add_message("user", "next").unwrap();
    let whole = conversation.clone();
    for (count, expected) in
        [(5, vec![]), (4, vec![]), (3, vec!["a"]), (2, vec!["a", "b"]), (1, vec![]), (0, vec![])]
    {
        let mut conversation = whole.clone();
        conversation.truncate(count).unwrap();
        assert_eq!((conversation.entries().len(), open(&conversation)), (count, expected));
    }
    assert_eq!(conversation.truncate(6).unwrap_err().param.as_str(), "count");
    assert_eq!(conversation, whole);
    conversation.truncate(2).unwrap();
    conversation.add_tool_result("a", "1").unwrap();
    assert_eq!(outline(&conversation), "user roll\nassistant now\ntool 1\n");
    assert_eq!(open(&conversation), ["b"]);
}

#[test]
fn what_is_trimmed_is_the_oldest_exchange() {
    let mut conversation = Conversation::default();
    conversation.add_message("assistant", "Welcome, traveller.").unwrap();
    for turn in 0..4 {
        conversation.add_message("user", &format!("question {turn}")).unwrap();
        conversation.add_response(&answer(&format!("answer {turn}"), &[], None), 0).unwrap();
    }
    conversation.set_system("You are an innkeeper.");
    conversation.set_summary("They met at the inn.");
    let all = conversation.tokens();
    let exchange: i64 = conversation.entries()[7..].iter().map(|entry| entry.tokens()).sum();
    let mut one = conversation.clone();
    assert_eq!(one.trim(all), (0, Ok(())));
    assert_eq!(one, conversation);
    assert_eq!(one.trim(all - 1), (1, Ok(())));
    assert!(outline(&one).starts_with("user question 0"));
    assert_eq!(one.trim(one.tokens() - exchange - 1), (4, Ok(())));
    assert_eq!(outline(&one), "user question 2\nassistant answer 2\nuser question 3\nassistant answer 3\n");
    let (dropped, result) = one.trim(1);
    let error = result.unwrap_err();
    assert_eq!((dropped, error.param.as_str()), (2, "max_tokens"));
    assert!(error.message.as_str().contains(&format!("about {} tokens", one.tokens())), "{error}");
    assert_eq!((one.system().unwrap().as_str(), one.entries().len()), ("You are an innkeeper.", 2));
    let before = one.clone();
    assert_eq!(one.trim(-1).1.unwrap_err().param.as_str(), "max_tokens");
    assert_eq!(one, before);
}

#[test]
fn no_call_is_trimmed_whose_result_is_still_to_come() {
    let mut conversation = Conversation::default();
    conversation.add_message("user", "hello").unwrap();
    conversation.add_message("user", "roll").unwrap();
    conversation.add_response(&answer("", &[("a", "dice", "{}")], None), 0).unwrap();
    conversation.add_message("user", "well?").unwrap();
    let (dropped, result) = conversation.trim(1);
    assert_eq!((dropped, result.is_err()), (1, true));
    conversation.add_tool_result("a", "4").unwrap();
    assert_eq!(conversation.trim(1).0, 3);
    assert_eq!(outline(&conversation), "user well?\n");
}

#[test]
fn images_metadata_and_roles_go_where_they_belong() {
    let mut conversation = Conversation::default();
    let image = || Image::at("https://a/b", Some(Detail::Low)).unwrap();
    assert_eq!(conversation.add_image(image()).unwrap_err().param.as_str(), "image");
    conversation.add_message("user", "look").unwrap();
    let before = conversation.tokens();
    let alone = conversation.clone();
    conversation.add_image(image()).unwrap();
    assert_eq!(conversation.tokens(), before + crate::tokens::IMAGE_TOKENS);
    assert_eq!((alone.tokens(), alone.entries()[0].turn().images.len()), (before, 0));
    for (key, text) in [("who", "Ann"), ("a", "1"), ("who", "Bob"), ("gone", "x"), ("gone", ""), ("no", "")] {
        conversation.set_metadata(0, key, text).unwrap();
    }
    let pairs: Vec<_> =
        conversation.entries()[0].metadata().iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(pairs, [("a", "1"), ("who", "Bob")]);
    assert_eq!(conversation.set_metadata(1, "a", "b").unwrap_err().param.as_str(), "index");
    assert_eq!(conversation.set_metadata(0, "", "b").unwrap_err().param.as_str(), "key");
    conversation.add_message("assistant", "seen").unwrap();
    assert!(conversation.add_image(image()).unwrap_err().message.as_str().contains("assistant"));
    for role in ["system", "tool", "robot", ""] {
        assert_eq!(conversation.add_message(role, "").unwrap_err().param.as_str(), "role");
    }
}

#[test]
fn a_request_takes_the_messages_and_refuses_an_open_call() {
    let mut conversation = with_calls(&["call_0_0"]);
    conversation.set_system("Be brief.");
    conversation.set_summary("Before.");
    conversation.set_metadata(0, "speaker", "Ann").unwrap();
    let mut request = Request::new("m").unwrap();
    request.set_json("messages", "[{}]").unwrap();
    request.set_conversation(&conversation);
    let error = Arc::new(request.clone()).plan().unwrap_err();
    assert!(error.message.as_str().contains("\"call_0_0\""), "{error}");
    conversation.add_tool_result("call_0_0", "6").unwrap();
    request.set_conversation(&conversation);
    request.add_message("user", "and?").unwrap();
    let body = Arc::new(request).plan().unwrap().body(false, true).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let call = json!({"id": "call_0_0", "type": "function", "function": {"name": "dice", "arguments": "{}"}});
    assert_eq!(
        body["messages"],
        json!([
            {"role": "system", "content": "Be brief.\n\nBefore."},
            {"role": "user", "content": "roll"},
            {"role": "assistant", "content": "now", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_0_0", "content": "6"},
            {"role": "user", "content": "and?"},
        ])
    );
}

#[test]
fn there_is_no_more_than_can_be_loaded() {
    let mut conversation = with_calls(&[]);
    let calls: Vec<_> = (0..MOST_PARTS).map(|at| format!("call{at}")).collect();
    let calls: Vec<_> = calls.iter().map(|id| (id.as_str(), "dice", "{}")).collect();
    conversation.add_response(&answer("", &calls, None), 0).unwrap();
    let one = answer("", &[("x", "dice", "{}")], None);
    assert_eq!(conversation.add_response(&one, 0).unwrap_err().param.as_str(), "tool_calls");
    assert_eq!(Conversation::load(saved(&conversation).as_bytes()).unwrap(), conversation);
    conversation.add_tool_result("call7", "").unwrap();
    conversation.add_response(&one, 0).unwrap();

    conversation.add_message("user", "").unwrap();
    let last = conversation.entries().len() - 1;
    for at in 0..MOST_PARTS {
        conversation.add_image(Image::at("https://a", None).unwrap()).unwrap();
        conversation.set_metadata(last, &at.to_string(), "x").unwrap();
    }
    let more = conversation.add_image(Image::at("https://a", None).unwrap());
    assert_eq!(more.unwrap_err().param.as_str(), "image");
    assert_eq!(conversation.set_metadata(last, "more", "x").unwrap_err().param.as_str(), "key");
    conversation.set_metadata(last, "7", "another").unwrap();

    while conversation.entries().len() < MOST_MESSAGES {
        conversation.add_message("user", "").unwrap();
    }
    assert_eq!(conversation.add_message("user", "").unwrap_err().param.as_str(), "conversation");
    assert_eq!(conversation.add_tool_result("x", "").unwrap_err().param.as_str(), "conversation");
    assert_eq!(Conversation::load(saved(&conversation).as_bytes()).unwrap(), conversation);
    conversation.set_system(&"x".repeat(64 << 20));
    assert_eq!(conversation.save(Without::default()).unwrap_err().param.as_str(), "conversation");
}
