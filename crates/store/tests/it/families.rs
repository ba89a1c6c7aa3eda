//! Queues of a family: which have ready runs, and which claims are called.

use std::time::Duration;

use engine::{Command, NewRun};
use store::{
    Store,
    runs::{self, Claim},
};
use tokio::time::timeout;

use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    ready_queues_are_found_among_many,
    of_many_queues_those_with_the_first_runs,
    the_plan_goes_from_queue_to_queue,
    a_waiting_claim_hears_of_another_queue_of_its_family,
    a_run_that_came_while_the_claim_looked_elsewhere,
    a_claim_takes_from_all_its_queues_by_rank,
    the_longest_queue_is_one,
    what_no_executor_can_take_hides_nothing,
    who_hears_that_a_run_is_ready_is_told_to_look,
);

fn of(queue: &str) -> NewRun {
    NewRun {
        queue: queue.to_owned(),
        ..job()
    }
}

async fn ready(store: &Store, limit: usize, wanted: &'static str) -> Vec<String> {
    read(store, move |read| {
        let is_wanted =
            |family: &str, rest: &str| family == "plugin_job" && rest.starts_with(wanted);
        runs::ready_queues(read, limit, is_wanted).map(|(queues, _)| queues)
    })
    .await
}

async fn ready_queues_are_found_among_many(db: &Database) {
    let store = db.open();
    for queue in [
        "job",
        "plugin_job",
        "plugin_jobs:a",
        "other:a",
        "plugin_job:",
    ] {
        submitted(&store, of(queue)).await;
    }
    // Of one queue there are many runs, and of one none that is ready.
    for _ in 0..50 {
        submitted(&store, of("plugin_job:b,c")).await;
    }
    let held = NewRun {
        held: true,
        ..of("plugin_job:held")
    };
    submitted(&store, held).await;
    for queue in [
        "plugin_job:a",
        "plugin_job:A-b",
        "plugin_job:b",
        "plugin_job:z_1.2",
    ] {
        submitted(&store, of(queue)).await;
    }
    let mut all = ready(&store, 100, "").await;
    all.sort();
    let expected = ["", "A-b", "a", "b", "b,c", "z_1.2"].map(|rest| format!("plugin_job:{rest}"));
    assert_eq!(all, expected);
    let mut some = ready(&store, 100, "b").await;
    some.sort();
    assert_eq!(some, ["plugin_job:b", "plugin_job:b,c"]);
    assert_eq!(ready(&store, 2, "").await.len(), 2);
}

async fn of_many_queues_those_with_the_first_runs(db: &Database) {
    let store = db.open();
    for queue in ["z", "m", "a", "y", "b"] {
        submitted(&store, of(&format!("plugin_job:{queue}"))).await;
    }
    submitted(&store, of("plugin_job:z")).await;
    let first = |rest: [&str; 2]| rest.map(|rest| format!("plugin_job:{rest}"));
    assert_eq!(ready(&store, 2, "").await, first(["z", "m"]));
    let queues = |queue: &str| Claim {
        queues: vec![format!("plugin_job:{queue}")],
        ..claim("a", 1)
    };
    store.claim(queues("z")).await.unwrap();
    assert_eq!(ready(&store, 2, "").await, first(["m", "a"]));
}

/// As many plugins as a job may have, with the longest names, none of which compresses well.
async fn the_longest_queue_is_one(db: &Database) {
    let store = db.open();
    let names = (0..32_u64).map(|n| {
        let word = |m: u64| (n * 4 + m + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let name: String = (0..4).map(|m| format!("{:016x}", word(m))).collect();
        name
    });
    let queue = format!("plugin_job:{}", names.collect::<Vec<_>>().join(","));
    assert_eq!(queue.len(), 2_090);
    let id = submitted(&store, of(&queue)).await;
    assert_eq!(ready(&store, 1, "").await, [queue.as_str()]);
    let mut claim = claim("a", 1);
    claim.queues = vec![queue];
    assert_eq!(ids(&store.claim(claim).await.unwrap()), [id]);
    db.check();
}

/// More queues than one statement passes, each with a run that waits for an executor that does not come.
async fn what_no_executor_can_take_hides_nothing(db: &Database) {
    let store = db.open();
    let nowhere = (0..2_100).map(|n: u32| of(&format!("job:host=h{n}")));
    submit_all(&store, submit(nowhere)).await;
    submitted(&store, of("plugin_job:last")).await;
    assert_eq!(ready(&store, 9, "").await, ["plugin_job:last"]);
}

async fn the_plan_goes_from_queue_to_queue(db: &Database) {
    let store = db.open();
    for _ in 0..5 {
        let many = (0..1_000).map(|n: u32| of(&format!("plugin_job:{}", n % 20)));
        submit_all(&store, submit(many)).await;
    }
    db.rows("ANALYZE");
    let plan = write(&store, runs::families_plan).await;
    assert!(plan.contains("runs_ready"), "{plan}");
    let plan = plan.to_lowercase();
    assert!(
        !plan.contains("sort") && !plan.contains("temp b-tree") && !plan.contains("seq scan"),
        "{plan}"
    );
}

fn waiting(store: &Store, queues: &[&str]) -> Claim {
    Claim {
        queues: queues.iter().map(|queue| (*queue).to_owned()).collect(),
        families: vec!["plugin_job".to_owned()],
        looked: store.wake().look(),
        ..claim("a", 1)
    }
}

async fn a_waiting_claim_hears_of_another_queue_of_its_family(db: &Database) {
    let store = db.open();
    // On PostgreSQL the run comes in at another server.
    let other = if db.is_postgres() {
        db.open()
    } else {
        store.clone()
    };
    let told = async |what: NewRun, queues: &[&str]| {
        let mut pending_claim = store.wait_for(waiting(&store, queues)).unwrap();
        submitted(&other, what).await;
        let taken = timeout(Duration::from_secs(60), pending_claim.taken()).await;
        ids(&taken.expect("it was not called").unwrap())
    };
    assert!(
        told(of("plugin_job:b"), &["job", "plugin_job:a"])
            .await
            .is_empty()
    );
    // It looks again and has it.
    let queues = ["job", "plugin_job:b"];
    assert_eq!(
        store.claim(waiting(&store, &queues)).await.unwrap().len(),
        1
    );
    // What was held becomes ready: that is heard of as well.
    let held = NewRun {
        held: true,
        ..of("plugin_job:c")
    };
    let held = submitted(&other, held).await;
    let mut pending_claim = store.wait_for(waiting(&store, &["plugin_job:a"])).unwrap();
    apply(&other, held, Command::Unhold { aging_step_ms: 0 }, NOW).await;
    let taken = timeout(Duration::from_secs(60), pending_claim.taken()).await;
    assert!(taken.expect("it was not called").unwrap().is_empty());
}

/// The claim looked which queues have something, then a run came, then the claim was sent.
async fn a_run_that_came_while_the_claim_looked_elsewhere(db: &Database) {
    let store = db.open();
    let late = waiting(&store, &["plugin_job:a"]);
    submitted(&store, of("plugin_job:b")).await;
    let mut pending_claim = store.wait_for(late).unwrap();
    let taken = timeout(Duration::from_secs(60), pending_claim.taken()).await;
    assert!(
        taken
            .expect("it waits beside a ready run")
            .unwrap()
            .is_empty()
    );
}

async fn a_claim_takes_from_all_its_queues_by_rank(db: &Database) {
    let store = db.open();
    let first = submitted(&store, of("plugin_job:a")).await;
    let second = submitted(&store, of("job")).await;
    let third = submitted(&store, of("plugin_job:b")).await;
    submitted(&store, of("plugin_job:c")).await;
    let claim = Claim {
        max: 9,
        ..waiting(&store, &["job", "plugin_job:a", "plugin_job:b"])
    };
    let taken = store.claim(claim).await.unwrap();
    assert_eq!(ids(&taken), [first, second, third]);
}

/// As a server remembers a look that found nothing.
async fn who_hears_that_a_run_is_ready_is_told_to_look(db: &Database) {
    let store = db.open();
    // The answer and the news of it are moments apart, so one try says little.
    for number in 0..300 {
        let looked = store.wake().look();
        submitted(&store, of("plugin_job:a")).await;
        assert_ne!(store.wake().look(), looked, "at the {number}th");
    }
}
