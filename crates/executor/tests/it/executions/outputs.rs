//! What steps leave: bounded, and without what lets others act in somebody's name.

use axum::{Router, routing::get};
use serde_json::{Value, json};
use wire::executors::Stage;

use super::{Executions, output};

#[tokio::test]
async fn what_is_too_long_is_cut_in_the_middle_and_the_step_goes_on() {
    let executions = Executions::new();
    let steps = r#"
  - {id: long, name: Long, type: http.request, parameters: {url: "URL/large", max_bytes: 9000000}}
  - {id: after, name: After, type: utility.log, parameters: {message: "{{ step.long.status }} {{ step.long.truncated }}"}}
  - id: fails
    name: Fails
    type: http.request
    on_failure: continue
    parameters: {url: "URL/large", max_bytes: 9000000, expect_status: 404}
  - {id: sets, name: Sets, type: utility.set_variable, parameters: {name: big, value: "{{ step.long.body }}"}}
  - {id: end, name: End, type: utility.log, parameters: {message: "{{ variable.big | length > 1000 }}"}}
"#;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    let routes = Router::new()
        .route("/large", get(|| async { "y".repeat(3 << 20) }))
        .route(
            "/cookie",
            get(|| async { ([("set-cookie", "session=s3cret"), ("x-kept", "kept")], "{}") }),
        );
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let (error, parts) = executions.run("one", &steps.replace("URL", &url)).await;
    assert_eq!(error, None);
    let long = output(&parts, "long");
    assert_eq!(
        (&long["truncated"], &long["status"]),
        (&json!(true), &json!(200))
    );
    let body = long["body"].as_str().expect("a body");
    assert!(body.starts_with("yyy") && body.ends_with("yyy"));
    assert!(body.contains("bytes are left out"));
    for part in &parts {
        let size = part.body.to_string().len();
        assert!(size < (1 << 20) + 4_000, "{}: {size}", part.name);
    }
    let failed = parts
        .iter()
        .find(|part| part.name == "fails")
        .expect("a part");
    assert_eq!(
        (failed.stage, &failed.body["output"]["truncated"]),
        (Stage::Failed, &Value::Bool(true))
    );
    assert!(
        executions
            .log("one", "stdout")
            .ends_with("info: 200 true\ninfo: true\n")
    );

    let password = url.replace("http://", "http://me:pw-in-url@");
    let steps = format!(
        "  - {{id: it, name: It, type: http.request, parameters: {{url: \"{password}/cookie\", \
         capture: {{session: {{header: set-cookie}}}}}}}}\n"
    );
    let (error, parts) = executions.run("two", &steps).await;
    assert_eq!(error, None);
    let left = output(&parts, "it");
    assert_eq!(left["headers"]["x-kept"], "kept");
    assert_eq!(left["headers"].get("set-cookie"), None);
    assert_eq!(
        left["captured"]["session"], "session=s3cret",
        "what was asked for"
    );
    assert!(!left.to_string().contains("pw-in-url"), "{left}");
    executions.end().await;
}

#[tokio::test]
async fn a_step_is_called_what_its_name_comes_to() {
    let executions = Executions::new();
    let steps = r#"
  - {id: sets, name: Sets, type: utility.set_variable, parameters: {name: site, value: Graz}}
  - {id: one, name: "Restart {{ variable.site }}", type: utility.log, parameters: {message: x}}
  - {id: two, name: "Restart {{ variable.none }}", type: utility.log, parameters: {message: x}}
"#;
    let (error, parts) = executions.run("one", steps).await;
    assert_eq!(error, None);
    let name = |id: &str| {
        let part = parts.iter().find(|part| part.name == id);
        part.expect("a part").body["name"].clone()
    };
    assert_eq!(name("one"), "Restart Graz");
    assert_eq!(name("two"), "Restart {{ variable.none }}");
}
