//! What the original's own SDK and CLI send for their commands, and what they read from the answers: each with its
//! path, query, body and headers, to the real server with a real Docker engine.

use std::{
    cell::Cell,
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::{Value, json};

use super::{TestPlaygrounds, bench::unchunked};
use crate::harness::DEADLINE;

const COMPOSE: &str = "
services:
  web:
    image: IMAGE
    command: [sh, -c, 'mkdir -p /www; echo here > /www/index.html; echo web is up; exec httpd -f -p 80 -h /www']
    labels: {playgrounds.expose: '80'}
    stop_grace_period: 0s
";

struct SdkAnswer {
    status: u16,
    /// In lower case.
    head: String,
    body: Value,
}

/// The client: every call has its key, every write one that makes it repeatable.
struct Sdk<'t> {
    test: &'t TestPlaygrounds,
    key: String,
    writes: Cell<u32>,
}

impl Sdk<'_> {
    fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> SdkAnswer {
        let port = self.test.server.port;
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
        stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: sdk-go\r\nAccept: application/json\r\n\
             Authorization: Bearer {}\r\nConnection: close\r\n{headers}\r\n{body}",
            self.key
        );
        stream.write_all(request.as_bytes()).expect("it is sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let text = String::from_utf8_lossy(&answer);
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let head = head.to_ascii_lowercase();
        let body = match head.contains("transfer-encoding: chunked") {
            true => unchunked(body),
            false => body.to_owned(),
        };
        assert!(head.contains("\r\nx-request-id: "), "{path}: {head}");
        SdkAnswer {
            status: head
                .split(' ')
                .nth(1)
                .and_then(|word| word.parse().ok())
                .expect("a status"),
            body: serde_json::from_str(&body).unwrap_or_default(),
            head,
        }
    }

    #[track_caller]
    fn get(&self, path: &str) -> Value {
        let reply = self.send("GET", path, "", "");
        assert_eq!(reply.status, 200, "{path}: {:#}", reply.body);
        reply.body
    }

    /// A write: with a body, or without one and then without a content type.
    #[track_caller]
    fn write(&self, method: &str, path: &str, body: Option<&Value>, status: u16) -> Value {
        self.writes.set(self.writes.get() + 1);
        let key = format!("Idempotency-Key: write-{}\r\n", self.writes.get());
        let text = body.map(Value::to_string).unwrap_or_default();
        let kind = body.map_or("", |_| "Content-Type: application/json\r\n");
        let headers = format!("{key}{kind}Content-Length: {}\r\n", text.len());
        let reply = self.send(method, path, &headers, &text);
        assert_eq!(reply.status, status, "{method} {path}: {:#}", reply.body);
        assert!(
            !reply.head.contains("x-idempotent-replayed"),
            "{}",
            reply.head
        );
        if method == "POST" && reply.body["operation_id"].is_string() {
            let again = self.send(method, path, &headers, &text);
            assert_eq!(again.status, status, "{path}: {:#}", again.body);
            assert!(
                again.head.contains("\r\nx-idempotent-replayed: true"),
                "{}",
                again.head
            );
            assert_eq!(again.body["operation_id"], reply.body["operation_id"]);
        }
        reply.body
    }

    /// As it waits: by asking for the playground again and again.
    fn wait(&self, path: &str, status: &str) -> Value {
        self.test.until(status, || {
            let body = self.get(path);
            assert_ne!(body["status"], "error", "{body:#}");
            (body["status"] == status).then_some(body)
        })
    }

    /// Its errors: a code and a message.
    #[track_caller]
    fn refused(&self, method: &str, path: &str, status: u16, code: &str) {
        let reply = self.send(method, path, "Content-Length: 0\r\n", "");
        assert_eq!(reply.status, status, "{path}: {:#}", reply.body);
        assert_eq!(reply.body["error"]["code"], code, "{path}");
        assert!(reply.body["error"]["message"].is_string(), "{path}");
    }
}

impl<'t> Sdk<'t> {
    fn with_key(test: &'t TestPlaygrounds, made: &Value) -> Self {
        let key = made["key"].as_str().unwrap_or_else(|| panic!("{made:#}"));
        Self {
            test,
            key: key.to_owned(),
            writes: Cell::default(),
        }
    }

    /// With another key, for these scopes.
    fn for_scopes(&self, name: &str, scopes: &[String]) -> Self {
        let wanted = json!({"name": name, "role": "custom", "scopes": scopes});
        Self::with_key(
            self.test,
            &self.write("POST", "/api/keys", Some(&wanted), 201),
        )
    }
}

/// The fields that the SDK's types have.
#[track_caller]
fn has(body: &Value, fields: &[&str]) {
    for field in fields {
        assert!(body.get(field).is_some(), "no {field} in {body:#}");
    }
}

const DETAIL: [&str; 15] = [
    "id",
    "name",
    "status",
    "job_mode",
    "playspec_id",
    "playspec_name",
    "compose_project",
    "service_branches",
    "env_overrides",
    "expires_at",
    "time_remaining",
    "expiration_percentage",
    "last_applied_at",
    "services",
    "service_urls",
];

/// `create`, and what it is made from; answers the playground.
fn create(sdk: &Sdk<'_>) -> Value {
    let compose = COMPOSE.replace("IMAGE", private_docker::BUSYBOX);
    let checked = json!({ "compose_yaml": compose });
    let checked = sdk.write(
        "POST",
        "/api/playspecs/validate_compose",
        Some(&checked),
        200,
    );
    assert_eq!(checked["valid"], true, "{checked:#}");
    has(&checked, &["services", "errors", "warnings"]);
    let spec = json!({"playspec": {"name": "stack", "base_compose_yaml": compose}});
    let spec = sdk.write("POST", "/api/playspecs", Some(&spec), 201);
    has(
        &sdk.get("/api/playspecs?page=1&per_page=25"),
        &["data", "meta"],
    );
    let rooms = sdk.get("/api/marquees");
    let marquee = rooms[0]["id"].clone();

    let new = json!({"playground": {
        "name": "feature", "playspec_id": spec["id"], "marquee_id": marquee, "never_expire": false,
        "services": {"_global": {"env_vars": {"MODE": "dev"}}, "web": {"subdomain": "feature-web"}},
    }});
    sdk.write("POST", "/api/playgrounds", Some(&new), 201)
}

/// `get`, `status`, `list`.
fn show(sdk: &Sdk<'_>, path: &str, running: &Value) {
    has(running, &DETAIL);
    assert_eq!(running["service_urls"][0]["type"], "static", "{running:#}");
    assert!(
        running["service_urls"][0]["url"]
            .to_string()
            .contains("feature-web")
    );
    let status = sdk.get(&format!("{path}/status"));
    let steps = [
        "creation_step",
        "creation_step_label",
        "error_message",
        "error_step",
        "needs_recreation",
    ];
    has(&status, &steps);
    let list =
        sdk.get("/api/playgrounds?page=1&per_page=25&status=running&q=feat&sort=-created_at");
    assert_eq!(list["data"][0]["name"], "feature", "{list:#}");
    assert_eq!(list["meta"], json!({"page": 1, "per_page": 25, "total": 1}));
    has(
        &list["data"][0],
        &[
            "id",
            "status",
            "playspec_name",
            "service_branches",
            "created_at",
        ],
    );
}

/// `compose`, `logs`, `env`, `debug`.
fn inspect(sdk: &Sdk<'_>, path: &str) {
    let compose = sdk.get(&format!("{path}/compose"));
    assert!(
        compose["compose_yaml"].to_string().contains("httpd"),
        "{compose:#}"
    );
    let logs = sdk.get(&format!("{path}/logs/web?tail=50"));
    assert_eq!(
        logs,
        json!({"service": "web", "lines": ["web is up"], "source": "live"})
    );
    let env = sdk.get(&format!("{path}/env_metadata"));
    assert_eq!(
        env["metadata"]["MODE"],
        json!({"value": "dev", "source": "override"})
    );
    assert_eq!(env["system_keys"], json!(["PLAYGROUND_ID"]));
    let debug = sdk.get(&format!(
        "{path}/debug?mode=full&service=web&logs_tail=10&refresh=true"
    ));
    has(
        &debug,
        &[
            "generated_compose_yaml",
            "services_configuration",
            "build_records",
            "branch_clones",
        ],
    );
}

/// `update`, `rollout`, `hard-restart`, `extend`, `retry`.
fn operate(sdk: &Sdk<'_>, path: &str) {
    let change = json!({"playground": {"env_overrides": {"MODE": "test"}}});
    let changed = sdk.write("PATCH", path, Some(&change), 200);
    assert_eq!(changed["status"], "has_changes", "{changed:#}");
    sdk.write("POST", &format!("{path}/rollout"), Some(&Value::Null), 200);
    sdk.wait(path, "running");
    sdk.write("POST", &format!("{path}/hard_restart"), None, 200);
    sdk.wait(path, "running");
    let extended = sdk.write("POST", &format!("{path}/extend_expiration"), None, 200);
    has(&extended, &["id", "expires_at", "time_remaining"]);
    let hours = json!({"duration_hours": 2});
    sdk.write(
        "POST",
        &format!("{path}/extend_expiration"),
        Some(&hours),
        200,
    );
    let force = json!({"force": true});
    sdk.write("POST", &format!("{path}/retry_compose"), Some(&force), 200);
    sdk.wait(path, "running");
}

#[test]
fn the_commands_of_the_original_work_against_us() {
    let test = TestPlaygrounds::start();
    let scopes = ["playgrounds", "playspecs", "playrooms"]
        .map(|what| ["read", "write", "delete"].map(|verb| format!("{what}:{verb}")));
    let admin = test.post("/api/keys", &json!({"name": "admin", "role": "admin"}));
    let admin = Sdk::with_key(&test, &admin);
    let sdk = admin.for_scopes("sdk", scopes.as_flattened());
    let made = create(&sdk);
    test.removes(&made["compose_project"]);
    let path = format!("/api/playgrounds/{}", made["id"]);
    let running = sdk.wait(&path, "running");
    show(&sdk, &path, &running);
    inspect(&sdk, &path);
    operate(&sdk, &path);

    // What it may not, and what there is not.
    let reads = admin.for_scopes("reads", &["playgrounds:read".to_owned()]);
    reads.refused("DELETE", &path, 403, "FORBIDDEN");
    reads.refused("GET", "/api/playgrounds/4711", 404, "RESOURCE_NOT_FOUND");

    // `delete`.
    sdk.write("DELETE", &path, None, 202);
    test.until("it is gone", || {
        (sdk.send("GET", &path, "", "").status == 404).then_some(())
    });
    sdk.refused("GET", &path, 404, "RESOURCE_NOT_FOUND");
    assert_eq!(
        test.left_of(made["compose_project"].as_str().expect("a project")),
        Vec::<String>::new()
    );
}
