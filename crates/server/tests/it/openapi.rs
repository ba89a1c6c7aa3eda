//! The document of all routes.

use http::Method;
use serde_json::Value;

use crate::test_server::TestServer;

/// Routes as the router's source lists them: method, path, scope.
fn table() -> Vec<(String, String, String)> {
    let source = concat!(
        include_str!("../../src/router.rs"),
        include_str!("../../src/router/playbooks.rs"),
        include_str!("../../src/router/playgrounds.rs")
    );
    let lines = source.lines().filter_map(|line| {
        let line = line.trim().strip_prefix('(')?;
        let (method, rest) = line.split_once(',')?;
        let path = rest.split('"').nth(1)?;
        let (_, rest) = rest.split_once("Scope::")?;
        let (scope, _) = rest.split_once(',')?;
        Some((method.to_lowercase(), path.to_owned(), scope.to_owned()))
    });
    lines.collect()
}

/// `PluginJobsRead` is written `plugin-jobs:read`.
fn written(scope: &str) -> String {
    let mut text = String::new();
    for letter in scope.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.extend(letter.to_lowercase());
    }
    match text.rsplit_once('-') {
        Some((noun, verb)) => format!("{noun}:{verb}"),
        None => text,
    }
}

#[test]
fn every_route_of_the_table_is_documented_with_its_scope_and_nothing_else_is() {
    let document: Value = serde_json::from_str(&server::openapi_json()).expect("JSON");
    let table = table();
    assert!(table.len() >= 25, "the table was not understood: {table:?}");
    for (method, path, scope) in &table {
        // OpenAPI cannot say that a parameter may have slashes.
        let operation = &document["paths"][path.replace("{*", "{")][method];
        assert!(operation.is_object(), "{method} {path} is missing");
        assert_eq!(operation["x-scope"], written(scope), "{method} {path}");
        let responses = operation["responses"].as_object().expect("responses");
        assert!(
            responses
                .keys()
                .any(|code| code.starts_with(['1', '2', '3'])),
            "{method} {path}"
        );
    }
    let paths = document["paths"].as_object().expect("paths");
    let documented: usize = paths
        .values()
        .map(|item| item.as_object().map_or(0, |item| item.len()))
        .sum();
    assert_eq!(documented, table.len());
}

/// Names that refer to each other, and names of operations, are good for programs that read it.
#[test]
fn the_document_has_what_it_refers_to_and_names_operations_once() {
    let text = server::openapi_json();
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let references = text.split("\"$ref\": \"#").skip(1);
    let references: Vec<&str> = references
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(references.len() > 50, "{references:?}");
    for reference in references {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
    let names: Vec<&str> = operations(&document)
        .map(|(_, operation)| operation["operationId"].as_str().expect("a name"))
        .collect();
    let once: std::collections::BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(once.len(), names.len(), "{names:?}");
}

/// What the paths of the contracts begin with.
const CONTRACTS: [&str; 14] = [
    "/api/v1",
    "/playground",
    "/api/playbooks",
    "/api/executions",
    "/api/credentials",
    "/api/schedules",
    "/api/config",
    "/api/logs",
    "/api/health",
    "/api/playgrounds",
    "/api/playspecs",
    "/api/playrooms",
    "/api/marquees",
    "/api/launch",
];

/// What authentication and middleware answer is documented, in the form of the contract.
#[test]
fn every_operation_documents_the_refusals_around_it() {
    let document: Value = serde_json::from_str(&server::openapi_json()).expect("JSON");
    for (path, operation) in operations(&document) {
        let refused = |status: &str| operation["responses"].get(status).is_some();
        assert!(refused("403"), "{path}");
        let open = operation["x-scope"] == "open";
        assert_eq!(open, operation.get("security").is_none(), "{path}");
        assert!(open || refused("401") && refused("500"), "{path}");
        if operation.get("requestBody").is_some() {
            for status in ["400", "408", "413", "503"] {
                assert!(refused(status), "{path} {status}");
            }
        }
        let kind = match CONTRACTS.iter().any(|root| path.starts_with(root)) {
            true => "application/json",
            false => "application/problem+json",
        };
        for (status, response) in operation["responses"].as_object().expect("responses") {
            if status.starts_with('4') {
                assert!(response["content"][kind].is_object(), "{path} {status}");
            }
        }
    }
}

fn operations(document: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    paths.iter().flat_map(|(path, item)| {
        let operations = item.as_object().expect("operations").values();
        operations.map(move |operation| (path.as_str(), operation))
    })
}

/// A segment that is no UTF-8 is refused in the form of the face, too.
#[tokio::test]
async fn a_path_that_is_no_text_names_nothing() {
    let server = TestServer::open().await;
    for path in [
        "/api/hooks/%ff",
        "/api/hooks/%ff/deliveries/1",
        "/api/reference/%ff",
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
    let answer = server.get("/api/v1/jobs/%ff").await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.headers["content-type"], "application/json");
}

#[tokio::test]
async fn every_documented_route_is_served() {
    let server = TestServer::open().await;
    let document: Value = serde_json::from_str(&server::openapi_json()).expect("JSON");
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("operations").keys() {
            let method: Method = method.to_uppercase().parse().expect("a method");
            let concrete = path
                .replace("{id}", "018cc4e5-2200-7000-8000-000000000001")
                .replace("{sha256}", crate::test_server::SHA256)
                .replace("{executor_id}", "worker-1");
            // An empty body is refused by most; a route that is not there says so.
            let answer = server.send(method.clone(), &concrete, "").await;
            assert_ne!(answer.status, 405, "{method} {path}");
            if answer.status == 404 {
                let body = answer.text().await;
                assert!(!body.contains("no such route"), "{method} {path}");
            }
        }
    }
}

/// The pages name no other site: they are to be read where there is no network.
#[tokio::test]
async fn the_reference_needs_nothing_from_elsewhere() {
    let server = TestServer::open().await;
    let answer = server.get("/api/openapi.json").await;
    assert_eq!(answer.text().await, server::openapi_json());
    assert_eq!(server.get("/api/reference").await.status, 308);
    let page = server.get("/api/reference/index.html").await;
    assert_eq!(page.headers["content-type"], "text/html");
    let page = page.text().await;
    let files: Vec<&str> = page
        .split(['"', '\''])
        .filter_map(|part| part.strip_prefix("./"))
        .collect();
    assert!(files.len() >= 3, "{page}");
    for file in files {
        assert_eq!(
            server.get(&format!("/api/reference/{file}")).await.status,
            200,
            "{file}"
        );
    }
    assert!(!page.contains("://"), "{page}");
    let start = server.get("/api/reference/swagger-initializer.js").await;
    let start = start.text().await;
    assert!(
        start.contains("/api/openapi.json") && !start.contains("://"),
        "{start}"
    );
    assert_eq!(server.get("/api/reference/nothing").await.status, 404);
}

/// What stands for a parameter may make another path of it, such as `claim` for a job's id.
#[tokio::test]
async fn an_answer_of_the_path_that_a_parameter_makes_is_documented() {
    let server = TestServer::open().await;
    let document: Value = serde_json::from_str(&server::openapi_json()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let makes = |pattern: &str, path: &str| {
        let (pattern, path) = (pattern.split('/'), path.split('/'));
        pattern.clone().count() == path.clone().count()
            && pattern
                .zip(path)
                .all(|(one, other)| one == other || one.starts_with('{'))
    };
    let mut tried = 0;
    for (path, operation) in operations(&document).filter(|(path, _)| path.contains('{')) {
        assert!(
            operation["responses"]["405"]["content"].is_object(),
            "{path}"
        );
        let method = operation["operationId"].as_str().expect("a name");
        let (method, _) = method.split_once('_').expect("it begins with the method");
        for made in paths
            .keys()
            .filter(|made| !made.contains('{') && makes(path, made))
        {
            if paths[made].get(method).is_some() {
                continue;
            }
            tried += 1;
            let method: Method = method.to_uppercase().parse().expect("a method");
            let answer = server.send(method.clone(), made, "").await;
            assert_eq!(answer.status, 405, "{method} {made}");
        }
    }
    assert!(tried >= 3, "{tried}");
}
