//! Requests per minute, as the vendor's tiers allow them.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// The vendor's tiers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tier {
    /// No limits.
    #[default]
    None,
    /// 60 requests a minute; 5 to a 405B model.
    Basic,
    /// 600 requests a minute; 120 to a 405B model.
    Pro,
}

impl Tier {
    /// Requests a minute in all, and to one 405B model.
    fn per_minute(self) -> Option<(usize, usize)> {
        match self {
            Self::None => None,
            Self::Basic => Some((60, 5)),
            Self::Pro => Some((600, 120)),
        }
    }
}

/// When each key's requests of the last minute were admitted.
#[derive(Default)]
pub struct Limits {
    by_key: HashMap<String, VecDeque<Instant>>,
    by_model: HashMap<(String, String), VecDeque<Instant>>,
}

impl Limits {
    /// Admits a request at `now`, or refuses it. The minute slides; what is refused does not count.
    pub fn admit(&mut self, tier: Tier, minute: Duration, key: &str, model: &str, now: Instant) -> bool {
        let Some((all, large)) = tier.per_minute() else { return true };
        let mut windows = vec![(self.by_key.entry(key.to_owned()).or_default(), all)];
        if model.contains("405B") {
            windows.push((self.by_model.entry((key.to_owned(), model.to_owned())).or_default(), large));
        }
        for (window, _) in &mut windows {
            while window.front().is_some_and(|oldest| now - *oldest >= minute) {
                window.pop_front();
            }
        }
        let admitted = windows.iter().all(|(window, limit)| window.len() < *limit);
        if admitted {
            windows.iter_mut().for_each(|(window, _)| window.push_back(now));
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::{Limits, Tier};
    use std::time::{Duration, Instant};

    const MINUTE: Duration = Duration::from_secs(60);

    fn admitted(
        limits: &mut Limits,
        tier: Tier,
        key: &str,
        model: &str,
        now: Instant,
        tries: usize,
    ) -> usize {
        (0..tries).filter(|_| limits.admit(tier, MINUTE, key, model, now)).count()
    }

    #[test]
    fn the_minute_slides_per_key() {
        let mut limits = Limits::default();
        let start = Instant::now();
        assert_eq!(admitted(&mut limits, Tier::Basic, "a", "m", start, 40), 40);
        let later = start + MINUTE / 2;
        assert_eq!(admitted(&mut limits, Tier::Basic, "a", "m", later, 40), 20);
        assert_eq!(admitted(&mut limits, Tier::Basic, "b", "m", later, 70), 60);
        assert_eq!(admitted(&mut limits, Tier::Basic, "a", "m", start + MINUTE, 70), 40);
        assert_eq!(admitted(&mut limits, Tier::Pro, "c", "m", start, 700), 600);
        assert_eq!(admitted(&mut limits, Tier::None, "d", "m", start, 700), 700);
    }

    #[test]
    fn large_models_have_a_limit_of_their_own() {
        let mut limits = Limits::default();
        let now = Instant::now();
        assert_eq!(admitted(&mut limits, Tier::Basic, "a", "x-405B", now, 10), 5);
        assert_eq!(admitted(&mut limits, Tier::Basic, "a", "small", now, 100), 55);
        assert_eq!(admitted(&mut limits, Tier::Pro, "b", "x-405B", now, 200), 120);
    }
}
