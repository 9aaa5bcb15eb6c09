//! Conversations made at random: what always holds, judged by the messages alone; and saved ones, damaged at random.

use super::tests::{answer, saved};
use super::{Conversation, Entry, Without};
use crate::error::{Error, Status};
use crate::message::{Image, Role};
use fastrand::Rng;
use std::sync::Arc;

/// In every text and URL, and in no error.
const SECRET: &str = "s3cret";
/// Few, so that they meet.
const IDS: [&str; 4] = ["call_0_0", "call_0_1", "call_0_2", "x"];

fn text(random: &mut Rng) -> String {
    const PARTS: [&str; 8] = ["word ", "\"", "\\", "\n", "\0", "é", "😀", "{}"];
    let parts = (0..random.usize(..6)).map(|_| PARTS[random.usize(..PARTS.len())]);
    format!("{SECRET} {}", parts.collect::<String>())
}

/// Something that an app does. Some of it is refused.
fn act(conversation: &mut Conversation, random: &mut Rng) -> Result<(), Error> {
    let text = text(random);
    let count = conversation.entries().len();
    match random.u8(..22) {
        0..5 => conversation.add_message("user", &text),
        5..7 => conversation.add_message("assistant", &text),
        7..11 => {
            let cut = (random.u8(..4) == 0).then_some(Status::Truncated);
            let arguments = ["{}", "", "{\"a\": [1]}", "{\"a\": ", "7"];
            let mut calls = Vec::new();
            for id in IDS.iter().filter(|_| random.u8(..3) == 0).collect::<Vec<_>>() {
                calls.push((*id, "dice", arguments[random.usize(..arguments.len())]));
            }
            conversation.add_response(&answer(&text, &calls, cut), random.usize(..2))
        }
        11..16 => conversation.add_tool_result(IDS[random.usize(..IDS.len())], &text),
        16 => conversation.add_image(Image::at(&format!("https://a/{SECRET}"), None)?),
        17 => conversation.set_metadata(random.usize(..count + 1), &format!("k{}", random.u8(..3)), &text),
        18 => conversation.truncate(random.usize(..count + 2)),
        19 => {
            conversation.set_system(if random.bool() { &text } else { "" });
            Ok(())
        }
        20 => {
            conversation.set_summary(if random.bool() { &text } else { "" });
            Ok(())
        }
        _ => {
            trims(conversation, random);
            Ok(())
        }
    }
}

fn is_user(entry: &Arc<Entry>) -> bool {
    entry.turn().role == Role::User
}

/// Trims, and judges it by what was there before.
fn trims(conversation: &mut Conversation, random: &mut Rng) {
    let before = conversation.clone();
    let most = random.i64(0..=before.tokens() + 1);
    let (dropped, result) = conversation.trim(most);
    assert_eq!(conversation.entries(), &before.entries()[dropped..]);
    assert_eq!((conversation.system(), conversation.summary()), (before.system(), before.summary()));
    assert_eq!(result.is_ok(), conversation.tokens() <= most);
    assert_eq!(waiting(&before).len(), conversation.open_count(), "a call went without its result");
    if dropped > 0 {
        assert!(conversation.entries().first().is_some_and(is_user), "an exchange was parted");
        // One exchange less would not have been enough.
        let gone = &before.entries()[..dropped];
        let last = gone.iter().rposition(is_user).unwrap_or(0);
        let more: i64 = gone[last..].iter().map(|entry| entry.tokens()).sum();
        assert!(conversation.tokens() + more > most, "more went than had to");
    }
    if result.is_err() {
        // What is left is the last exchange, or the first of those in which a call waits.
        let second = conversation.entries().iter().skip(1).position(is_user).map(|at| at + 1);
        let first = &conversation.entries()[..second.unwrap_or(conversation.entries().len())];
        let waits = waiting(conversation).first().is_some_and(|(at, _)| *at < first.len());
        assert!(second.is_none() || waits, "more could have gone");
    }
}

/// Where calls wait for results, and their ids, by the messages alone.
fn waiting(conversation: &Conversation) -> Vec<(usize, String)> {
    let entries = conversation.entries();
    let mut waiting = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let results = entries[at + 1..].iter().take_while(|entry| entry.turn().role == Role::Tool);
        let mut answered: Vec<_> = results.map(|entry| entry.turn().tool_call_id.as_str()).collect();
        for call in &entry.turn().tool_calls {
            match answered.iter().position(|id| *id == call.id.as_str()) {
                Some(place) => drop(answered.remove(place)),
                None => waiting.push((at, call.id.as_str().to_owned())),
            }
        }
        if !entry.turn().tool_calls.is_empty() {
            assert!(answered.is_empty(), "a result without a call");
        }
    }
    waiting
}

fn check(conversation: &Conversation) {
    let entries = conversation.entries();
    for (at, entry) in entries.iter().enumerate() {
        let (turn, is_tool) = (entry.turn(), entry.turn().role == Role::Tool);
        assert!(turn.role != Role::System && is_tool != turn.tool_call_id.is_empty());
        assert!(
            !is_tool
                || at > 0 && {
                    let before = entries[at - 1].turn();
                    before.role == Role::Tool || !before.tool_calls.is_empty()
                }
        );
        assert!(turn.images.is_empty() || turn.role == Role::User);
    }
    let waiting = waiting(conversation);
    let open = (0..).map_while(|place| conversation.open_call(place));
    assert!(open.map(|call| call.id.as_str()).eq(waiting.iter().map(|(_, id)| id.as_str())));
    for (at, id) in &waiting {
        assert!(waiting.iter().all(|(other, same)| same != id || other == at), "an id waits in two messages");
    }
    let json = saved(conversation);
    let loaded = Conversation::load(json.as_bytes()).unwrap();
    assert_eq!(&loaded, conversation);
    assert_eq!(saved(&loaded), json);
    let images: usize = entries.iter().map(|entry| entry.turn().images.len()).sum();
    let less = conversation.save(Without { system: true, images: true }).unwrap();
    let less = Conversation::load(less.as_str().as_bytes()).unwrap();
    assert_eq!(less.system(), None);
    assert!(images == 0 || less.tokens() < conversation.tokens());
}

/// So many conversations, each with what was done last.
fn conversations(count: u64, mut each: impl FnMut(&mut Rng, &Conversation)) {
    for seed in 0..count {
        let mut random = Rng::with_seed(seed);
        let mut conversation = Conversation::default();
        for _ in 0..random.usize(..40) {
            let before = conversation.clone();
            if act(&mut conversation, &mut random).is_err() {
                assert_eq!(conversation, before, "seed {seed}: a call that fails changes nothing");
            }
        }
        each(&mut random, &conversation);
    }
}

#[test]
fn whatever_is_done_every_promise_holds() {
    let (mut messages, mut open, mut partial) = (0, 0, 0);
    conversations(1500, |_, conversation| {
        check(conversation);
        messages += conversation.entries().len();
        open += usize::from(conversation.open_count() > 1);
        partial += usize::from(conversation.entries().iter().any(|entry| entry.turn().is_partial));
    });
    assert!(messages > 5000 && open > 100 && partial > 100, "{messages} {open} {partial}");
}

#[test]
fn what_was_undone_can_be_done_again() {
    conversations(300, |random, conversation| {
        let mut other = conversation.clone();
        other.truncate(random.usize(..=other.entries().len())).unwrap();
        check(&other);
        // What comes next in the whole one, handed over by the typed calls alone.
        for entry in &conversation.entries()[other.entries().len()..] {
            let turn = entry.turn();
            match turn.role {
                Role::Tool => other.add_tool_result(turn.tool_call_id.as_str(), turn.text.as_str()).unwrap(),
                _ => other.push(Entry::clone(entry)).unwrap(),
            }
        }
        // Without metadata of results, which went with them.
        let texts = |conversation: &Conversation| -> Vec<_> {
            conversation.entries().iter().map(|entry| Arc::clone(entry.turn())).collect()
        };
        assert_eq!(texts(&other), texts(conversation));
        check(&other);
    });
}

fn judge(json: &[u8]) -> bool {
    match Conversation::load(json) {
        Ok(loaded) => {
            let again = Conversation::load(saved(&loaded).as_bytes()).unwrap();
            assert_eq!(again, loaded);
            check(&loaded);
            true
        }
        Err(error) => {
            let message = error.message.as_str();
            assert!(error.status == Status::BadData && !error.param.is_empty(), "{error}");
            assert!(message.contains(" line ") || message.contains(" byte "), "{error}");
            assert!(!message.contains(SECRET), "{error}");
            false
        }
    }
}

#[test]
fn no_beginning_of_a_saved_one_is_one() {
    conversations(60, |_, conversation| {
        let json = saved(conversation);
        assert!(judge(json.as_bytes()));
        for end in (0..json.len()).step_by(1 + json.len() / 200) {
            assert!(!judge(&json.as_bytes()[..end]), "{}", &json.as_bytes()[..end].escape_ascii());
        }
    });
}

#[test]
fn a_damaged_one_is_loaded_whole_or_refused() {
    const WORDS: [&[u8]; 19] = [
        b"{",
        b"}",
        b"[",
        b"]",
        b"\"",
        b"\\",
        b",",
        b":",
        b"null",
        b"-1",
        b"true",
        b"\\ud800",
        b"\xff",
        b"\0",
        b"\"role\":\"tool\",",
        b"\"text\":\"x\",",
        b"\"images\":[],",
        b"\"new\":[{}],",
        b"call_0_1",
    ];
    let (mut loaded, mut refused) = (0, 0);
    conversations(1500, |random, conversation| {
        let mut json = saved(conversation).into_bytes();
        for _ in 0..random.usize(1..4) {
            let from = random.usize(..=json.len());
            let to = (from + random.usize(..6)).min(json.len());
            let word = WORDS[random.usize(..WORDS.len())];
            match random.u8(..4) {
                0 => drop(json.splice(from..to, word.iter().copied())),
                1 => drop(json.splice(from..from, word.iter().copied())),
                2 => drop(json.drain(from..to)),
                _ => {
                    // Behind a bracket, where a member may stand.
                    let bracket = json[from..].iter().position(|byte| *byte == b'{').map(|at| from + at + 1);
                    let at = bracket.unwrap_or(from);
                    json.splice(at..at, word.iter().copied());
                }
            }
        }
        match judge(&json) {
            true => loaded += 1,
            false => refused += 1,
        }
    });
    assert!(loaded > 50 && refused > 500, "{loaded} {refused}");
}
