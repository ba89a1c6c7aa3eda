//! Refusals in the form of the contract.

use http::Method;
use serde_json::{Value, json};

use super::{new, playspec};
use crate::{access::Keyed, test_server::TestServer};

/// Fields that are wrong, and which of them says so.
fn wrong_fields() -> Vec<(Value, &'static str)> {
    vec![
        (json!({"name": "x".repeat(256)}), "name"),
        (json!({"name": "a\u{7}"}), "name"),
        (json!({"playspec_id": 9}), "playspec_id"),
        (json!({"playspec_id": "nothing"}), "playspec_id"),
        (json!({"playroom_id": 9}), "playroom_id"),
        (json!({"env_overrides": {"A=B": "1"}}), "env_overrides"),
        (json!({"env_overrides": {"A": "nul\u{0}"}}), "env_overrides"),
        (
            json!({"service_subdomains": {"web": "Not a label"}}),
            "service_subdomains",
        ),
        (
            json!({"service_subdomains": {"none": "a"}}),
            "service_subdomains",
        ),
        (json!({"services": {"none": {}}}), "services"),
        (
            json!({"build_overrides_yaml": "none: {args: {A: b}}"}),
            "build_overrides_yaml",
        ),
        (
            json!({"build_overrides_yaml": "web: [no map]"}),
            "build_overrides_yaml",
        ),
        (
            json!({"services": {"web": {"git_config": {"branch_name": "--upload-pack=x"}}}}),
            "services",
        ),
        (
            json!({"services": {"web": {"git_config": {"create_branch": true}}}}),
            "services",
        ),
        (
            json!({"services": {"web": {"path_rule": "Host(`a`)"}}}),
            "services",
        ),
        (json!({"watched_services": ["none"]}), "watched_services"),
        (json!({"variables": {"NONE": "1"}}), "variables"),
        (
            json!({"services": {"web": {"port_mappings": [{"container": 80, "host": 0}]}}}),
            "services",
        ),
        (
            json!({"services": {"web": {"port_mappings": [{"container": 80, "host": 80}]},
                "db": {"port_mappings": [{"container": 90, "host": 80}]}}}),
            "services",
        ),
        (json!({"expires_at": "2023-01-01T00:00:00Z"}), "expires_at"),
        (
            json!({"expires_at": "2029-01-01T00:00:00Z", "never_expire": true}),
            "expires_at",
        ),
    ]
}

#[tokio::test]
async fn fields_are_refused_each_with_its_messages() {
    let server = TestServer::open().await;
    let spec = playspec(&server).await;
    let refused = server
        .post("/api/playgrounds", &json!({"playground": {}}))
        .shown()
        .await;
    insta::assert_snapshot!("validation_failed", refused);
    for (fields, field) in wrong_fields() {
        let refused = server
            .post("/api/playgrounds", &new(spec, &fields))
            .json(422)
            .await;
        let error = &refused["error"];
        assert_eq!(error["code"], "VALIDATION_FAILED", "{fields}");
        assert!(error["details"][field].is_array(), "{fields}: {refused}");
    }
    server
        .post("/api/playgrounds", &new(spec, &json!({})))
        .json(201)
        .await;
    let hosts = server
        .post("/api/playgrounds", &new(spec, &json!({"name": "b"})))
        .json(422)
        .await;
    let details = hosts["error"]["details"]["service_subdomains"].to_string();
    assert!(
        details.contains("in use by service `web` of playground `feature-auth`"),
        "{hosts}"
    );
    let mapped = |name: &str| {
        let web = json!({"port_mappings": [{"container": 3000, "host": 8090}]});
        json!({"name": name, "service_subdomains": {"web": name}, "services": {"web": web}})
    };
    let first = new(spec, &mapped("first"));
    server.post("/api/playgrounds", &first).json(201).await;
    let second = new(spec, &mapped("second"));
    let ports = server.post("/api/playgrounds", &second).json(422).await;
    assert_eq!(
        ports["error"]["details"]["services"],
        json!(["the host's port 8090 is that of the playground `first`"])
    );
    let other = json!({"service_subdomains": {"web": "other"}});
    let taken = server
        .post("/api/playgrounds", &new(spec, &other))
        .json(422)
        .await;
    assert_eq!(
        taken["error"]["details"]["name"],
        json!(["has already been taken by playground 1"])
    );
}

#[tokio::test]
async fn variables_of_a_template_are_declared_and_have_values() {
    let server = TestServer::open().await;
    let compose = |block: &str| {
        let text =
            format!("{block}\nservices: {{web: {{image: 'a:$$var__TAG', ports: ['3000']}}}}");
        json!({"playspec": {"name": "template", "base_compose_yaml": text}})
    };
    let refused = server.post("/api/playspecs", &compose("")).json(422).await;
    let message = refused["error"]["details"]["base_compose_yaml"].to_string();
    assert!(
        message.contains("`$$var__TAG` is not declared"),
        "{refused}"
    );
    let block = "fibe.gg: {variables: {TAG: {name: Tag, validation: '/^[0-9]+$/'}}}";
    let spec = server
        .post("/api/playspecs", &compose(block))
        .json(201)
        .await;
    let spec = spec["id"].as_i64().expect("an id");
    for (variables, said) in [
        (json!({}), "`TAG` (Tag) has no value"),
        (json!({"TAG": "x"}), "`TAG` (Tag) does not match /^[0-9]+$/"),
        (
            json!({"TAG": 1, "TAGS": 1}),
            "`TAGS` is not a variable of the template (did you mean `TAG`?)",
        ),
    ] {
        let body = new(spec, &json!({"variables": variables}));
        let refused = server.post("/api/playgrounds", &body).json(422).await;
        assert_eq!(refused["error"]["details"]["variables"], json!([said]));
    }
    let body = new(spec, &json!({"variables": {"TAG": 17}}));
    server.post("/api/playgrounds", &body).json(201).await;
    let body = json!({"name": "launched", "compose_yaml": compose(block)["playspec"]["base_compose_yaml"],
        "create_playground": true, "variables": {"TAG": "18"}});
    server.post("/api/launch", &body).json(201).await;
}

#[tokio::test]
async fn malformed_bodies_unknown_paths_and_wrong_methods_are_refused_in_the_same_form() {
    let server = TestServer::open().await;
    playspec(&server).await;
    let code = |body: Value| body["error"]["code"].as_str().expect("a code").to_owned();
    for body in [
        "",
        "{",
        "[]",
        "{}",
        "{\"playground\": []}",
        "{\"playground\": {\"env_overrides\": {\"A\": []}}}",
        "{\"playground\": {\"name\": 1}}",
    ] {
        let refused = server
            .send(Method::POST, "/api/playgrounds", body)
            .json(400)
            .await;
        assert_eq!(code(refused), "BAD_REQUEST", "{body}");
    }
    for path in [
        "/api/playgrounds/9",
        "/api/playgrounds/nothing/status",
        "/api/playgrounds/9/compose",
        "/api/playgrounds/9/logs/web",
        "/api/playgrounds/9/debug",
        "/api/playspecs/9",
        "/api/playrooms/9",
        "/api/playgrounds/9/nothing",
    ] {
        assert_eq!(
            code(server.get(path).json(404).await),
            "RESOURCE_NOT_FOUND",
            "{path}"
        );
    }
    for path in [
        "rollout",
        "hard_restart",
        "extend_expiration",
        "stop",
        "start",
        "rollback",
        "retry_compose",
    ] {
        let path = format!("/api/playgrounds/9/{path}");
        assert_eq!(
            code(server.send(Method::POST, &path, "").json(404).await),
            "RESOURCE_NOT_FOUND"
        );
        let refused = server.get(&path).await;
        assert_eq!(refused.headers["allow"], "POST");
        assert_eq!(code(refused.json(405).await), "METHOD_NOT_ALLOWED");
    }
    let shown = server
        .send(Method::PUT, "/api/playgrounds", "")
        .shown()
        .await;
    insta::assert_snapshot!("method_not_allowed", shown);
    insta::assert_snapshot!("not_found", server.get("/api/playgrounds/9").shown().await);
}

#[tokio::test]
async fn keys_and_scopes_are_asked_for() {
    let keyed = Keyed::open().await;
    let anonymous = keyed.server.get("/api/playgrounds").shown().await;
    insta::assert_snapshot!("unauthorized", anonymous);
    let reader = keyed.key("reader", "readonly").await;
    let user = keyed.key("user", "user").await;
    keyed.get(&reader, "/api/playgrounds").json(200).await;
    let refused = keyed
        .post(&reader, "/api/playgrounds", &json!({}))
        .shown()
        .await;
    insta::assert_snapshot!("forbidden", refused);
    let delete = keyed.send(&user, Method::DELETE, "/api/playgrounds/1", "");
    assert_eq!(delete.json(403).await["error"]["code"], "FORBIDDEN");
    let launch = json!({"name": "a", "compose_yaml": super::COMPOSE, "create_playground": true});
    let only = keyed
        .make(&json!({"name": "l", "role": "custom", "scopes": ["launch:write"]}))
        .await;
    let only = crate::access::text(&only["key"]);
    keyed.post(&only, "/api/launch", &launch).json(403).await;
    keyed.post(&user, "/api/launch", &launch).json(201).await;
}
