//! A revoked key ends what it is doing, here and on another server.

use std::time::Duration;

use futures_util::StreamExt;
use http::Method;
use serde_json::{Value, json};
use server::{Assembled, Clock};
use store::{
    Store,
    audit::{Actor, AuditEntry, Target},
};

use super::{Keyed, text};
use crate::{
    database::{self, on_both},
    stream::DEADLINE,
    test_server::TestServer,
};

on_both!(
    a_claim_that_waits_ends_with_its_key,
    a_stream_ends_with_its_key_and_with_the_time_before_keys,
    another_process_on_the_database_is_heard_soon,
    what_was_revoked_elsewhere_makes_and_revokes_nothing_from_then_on,
    keys_outlive_the_server,
);

async fn a_claim_that_waits_ends_with_its_key() {
    let keyed = Keyed::open().await;
    let created = keyed
        .make(&json!({"name": "builder", "role": "executor"}))
        .await;
    let key = text(&created["key"]);
    let claim = json!({"executor_id": "builder", "wait_seconds": 60});
    let waiting = keyed.post(&key, "/api/v1/jobs/claim", &claim);
    let revoking = async {
        tokio::task::yield_now().await;
        keyed.revoke(&created["id"]).json(200).await;
    };
    let both = async { tokio::join!(waiting, revoking) };
    let (answer, ()) = tokio::time::timeout(DEADLINE, both).await.expect("in time");
    answer.refused(401).await;
    let claim = json!({"executor_id": "builder"});
    keyed
        .post(&key, "/api/v1/jobs/claim", &claim)
        .refused(401)
        .await;
}

async fn a_stream_ends_with_its_key_and_with_the_time_before_keys() {
    let server = TestServer::open().await;
    let mut open = server
        .get("/api/events")
        .await
        .into_body()
        .into_data_stream();
    let new = json!({"name": "admin", "role": "admin"});
    let admin = text(&server.post("/api/keys", &new).json(201).await["key"]);
    let keyed = Keyed { server, admin };
    let ended = async { while open.next().await.is_some() {} };
    tokio::time::timeout(DEADLINE, ended)
        .await
        .expect("it ends");

    let created = keyed
        .make(&json!({"name": "reader", "role": "readonly"}))
        .await;
    let answer = keyed.get(&text(&created["key"]), "/api/events").await;
    assert_eq!(answer.status, 200);
    let mut stream = answer.into_body().into_data_stream();
    keyed.revoke(&created["id"]).json(200).await;
    let ended = async { while stream.next().await.is_some() {} };
    tokio::time::timeout(DEADLINE, ended)
        .await
        .expect("it ends");
}

/// The database past the server, as the command line and other servers have it.
async fn elsewhere(keyed: &Keyed) -> Store {
    database::store(&keyed.server.dir().join("data"), 0).await
}

async fn revoke_elsewhere(other: &Store, id: &Value) {
    let id = text(id);
    let entry = AuditEntry::new(
        crate::test_server::NOON_MS,
        Actor::word("operator"),
        "command line".to_owned(),
        "key.revoke",
        Target::one("key", &id),
    );
    let revoke = move |batch: &mut store::Batch<'_, '_>| store::keys::revoke(batch, &id, &entry);
    other.write(revoke).await.expect("revoked");
}

async fn another_process_on_the_database_is_heard_soon() {
    let keyed = Keyed::open().await;
    let user = keyed.make(&json!({"name": "user", "role": "user"})).await;
    let key = text(&user["key"]);
    keyed.get(&key, "/api/v1/jobs").json(200).await;
    let other = elsewhere(&keyed).await;
    revoke_elsewhere(&other, &user["id"]).await;
    let begun = std::time::Instant::now();
    loop {
        let asked = begun.elapsed();
        if keyed.get(&key, "/api/v1/jobs").await.status == 401 {
            break;
        }
        // Half a second after it was last read, on a machine that does nothing else.
        assert!(asked < Duration::from_secs(5), "it is still good");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn what_was_revoked_elsewhere_makes_and_revokes_nothing_from_then_on() {
    let keyed = Keyed::open().await;
    let new = json!({"name": "made", "role": "readonly"});
    let victim = keyed.make(&new).await;
    let path = format!("/api/keys/{}", text(&victim["id"]));
    let other = elsewhere(&keyed).await;
    for number in 0..2 {
        let name = format!("thief-{number}");
        let thief = keyed.make(&json!({"name": name, "role": "admin"})).await;
        let key = text(&thief["key"]);
        // The server has just read the keys, and does not read them again so soon.
        keyed.get(&key, "/api/keys").json(200).await;
        revoke_elsewhere(&other, &thief["id"]).await;
        let answer = match number {
            0 => keyed.post(&key, "/api/keys", &new).await,
            _ => keyed.send(&key, Method::DELETE, &path, "").await,
        };
        assert!(answer.headers.contains_key("www-authenticate"));
        answer.json(401).await;
    }
    let list = keyed.get(&keyed.admin, "/api/keys").json(200).await;
    let list = list.as_array().expect("a list");
    assert_eq!(list.len(), 4, "the admin's, the thieves' and one more");
    let revoked = list.iter().filter(|key| !key["revoked_at"].is_null());
    assert_eq!(revoked.count(), 2);
}

async fn keys_outlive_the_server() {
    let keyed = Keyed::open().await;
    let dir = keyed.server.dir().join("data");
    let (clock, admin) = (keyed.server.clock.clone(), keyed.admin.clone());
    let Keyed { server, .. } = keyed;
    let server = server.reopened(|server| async move {
        drop(server);
        let mut settings = server::Settings::new(dir);
        settings.database_url = database::url(&settings.data_dir);
        Assembled::open(settings, Clock::new(clock))
            .await
            .expect("it opens")
    });
    let keyed = Keyed {
        server: server.await,
        admin,
    };
    assert_eq!(keyed.server.get("/api/v1/jobs").await.status, 401);
    assert_eq!(keyed.get(&keyed.admin, "/api/v1/jobs").await.status, 200);
}
