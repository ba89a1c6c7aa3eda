//! Who gets which run.

use std::collections::BTreeSet;

use engine::{AttemptOutcome, NewRun, Priority};
use store::runs::{self, Claim};

use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    classes_then_ranks_then_first_in_first_out,
    ageing_lets_no_run_starve,
    two_claimers_race_for_one_run,
    a_flood_of_claims_takes_each_run_once,
    queues_are_told_apart,
    short_and_long_inputs_are_handed_out_whole,
    claims_of_nothing,
    the_plan_uses_the_index_of_ready_runs,
    a_page_of_all_that_wait_is_read_in_the_order_of_the_index,
);

async fn classes_then_ranks_then_first_in_first_out(db: &Database) {
    let store = db.open();
    let mut expected = Vec::new();
    for priority in [
        Priority::BestEffort,
        Priority::Background,
        Priority::Foreground,
    ] {
        let mut of_class = Vec::new();
        for _ in 0..3 {
            of_class.push(submitted(&store, NewRun { priority, ..job() }).await);
        }
        expected.splice(0..0, of_class);
    }
    // Later in time, with an id that was drawn earlier: time decides.
    let early = id_at(NOW - 1_000);
    let late = submit_at(
        NOW + 1,
        [NewRun {
            id: early,
            priority: Priority::Foreground,
            ..job()
        }],
    );
    submit_all(&store, late).await;
    expected.insert(3, early);
    let first = store.claim(claim("a", 2)).await.unwrap();
    let rest = store.claim(claim("b", 100)).await.unwrap();
    assert_eq!([ids(&first), ids(&rest)].concat(), expected);
    assert!(store.claim(claim("c", 1)).await.unwrap().is_empty());
}

async fn ageing_lets_no_run_starve(db: &Database) {
    let store = db.open();
    let old = submitted(
        &store,
        NewRun {
            priority: Priority::Background,
            ..job()
        },
    )
    .await;
    let foreground = || NewRun {
        priority: Priority::Foreground,
        ..job()
    };
    let before = submit_at(NOW + AGING_STEP_MS - 1, [foreground()]);
    let after = submit_at(NOW + AGING_STEP_MS + 1, [foreground()]);
    let after = submit_all(&store, after).await.ids;
    let before = submit_all(&store, before).await.ids;
    let order = claimed_ids(&store, "a", 3).await;
    assert_eq!(order, [before[0], old, after[0]]);
}

async fn two_claimers_race_for_one_run(db: &Database) {
    // On PostgreSQL they are at different servers.
    let [first, second] = db.stores();
    for round in 0..60 {
        let id = submitted(&first, job()).await;
        let race = [&first, &second, &first, &second].map(|store| store.claim(claim("a", 1)));
        let [a, b, c, d] = race;
        let (a, b, c, d) = tokio::join!(a, b, c, d);
        let taken: Vec<_> = [a, b, c, d]
            .into_iter()
            .flat_map(|answer| ids(&answer.unwrap()))
            .collect();
        assert_eq!(taken, [id], "round {round}");
        let run = details(&second, id).await.run;
        assert_eq!((run.token, run.starts), (1, 1));
        let (one, two) = tokio::join!(
            finished(&first, finish(&run, AttemptOutcome::Completed)),
            finished(&second, finish(&run, AttemptOutcome::Failed)),
        );
        // Both hold the same token, so both are told the same: what the first of them said.
        assert_eq!(one.unwrap(), two.unwrap());
    }
    db.check();
}

async fn a_flood_of_claims_takes_each_run_once(db: &Database) {
    let stores = db.stores();
    let submitted = submit((0..600).map(|_| job()));
    let all: BTreeSet<_> = submit_all(&stores[0], submitted)
        .await
        .ids
        .into_iter()
        .collect();
    let mut tasks = Vec::new();
    for number in 0..8_usize {
        let store = stores[number % stores.len()].clone();
        tasks.push(tokio::spawn(async move {
            let mut taken = Vec::new();
            loop {
                let runs = store
                    .claim(claim(&format!("e{number}"), 1 + number))
                    .await
                    .unwrap();
                if runs.is_empty() {
                    return taken;
                }
                taken.extend(ids(&runs));
            }
        }));
    }
    let mut taken = Vec::new();
    for task in tasks {
        taken.extend(task.await.unwrap());
    }
    assert_eq!(taken.len(), 600, "a run was taken twice, or never");
    assert_eq!(taken.into_iter().collect::<BTreeSet<_>>(), all);
    db.check();
}

async fn queues_are_told_apart(db: &Database) {
    let store = db.open();
    let of = |queue: &str| NewRun {
        queue: queue.to_owned(),
        ..job()
    };
    let first = submitted(&store, of("x")).await;
    let second = submitted(&store, of("y")).await;
    let third = submitted(&store, of("x")).await;
    submitted(&store, of("z")).await;
    let from = |queues: &[&str], max| Claim {
        queues: queues.iter().map(|queue| (*queue).to_owned()).collect(),
        ..claim("a", max)
    };
    assert!(store.claim(from(&[], 9)).await.unwrap().is_empty());
    assert!(store.claim(from(&["job"], 9)).await.unwrap().is_empty());
    // A queue that is named twice is one queue.
    let both = store.claim(from(&["y", "x", "y"], 2)).await.unwrap();
    assert_eq!(ids(&both), [first, second]);
    assert_eq!(
        ids(&store.claim(from(&["x", "y"], 9)).await.unwrap()),
        [third]
    );
}

async fn claims_of_nothing(db: &Database) {
    let store = db.open();
    let id = submitted(&store, job()).await;
    assert!(store.claim(claim("a", 0)).await.unwrap().is_empty());
    let (one, two) = tokio::join!(
        store.claim(claim("a", usize::MAX)),
        store.claim(claim("b", usize::MAX)),
    );
    assert_eq!([ids(&one.unwrap()), ids(&two.unwrap())].concat(), [id]);
}

async fn the_plan_uses_the_index_of_ready_runs(db: &Database) {
    let store = db.open();
    for _ in 0..5 {
        submit_all(&store, submit((0..1_000).map(|_| job()))).await;
    }
    db.rows("ANALYZE");
    let plan = write(&store, runs::claim_plan).await;
    assert!(plan.contains("runs_ready"), "{plan}");
    let plan = plan.to_lowercase();
    assert!(
        !plan.contains("sort") && !plan.contains("temp b-tree"),
        "it sorts:\n{plan}"
    );
    assert!(
        !plan.contains("seq scan") && !plan.contains("scan inputs"),
        "it scans:\n{plan}"
    );
}

async fn a_page_of_all_that_wait_is_read_in_the_order_of_the_index(db: &Database) {
    let store = db.open();
    for _ in 0..5 {
        let many = submit((0..1_000).map(|_| job()));
        submit_all(&store, many).await;
    }
    db.rows("ANALYZE");
    let plan = write(&store, runs::list_plan).await;
    let plan = plan.to_lowercase();
    let ordered = [
        "index runs_by_status",
        "using runs_by_status",
        "using runs_pkey",
    ];
    let ordered: usize = ordered.iter().map(|one| plan.matches(one).count()).sum();
    assert_eq!(ordered, 3, "one for each status:\n{plan}");
    assert!(!plan.contains("seq scan"), "it scans:\n{plan}");
}

async fn short_and_long_inputs_are_handed_out_whole(db: &Database) {
    let store = db.open();
    let lengths = [0, 1, 8_192, 8_193, 20 << 20, 20 << 20, 7];
    let mut request = submit(lengths.map(|_| job()));
    for (submission, length) in request.runs.iter_mut().zip(lengths) {
        submission.input = vec![b'x'; length];
    }
    submit_all(&store, request).await;
    let lengths_of = |taken: Vec<runs::Claimed>| -> Vec<usize> {
        taken.iter().map(|claimed| claimed.input.len()).collect()
    };
    // The second of the long ones does not fit into the first answer.
    let first = lengths_of(store.claim(claim("a", 100)).await.unwrap());
    assert_eq!(first, lengths[..5]);
    let rest = lengths_of(store.claim(claim("a", 100)).await.unwrap());
    assert_eq!(rest, lengths[5..]);
}
