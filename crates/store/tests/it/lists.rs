//! Lists, counts and statuses of many runs.

use engine::{Kind, NewRun, Priority, RunId, Status};
use store::{
    Store,
    runs::{self, Filter},
};

use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(lists_filter, lists_page, counts_and_statuses);

/// Twelve runs of all priorities, `even` and `odd` by turns, newest first; the foreground ones run.
async fn twelve(store: &Store) -> Vec<RunId> {
    let mut all = Vec::new();
    for number in 0..12_usize {
        let priority = Priority::ALL[number % 3];
        let name = ["even", "odd"][number % 2].to_owned();
        let new = NewRun {
            priority,
            name,
            ..job()
        };
        all.push(submitted(store, new).await);
    }
    assert_eq!(store.claim(claim("a", 4)).await.unwrap().len(), 4);
    all.reverse();
    all
}

fn everything() -> Filter {
    Filter {
        kind: Kind::Job,
        statuses: Vec::new(),
        name: None,
        priority: None,
        below: RunId::from_bytes([u8::MAX; 16]),
        limit: 100,
        offset: 0,
    }
}

async fn list(store: &Store, filter: Filter) -> Vec<RunId> {
    read(store, move |read| runs::list(read, &filter))
        .await
        .into_iter()
        .map(|run| run.id)
        .collect()
}

async fn lists_filter(db: &Database) {
    let store = db.open();
    let all = twelve(&store).await;
    assert_eq!(list(&store, everything()).await, all);
    // The newest is the twelfth: best effort and odd.
    let every = |nth, of| {
        all.iter()
            .skip(nth)
            .step_by(of)
            .copied()
            .collect::<Vec<_>>()
    };

    let name = |name: &str| Filter {
        name: Some(name.to_owned()),
        ..everything()
    };
    assert_eq!(list(&store, name("even")).await, every(1, 2));
    assert!(list(&store, name("eve")).await.is_empty());

    let priority = |priority| Filter {
        priority: Some(priority),
        ..everything()
    };
    assert_eq!(
        list(&store, priority(Priority::BestEffort)).await,
        every(0, 3)
    );
    assert_eq!(
        list(&store, priority(Priority::Foreground)).await,
        every(2, 3)
    );

    let statuses = |statuses: &[Status]| Filter {
        statuses: statuses.to_vec(),
        ..everything()
    };
    assert_eq!(
        list(&store, statuses(&[Status::Running])).await,
        every(2, 3)
    );
    assert_eq!(
        list(&store, statuses(&[Status::Running, Status::Queued])).await,
        all
    );
    assert!(list(&store, statuses(&[Status::Failed])).await.is_empty());

    let mut all_three = statuses(&[Status::Running]);
    all_three.name = Some("even".to_owned());
    all_three.priority = Some(Priority::Foreground);
    assert_eq!(list(&store, all_three).await, every(5, 6));
}

async fn lists_page(db: &Database) {
    let store = db.open();
    let all = twelve(&store).await;
    for statuses in [vec![], vec![Status::Running, Status::Queued]] {
        let page = |limit, offset| {
            let statuses = statuses.clone();
            list(
                &store,
                Filter {
                    statuses,
                    limit,
                    offset,
                    ..everything()
                },
            )
        };
        assert_eq!(page(5, 4).await, all[4..9]);
        assert_eq!(page(5, 10).await, all[10..]);
        assert!(page(0, 0).await.is_empty());
        assert!(page(100, 12).await.is_empty());
        assert_eq!(page(i64::MAX, 11).await, all[11..]);
        assert!(page(i64::MAX, i64::MAX).await.is_empty());
        let below = Filter {
            statuses: statuses.clone(),
            below: all[3],
            limit: 5,
            offset: 1,
            ..everything()
        };
        assert_eq!(list(&store, below).await, all[5..10]);
    }
}

async fn counts_and_statuses(db: &Database) {
    let store = db.open();
    let all = twelve(&store).await;
    let mut counts = read(&store, runs::counts).await;
    counts.retain(|(.., n)| *n != 0);
    counts.sort();
    let expected = [
        (Kind::Job, Status::Queued, Priority::Background, 4),
        (Kind::Job, Status::Queued, Priority::BestEffort, 4),
        (Kind::Job, Status::Running, Priority::Foreground, 4),
    ];
    assert_eq!(counts, expected);
    let asked = [id_at(NOW), all[0], all[2], all[0]];
    let statuses = read(&store, move |read| runs::statuses(read, &asked)).await;
    let (queued, running) = (Some(Status::Queued), Some(Status::Running));
    assert_eq!(statuses, [None, queued, running, queued]);
}
