//! Which runs a key sees, and what it may ask of them.

use http::Method;
use serde_json::json;

use super::{filled, text};
use crate::access::Keyed;

async fn key(keyed: &Keyed, scopes: &[&str]) -> String {
    let new = json!({"name": scopes.join(" "), "role": "custom", "scopes": scopes});
    text(&keyed.make(&new).await["key"])
}

#[tokio::test]
async fn a_key_sees_the_kinds_that_it_may_read_and_controls_what_it_may() {
    let (server, [job, plugin_job, _]) = filled().await;
    let keyed = Keyed::on(server).await;
    let seen = async |key: &str, query: &str| {
        let runs = keyed.get(key, &format!("/api/runs{query}")).await;
        runs.json(200).await.as_array().expect("runs").len()
    };
    let status = async |key: &str, method: Method, path: &str| {
        let answer = keyed
            .send(key, method, &format!("/api/runs/{path}"), "")
            .await;
        answer.status.as_u16()
    };
    let jobs = key(&keyed, &["jobs:read"]).await;
    let plugins = key(&keyed, &["plugin-jobs:read"]).await;
    let none = key(&keyed, &["stats:read"]).await;
    for (key, expected) in [(&keyed.admin, 3), (&jobs, 2), (&plugins, 1), (&none, 0)] {
        assert_eq!(seen(key, "").await, expected);
    }
    assert_eq!(seen(&jobs, "?kind=plugin_job").await, 0);
    assert_eq!(seen(&plugins, "?text=team").await, 0);
    for rest in ["", "/children", "/logs"] {
        let (job, plugin_job) = (format!("{job}{rest}"), format!("{plugin_job}{rest}"));
        assert_eq!(status(&jobs, Method::GET, &job).await, 200);
        assert_eq!(status(&jobs, Method::GET, &plugin_job).await, 404);
        assert_eq!(status(&plugins, Method::GET, &plugin_job).await, 200);
        assert_eq!(status(&none, Method::GET, &job).await, 404);
    }
    assert_eq!(
        status(&plugins, Method::GET, &format!("{job}/events")).await,
        404
    );

    let cancel = |id: &str| format!("{id}/cancel");
    assert_eq!(status(&jobs, Method::POST, &cancel(&job)).await, 403);
    assert_eq!(status(&jobs, Method::POST, &cancel(&plugin_job)).await, 404);
    let canceller = key(&keyed, &["jobs:read", "jobs:cancel"]).await;
    let pause = format!("{job}/pause");
    assert_eq!(status(&canceller, Method::POST, &pause).await, 403);
    assert_eq!(status(&canceller, Method::POST, &cancel(&job)).await, 200);
    // What a key may not read it does not find, whatever else it may.
    let blind = key(&keyed, &["plugin-jobs:cancel"]).await;
    assert_eq!(
        status(&blind, Method::POST, &cancel(&plugin_job)).await,
        404
    );
    let audit = keyed.get(&keyed.admin, "/api/audit?action=run.*").await;
    let audit = audit.json(200).await;
    assert_eq!(audit.as_array().expect("lines").len(), 1, "{audit}");
}
