//! Pages of runs of every kind.

use std::collections::BTreeMap;

use engine::{Kind, NewRun, RunId, Status};
use store::{
    Store,
    runs::{self, Found, Search, SearchPlan},
};

use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    filters_of_every_sort_find_what_they_name,
    pages_have_each_run_once_while_others_come_in,
    a_filter_that_matches_little_gives_short_pages,
    each_page_is_read_along_one_index,
);

fn every() -> Search {
    Search::of(Kind::ALL.to_vec(), 100)
}

async fn found(store: &Store, search: Search) -> Found {
    let found = store.read(move |read| runs::search(read, &search)).await;
    found.unwrap()
}

async fn ids(store: &Store, search: Search) -> Vec<RunId> {
    let found = found(store, search).await;
    assert_eq!(found.next, None);
    found.runs.iter().map(|found| found.run.id).collect()
}

fn labels<const N: usize>(labels: [(&str, &str); N]) -> BTreeMap<String, String> {
    let owned = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
    owned.into()
}

async fn labelled(store: &Store, run: NewRun, labels: BTreeMap<String, String>) -> RunId {
    let id = run.id;
    let mut request = submit([run]);
    request.runs[0].labels = labels;
    store.submit(request).await.unwrap();
    id
}

async fn filters_of_every_sort_find_what_they_name(db: &Database) {
    let store = db.open();
    let run = |kind, name: &str| NewRun {
        held: kind == Kind::PluginJob,
        ..NewRun::new(id_at(NOW), kind, name, "job")
    };
    let one = submitted(&store, run(Kind::Job, "Nightly")).await;
    let two = labelled(
        &store,
        run(Kind::PluginJob, "report"),
        labels([("team", "data"), ("stage", "Test")]),
    )
    .await;
    let child = NewRun {
        parent: Some(one),
        ..run(Kind::Execution, "nightly")
    };
    let three = labelled(&store, child, labels([("team", "data")])).await;
    let late = NewRun {
        id: id_at(NOW + 60_000),
        ..run(Kind::Job, "report")
    };
    let four = submitted(&store, late).await;
    assert_eq!(store.claim(claim("a", 1)).await.unwrap()[0].run.id, one);

    assert_eq!(ids(&store, every()).await, [four, three, two, one]);
    assert_eq!(ids(&store, Search::of(Vec::new(), 9)).await, []);
    let kinds = Search::of(vec![Kind::PluginJob, Kind::Execution], 9);
    assert_eq!(ids(&store, kinds).await, [three, two]);
    let search = |change: fn(&mut Search)| {
        let mut search = every();
        change(&mut search);
        search
    };
    let running = search(|all| all.statuses = vec![Status::Running, Status::Held]);
    assert_eq!(ids(&store, running.clone()).await, [two, one]);
    let jobs = Search {
        kinds: vec![Kind::Job],
        ..running
    };
    assert_eq!(ids(&store, jobs).await, [one]);
    let name = search(|all| all.name = Some("report".to_owned()));
    assert_eq!(ids(&store, name.clone()).await, [four, two]);
    let queued = Search {
        statuses: vec![Status::Queued],
        ..name
    };
    assert_eq!(ids(&store, queued).await, [four]);
    let shown = found(&store, with(&[("stage", "Test")])).await.runs;
    assert_eq!(
        shown[0].labels,
        labels([("stage", "Test"), ("team", "data")])
    );
    assert_eq!(ids(&store, with(&[("team", "data")])).await, [three, two]);
    let both = with(&[("team", "data"), ("stage", "Test")]);
    assert_eq!(ids(&store, both).await, [two]);
    assert_eq!(ids(&store, with(&[("team", "dat")])).await, []);

    let text = |text: &str| Search {
        text: Some(text.to_owned()),
        ..every()
    };
    assert_eq!(ids(&store, text("night")).await, [three, one]);
    assert_eq!(ids(&store, text("stage=te")).await, [two]);
    assert_eq!(ids(&store, text(&four.to_string()[..20])).await, [four]);
    of_a_parent_or_a_time(&store, [one, two, three, four]).await;
}

/// The third is a child of the first, the fourth was submitted a minute later than the others.
async fn of_a_parent_or_a_time(store: &Store, [one, two, three, four]: [RunId; 4]) {
    let of_one = Search {
        parent: Some(one),
        ..every()
    };
    assert_eq!(ids(store, of_one).await, [three]);
    let since = Search {
        from: id_at(NOW + 1),
        ..every()
    };
    assert_eq!(ids(store, since).await, [four]);
    let until = Search {
        below: id_at(NOW + 1),
        ..every()
    };
    assert_eq!(ids(store, until).await, [three, two, one]);
}

/// Every run with these labels.
fn with(labels: &[(&str, &str)]) -> Search {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Search {
        labels: labels.iter().map(owned).collect(),
        ..every()
    }
}

async fn pages_have_each_run_once_while_others_come_in(db: &Database) {
    let store = db.open();
    let searches = [
        every(),
        Search {
            kinds: vec![Kind::Job, Kind::Execution],
            ..every()
        },
        Search {
            name: Some("example".to_owned()),
            ..every()
        },
        Search {
            labels: vec![("team".to_owned(), "data".to_owned())],
            ..every()
        },
        Search {
            text: Some("amp".to_owned()),
            ..every()
        },
    ];
    for mut search in searches {
        let mut before = Vec::new();
        for _ in 0..7 {
            before.push(labelled(&store, job(), labels([("team", "data")])).await);
        }
        before.reverse();
        search.limit = 3;
        search.from = before[6];
        let mut seen = Vec::new();
        loop {
            let page = found(&store, search.clone()).await;
            seen.extend(page.runs.iter().map(|found| found.run.id));
            // Newer ones do not move what follows, and a change of status takes none away.
            submitted(&store, job()).await;
            store.claim(claim("a", 1)).await.unwrap();
            let Some(next) = page.next else { break };
            search.below = next;
        }
        assert_eq!(seen, before);
    }
}

async fn a_filter_that_matches_little_gives_short_pages(db: &Database) {
    let store = db.open();
    let old = NewRun {
        name: "needle".to_owned(),
        ..job()
    };
    let id = submitted(&store, old).await;
    for _ in 0..3 {
        let many = submit((0..1_000).map(|_| job()));
        store.submit(many).await.unwrap();
    }
    let mut search = Search {
        text: Some("needle".to_owned()),
        ..every()
    };
    let first = found(&store, search.clone()).await;
    assert!(first.runs.is_empty());
    search.below = first.next.expect("others follow");
    assert_eq!(ids(&store, search).await, [id]);
}

async fn each_page_is_read_along_one_index(db: &Database) {
    let store = db.open();
    for _ in 0..5 {
        let mut many = submit((0..1_000).map(|_| job()));
        for run in &mut many.runs {
            run.labels = labels([("team", "data")]);
        }
        store.submit(many).await.unwrap();
    }
    let plans = [
        (SearchPlan::Every, ["primary key", "runs_pkey"]),
        (SearchPlan::Status, ["runs_by_status"; 2]),
        (SearchPlan::Name, ["runs_by_name"; 2]),
        (SearchPlan::Label, ["run_labels_by_value"; 2]),
        (SearchPlan::Parent, ["runs_children"; 2]),
    ];
    db.rows("ANALYZE");
    for (lead, indexes) in plans {
        let plan = store.write(move |batch| runs::search_plan(batch, lead));
        let plan = plan.await.unwrap().to_lowercase();
        assert!(
            indexes.iter().any(|index| plan.contains(index)),
            "{lead:?}:\n{plan}"
        );
        assert!(
            !plan.contains("sort") && !plan.contains("temp b-tree"),
            "{lead:?} sorts:\n{plan}"
        );
    }
}
