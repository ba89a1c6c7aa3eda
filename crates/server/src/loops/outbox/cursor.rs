//! Reads on in the event log: what happened becomes deliveries.

use std::time::{Duration, Instant};

use crate::{api, app::App, hooks};

/// Times that it reads on before it is seen to what is due: that goes out also while more and more happens.
const PAGES: usize = 4;
/// How far it has read is written down so often, or oftener, although nothing was wanted: long before
/// retention deletes what was seen, which would look as if it was missed.
const NOTE: Duration = Duration::from_secs(3_600);

/// Where an outbox is in the event log. The database knows it.
#[derive(Default)]
pub(super) struct Cursor {
    /// When everything that was seen was last written down.
    noted: Option<Instant>,
}

impl Cursor {
    /// Reads on until every hook is at the end, or has enough to send, but only so far; answers whether there
    /// may be more.
    pub(super) async fn read_on(&mut self, app: &App) -> Result<bool, store::Error> {
        let often = NOTE.min(app.settings.retention / 4);
        for _ in 0..PAGES {
            let anyway = self.noted.is_none_or(|noted| noted.elapsed() >= often);
            let plan = move |read: &mut store::Read<'_, '_>| {
                store::hooks::plan(read, api::compose_of_run, anyway)
            };
            let plan = app.store.read(plan).await?;
            let is_empty = plan.is_empty();
            if !is_empty {
                write(app, plan).await?;
            }
            if anyway {
                // Not once more in that time, however much happens meanwhile.
                self.noted = Some(Instant::now());
            }
            if is_empty {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

async fn write(app: &App, plan: store::hooks::Plan) -> Result<(), store::Error> {
    let now = app.now_ms();
    let work = move |batch: &mut store::Batch<'_, '_>| {
        store::hooks::expand(batch, &plan, hooks::compose, now)
    };
    let expanded = app.store.write(work).await?;
    if expanded.missed > 0 {
        let missed = expanded.missed;
        tracing::warn!(missed, "events were deleted before a hook had seen them");
    }
    Ok(())
}
