//! Making a conversation fit, by leaving out what was said first.

use super::Conversation;
use crate::error::Error;
use crate::message::Role;

impl Conversation {
    /// Drops exchanges, the oldest first, until about `max_tokens` are left; answers how many messages went, and, if
    /// what must stay is too long, what is wrong.
    ///
    /// An exchange is a user's message and what follows it up to the user's next. The last one stays, and so does
    /// all from the first on in which a call waits for its result: no call is parted from its result, be that still to
    /// come.
    pub fn trim(&mut self, max_tokens: i64) -> (usize, Result<(), Error>) {
        if max_tokens < 0 {
            return (0, Err(Error::invalid("max_tokens", "is negative")));
        }
        let stays = self.open.first().map_or(self.entries.len(), |open| open.message + 1);
        let stays = self.begin_of_last_exchange(stays);
        let (mut left, mut total, mut dropped) = (self.tokens(), self.tokens(), 0);
        for (at, entry) in self.entries.iter().enumerate().take(stays + 1) {
            if entry.turn().role == Role::User {
                (dropped, total) = (at, left);
            }
            if total <= max_tokens {
                break;
            }
            left -= entry.tokens();
        }
        self.entries.drain(..dropped);
        for open in &mut self.open {
            open.message -= dropped;
        }
        (dropped, if total <= max_tokens { Ok(()) } else { Err(too_long(max_tokens, total)) })
    }

    /// Where the last exchange of the first `count` messages begins.
    fn begin_of_last_exchange(&self, count: usize) -> usize {
        self.entries[..count].iter().rposition(|entry| entry.turn().role == Role::User).unwrap_or_default()
    }
}

fn too_long(max_tokens: i64, total: i64) -> Error {
    Error::invalid(
        "max_tokens",
        format!("{max_tokens} are too few: what must stay of the conversation has about {total} tokens"),
    )
}
