//! Schedules: `/api/schedules`, in the form of the contract of playbooks.

pub(crate) mod change;
pub(crate) mod find;
pub(crate) mod run;
mod view;

use store::schedules::ScheduleRow;

use crate::{app::App, refusal::Refusal};

/// How often a change that met another one is tried again.
const TRIES: usize = 5;

async fn find_row(app: &App, id: &str) -> Result<ScheduleRow, Refusal> {
    let wanted = id.to_owned();
    let found = app
        .store
        .read(move |read| store::schedules::find(read, &wanted));
    found.await?.ok_or_else(|| missing(id))
}

fn missing(id: &str) -> Refusal {
    let shown: String = id.chars().take(100).collect();
    Refusal::not_found(format!("Schedule '{shown}' not found")).about("schedule_id", shown)
}

/// Others changed it all the time.
fn contended() -> Refusal {
    Refusal::conflict("the schedule was changed at the same time: try again")
}
