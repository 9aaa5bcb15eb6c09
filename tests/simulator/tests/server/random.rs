//! Faults drawn at random.

use crate::client::{Exchange, chat, control, start, wait};
use hyperbolic_simulator::{Script, Simulator};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::ErrorKind;

/// Sends a chat, and says what became of its answer.
fn outcome(simulator: &Simulator, more: &Value) -> String {
    let exchange = Exchange::send(simulator, "POST /v1/chat/completions", &[], &chat(more.clone()));
    let (text, end) = exchange.read_all();
    let reset = end.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        assert!(reset && text.is_empty(), "{reset}: {text}");
        return "reset-head".to_owned();
    };
    let status = head.split(' ').nth(1).unwrap();
    if status != "200" {
        assert_eq!(head.contains("retry-after-ms: 1\r\n"), ["503", "429"].contains(&status), "{head}");
        assert_eq!(body.contains("\"code\":42901"), status == "429", "{body}");
        return format!("status-{status}");
    }
    let whole = body.ends_with("0\r\n\r\n") || body.ends_with('}');
    match (reset, body.is_empty(), whole) {
        (false, false, true) => "whole",
        (false, true, false) => "close-head",
        (true, false, false) => "reset-after",
        (false, false, false) => "close-after",
        other => panic!("{other:?}: {text}"),
    }
    .to_owned()
}

fn outcomes(simulator: &Simulator, script: &str, more: &Value) -> Vec<String> {
    simulator.set_faults(Script::parse(script).unwrap());
    (0..80).map(|_| outcome(simulator, more)).collect()
}

#[test]
fn what_is_injected_is_counted_and_comes_again() {
    let simulator = start();
    for more in [json!({"stream": true}), json!({})] {
        let seen = outcomes(&simulator, "random=60,seed=2,words=9", &more);
        let mut counts = BTreeMap::<&str, u64>::new();
        seen.iter().for_each(|kind| *counts.entry(kind).or_default() += 1);
        let whole = counts.remove("whole").unwrap();
        assert_eq!(counts.len(), 7, "{counts:?}");
        let stats = wait(&simulator, |stats| stats.open == 0);
        assert_eq!(stats.faults, counts);
        let broken = counts.iter().filter(|(kind, _)| !kind.starts_with("status")).map(|(_, n)| n).sum();
        assert_eq!((stats.broken_off, stats.closes), (broken, 0));
        assert_eq!(stats.finished, 80 - broken);
        assert_eq!(80 - whole, counts.values().sum::<u64>());

        assert_eq!(outcomes(&simulator, "random=60,seed=2,words=9", &more), seen);
        assert_ne!(outcomes(&simulator, "random=60,seed=3,words=9", &more), seen);
        assert_eq!(control(&simulator, "POST /simulator/reset", &[], "").0, 200);
    }
    assert!(simulator.stats().faults.is_empty());
}

#[test]
fn other_items_of_the_clause_stay() {
    let simulator = start();
    simulator.set_faults(Script::parse("random=100,times=3;status=418").unwrap());
    let seen: Vec<_> = (0..4).map(|_| outcome(&simulator, &json!({}))).collect();
    assert!(seen[..3].iter().all(|kind| kind != "whole" && kind != "status-418"), "{seen:?}");
    assert_eq!(seen[3], "status-418");
    assert_eq!(outcomes(&simulator, "random=0,status=204", &json!({})), vec!["status-204"; 80]);
    for bad in ["random=101", "random", "seed=x"] {
        assert!(Script::parse(bad).is_err(), "{bad}");
    }
}
