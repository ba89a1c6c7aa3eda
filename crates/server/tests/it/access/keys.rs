//! The life of a key over HTTP.

use http::{Method, Request};
use serde_json::{Value, json};

use super::{Keyed, text};
use axum::body::Body;

#[tokio::test]
async fn a_key_is_shown_once() {
    let keyed = Keyed::open().await;
    let new = json!({"name": "ci", "role": "user", "scopes": ["hooks:read"],
        "expires_in_days": 30, "requests_per_minute": 100});
    let created = keyed.make(&new).await;
    let fields: Vec<_> = created.as_object().expect("an object").keys().collect();
    let expected = [
        "created_at",
        "expires_at",
        "id",
        "key",
        "name",
        "role",
        "scopes",
    ];
    assert_eq!(fields, expected);
    assert_eq!(created["created_at"], json!("2024-01-01T12:00:00Z"));
    assert_eq!(created["expires_at"], json!("2024-01-31T12:00:00Z"));
    let scopes = created["scopes"].as_array().expect("scopes");
    assert!(scopes.contains(&json!("hooks:read")) && scopes.contains(&json!("jobs:cancel")));
    let key = text(&created["key"]);
    assert!(key.starts_with("itk_"), "{key}");
    let answer = keyed.get(&keyed.admin, "/api/keys").await.text().await;
    let secret = key.rsplit('_').next().expect("a secret part");
    assert!(!answer.contains(secret), "{answer}");
    let list: Value = serde_json::from_str(&answer).expect("JSON");
    let info = list
        .as_array()
        .expect("a list")
        .iter()
        .find(|info| info["id"] == created["id"]);
    let info = info.expect("it is listed");
    assert_eq!(info["requests_per_minute"], json!(100));
    assert!(key.starts_with(&text(&info["prefix"])));
    assert_eq!(info["revoked_at"], Value::Null);
    // What is kept of it is not what was shown.
    for entry in std::fs::read_dir(keyed.server.dir().join("data")).expect("the data directory") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            let bytes = std::fs::read(&path).expect("a file");
            let found = bytes
                .windows(secret.len())
                .any(|part| part == secret.as_bytes());
            assert!(!found, "the key stands in {}", path.display());
        }
    }
}

#[tokio::test]
async fn a_key_is_shown_in_either_header() {
    let keyed = Keyed::open().await;
    let ask = |name: &'static str, value: String| {
        let request = Request::get("/api/v1/jobs").header(name, value);
        keyed
            .server
            .request(request.body(Body::empty()).expect("a request"))
    };
    let admin = &keyed.admin;
    assert_eq!(ask("x-api-key", admin.clone()).await.status, 200);
    assert_eq!(
        ask("authorization", format!("Bearer {admin}")).await.status,
        200
    );
    assert_eq!(ask("authorization", admin.clone()).await.status, 401);
    // Not in the query: queries stand in logs.
    let path = format!("/api/v1/jobs?api_key={admin}");
    assert_eq!(keyed.server.get(&path).await.status, 401);
}

#[tokio::test]
async fn what_is_wrong_with_a_new_key_is_named_and_nothing_is_made() {
    let keyed = Keyed::open().await;
    let long = "x".repeat(256);
    for (new, about) in [
        (json!({"name": "", "role": "user"}), "name"),
        (json!({"name": long, "role": "user"}), "name"),
        (json!({"name": "a\nb", "role": "user"}), "name"),
        (json!({"role": "user"}), "name"),
        (json!({"name": "a", "role": "root"}), "role"),
        (
            json!({"name": "a", "role": "user", "scopes": ["jobs:fly"]}),
            "jobs:fly",
        ),
        (
            json!({"name": "a", "role": "user", "scopes": ["open"]}),
            "open",
        ),
        (json!({"name": "a", "role": "custom"}), "scopes"),
        (
            json!({"name": "a", "role": "executor", "scopes": ["jobs:read"]}),
            "scopes",
        ),
        (
            json!({"name": "a", "role": "user", "expires_in_days": 0}),
            "expires_in_days",
        ),
        (
            json!({"name": "a", "role": "user", "expires_in_days": 3651}),
            "expires_in_days",
        ),
        (
            json!({"name": "a", "role": "user", "requests_per_minute": 0}),
            "requests_per_minute",
        ),
    ] {
        let answer = keyed.post(&keyed.admin, "/api/keys", &new).await;
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        let refused = answer.json(400).await;
        assert!(text(&refused["detail"]).contains(about), "{new}: {refused}");
    }
    let list = keyed.get(&keyed.admin, "/api/keys").json(200).await;
    assert_eq!(list.as_array().expect("a list").len(), 1);
}

#[tokio::test]
async fn no_key_makes_one_that_allows_more() {
    let keyed = Keyed::open().await;
    let new = json!({"name": "maker", "role": "custom",
        "scopes": ["keys:write", "jobs:read"]});
    let maker = text(&keyed.make(&new).await["key"]);
    for (role, scopes, status) in [
        ("custom", json!(["jobs:read"]), 201),
        ("custom", json!(["jobs:read", "jobs:write"]), 403),
        ("custom", json!(["*"]), 403),
        ("admin", json!([]), 403),
        ("readonly", json!([]), 403),
        ("executor", json!([]), 403),
    ] {
        let new = json!({"name": "made", "role": role, "scopes": scopes});
        let answer = keyed.post(&maker, "/api/keys", &new).await;
        assert_eq!(answer.status, status, "{new}");
    }
}

#[tokio::test]
async fn no_key_makes_one_that_outlives_it() {
    let keyed = Keyed::open().await;
    let new = json!({"name": "maker", "role": "admin", "expires_in_days": 10});
    let maker = text(&keyed.make(&new).await["key"]);
    keyed.server.clock.advance_ms(3_600_000);
    let bound = json!("2024-01-11T12:00:00Z");
    for (days, expires_at) in [
        (Value::Null, bound.clone()),
        (json!(1), json!("2024-01-02T13:00:00Z")),
        (json!(10), bound.clone()),
        (json!(3_650), bound.clone()),
    ] {
        let new = json!({"name": "made", "role": "readonly", "expires_in_days": days});
        let made = keyed.post(&maker, "/api/keys", &new).json(201).await;
        assert_eq!(made["expires_at"], expires_at, "{days}");
    }
    // Nor one that makes such a key.
    let new = json!({"name": "maker's", "role": "admin"});
    let second = keyed.post(&maker, "/api/keys", &new).json(201).await;
    let new = json!({"name": "second's", "role": "readonly"});
    let third = keyed.post(&text(&second["key"]), "/api/keys", &new).await;
    assert_eq!(third.json(201).await["expires_at"], bound);
    let made = keyed.make(&json!({"name": "free", "role": "user"})).await;
    assert_eq!(made["expires_at"], Value::Null);
}

#[tokio::test]
async fn no_key_revokes_one_that_allows_more() {
    let keyed = Keyed::open().await;
    let new = json!({"name": "maker", "role": "custom", "scopes": ["keys:write"]});
    let maker = text(&keyed.make(&new).await["key"]);
    let chief = keyed.make(&json!({"name": "chief", "role": "admin"})).await;
    let path = format!("/api/keys/{}", text(&chief["id"]));
    keyed
        .send(&maker, Method::DELETE, &path, "")
        .json(403)
        .await;
    let still = keyed.get(&text(&chief["key"]), "/api/keys").await;
    assert_eq!(still.status, 200);
}

#[tokio::test]
async fn a_key_that_may_not_make_keys_sees_itself_alone() {
    let keyed = Keyed::open().await;
    let user = keyed.key("me", "user").await;
    keyed.key("another", "user").await;
    let list = keyed.get(&user, "/api/keys").json(200).await;
    let names: Vec<_> = list
        .as_array()
        .expect("a list")
        .iter()
        .map(|key| text(&key["name"]))
        .collect();
    assert_eq!(names, ["me"]);
}

#[tokio::test]
async fn an_executor_has_one_live_key() {
    let keyed = Keyed::open().await;
    let new = json!({"name": "builder", "role": "executor"});
    let first = keyed.make(&new).await;
    let again = keyed.post(&keyed.admin, "/api/keys", &new).json(409).await;
    assert!(text(&again["detail"]).contains("this executor"));
    keyed.revoke(&first["id"]).json(200).await;
    keyed.make(&new).await;
}

#[tokio::test]
async fn a_revoked_key_stays_listed_and_its_use_is_noted() {
    let keyed = Keyed::open().await;
    let created = keyed.make(&json!({"name": "ci", "role": "readonly"})).await;
    let key = text(&created["key"]);
    keyed.server.clock.advance_ms(5_000);
    keyed.get(&key, "/api/v1/jobs").json(200).await;
    keyed.server.server.look_at_keys().await.expect("a look");
    let revoked = keyed.revoke(&created["id"]).json(200).await;
    assert_eq!(revoked["last_used_at"], json!("2024-01-01T12:00:05Z"));
    assert_eq!(revoked["revoked_at"], json!("2024-01-01T12:00:05Z"));
    // Again, later: it stays as it was.
    keyed.server.clock.advance_ms(60_000);
    let again = keyed.revoke(&created["id"]).json(200).await;
    assert_eq!(again["revoked_at"], json!("2024-01-01T12:00:05Z"));
    let path = "/api/keys/018cc4e5-2200-7000-8000-000000000001";
    let unknown = keyed.send(&keyed.admin, Method::DELETE, path, "").await;
    assert_eq!(unknown.json(404).await["detail"], json!("no such key"));
}

#[tokio::test]
async fn a_ticket_needs_a_key_and_lives_for_half_a_minute() {
    let keyed = Keyed::open().await;
    let ticket = keyed
        .post(&keyed.admin, "/api/tickets", &json!({}))
        .json(201)
        .await;
    assert!(text(&ticket["ticket"]).starts_with("ticket_"));
    assert_eq!(ticket["expires_at"], json!("2024-01-01T12:00:30Z"));
    // It opens WebSockets and nothing else.
    let path = format!("/api/v1/jobs?ticket={}", text(&ticket["ticket"]));
    assert_eq!(keyed.server.get(&path).await.status, 401);
}

#[tokio::test]
async fn a_key_is_revoked_with_what_it_made_when_that_is_asked_for() {
    let keyed = Keyed::open().await;
    let admin = keyed
        .make(&json!({"name": "second", "role": "admin", "requests_per_minute": 50}))
        .await;
    let by = |maker: &Value, new: Value| {
        let maker = text(&maker["key"]);
        let keyed = &keyed;
        async move { keyed.post(&maker, "/api/keys", &new).json(201).await }
    };
    let child = by(&admin, json!({"name": "third", "role": "admin"})).await;
    let grandchild = by(
        &child,
        json!({"name": "ci", "role": "user", "requests_per_minute": 900}),
    )
    .await;
    let joined = {
        let token = keyed
            .post(&text(&child["key"]), "/api/join-tokens", &json!({}))
            .json(201)
            .await;
        let join = json!({"token": token["token"], "name": "builder"});
        keyed.server.post("/api/join", &join).json(201).await
    };
    let infos = keyed.get(&keyed.admin, "/api/keys").json(200).await;
    let info = |key: &Value| {
        let mut infos = infos.as_array().expect("keys").iter();
        infos
            .find(|info| info["id"] == key["id"])
            .expect("listed")
            .clone()
    };
    // Nobody lets others ask more often than it may itself.
    for (key, maker) in [(&child, &admin), (&grandchild, &child), (&joined, &child)] {
        let info = info(key);
        assert_eq!(
            (&info["requests_per_minute"], &info["made_by"]),
            (&json!(50), &maker["id"])
        );
    }
    let revoke = |key: &Value, query: &str| {
        let path = format!("/api/keys/{}{query}", text(&key["id"]));
        keyed.send(&keyed.admin, Method::DELETE, &path, "")
    };
    assert_eq!(revoke(&admin, "?cascade=2").await.status, 400);
    let alone = revoke(&admin, "").json(200).await;
    assert_eq!(alone["made"].as_array().map(Vec::len), Some(3));
    assert_eq!(
        keyed
            .get(&text(&grandchild["key"]), "/api/v1/jobs")
            .await
            .status,
        200
    );
    let all = revoke(&admin, "?cascade=1").json(200).await;
    assert_eq!(all["made"], alone["made"]);
    for key in [&child, &grandchild, &joined] {
        assert_eq!(
            keyed.get(&text(&key["key"]), "/api/v1/jobs").await.status,
            401
        );
    }
    assert_eq!(revoke(&admin, "").json(200).await["made"], json!([]));
    assert_eq!(keyed.get(&keyed.admin, "/api/v1/jobs").await.status, 200);
}
