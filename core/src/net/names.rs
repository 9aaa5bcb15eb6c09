//! Names to addresses. A lookup is a call of the system that can be neither cancelled nor hurried.
//!
//! It runs on one of the few threads that the runtime keeps for what blocks: so many names are looked up side by
//! side, each once however many ask, and who asks for a further one waits, within the connect deadline.

use crate::sync::lock;
use hyper_util::client::legacy::connect::dns::Name;
use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll};
use std::vec;
use tokio::sync::watch;

/// What a lookup found; an error is told to everybody who waits, so that it is kept as kind and text.
type Found = Result<Vec<SocketAddr>, (io::ErrorKind, String)>;
type Sender = Arc<watch::Sender<Option<Found>>>;

/// The lookups that run or wait for a thread. One list for all clients, because they share the threads.
static UNDER_WAY: LazyLock<Mutex<HashMap<String, Sender>>> = LazyLock::new(Mutex::default);

/// One lookup. However it ends, also unrun, it leaves the list.
struct Lookup {
    name: String,
    found: Sender,
}

impl Lookup {
    fn run(self) {
        // Whoever asked may have left while it waited for its thread.
        if self.found.receiver_count() > 0 {
            let found = (self.name.as_str(), 0).to_socket_addrs().map(Iterator::collect);
            // Out of the list first: who comes now gets a fresh answer.
            self.leave();
            self.found.send_replace(Some(found.map_err(|e| (e.kind(), e.to_string()))));
        }
    }

    fn leave(&self) {
        let mut under_way = lock(&UNDER_WAY);
        if under_way.get(&self.name).is_some_and(|found| Arc::ptr_eq(found, &self.found)) {
            under_way.remove(&self.name);
        }
    }
}

impl Drop for Lookup {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Joins the lookup of a name, or begins it.
fn join(name: &str) -> watch::Receiver<Option<Found>> {
    let mut under_way = lock(&UNDER_WAY);
    if let Some(found) = under_way.get(name) {
        return found.subscribe();
    }
    let (found, receiver) = watch::channel(None);
    let found = Arc::new(found);
    under_way.insert(name.to_owned(), Arc::clone(&found));
    drop(under_way);
    let lookup = Lookup { name: name.to_owned(), found };
    tokio::task::spawn_blocking(move || lookup.run());
    receiver
}

/// Forgets the lookups under way, with the threads that they run on. Who asks from now on gets one of his own.
pub fn abandon_lookups() {
    lock(&UNDER_WAY).clear();
}

async fn look_up(name: String) -> io::Result<vec::IntoIter<SocketAddr>> {
    loop {
        let mut found = join(&name);
        let Ok(found) = found.wait_for(Option::is_some).await else {
            // It was left by those who had asked before, just when we joined.
            tokio::task::yield_now().await;
            continue;
        };
        return match found.as_ref() {
            Some(Ok(addresses)) => Ok(addresses.clone().into_iter()),
            Some(Err((kind, text))) => Err(io::Error::new(*kind, text.clone())),
            None => Err(io::Error::other("no answer")),
        };
    }
}

/// The resolver that connections are made with.
#[derive(Clone, Debug)]
pub struct Names;

impl tower_service::Service<Name> for Names {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(look_up(name.as_str().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::{UNDER_WAY, join, look_up};
    use crate::sync::lock;
    use std::sync::mpsc;

    #[test]
    fn a_name_is_looked_up_once_however_many_ask() {
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
        runtime.block_on(async {
            // The one thread is busy, so that lookups wait.
            let (release, released) = mpsc::channel::<()>();
            tokio::task::spawn_blocking(move || released.recv());
            let (first, second, other) = (join("localhost"), join("localhost"), join("127.0.0.1"));
            assert!(first.same_channel(&second) && !first.same_channel(&other));
            // Nobody waits for this one any more when its turn comes, and who joins then looks anew.
            drop(other);
            drop(release);
            assert!(look_up("localhost".to_owned()).await.unwrap().next().is_some());
            assert!(look_up("127.0.0.1".to_owned()).await.unwrap().next().is_some());
            assert!(first.borrow().is_some() && second.borrow().is_some());
            let left = lock(&UNDER_WAY);
            assert!(!left.contains_key("localhost") && !left.contains_key("127.0.0.1"));
        });
    }
}
