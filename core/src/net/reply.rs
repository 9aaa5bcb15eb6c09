//! An answer as it comes: its head, and its body piece by piece, unpacked.

use super::fault;
use super::gzip::Gzip;
use super::pool::Lease;
use super::replay::Player;
use super::tape::Tape;
use crate::error::{Error, Status};
use crate::recording::End;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, HeaderMap};
use http::{Response, StatusCode};
use std::time::Duration;

/// An answer whose head has come.
pub struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Body,
    ended: bool,
    pub(super) tape: Option<Tape>,
}

/// Where the body comes from.
enum Body {
    Live(Box<Live>),
    Recorded(Player),
}

/// A body that comes over a connection.
struct Live {
    gzip: Option<Gzip>,
    /// Why it cannot be read.
    unreadable: Option<Error>,
    lease: Lease,
}

impl Reply {
    pub(super) fn live(response: Response<()>, lease: Lease) -> Self {
        let (head, ()) = response.into_parts();
        let (mut gzip, mut unreadable) = (None, None);
        match head.headers.get(CONTENT_ENCODING).map(|name| name.as_bytes().to_ascii_lowercase()).as_deref() {
            None | Some(b"" | b"identity") => {}
            Some(b"gzip" | b"x-gzip") => gzip = Some(Gzip::new()),
            Some(name) => {
                let name = String::from_utf8_lossy(name);
                let message = format!("the answer is compressed as {name}, which was not asked for");
                unreadable = Some(Error::new(Status::BadResponse, message));
            }
        }
        let body = Body::Live(Box::new(Live { gzip, unreadable, lease }));
        Self { status: head.status, headers: head.headers, body, ended: false, tape: None }
    }

    pub(super) fn recorded(status: StatusCode, headers: HeaderMap, player: Player) -> Self {
        Self { status, headers, body: Body::Recorded(player), ended: false, tape: None }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The next bytes of the body; `None` at its end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        if self.ended {
            return Ok(None);
        }
        let next = match &mut self.body {
            Body::Live(live) => live.next().await,
            Body::Recorded(player) => player.next().await,
        };
        self.ended = matches!(next, Ok(None));
        if let Some(tape) = &mut self.tape {
            match &next {
                Ok(Some(bytes)) => tape.chunk(bytes),
                Ok(None) => tape.end(End::Whole),
                Err(error) => tape.end(broken(error)),
            }
        }
        next
    }

    /// The answer is complete, though its body may go on: what was kept of it is written down now.
    pub fn complete(&mut self) {
        if let Some(tape) = &mut self.tape {
            tape.end(End::Whole);
        }
    }

    /// Gives the connection back after the end of the body.
    pub async fn give_back(self) {
        if let Body::Live(live) = self.body {
            live.lease.give_back(keep_alive(&self.headers)).await;
        }
    }
}

impl Live {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        if let Some(error) = &self.unreadable {
            return Err(error.clone());
        }
        loop {
            if let Some(gzip) = &mut self.gzip
                && let Some(bytes) = gzip.pull()?
            {
                return Ok(Some(bytes));
            }
            let Some(bytes) = self.lease.next().await.map_err(|e| fault::broken_off(&*e))? else {
                return self.gzip.as_mut().map_or(Ok(None), Gzip::finish);
            };
            match &mut self.gzip {
                Some(gzip) => gzip.push(bytes),
                None => return Ok(Some(bytes)),
            }
        }
    }
}

/// How a body ended that brought this error: its connection broke, or what came cannot be unpacked.
fn broken(error: &Error) -> End {
    let message = error.message.as_str().to_owned();
    if error.status == Status::Truncated { End::BrokenOff(message) } else { End::Unreadable(message) }
}

/// How long the server says that it keeps an idle connection.
fn keep_alive(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("keep-alive")?.to_str().ok()?;
    let seconds = text.split(',').find_map(|part| part.trim().strip_prefix("timeout="))?;
    seconds.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::keep_alive;
    use http::HeaderMap;
    use std::time::Duration;

    #[test]
    fn servers_say_how_patient_they_are() {
        let said = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("keep-alive", http::HeaderValue::from_static(text));
            keep_alive(&headers)
        };
        assert_eq!(said("timeout=5, max=100"), Some(Duration::from_secs(5)));
        assert_eq!(said("max=100, timeout=15"), Some(Duration::from_secs(15)));
        assert_eq!(said("timeout=soon"), None);
    }
}
