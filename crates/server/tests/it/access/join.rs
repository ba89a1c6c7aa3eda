//! Executors join: a token is good for one key, for a short time, and for nothing else.

use http::Method;
use serde_json::{Value, json};

use super::{Keyed, text};
use crate::{
    database::on_both,
    test_server::{TestServer, smallest},
};

on_both!(
    a_token_is_traded_for_the_key_of_one_executor,
    two_that_join_at_once_with_one_token_do_not_both_get_a_key,
    a_token_expires_and_is_no_other_secret,
    a_name_that_has_a_key_is_refused_and_the_token_stays_good,
    the_name_of_an_executor_at_work_without_a_key_is_not_taken,
    the_name_of_an_executor_in_a_server_is_not_taken,
    a_joined_executor_has_its_key_no_longer_than_who_let_it_in,
    a_token_is_void_with_the_key_that_made_it,
    only_who_could_make_the_key_lets_an_executor_join,
    before_there_are_keys_no_executor_joins,
);

const TOKENS: &str = "/api/join-tokens";

impl Keyed {
    async fn token(&self) -> String {
        let made = self.post(&self.admin, TOKENS, &json!({})).await;
        text(&made.json(201).await["token"])
    }

    fn join(&self, token: &str, name: &str) -> crate::answer::Call<'_> {
        let join = json!({"token": token, "name": name});
        self.server.post("/api/join", &join)
    }
}

async fn a_token_is_traded_for_the_key_of_one_executor() {
    let keyed = Keyed::open().await;
    let made = keyed.post(&keyed.admin, TOKENS, &json!({})).json(201).await;
    let token = text(&made["token"]);
    assert!(token.starts_with("join_"), "{token}");
    assert_eq!(made["expires_at"], json!("2024-01-01T13:00:00Z"));
    let created = keyed.join(&token, "builder").json(201).await;
    assert_eq!(created["name"], "builder");
    assert_eq!(created["role"], "executor");
    assert_eq!(created["scopes"], json!(["runs:perform"]));
    assert_eq!(created["expires_at"], Value::Null);
    let key = text(&created["key"]);
    let path = "/api/executors/builder/leases";
    keyed
        .post(&key, path, &json!({"leases": []}))
        .json(200)
        .await;
    let path = "/api/executors/other/leases";
    keyed
        .post(&key, path, &json!({"leases": []}))
        .await
        .problem(403)
        .await;
    // Again, under either name.
    for name in ["builder", "another"] {
        let again = keyed.join(&token, name).await;
        let detail = text(&again.json(401).await["detail"]);
        assert!(
            detail.contains("token") && !detail.contains("join_"),
            "{detail}"
        );
    }
    let keys = keyed.get(&keyed.admin, "/api/keys").json(200).await;
    assert_eq!(keys.as_array().map(Vec::len), Some(2));
}

async fn two_that_join_at_once_with_one_token_do_not_both_get_a_key() {
    let keyed = Keyed::open().await;
    let token = keyed.token().await;
    let names: Vec<String> = (0..10).map(|number| format!("builder-{number}")).collect();
    let joins = names.iter().map(|name| keyed.join(&token, name));
    let answers = futures_util::future::join_all(joins).await;
    let mut statuses: Vec<u16> = answers
        .iter()
        .map(|answer| answer.status.as_u16())
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201);
    assert!(
        statuses[1..].iter().all(|status| *status == 401),
        "{statuses:?}"
    );
}

async fn a_token_expires_and_is_no_other_secret() {
    let keyed = Keyed::open().await;
    let token = keyed.token().await;
    let new = json!({"expires_in_minutes": 1});
    let short = keyed.post(&keyed.admin, TOKENS, &new).await;
    let short = text(&short.json(201).await["token"]);
    let ticket = keyed.post(&keyed.admin, "/api/tickets", &json!({})).await;
    let ticket = text(&ticket.json(201).await["ticket"]);
    keyed.join(&ticket, "a").json(401).await;
    keyed.server.clock.advance_ms(60_000);
    keyed.join(&short, "a").json(401).await;
    // It is no key, opens no socket and makes no admin.
    keyed.get(&token, "/api/v1/jobs").refused(401).await;
    let setup = json!({"token": token, "name": "root"});
    keyed.server.post("/api/setup", &setup).json(401).await;
    keyed.server.clock.advance_ms(59 * 60_000 - 1);
    keyed.join(&token, "a").json(201).await;
    let late = keyed.token().await;
    keyed.server.clock.advance_ms(60 * 60_000);
    keyed.join(&late, "b").json(401).await;
}

async fn a_name_that_has_a_key_is_refused_and_the_token_stays_good() {
    let keyed = Keyed::open().await;
    let first = keyed.token().await;
    let first = keyed.join(&first, "builder").json(201).await;
    let token = keyed.token().await;
    let taken = keyed.join(&token, "builder").json(409).await;
    assert!(text(&taken["detail"]).contains("revoke it first"));
    keyed.join(&token, "").json(400).await;
    keyed.join(&token, "a\nb").json(400).await;
    keyed.revoke(&first["id"]).json(200).await;
    keyed.join(&token, "builder").json(201).await;
    keyed.join(&token, "builder").json(401).await;
}

async fn the_name_of_an_executor_at_work_without_a_key_is_not_taken() {
    let keyed = Keyed::open().await;
    let job = keyed.post(&keyed.admin, "/api/v1/jobs", &smallest()).await;
    let job = text(&job.json(201).await["id"]);
    // An admin speaks for the executors that it names. Of these two one holds the job.
    for name in ["holder", "idler"] {
        let claim = json!({"executor_id": name});
        let claimed = keyed.post(&keyed.admin, "/api/v1/jobs/claim", &claim).await;
        assert!(claimed.status.is_success());
    }
    let token = keyed.token().await;
    let refused = async |name| {
        let refused = keyed.join(&token, name).json(409).await;
        let detail = text(&refused["detail"]);
        assert!(detail.contains("without a key of its own"), "{detail}");
    };
    refused("holder").await;
    refused("idler").await;
    keyed.server.clock.advance_ms(60_000);
    refused("idler").await;
    keyed.server.clock.advance_ms(1_000);
    // It was not heard of for as long, but what it holds is still its own.
    refused("holder").await;
    let held = keyed
        .get(&keyed.admin, &format!("/api/v1/jobs/{job}"))
        .await;
    assert_eq!(held.json(200).await["executor_id"], "holder");
    keyed.join(&token, "idler").json(201).await;
    keyed.server.reap().await;
    let token = keyed.token().await;
    keyed.join(&token, "holder").json(201).await;
}

async fn the_name_of_an_executor_in_a_server_is_not_taken() {
    let keyed = Keyed::open().await;
    let token = keyed.token().await;
    for name in ["built-in-here", "built-in-"] {
        let refused = keyed.join(&token, name).json(400).await;
        assert!(text(&refused["detail"]).contains("executors in servers"));
        for (role, scopes) in [("executor", json!([])), ("user", json!(["runs:perform"]))] {
            let new = json!({"name": name, "role": role, "scopes": scopes});
            keyed.post(&keyed.admin, "/api/keys", &new).json(400).await;
        }
    }
    // Who performs nothing may have the name.
    keyed.key("built-in-here", "user").await;
    keyed.join(&token, "builder").json(201).await;
}

async fn a_joined_executor_has_its_key_no_longer_than_who_let_it_in() {
    let keyed = Keyed::open().await;
    let new = json!({"name": "short", "role": "admin", "expires_in_days": 2});
    let short = text(&keyed.make(&new).await["key"]);
    let made = keyed.post(&short, TOKENS, &json!({})).await;
    let token = text(&made.json(201).await["token"]);
    let joined = keyed.join(&token, "builder").json(201).await;
    assert_eq!(joined["expires_at"], json!("2024-01-03T12:00:00Z"));
    let key = text(&joined["key"]);
    let path = "/api/executors/builder/leases";
    let leases = json!({"leases": []});
    keyed.post(&key, path, &leases).json(200).await;
    keyed.server.clock.advance_ms(2 * 24 * 3_600_000);
    keyed.post(&key, path, &leases).problem(401).await;
}

async fn a_token_is_void_with_the_key_that_made_it() {
    let keyed = Keyed::open().await;
    let second = keyed
        .make(&json!({"name": "second", "role": "admin"}))
        .await;
    let made = keyed.post(&text(&second["key"]), TOKENS, &json!({})).await;
    let token = text(&made.json(201).await["token"]);
    keyed.revoke(&second["id"]).json(200).await;
    keyed.join(&token, "builder").json(401).await;
}

async fn only_who_could_make_the_key_lets_an_executor_join() {
    let keyed = Keyed::open().await;
    let new = json!({"name": "clerk", "role": "custom", "scopes": ["keys:write"]});
    let clerk = text(&keyed.make(&new).await["key"]);
    let refused = keyed.post(&clerk, TOKENS, &json!({})).json(403).await;
    assert!(text(&refused["detail"]).contains("more than your own"));
    let user = keyed.key("user", "user").await;
    keyed.post(&user, TOKENS, &json!({})).json(403).await;
    for minutes in [json!(0), json!(-1), json!(1_441), json!("60"), json!(1.5)] {
        let new = json!({"expires_in_minutes": minutes});
        let refused = keyed.post(&keyed.admin, TOKENS, &new).json(400).await;
        assert!(text(&refused["detail"]).contains("expires_in_minutes"));
    }
}

async fn before_there_are_keys_no_executor_joins() {
    let server = TestServer::open().await;
    let refused = server.post(TOKENS, &json!({})).json(400).await;
    assert!(text(&refused["detail"]).contains("first key"));
    let join = json!({"token": "join_0", "name": "builder"});
    server.post("/api/join", &join).json(401).await;
    assert_eq!(server.get("/api/keys").json(200).await, json!([]));
    server.send(Method::GET, "/api/join", "").json(405).await;
}
