//! Faults drawn at random, the same for the same seed and order of requests.

use crate::faults::{Break, Fault, NoHead, Position};
use crate::state::State;
use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{HeaderName, HeaderValue};
use std::sync::Arc;

/// How often, and from which seed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Random {
    /// Of a hundred requests, how many get a fault on average.
    pub percent: u64,
    /// What makes the sequence another one.
    pub seed: u64,
}

/// What is drawn, each as often as the others.
const KINDS: [&str; 7] =
    ["reset-head", "status-500", "status-503", "status-429", "close-head", "reset-after", "close-after"];

impl Random {
    /// The fault with what is drawn for this request, which is counted.
    pub fn apply(self, state: &State, fault: Arc<Fault>) -> Arc<Fault> {
        let number = state.nth("random", &format!("{} {}", self.percent, self.seed));
        let Some((kind, draw)) = self.draw(number) else { return fault };
        state.count(|stats| *stats.faults.entry(kind).or_default() += 1);
        Arc::new(Fault { random: None, ..injected(&fault, kind, draw) })
    }

    /// What the request of this number gets, and a further number for it.
    fn draw(self, number: u64) -> Option<(&'static str, u64)> {
        // Three numbers a request, so that none depends on what the others were used for.
        let draw = |which: u64| mix(mix(self.seed).wrapping_add(3 * number + which));
        (draw(0) % 100 < self.percent).then(|| (KINDS[(draw(1) % KINDS.len() as u64) as usize], draw(2)))
    }
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014), with
/// the step of its sequence before it.
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn injected(fault: &Fault, kind: &str, draw: u64) -> Fault {
    let fault = fault.clone();
    let broken = |position, how| Fault { breaks: Some((position, how)), ..fault.clone() };
    match kind {
        "reset-head" => Fault { no_head: Some(NoHead::Reset), ..fault },
        "status-500" => refused(fault, StatusCode::INTERNAL_SERVER_ERROR, false),
        "status-503" => refused(fault, StatusCode::SERVICE_UNAVAILABLE, true),
        "status-429" => refused(fault, StatusCode::TOO_MANY_REQUESTS, true),
        "close-head" => broken(Position::Event(0), Break::Close),
        "reset-after" => broken(Position::Somewhere(draw), Break::Reset),
        _ => broken(Position::Somewhere(draw), Break::Close),
    }
}

fn refused(fault: Fault, status: StatusCode, soon: bool) -> Fault {
    let mut headers = fault.headers.clone();
    if soon {
        headers.push((HeaderName::from_static("retry-after-ms"), HeaderValue::from_static("1")));
    }
    Fault { status: Some(status), raw: None, body: None, content_type: None, breaks: None, headers, ..fault }
}

/// A position that leaves an answer of these pieces truncated. In a stream it is after two events or more, so that
/// text has come where there is one choice, and in the first half, before any choice has finished.
pub fn somewhere(pieces: &[Bytes], draw: u64) -> Position {
    // Whatever is taken modulo a usize fits into one.
    let up_to = |bound: usize| (draw % bound.max(1) as u64) as usize;
    match pieces.len() {
        events @ 4.. => Position::Event(2 + up_to(events / 2 - 1)),
        _ => {
            let bytes: usize = pieces.iter().map(Bytes::len).sum();
            Position::Byte((1 + up_to(bytes.saturating_sub(1))).min(bytes))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{KINDS, Random, somewhere};
    use crate::faults::Position;
    use bytes::Bytes;
    use std::collections::BTreeMap;

    #[test]
    fn draws_are_as_many_as_asked_and_of_every_kind() {
        for seed in 0..20 {
            let random = Random { percent: 35, seed };
            let mut kinds = BTreeMap::new();
            let drawn: Vec<_> = (0..10_000).filter_map(|number| random.draw(number)).collect();
            drawn.iter().for_each(|(kind, _)| *kinds.entry(*kind).or_insert(0) += 1);
            assert!((3_300..3_700).contains(&drawn.len()), "{seed}: {}", drawn.len());
            assert!(kinds.len() == KINDS.len() && kinds.values().all(|n| *n > 400), "{seed}: {kinds:?}");
        }
    }

    #[test]
    fn seeds_differ_and_repeat() {
        let draws = |percent, seed| {
            let random = Random { percent, seed };
            (0..100).map(|number| random.draw(number)).collect::<Vec<_>>()
        };
        assert_eq!(draws(50, 7), draws(50, 7));
        assert_ne!(draws(50, 7), draws(50, 8));
        assert!(draws(0, 7).iter().all(Option::is_none) && draws(100, 7).iter().all(Option::is_some));
    }

    #[test]
    fn answers_are_left_truncated() {
        for events in 4..40 {
            let pieces = vec![Bytes::from_static(b"x"); events];
            for draw in 0..100 {
                let Position::Event(at) = somewhere(&pieces, draw) else {
                    panic!("a stream breaks at events")
                };
                assert!(at >= 2 && at <= events - 2, "{at} of {events}");
            }
        }
        for length in 2..40 {
            for draw in 0..100 {
                let pieces = [Bytes::from(vec![b'x'; length])];
                let Position::Byte(at) = somewhere(&pieces, draw) else { panic!("a body breaks at bytes") };
                assert!(at >= 1 && at < length, "{at} of {length}");
            }
        }
        assert_eq!(somewhere(&[], 5), Position::Byte(0));
    }
}
