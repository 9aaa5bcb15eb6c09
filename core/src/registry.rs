//! What is going on, by number: to be found, and to be ended together.

use crate::sync::lock;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

/// Things that are going on, by their id. It keeps none alive; what has ended takes itself out.
pub struct Registry<T>(Mutex<Members<T>>);

struct Members<T> {
    closed: bool,
    // Made by the first member, because a static cannot make it.
    by_id: Option<HashMap<u64, Weak<T>>>,
}

impl<T> Registry<T> {
    /// An open registry without members.
    pub const fn new() -> Self {
        Self(Mutex::new(Members { closed: false, by_id: None }))
    }

    /// Enters a member. Says whether it was taken: a closed registry takes none.
    pub fn add(&self, id: u64, member: &Arc<T>) -> bool {
        let mut members = lock(&self.0);
        if !members.closed {
            members.by_id.get_or_insert_default().insert(id, Arc::downgrade(member));
        }
        !members.closed
    }

    /// Takes a member out.
    pub fn remove(&self, id: u64) {
        if let Some(by_id) = &mut lock(&self.0).by_id {
            by_id.remove(&id);
        }
    }

    /// Finds a member.
    pub fn find(&self, id: u64) -> Option<Arc<T>> {
        lock(&self.0).by_id.as_ref()?.get(&id)?.upgrade()
    }

    /// The members, to be ended outside of the lock: each then takes itself out.
    pub fn all(&self) -> Vec<(u64, Arc<T>)> {
        let members = lock(&self.0);
        let all = members.by_id.iter().flatten();
        all.filter_map(|(id, member)| Some((*id, member.upgrade()?))).collect()
    }

    /// Takes no more, and gives the members.
    pub fn close(&self) -> Vec<(u64, Arc<T>)> {
        lock(&self.0).closed = true;
        self.all()
    }
}

impl<T> Default for Registry<T> {
    fn default() -> Self {
        Self::new()
    }
}
