//! What owners do with hooks: nothing is sent where it must not go, and the audit tells changes alone.

use store::{
    Store,
    hooks::{self, Change, Changed, Composed, NewHook, Opened},
};

use super::{expand, finish, found, hook, shown, take, with_hook};
use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    a_run_s_hook_is_sent_where_its_submit_said,
    a_change_of_nothing_leaves_no_line,
    a_disabled_hook_is_sent_nothing_new,
    no_delivery_of_a_disabled_hook_is_taken,
    there_are_never_more_than_the_most,
);

async fn changed(store: &Store, id: &str, change: Change) -> Changed {
    let id = id.to_owned();
    write(store, move |batch| {
        hooks::change(batch, &id, &change, &entry("hook.change", "hook", &id))
    })
    .await
}

fn enabled(enabled: bool) -> Change {
    Change {
        enabled: Some(enabled),
        ..Change::default()
    }
}

/// How many lines the audit has of this action.
fn lines(db: &Database, action: &str) -> String {
    let count = format!("SELECT count(*) FROM audit WHERE action = '{action}'");
    db.rows(&count)[0][0].clone()
}

async fn a_run_s_hook_is_sent_where_its_submit_said(db: &Database) {
    let store = db.open();
    let id = submit_all(&store, with_hook(None)).await.ids[0].to_string();
    let before = found(&store, &id).await;
    let elsewhere = Change {
        url: Some("https://elsewhere.example/".to_owned()),
        description: Some("mine".to_owned()),
        ..Change::default()
    };
    assert_eq!(
        changed(&store, &id, elsewhere.clone()).await,
        Changed::OfRun
    );
    assert_eq!(found(&store, &id).await, before, "nothing of it is changed");
    assert_eq!(lines(db, "hook.change"), "0");
    // The rest may be changed, and the URL of a hook that is no run's.
    let described = Change {
        url: None,
        ..elsewhere.clone()
    };
    let Changed::Now(now) = changed(&store, &id, described).await else {
        panic!("it is changed");
    };
    assert_eq!((now.url, now.description.as_str()), (before.url, "mine"));
    hook(&store, "h", &["*"]).await;
    let Changed::Now(now) = changed(&store, "h", elsewhere.clone()).await else {
        panic!("it is changed");
    };
    assert_eq!(now.url, "https://elsewhere.example/");
    assert_eq!(changed(&store, "none", elsewhere).await, Changed::NoHook);
}

async fn a_change_of_nothing_leaves_no_line(db: &Database) {
    let store = db.open();
    hook(&store, "h", &["*"]).await;
    let same = Change {
        url: Some("https://a.example/".to_owned()),
        events: Some(vec!["*".to_owned()]),
        description: Some(String::new()),
        secret: Some("whsec_".to_owned()),
        enabled: Some(true),
    };
    for change in [Change::default(), same.clone()] {
        let now = changed(&store, "h", change).await;
        assert_eq!(now, Changed::Now(Box::new(found(&store, "h").await)));
    }
    assert_eq!(lines(db, "hook.change"), "0");
    let secret = Change {
        secret: Some("whsec_new".to_owned()),
        ..same
    };
    for change in [secret, enabled(false), enabled(false), enabled(true)] {
        changed(&store, "h", change).await;
    }
    assert_eq!(lines(db, "hook.change"), "3");
    db.check();
}

async fn test(store: &Store) -> Opened {
    let composed = Composed {
        event: "hook.test".to_owned(),
        body: "{}".to_owned(),
    };
    write(store, move |batch| {
        hooks::test(batch, "h", &composed, &entry("hook.test", "hook", "h"))
    })
    .await
}

async fn replay(store: &Store, number: i64) -> Opened {
    write(store, move |batch| {
        hooks::replay(batch, "h", number, &entry("hook.replay", "hook", "h"))
    })
    .await
}

async fn a_disabled_hook_is_sent_nothing_new(db: &Database) {
    let store = db.open();
    assert_eq!(test(&store).await, Opened::Missing);
    assert_eq!(replay(&store, 1).await, Opened::Missing);
    hook(&store, "h", &["*"]).await;
    assert!(matches!(test(&store).await, Opened::Yes(_)));
    let sending = take(&store, 1).await.remove(0);
    assert!(finish(&store, &sending, hooks::Outcome::Delivered, NOW).await);
    changed(&store, "h", enabled(false)).await;
    assert_eq!(test(&store).await, Opened::Disabled);
    assert_eq!(replay(&store, 1).await, Opened::Disabled);
    assert_eq!(db.rows("SELECT status FROM deliveries"), [["delivered"]]);
    assert_eq!(lines(db, "hook.replay"), "0");
    changed(&store, "h", enabled(true)).await;
    assert!(matches!(replay(&store, 1).await, Opened::Yes(_)));
    assert_eq!(replay(&store, 2).await, Opened::Missing);
}

async fn no_delivery_of_a_disabled_hook_is_taken(db: &Database) {
    let store = db.open();
    hook(&store, "h", &["*"]).await;
    submitted(&store, job()).await;
    expand(&store).await;
    // As an earlier version could leave it, which let a replay and a disabling pass each other.
    db.rows("UPDATE hooks SET disabled_at = 1, disabled_reason = 'gone'");
    assert!(take(&store, 9).await.is_empty());
    let row = shown(&store, "h", 1).await;
    assert_eq!((row.status.as_str(), row.attempts), ("failed", 0));
    assert_eq!(row.error.as_deref(), Some("the hook is disabled"));
}

async fn there_are_never_more_than_the_most(db: &Database) {
    let stores = db.stores();
    for round in 0..30 {
        let makers = (0..4_usize).map(|maker| {
            let store = stores[maker % 2].clone();
            let hook = NewHook {
                id: format!("{round}-{maker}"),
                url: "https://a.example/".to_owned(),
                events: vec!["*".to_owned()],
                description: String::new(),
                secret: "whsec_".to_owned(),
            };
            tokio::spawn(async move {
                let create = move |batch: &mut store::Batch<'_, '_>| {
                    hooks::create(batch, &hook, 1, &entry("hook.create", "hook", &hook.id))
                };
                write(&store, create).await
            })
        });
        let mut made = 0;
        for maker in makers.collect::<Vec<_>>() {
            made += usize::from(maker.await.unwrap());
        }
        assert_eq!(made, 1, "in round {round}");
        let all = read(&stores[0], hooks::list).await;
        assert_eq!(all.len(), 1);
        let id = all[0].id.clone();
        assert!(
            write(&stores[0], move |batch| hooks::delete(
                batch,
                &id,
                &entry("hook.delete", "hook", &id)
            ))
            .await
        );
    }
}
