//! Whatever is wrong with a request: a clear refusal in the contract's form that names the field,
//! and nothing changed.

mod executors;
mod lists;
mod queries;
mod types;
mod values;

use http::Method;
use serde_json::{Value, json};

use crate::test_server::{TestServer, example, example_with};

const MIB: usize = 1 << 20;

/// A request that must be refused.
struct Case {
    name: String,
    method: Method,
    path: String,
    body: Vec<u8>,
    status: u16,
    field: Option<String>,
}

fn case(name: &str, method: Method, path: &str, body: impl Into<Vec<u8>>) -> Case {
    Case {
        name: name.chars().take(80).collect(),
        method,
        path: path.to_owned(),
        body: body.into(),
        status: 400,
        field: None,
    }
}

impl Case {
    fn field(self, field: &str) -> Self {
        Self {
            field: Some(field.to_owned()),
            ..self
        }
    }
}

/// A job whose field `field` has this value.
fn job(field: &str, value: &Value) -> Case {
    let name = format!("{field} = {value}");
    let body = example_with(&json!({ field: value }));
    case(&name, Method::POST, "/api/v1/jobs", body.to_string()).field(field)
}

/// A body that is given as text, because no JSON value can say it.
fn raw(name: &str, body: impl Into<Vec<u8>>) -> Case {
    case(name, Method::POST, "/api/v1/jobs", body)
}

/// The example with `addition` before its end.
fn with_text(addition: &str) -> String {
    let mut text = example().to_string();
    text.pop();
    format!("{text},{addition}}}")
}

async fn check(server: &TestServer, cases: Vec<Case>) {
    assert!(!cases.is_empty());
    let before = world(server).await;
    let database = database(server);
    let written = commits(&database);
    for case in cases {
        let (name, field) = (case.name, case.field);
        let answer = server.send(case.method, &case.path, case.body).await;
        let status = answer.status;
        assert_eq!(
            status,
            case.status,
            "{name}: {}",
            answer.text().await.chars().take(500).collect::<String>()
        );
        let length = if case.path.starts_with("/api/v1/") {
            let body = answer.refused(case.status).await;
            let found = body["context"]["field"].as_str();
            assert_eq!(found, field.as_deref(), "{name}: {}", short(&body));
            body.to_string().len()
        } else {
            let detail = answer.problem(case.status).await;
            let field = field.as_deref().unwrap_or_default();
            assert!(detail.contains(field), "{name}: {detail}");
            detail.len()
        };
        assert!(length < 2_000, "{name}: the refusal repeats its request");
        assert_eq!(world(server).await, before, "{name} changed something");
        assert_eq!(commits(&database), written, "{name} wrote something");
    }
}

/// A look at the database past the server.
fn database(server: &TestServer) -> rusqlite::Connection {
    let path = server.dir().join("data/playhouse.db");
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    rusqlite::Connection::open_with_flags(path, flags).expect("the server's database")
}

/// A number that every other commit changes that wrote anything at all: a row of any
/// table, an event, a counter.
fn commits(database: &rusqlite::Connection) -> i64 {
    database
        .query_row("PRAGMA data_version", [], |row| row.get(0))
        .expect("a number")
}

#[tokio::test]
async fn this_suite_sees_what_is_written() {
    let server = TestServer::open().await;
    let database = database(&server);
    let mut written = commits(&database);
    let mut wrote = |what: &str, is: bool| {
        let now = commits(&database);
        assert_eq!(now != written, is, "{what}");
        written = now;
    };
    server.stats().await;
    wrote("a look", false);
    server.submit(&example()).await;
    wrote("a submit", true);
    let id = server.claim("worker-1").await["id"].clone();
    wrote("a claim", true);
    let beat = format!("/api/v1/jobs/{}/heartbeat", id.as_str().expect("an id"));
    server.put(&beat, &json!({"executor_id": "worker-1"})).await;
    wrote("a heartbeat", true);
}

fn short(body: &Value) -> String {
    body.to_string().chars().take(500).collect()
}

/// What must not change, as a reader sees it: every count, every executor, every job.
async fn world(server: &TestServer) -> (Value, Value, Value) {
    let executors = server.get("/api/v1/admin/executors").json(200).await;
    let jobs = server.get("/api/v1/jobs?limit=1000").json(200).await;
    (server.stats().await, executors, jobs)
}
