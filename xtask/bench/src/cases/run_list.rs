//! A page of a hundred runs among a million, in the store, without HTTP: the first pages and the thousandth, and
//! the first page of each filter.

use std::{collections::BTreeMap, time::Instant};

use anyhow::{Result, ensure};
use engine::{Command, Kind, NewRun, RunId, Status};
use store::{
    Store,
    runs::{Found, Search, Submission, Submit, apply, search},
};

use super::store::{AGING_STEP_MS, NOW, id, open};
use crate::{report::Measure, report::percentiles, server::Environment};

const RUNS: usize = 1_000_000;
const TOGETHER: usize = 10_000;
const PAGE: usize = 100;
const REPEATS: usize = 100;
/// One run of so many has a label, is cancelled, is an execution, is a child of the first.
const ONE_OF: usize = 1_000;

pub(super) async fn measure(environment: &Environment) -> Result<Vec<Measure>> {
    let store = open(environment).await?;
    for first in (0..RUNS).step_by(TOGETHER) {
        store.submit(submit(first)).await?;
    }
    cancel(&store).await?;
    let mut measures = Vec::new();
    for (name, wanted, found) in searches() {
        let mut times = Vec::with_capacity(REPEATS);
        for _ in 0..REPEATS {
            let (page, ms) = page(&store, wanted.clone()).await?;
            ensure!(page.runs.len() == found, "{name}: {} runs", page.runs.len());
            times.push(ms);
        }
        measures.extend(percentiles(&format!("page of 1 million: {name}"), &times)?);
    }
    measures.extend(follow(&store).await?);
    Ok(measures)
}

/// From page to page; the last hundred of a thousand pages are measured.
async fn follow(store: &Store) -> Result<Vec<Measure>> {
    let mut wanted = every();
    let mut times = Vec::new();
    for number in 0..1_000 {
        let (page, ms) = page(store, wanted.clone()).await?;
        ensure!(page.runs.len() == PAGE, "page {number} is short");
        if number >= 900 {
            times.push(ms);
        }
        wanted.below = page.next.unwrap_or(wanted.below);
    }
    percentiles("page of 1 million: 900 to 1,000, by cursor", &times)
}

async fn page(store: &Store, wanted: Search) -> Result<(Found, f64)> {
    let begun = Instant::now();
    let found = store.read(move |read| search(read, &wanted)).await?;
    Ok((found, begun.elapsed().as_secs_f64() * 1_000.0))
}

fn every() -> Search {
    Search::of(Kind::ALL.to_vec(), PAGE)
}

/// What is asked for, and how many runs the first page has.
fn searches() -> Vec<(&'static str, Search, usize)> {
    let with = |change: &dyn Fn(&mut Search)| {
        let mut search = every();
        change(&mut search);
        search
    };
    let label = || vec![("team".to_owned(), "data".to_owned())];
    vec![
        ("first", every(), PAGE),
        ("kind", with(&|all| all.kinds = vec![Kind::Execution]), PAGE),
        (
            "status, rare",
            with(&|all| all.statuses = vec![Status::Cancelled]),
            PAGE,
        ),
        (
            "statuses, two",
            with(&|all| all.statuses = vec![Status::Queued, Status::Cancelled]),
            PAGE,
        ),
        (
            "name, rare",
            with(&|all| all.name = Some("noop-7".to_owned())),
            PAGE,
        ),
        (
            "name that no run has",
            with(&|all| all.name = Some("other".to_owned())),
            0,
        ),
        ("label", with(&|all| all.labels = label()), PAGE),
        (
            "label and status",
            with(&|all| {
                all.labels = label();
                all.statuses = vec![Status::Cancelled];
            }),
            PAGE,
        ),
        ("parent", with(&|all| all.parent = Some(id(0))), PAGE),
        (
            "time",
            with(&|all| (all.from, all.below) = (id(1_000), id(500_000))),
            PAGE,
        ),
        (
            "text, frequent",
            with(&|all| all.text = Some("oop-7".to_owned())),
            PAGE,
        ),
        (
            "text that no run has",
            with(&|all| all.text = Some("other".to_owned())),
            0,
        ),
    ]
}

/// A thousand names; of a thousand runs one is special.
fn submit(first: usize) -> Submit {
    let submission = |number: usize| {
        let special = number.is_multiple_of(ONE_OF);
        let kind = if special { Kind::Execution } else { Kind::Job };
        let label = ("team".to_owned(), "data".to_owned());
        let run = NewRun {
            parent: (special && number > 0).then(|| id(0)),
            ..NewRun::new(id(number), kind, &format!("noop-{}", number % 1_000), "job")
        };
        Submission {
            labels: BTreeMap::from_iter(special.then_some(label)),
            ..Submission::new(run, "{}")
        }
    };
    Submit::new(
        (first..first + TOGETHER).map(submission),
        AGING_STEP_MS,
        NOW,
    )
}

async fn cancel(store: &Store) -> Result<()> {
    let ids: Vec<RunId> = (1..RUNS / ONE_OF)
        .map(|number| id(number * ONE_OF))
        .collect();
    let work = move |batch: &mut store::Batch<'_, '_>| {
        for id in &ids {
            apply(batch, *id, &Command::CancelPending, NOW)?;
        }
        Ok(())
    };
    Ok(store.write(work).await?)
}
