//! A client, and calls that hold on while the server is away.

use std::{future::Future, path::PathBuf, time::Duration};

use tokio::time::{Instant, sleep};
use wire::client::{Client, Error};

use super::place;
use crate::{args::Address, exit::Failure, output::say};

const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

pub(super) fn open(address: &Address) -> Result<Client, Failure> {
    let key = address.key.read()?;
    Ok(match key.or_else(|| operator_token(&address.server)) {
        Some(key) => Client::with_key(&address.server, &key)?,
        None => Client::http(&address.server)?,
    })
}

/// The token of a server of this machine whose data directory is where it is by default: it proves who asks as
/// long as there are no keys.
fn operator_token(server: &str) -> Option<String> {
    let named = std::env::var_os("PLAYHOUSE_DATA_DIR").map(PathBuf::from);
    let places = [
        named,
        Some(place::DEV_DATA_DIR.into()),
        place::data_dir().ok(),
    ];
    let mut places = places.into_iter().flatten();
    places.find_map(|data_dir| server::operator_token(&data_dir, server))
}

/// How long the server has been away, and how long to hold on.
pub(super) struct Absence {
    timeout: Duration,
    since: Option<Instant>,
    wait: Duration,
    told: bool,
}

impl Absence {
    /// Holds on for `timeout` each time the server goes away.
    pub(super) fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            since: None,
            wait: FIRST_WAIT,
            told: false,
        }
    }

    /// The server is there.
    pub(super) fn over(&mut self) {
        if self.told {
            say("playhouse: the server is back");
        }
        *self = Self::new(self.timeout);
    }

    /// Waits before the next try. Fails with `error` when it is not one that passes, or when the
    /// server has been away for too long.
    pub(super) async fn wait(&mut self, error: Error) -> Result<(), Failure> {
        let since = *self.since.get_or_insert_with(Instant::now);
        if !error.is_transient() || since.elapsed() >= self.timeout {
            return Err(error.into());
        }
        // A connection that breaks and comes back at once is not worth a word.
        if !self.told && since.elapsed() >= Duration::from_millis(500) {
            self.told = true;
            say(&format!(
                "playhouse: {error}; trying again for {}",
                shown(self.timeout)
            ));
        }
        sleep(self.wait).await;
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
        Ok(())
    }
}

/// Repeats a call that may safely be repeated until it is answered.
pub(super) async fn hold_on<T, F>(
    timeout: Duration,
    mut call: impl FnMut() -> F + Send,
) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Error>> + Send,
{
    let mut absence = Absence::new(timeout);
    loop {
        match call().await {
            Ok(answer) => {
                absence.over();
                return Ok(answer);
            }
            Err(error) => absence.wait(error).await?,
        }
    }
}

/// Makes sure that there is a server before anything holds on for it: a wrong address is to be
/// told at once.
pub(super) async fn first_contact(client: &Client) -> Result<(), Failure> {
    match client.health().await {
        Err(error @ Error::Unreachable(_)) => Err(error.into()),
        _ => Ok(()),
    }
}

fn shown(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds >= 60 && seconds.is_multiple_of(60) {
        return format!("{} min", seconds / 60);
    }
    format!("{seconds} s")
}
