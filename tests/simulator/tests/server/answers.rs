//! What the server answers when nothing fails.

use crate::client::{Exchange, chat, chat_with, events, start};
use hyperbolic_simulator::{Options, Simulator, Stats, Tier};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn post(simulator: &Simulator, path: &str, body: &str) -> (u16, Value) {
    let (status, head, body) = Exchange::send(simulator, &format!("POST {path}"), &[], body).answer();
    assert!(head.contains("x-request-id: req-"), "{head}");
    (status, serde_json::from_str(&body).unwrap())
}

fn completion(simulator: &Simulator, more: Value) -> Value {
    let mut body = json!({"model": "meta-llama/Meta-Llama-3.1-405B", "prompt": "Once upon"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let (status, answer) = post(simulator, "/v1/completions", &body.to_string());
    assert_eq!(status, 200, "{answer}");
    answer
}

#[test]
fn a_chat_has_the_pages_format_key_by_key() {
    let simulator = start();
    let (status, answer) = post(&simulator, "/v1/chat/completions", &chat(json!({})));
    assert_eq!(status, 200);
    assert_eq!(keys(&answer), BTreeSet::from(["id", "object", "created", "model", "choices", "usage"]));
    assert!(answer["id"].as_str().unwrap().starts_with("chatcmpl-"));
    assert_eq!(answer["object"], "chat.completion");
    assert!(answer["created"].is_u64());
    assert_eq!(answer["model"], "deepseek-ai/DeepSeek-R1");
    let choice = &answer["choices"][0];
    assert_eq!(keys(choice), BTreeSet::from(["index", "message", "finish_reason"]));
    assert_eq!(keys(&choice["message"]), BTreeSet::from(["role", "content"]));
    assert_eq!((&choice["index"], &choice["finish_reason"]), (&json!(0), &json!("stop")));
    let usage = &answer["usage"];
    assert_eq!(keys(usage), BTreeSet::from(["prompt_tokens", "completion_tokens", "total_tokens"]));
    assert_eq!(usage["prompt_tokens"], 3);
    assert_eq!(usage["total_tokens"], 3 + usage["completion_tokens"].as_u64().unwrap());
}

#[test]
fn a_stream_adds_up_to_the_whole_answer() {
    let simulator = start();
    for more in [
        json!({"n": 3, "seed": 5}),
        json!({"max_tokens": 4, "n": 2}),
        json!({"stop": ["simulator"], "logprobs": true, "top_logprobs": 2}),
        json!({"tools": [{"type": "function", "function": {"name": "there", "parameters": {"type": "object",
            "properties": {"where": {"enum": ["over the rainbow"]}}}}}], "tool_choice": "auto"}),
        json!({"response_format": {"type": "json_object"}}),
    ] {
        let (_, whole) = post(&simulator, "/v1/chat/completions", &chat(more.clone()));
        let mut streamed = more.clone();
        streamed["stream"] = json!(true);
        let think = chat_with(&simulator, "", streamed);
        let (_, head, body) = think.answer();
        assert!(head.contains("content-type: text/event-stream"), "{head}");
        let events = events(&body);
        assert_eq!(events[0]["choices"][0]["delta"]["role"], "assistant");
        assert_eq!(events.last().unwrap()["usage"], whole["usage"], "{more}");
        for choice in whole["choices"].as_array().unwrap() {
            let parts = events.iter().flat_map(|event| event["choices"].as_array().unwrap());
            let parts: Vec<&Value> = parts.filter(|part| part["index"] == choice["index"]).collect();
            let text: String = parts.iter().filter_map(|part| part["delta"]["content"].as_str()).collect();
            assert_eq!(text, choice["message"]["content"].as_str().unwrap_or_default());
            assert_eq!(parts.last().unwrap()["finish_reason"], choice["finish_reason"]);
            let logprobs =
                parts.iter().flat_map(|part| part["logprobs"]["content"].as_array().into_iter().flatten());
            let all = choice["logprobs"]["content"].as_array();
            assert_eq!(logprobs.collect::<Vec<_>>(), all.into_iter().flatten().collect::<Vec<_>>());
            let arguments: String = parts
                .iter()
                .filter_map(|part| part["delta"]["tool_calls"][0]["function"]["arguments"].as_str())
                .collect();
            let whole = choice["message"]["tool_calls"][0]["function"]["arguments"].as_str();
            assert_eq!(arguments, whole.unwrap_or_default());
        }
    }
}

#[test]
fn usage_in_a_stream_is_cumulative() {
    let simulator = start();
    let (_, _, body) = chat_with(&simulator, "words=5", json!({"stream": true, "max_tokens": 2})).answer();
    let made: Vec<_> =
        events(&body).iter().map(|event| event["usage"]["completion_tokens"].clone()).collect();
    assert_eq!(made, [0, 1, 2, 2]);
}

#[test]
fn answers_end_as_asked() {
    let simulator = start();
    let ask = |more: Value| post(&simulator, "/v1/chat/completions", &chat(more)).1["choices"].clone();
    let cut = ask(json!({"max_tokens": 3}));
    assert_eq!(cut[0]["message"]["content"], "This is canned");
    assert_eq!(cut[0]["finish_reason"], "length");
    assert_eq!(ask(json!({"stop": " text"}))[0]["message"]["content"], "This is canned");
    let several = ask(json!({"n": 2}));
    assert_ne!(several[0]["message"]["content"], several[1]["message"]["content"]);
    assert_eq!(several[1]["message"]["content"], ask(json!({"seed": 1}))[0]["message"]["content"]);
    let schema = json!({"type": "object", "properties": {"n": {"type": "integer", "minimum": 2}}});
    let format = json!({"type": "json_schema", "json_schema": {"name": "x", "schema": schema}});
    assert_eq!(ask(json!({"response_format": format}))[0]["message"]["content"], r#"{"n":2}"#);
}

#[test]
fn tools_are_called_and_their_results_answered() {
    let simulator = start();
    let tools = json!([{"type": "function", "function": {"name": "add", "parameters":
        {"type": "object", "properties": {"a": {"type": "integer"}}}}}]);
    let mut messages = vec![json!({"role": "user", "content": "add one"})];
    let more = json!({"tools": tools, "tool_choice": "auto", "messages": messages});
    let (_, answer) = post(&simulator, "/v1/chat/completions", &chat(more));
    let choice = &answer["choices"][0];
    assert_eq!(
        (&choice["finish_reason"], &choice["message"]["content"]),
        (&json!("tool_calls"), &Value::Null)
    );
    let call = &choice["message"]["tool_calls"][0];
    assert_eq!(call["function"], json!({"name": "add", "arguments": r#"{"a":0}"#}));
    messages.push(choice["message"].clone());
    messages.push(json!({"role": "tool", "tool_call_id": call["id"], "content": "1"}));
    let more = json!({"tools": tools, "tool_choice": "auto", "messages": messages});
    let (_, answer) = post(&simulator, "/v1/chat/completions", &chat(more));
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
}

#[test]
fn completions_take_what_they_take() {
    let simulator = start();
    let plain = completion(&simulator, json!({}));
    assert_eq!(plain["object"], "text_completion");
    let text = plain["choices"][0]["text"].as_str().unwrap();
    assert!(text.starts_with(" This is canned text") && text.contains("\"Once upon\""), "{text}");
    let echoed = completion(&simulator, json!({"echo": true}));
    assert_eq!(echoed["choices"][0]["text"], format!("Once upon{text}"));
    assert_eq!(echoed["usage"], plain["usage"]);
    let suffixed = completion(&simulator, json!({"suffix": "the end"}));
    assert!(suffixed["choices"][0]["text"].as_str().unwrap().contains("\"Once upon [...] the end\""));
    let several = completion(&simulator, json!({"prompt": [[1, 2], [3]], "n": 2, "max_tokens": 1}));
    let indexes: Vec<_> =
        several["choices"].as_array().unwrap().iter().map(|choice| choice["index"].clone()).collect();
    assert_eq!(indexes, [0, 1, 2, 3]);
    assert_eq!(several["usage"], json!({"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}));
    let best = completion(&simulator, json!({"best_of": 3, "max_tokens": 2, "logprobs": 1}));
    assert_eq!(best["usage"]["completion_tokens"], 6);
    assert_eq!(best["choices"][0]["logprobs"]["tokens"], json!([" This", " is"]));
    assert_eq!(best["choices"][0]["logprobs"]["text_offset"], json!([0, 5]));
}

#[test]
fn a_streamed_completion_adds_up() {
    let simulator = start();
    let whole = completion(&simulator, json!({"echo": true, "logprobs": 0}));
    let body = json!({"model": "meta-llama/Meta-Llama-3.1-405B", "prompt": "Once upon", "echo": true, "logprobs": 0,
        "stream": true});
    let (_, _, body) = Exchange::send(&simulator, "POST /v1/completions", &[], &body.to_string()).answer();
    let events = events(&body);
    let text: String = events.iter().map(|event| event["choices"][0]["text"].as_str().unwrap()).collect();
    assert_eq!(text, whole["choices"][0]["text"].as_str().unwrap());
    let offsets = events
        .iter()
        .flat_map(|event| event["choices"][0]["logprobs"]["text_offset"].as_array().into_iter().flatten());
    let all = whole["choices"][0]["logprobs"]["text_offset"].as_array().unwrap();
    assert_eq!(offsets.collect::<Vec<_>>(), all.iter().collect::<Vec<_>>());
}

#[test]
fn refusals_have_the_vendors_numbers() {
    let simulator = start();
    let long = json!([{"role": "user", "content": "four".repeat(40_000)}]);
    for (more, status, code) in [
        (json!({"model": "no/such"}), 400, 40301),
        (json!({"model": "meta-llama/Meta-Llama-3.1-405B"}), 400, 40301),
        (json!({"messages": []}), 400, 40001),
        (json!({"max_tokens": 131_072}), 400, 40303),
        (json!({"messages": long, "model": "Qwen/Qwen3-235B-A22B", "max_tokens": 961}), 400, 40303),
        (json!({"messages": long, "model": "Qwen/Qwen3-235B-A22B", "max_tokens": 960}), 200, 0),
    ] {
        let (seen, answer) = post(&simulator, "/v1/chat/completions", &chat(more));
        assert_eq!((seen, answer["code"].as_u64().unwrap_or(0)), (status, code), "{answer}");
        if status != 200 {
            assert_eq!(keys(&answer), BTreeSet::from(["object", "message", "type", "param", "code"]));
            assert_eq!(simulator.stats().last_error.unwrap()["code"], code);
        }
    }
    let body =
        json!({"model": "meta-llama/Meta-Llama-3.1-405B", "prompt": "a", "best_of": 2, "stream": true});
    assert_eq!(post(&simulator, "/v1/completions", &body.to_string()).1["code"], 40001);
    for (line, status) in
        [("GET /v1/chat/completions", 405), ("POST /v1/models", 405), ("GET /v1/nothing", 404)]
    {
        let (seen, _, body) = Exchange::send(&simulator, line, &[], "").answer();
        assert_eq!(seen, status);
        assert!(body.starts_with("{\"code\":40"), "{body}");
    }
}

#[test]
fn keys_are_asked_for() {
    let options = Options { keys: vec!["secret".into()], ..Options::default() };
    let strict = Simulator::start(options).unwrap();
    let (status, _, body) = Exchange::send(&strict, "GET /v1/models", &[], "").answer();
    assert_eq!((status, body.contains("40102")), (401, true));
    let open = start();
    let (status, _, body) = Exchange::send(&open, "GET /v1/models", &[], "").answer();
    assert_eq!(status, 200);
    let list: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(list["data"].as_array().unwrap().len(), 22);
    assert_eq!(
        keys(&list["data"][0]),
        BTreeSet::from([
            "id",
            "object",
            "created",
            "owned_by",
            "supports_chat",
            "supports_tools",
            "supports_image_input",
            "context_length",
            "input_price",
            "output_price"
        ])
    );
    assert_eq!(list["data"][0]["input_price"], 2.0);
}

#[test]
fn tiers_refuse_what_is_too_much() {
    let simulator = Simulator::start(Options { tier: Tier::Basic, ..Options::default() }).unwrap();
    let statuses: Vec<u16> =
        (0..62).map(|_| Exchange::send(&simulator, "GET /v1/models", &[], "").answer().0).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 60);
    assert_eq!(statuses[60..], [429, 429]);
    let (_, head, body) = Exchange::send(&simulator, "GET /v1/models", &[], "").answer();
    assert!(body.contains("42901") && !head.contains("retry-after"), "{head} {body}");
    let stats = simulator.stats();
    assert_eq!((stats.sent_429, stats.requests, stats.routes["models"]), (3, 63, 63));
    assert_eq!(stats.windows.iter().sum::<u64>(), 63);
}

#[test]
fn whole_answers_are_counted_by_user_and_status() {
    let simulator = start();
    let ask = |fault: &str, user: &str| {
        chat_with(&simulator, fault, json!({"user": user, "stream": true})).read_all()
    };
    for fault in ["status=500", "close-after=3", "reset-after=end", "reset-head", "cut-after=4"] {
        let _ = ask(fault, "one");
    }
    let counts = |stats: Stats| (stats.answered, stats.answered_twice);
    assert_eq!(counts(simulator.stats()), (0, 0));
    for (fault, user, expected) in [
        ("", "one", (1, 0)),
        ("event-delay=1", "two", (2, 0)),
        ("cut-after=2", "two", (2, 0)),
        ("", "two", (2, 1)),
        ("", "two", (2, 1)),
        ("", "one", (2, 2)),
    ] {
        let _ = ask(fault, user);
        assert_eq!(counts(simulator.stats()), expected);
    }
    assert_eq!(chat_with(&simulator, "", json!({})).answer().0, 200);
    let stats = simulator.stats();
    assert_eq!((stats.statuses, stats.answered), (BTreeMap::from([(200, 6), (500, 1)]), 2));
    simulator.reset();
    let _ = ask("", "one");
    assert_eq!(counts(simulator.stats()), (1, 0));
}
