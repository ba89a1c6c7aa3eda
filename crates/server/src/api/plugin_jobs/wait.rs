//! How long a caller waits for the end of a plugin job.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use engine::RunId;
use serde::Deserialize;
use store::Topic;
use tokio::time::Instant;

use super::loaded::{self, LoadedJob};
use crate::{app::App, refusal::Refusal};

/// The longest wait.
const WAIT_LIMIT_SECONDS: u64 = 60;
/// A call that waits looks at least this often, should a wake-up be lost.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How long to wait.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WaitQuery {
    /// Answer when the job has ended, or after so many seconds (0 to 60, default 0).
    wait: Option<u64>,
}

/// How long a caller waits, and because of what.
pub(super) struct JobWait {
    seconds: u64,
    until: Instant,
    /// What the header asked for, when it counts.
    preferred: Option<u64>,
}

impl JobWait {
    /// What is asked for: by the parameter, or else by the header `Prefer`.
    pub(super) fn asked(query: &WaitQuery, headers: &HeaderMap) -> Result<Self, Refusal> {
        if query
            .wait
            .is_some_and(|seconds| seconds > WAIT_LIMIT_SECONDS)
        {
            let message = format!("wait must be from 0 to {WAIT_LIMIT_SECONDS} seconds");
            return Err(Refusal::bad_request(message));
        }
        let preferred = preferred(headers).map(|seconds| seconds.min(WAIT_LIMIT_SECONDS));
        let seconds = query.wait.or(preferred).unwrap_or(0);
        Ok(Self {
            seconds,
            until: Instant::now() + Duration::from_secs(seconds),
            preferred: preferred.filter(|_| query.wait.is_none()),
        })
    }

    /// The job when it has ended, or as it is when the wait is over.
    pub(super) async fn ended(
        &self,
        app: &App,
        id: RunId,
        loaded: LoadedJob,
    ) -> Result<LoadedJob, store::Error> {
        match self.seconds {
            0 => Ok(loaded),
            _ => ended(app, id, loaded, self.until).await,
        }
    }

    /// Says that the header was heeded, if it was.
    pub(super) fn applied(&self) -> HeaderMap {
        let applied = self.preferred.and_then(|seconds| {
            let name = HeaderName::from_static("preference-applied");
            let value = HeaderValue::from_str(&format!("wait={seconds}"));
            value.ok().map(|value| (name, value))
        });
        applied.into_iter().collect()
    }
}

async fn ended(
    app: &App,
    id: RunId,
    mut loaded: LoadedJob,
    until: Instant,
) -> Result<LoadedJob, store::Error> {
    let changed = app.store.wake().topic(Topic::Run(id));
    loop {
        // Ask to be woken before looking: an end that comes in between is not missed.
        let woken = changed.next();
        let status = app
            .store
            .read(move |read| Ok(store::runs::statuses(read, &[id])?.pop().flatten()));
        let over = Instant::now() >= until || app.stopping.is_cancelled();
        // One that was deleted meanwhile is shown as it was.
        let Some(status) = status.await? else {
            return Ok(loaded);
        };
        if status.is_terminal() || over {
            let found = app.store.read(move |read| loaded::find(read, id)).await;
            match found {
                Ok(found) => loaded = found,
                Err(store::Error::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
            return Ok(loaded);
        }
        tokio::select! {
            () = woken => {}
            () = app.stopping.cancelled() => {}
            () = tokio::time::sleep_until(until.min(Instant::now() + LOOK_EVERY)) => {}
        }
    }
}

/// The wait that the header `Prefer` asks for. What is not understood there is to be ignored.
fn preferred(headers: &HeaderMap) -> Option<u64> {
    let values = headers.get_all("prefer").iter();
    let mut words = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','));
    words.find_map(|word| {
        let (name, value) = word.split(';').next()?.split_once('=')?;
        let is_wait = name.trim().eq_ignore_ascii_case("wait");
        is_wait.then(|| value.trim().trim_matches('"').parse().ok())?
    })
}
