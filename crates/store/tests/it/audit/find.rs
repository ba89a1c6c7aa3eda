//! Lines are found by their runs and by what they say, a page at a time.

use engine::RunId;
use store::{
    Store,
    audit::{Filter, Outcome, Target},
};

use super::{page, record};
use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    lines_are_found_by_each_of_their_runs,
    lines_are_found_by_what_they_say,
    pages_follow_each_other,
);

async fn numbers(store: &Store, filter: Filter) -> Vec<i64> {
    let limit = 100;
    let page = page(store, Filter { limit, ..filter }).await;
    assert_eq!(page.next, None);
    page.lines.iter().map(|line| line.number).collect()
}

/// A submit of three runs, one of another, a retry of one of the three, and a refusal; and their runs.
async fn four_lines(store: &Store) -> Vec<RunId> {
    let ids: Vec<RunId> = (0..4).map(|_| id_at(NOW)).collect();
    let bulk = entry("job.submit", "job", "").on(Target::runs("job", &[ids[3], ids[0], ids[2]]));
    record(store, bulk).await;
    record(store, entry("job.submit", "job", &ids[1].to_string())).await;
    let retry = act_at(NOW + 7, "job.retry", "job", &ids[2].to_string());
    record(store, retry).await;
    let mut refused = act_at(NOW + 9, "key.create", "route", "POST /api/keys");
    refused.actor.id = "k2".to_owned();
    refused.outcome = Outcome::Refused;
    record(store, refused).await;
    ids
}

async fn lines_are_found_by_each_of_their_runs(db: &Database) {
    let store = db.open();
    let ids = four_lines(&store).await;
    let of = |id: &RunId| Filter {
        target: Some(id.to_string()),
        ..Filter::default()
    };
    assert_eq!(numbers(&store, of(&ids[0])).await, [1]);
    assert_eq!(numbers(&store, of(&ids[1])).await, [2]);
    assert_eq!(numbers(&store, of(&ids[2])).await, [3, 1]);
    assert_eq!(numbers(&store, of(&ids[3])).await, [1]);
    assert_eq!(numbers(&store, of(&id_at(NOW))).await, [0_i64; 0]);
    let later = Filter {
        after: Some(1),
        ..of(&ids[2])
    };
    assert_eq!(numbers(&store, later).await, [3]);
}

async fn lines_are_found_by_what_they_say(db: &Database) {
    let store = db.open();
    four_lines(&store).await;
    let text = |text: &str| Some(text.to_owned());
    let all = Filter::default;
    let actor = |actor| Filter {
        actor: text(actor),
        ..all()
    };
    let action = |action| Filter {
        action: text(action),
        ..all()
    };
    let between = |after, before| Filter {
        after,
        before,
        ..all()
    };
    let refused = Filter {
        outcome: Some(Outcome::Refused),
        ..all()
    };
    let time = Filter {
        since: Some(NOW + 7),
        until: Some(NOW + 9),
        ..all()
    };
    let cases = [
        (all(), vec![4, 3, 2, 1]),
        (between(Some(1), None), vec![2, 3, 4]),
        (between(None, Some(3)), vec![2, 1]),
        (actor("k2"), vec![4]),
        (actor("k1"), vec![3, 2, 1]),
        (actor("k"), vec![]),
        (actor("a user"), vec![4, 3, 2, 1]),
        (action("job.submit"), vec![2, 1]),
        (action("job.*"), vec![3, 2, 1]),
        (action("job"), vec![]),
        (refused, vec![4]),
        (time, vec![3]),
    ];
    for (filter, expected) in cases {
        assert_eq!(
            numbers(&store, filter.clone()).await,
            expected,
            "{filter:?}"
        );
    }
}

async fn pages_follow_each_other(db: &Database) {
    let store = db.open();
    four_lines(&store).await;
    let mut before = None;
    for expected in [[4, 3], [2, 1]] {
        let filter = Filter {
            before,
            limit: 2,
            ..Filter::default()
        };
        let page = page(&store, filter).await;
        let found: Vec<i64> = page.lines.iter().map(|line| line.number).collect();
        assert_eq!(found, expected);
        before = page.next;
    }
    assert_eq!(before, None);
    // What matches little is looked for a piece at a time.
    db.rows("UPDATE audit SET number = number + 99996");
    db.rows("UPDATE audit_head SET newest = 100000");
    let mut query = Filter {
        action: Some("key.create".to_owned()),
        limit: 2,
        ..Filter::default()
    };
    let first = page(&store, query.clone()).await;
    assert_eq!((first.lines.len(), first.next), (1, Some(50_002)));
    query.before = first.next;
    let second = page(&store, query).await;
    assert_eq!((second.lines.len(), second.next), (0, Some(3)));
}
