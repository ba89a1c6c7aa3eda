//! Which addresses steps reach.

use axum::{Router, response::Redirect, routing::get};

use super::{Executions, output};

/// A server on the loopback address that redirects to itself by name, and by address.
async fn serve() -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    let to = move |host: &str| {
        let to = format!("http://{host}:{port}/here");
        get(move || async move { Redirect::temporary(&to) })
    };
    let routes = Router::new()
        .route("/here", get(|| async { "here" }))
        .route("/name", to("localhost"))
        .route("/other", to("127.0.0.2"));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    port
}

async fn error(executions: &Executions, id: &str, kind: &str, parameters: &str) -> String {
    let steps = format!("  - {{id: it, name: It, type: {kind}, parameters: {{{parameters}}}}}\n");
    let (error, _) = executions.run(id, &steps).await;
    error.expect("it fails")
}

#[tokio::test]
async fn what_an_operator_denies_is_reached_by_no_way() {
    let networks = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
    let executions = Executions::with(|settings| {
        settings.allow_addresses = networks(&["127.0.0.0/8"]);
        settings.deny_addresses = networks(&["127.0.0.2/32", "::1/128"]);
    });
    let port = serve().await;
    let steps = format!(
        "  - {{id: it, name: It, type: http.request, parameters: {{url: \"http://127.0.0.1:{port}/here\"}}}}\n"
    );
    let (fine, parts) = executions.run("fine", &steps).await;
    assert_eq!(
        (fine, output(&parts, "it")["body"].as_str()),
        (None, Some("here"))
    );
    let said = "an address that this executor does not let reach; see --allow-address";
    for (id, url) in [
        ("direct", format!("http://127.0.0.2:{port}/here")),
        ("mapped", format!("http://[::ffff:127.0.0.2]:{port}/here")),
        ("outside", "http://10.0.0.1/".to_owned()),
        ("redirect", format!("http://127.0.0.1:{port}/other")),
    ] {
        let why = error(&executions, id, "http.request", &format!("url: \"{url}\"")).await;
        assert!(why.contains(said), "{url}: {why}");
    }
    let gateway = format!("gateway_url: \"http://127.0.0.2:{port}\"");
    let why = error(&executions, "gateway", "gateway.list_projects", &gateway).await;
    assert!(why.contains(said), "{why}");
    executions.end().await;
    // A name leads where its addresses are.
    let executions = Executions::with(|settings| {
        settings.deny_addresses = networks(&["127.0.0.0/8"]);
    });
    let url = format!("url: \"http://localhost:{port}/here\"");
    let why = error(&executions, "name", "http.request", &url).await;
    assert!(why.contains("`localhost` leads to 127.0.0.1"), "{why}");
    executions.end().await;
}
