//! The audit: no change without its line, no line without its change, and a changed line is
//! found out.

mod chain;
mod clock;
mod find;
mod retain;
mod write;

use engine::{Command, Kind, NewRun, RunId};
use store::{
    Error, Store,
    audit::{self, AuditEntry, Filter, Page, Record, Verified},
    hooks, runs,
};

use crate::sample::*;

pub(super) async fn verified(store: &Store) -> Verified {
    audit::verify(store).await.unwrap()
}

pub(super) async fn whole(store: &Store) -> Verified {
    let verified = verified(store).await;
    assert_eq!(verified.broken, None);
    verified
}

pub(super) async fn page(store: &Store, filter: Filter) -> Page {
    let find = move |read: &mut store::Read<'_, '_>| audit::find(read, &filter);
    read(store, find).await
}

/// Every line, in order.
pub(super) async fn lines(store: &Store) -> Vec<Record> {
    let filter = Filter {
        after: Some(0),
        limit: 10_000,
        ..Filter::default()
    };
    page(store, filter).await.lines
}

pub(super) async fn actions(store: &Store) -> Vec<String> {
    let lines = lines(store).await.into_iter();
    lines.map(|line| line.entry.action).collect()
}

pub(super) fn asked(run: NewRun) -> runs::Submit {
    let entry = entry("job.submit", "job", &run.id.to_string());
    runs::Submit {
        entry: Some(Box::new(entry)),
        ..submit([run])
    }
}

pub(super) async fn command(
    store: &Store,
    id: RunId,
    command: Command,
) -> Result<engine::Run, Error> {
    let entry = entry("job.cancel", "job", &id.to_string());
    store
        .write(move |batch| runs::entry(batch, Kind::Job, id, &command, &entry))
        .await
}

pub(super) async fn record(store: &Store, entry: AuditEntry) {
    let record = move |batch: &mut store::Batch<'_, '_>| {
        batch.record(&entry);
        Ok(())
    };
    write(store, record).await;
}

pub(super) fn hook(id: &str) -> hooks::NewHook {
    hooks::NewHook {
        id: id.to_owned(),
        url: "https://a.example/".to_owned(),
        events: vec!["*".to_owned()],
        description: String::new(),
        secret: "whsec_".to_owned(),
    }
}
