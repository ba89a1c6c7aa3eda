//! Secrets are in no log, event, metric, document or refusal: they are planted in every place that takes one,
//! and then looked for in all that the programs said, as they are, in base64 and in URLs.

mod addresses;
mod executions;

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use self::addresses::in_a_url;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::StreamExt;
use serde_json::{Value, json};

use private_postgres::Database;

use crate::{
    harness::{DEADLINE, Process, Server, code, free_port, poll, stderr, stdout, wait_for},
    kill_hooks::Receiver,
    planted::Planted,
};

/// A request over its own connection; status and body.
fn ask(server: &Server, line: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).expect("the server listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    let mut request = format!("{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    stream.write_all(request.as_bytes()).expect("a request");
    stream.write_all(body).expect("a body");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status.expect("a status"), body.to_owned())
}

/// A server that says all it can, what was planted in it, and what it answered.
struct SecretsTest {
    server: Server,
    planted: Planted,
    /// What of it stands nowhere on a disk but sealed.
    sealed: Planted,
    answers: String,
    admin: String,
}

impl SecretsTest {
    fn open(database: Option<&str>) -> Self {
        let mut planted = Planted::default();
        let url = database.map(|url| {
            // The tests' server trusts every client, with a password as well.
            let password = planted.note("database URL", "pl4ntedDatabasePassword");
            let (user, rest) = url.split_once('@').expect("the URL has a user");
            let (user, _) = user
                .rsplit_once(':')
                .filter(|(user, _)| user.contains("//"))
                .unwrap_or((user, ""));
            format!("{user}:{password}@{rest}")
        });
        let mut arguments = vec!["--log", "trace", "--log-format", "json"];
        arguments.extend(["--allow-outbound", "127.0.0.0/8"]);
        // It is polled.
        arguments.extend(["--requests-per-minute", "1000000"]);
        if let Some(url) = &url {
            arguments.extend(["--database-url", url]);
        }
        let server = Server::start(&arguments);
        let mut test = Self {
            server,
            planted,
            sealed: Planted::default(),
            answers: String::new(),
            admin: String::new(),
        };
        test.admin = test.first_key();
        test
    }

    /// Sends a request whose answer may hold no secret.
    fn ask(&mut self, line: &str, headers: &[(&str, &str)], body: &[u8], status: u16) {
        let (found, answer) = ask(&self.server, line, headers, body);
        assert_eq!(found, status, "{line}: {answer}");
        self.answers.push_str(&answer);
    }

    fn as_admin(&mut self, line: &str, body: &Value, status: u16) -> Value {
        let key = self.admin.clone();
        let body = body.to_string();
        let (found, answer) = ask(&self.server, line, &[("x-api-key", &key)], body.as_bytes());
        assert_eq!(found, status, "{line}: {answer}");
        serde_json::from_str(&answer).unwrap_or(Value::Null)
    }

    /// The setup token is printed once, for people, and taken once.
    fn first_key(&mut self) -> String {
        let process = &self.server.process;
        let token = poll("the server tells a setup token", || {
            let said = process.stderr();
            let (_, rest) = said.split_once("/api/setup#")?;
            Some(rest.split_once('\n')?.0.to_owned())
        });
        let wrong = self.planted.plant("a wrong setup token");
        let body = json!({"token": wrong, "name": "me"}).to_string();
        self.ask("POST /api/setup", &[], body.as_bytes(), 401);
        let body = json!({"token": token, "name": "me"});
        let made = self.as_admin("POST /api/setup", &body, 201);
        let key = made["key"].as_str().expect("a key").to_owned();
        self.planted.note("key", &key)
    }

    /// Keys in every form, good and bad.
    fn show_keys(&mut self) {
        let key = self.admin.clone();
        let bearer = format!("Bearer {key}");
        self.ask("GET /api/v1/jobs", &[("x-api-key", &key)], b"", 200);
        self.ask("GET /api/v1/jobs", &[("authorization", &bearer)], b"", 200);
        self.ask(&format!("GET /ws/events?api_key={key}"), &[], b"", 400);
        self.ask(&format!("GET /api/v1/jobs?api_key={key}"), &[], b"", 401);
        let made = self.as_admin("POST /api/tickets", &json!({}), 201);
        let ticket = made["ticket"].as_str().expect("a ticket").to_owned();
        self.planted.note("ticket", &ticket);
        self.ask(&format!("GET /ws/events?ticket={ticket}"), &[], b"", 400);
        let bad = self.planted.plant("a bad key");
        self.ask("GET /api/v1/jobs", &[("x-api-key", &bad)], b"", 401);
        let bearer = format!("Bearer itk_{bad}");
        self.ask("GET /api/v1/jobs", &[("authorization", &bearer)], b"", 401);
        let basic = format!("Basic {}", STANDARD.encode(format!("user:{bad}")));
        self.ask("GET /api/v1/jobs", &[("authorization", &basic)], b"", 401);
        let encoded = in_a_url(&bad);
        self.ask(&format!("GET /ws/events?api_key={encoded}"), &[], b"", 401);
        self.ask(&format!("GET /ws/events?ticket={encoded}"), &[], b"", 401);
        let elsewhere = [("origin", "http://evil.example"), ("x-api-key", &bad)];
        self.ask("GET /api/v1/jobs", &elsewhere, b"", 403);
    }

    /// Hooks that are refused, that fail, and that are served.
    fn make_hooks(&mut self, receiver: &Receiver) {
        let key = self.admin.clone();
        let headers = [("x-api-key", key.as_str())];
        let password = self.planted.plant("user and password in a URL");
        let encoded = in_a_url(&password);
        let url = format!("http://user:{encoded}@127.0.0.1:1/");
        let wrong = self.planted.plant("a malformed hook secret");
        for body in [
            json!({"url": url}),
            json!({"url": receiver.url(), "secret": wrong}),
        ] {
            self.ask(
                "POST /api/hooks",
                &headers,
                body.to_string().as_bytes(),
                400,
            );
        }
        let closed = format!("http://127.0.0.1:{}/", free_port());
        for url in [receiver.url(), closed] {
            let secret = self.planted.hook_secret("hook secret");
            self.sealed.note("hook secret", &secret);
            let made = self.as_admin(
                "POST /api/hooks",
                &json!({"url": url, "secret": secret}),
                201,
            );
            let id = made["id"].as_str().expect("an id").to_owned();
            self.as_admin(&format!("POST /api/hooks/{id}/test"), &json!({}), 202);
            let line = format!("GET /api/hooks/{id}/deliveries/1");
            wait_for("the test was sent", || {
                let delivery = self.as_admin(&line, &json!({}), 200);

                delivery["status"] == "delivered" || delivery["error"].is_string()
            });
            self.ask(&format!("GET /api/hooks/{id}"), &headers, b"", 200);
            self.ask(
                &format!("GET /api/hooks/{id}/deliveries"),
                &headers,
                b"",
                200,
            );
        }
    }

    /// Jobs with secrets in all that they are given; one ends well, one does not, one is refused.
    fn run_jobs(&mut self, receiver: &Receiver) {
        let key = self.admin.clone();
        let headers = [("x-api-key", key.as_str())];
        let program = b"#!/bin/sh\nexit $CODE\n";
        let (status, answer) = ask(&self.server, "POST /api/v1/binaries", &headers, program);
        assert_eq!(status, 201, "{answer}");
        let stored: Value = serde_json::from_str(&answer).expect("JSON");
        let header = self.planted.plant("header of a job's webhook");
        let secret = self.planted.hook_secret("secret of a job's webhook");
        self.sealed.note("secret of a job's webhook", &secret);
        let variable = self.planted.plant("variable of a job");
        let again = self.planted.plant("idempotency key");
        let argument = self.planted.plant("argument of a job");
        let job = |code: &str, priority: &str| {
            json!({"type": "secret", "priority": priority, "max_attempts": 1,
                "binary_url": stored["binary_url"], "binary_sha256": stored["binary_sha256"],
                "arguments": [argument],
                "env_variables": {"CODE": code, "TOKEN": variable},
                "webhook": {"url": receiver.url(), "secret": secret,
                    "headers": {"authorization": header}}})
        };
        let refused = job("0", "soon").to_string();
        self.ask("POST /api/v1/jobs", &headers, refused.as_bytes(), 400);
        let mut wrong = job("0", "foreground");
        wrong["env_variables"]["TOKEN"] = json!(format!("{variable}\0"));
        self.ask(
            "POST /api/v1/jobs",
            &headers,
            wrong.to_string().as_bytes(),
            400,
        );
        let mut ids = Vec::new();
        for (code, word) in [("0", "completed"), ("3", "failed")] {
            let line = "POST /api/v1/jobs";
            let with_key = [headers[0], ("idempotency-key", &format!("{again}{code}"))];
            let body = job(code, "foreground").to_string();
            let (status, answer) = ask(&self.server, line, &with_key, body.as_bytes());
            assert_eq!(status, 201, "{answer}");
            self.answers.push_str(&answer);
            let changed = job(code, "background").to_string();
            self.ask(line, &with_key, changed.as_bytes(), 400);
            let made: Value = serde_json::from_str(&answer).expect("JSON");
            ids.push((made["id"].as_str().expect("an id").to_owned(), word));
        }
        let unreachable = self.run_a_job_with_a_secret_address();
        let mut executor = self.executor();
        self.run_plugin_job(receiver);
        self.run_playbook();
        for (id, word) in &ids {
            let line = format!("GET /api/v1/jobs/{id}");
            wait_for("the job has ended", || {
                let job = self.as_admin(&line, &json!({}), 200);
                job["status"] == *word
            });
            let line = format!("GET /api/hooks/{id}/deliveries");
            wait_for("its webhook was told", || {
                let all = self.as_admin(&line, &json!({}), 200);
                let all = all.as_array().expect("a page").len();
                all >= 2
            });
            self.ask(&line, &headers, b"", 200);
            self.ask(&format!("GET /api/hooks/{id}"), &headers, b"", 200);
        }
        self.wait_for_the_unreachable(&unreachable);
        executor.signal(nix::sys::signal::Signal::SIGTERM);
        let (_, printed) = executor.finish();
        let said = executor.stderr();
        self.planted
            .absent_from("the executor's output", &format!("{printed}{said}"));
        lines_name_runs("the executor", &said, &ids);
        lines_name_runs("the server", &self.server.process.stderr(), &ids);
    }

    /// An executor that joins with a token, and keeps the key that it gets.
    fn executor(&mut self) -> Process {
        let made = self.as_admin("POST /api/join-tokens", &json!({}), 201);
        let token = made["token"].as_str().expect("a token").to_owned();
        self.planted.note("join token", &token);
        let wrong = self.planted.plant("a wrong join token");
        let body = json!({"token": wrong, "name": "secretive"}).to_string();
        self.ask("POST /api/join", &[], body.as_bytes(), 401);
        let body = json!({"token": token, "name": "a\nb"}).to_string();
        self.ask("POST /api/join", &[], body.as_bytes(), 400);
        let mut command = self.server.executor("secretive", &["--isolation", "none"]);
        command.args(["--log", "trace", "--log-format", "json"]);
        command.env("PLAYHOUSE_JOIN", &token);
        let executor = Process::start(command, self.server.home().join("secretive.log"));
        let kept = self.server.home();
        let kept = kept.join(".local/state/playhouse/secretive/key.json");
        let kept = poll("it keeps its key", || std::fs::read(&kept).ok());
        let kept: Value = serde_json::from_slice(&kept).expect("JSON");
        let key = kept["key"].as_str().expect("a key");
        self.planted.note("key of the executor", key);
        let body = json!({"token": token, "name": "another"}).to_string();
        self.ask("POST /api/join", &[], body.as_bytes(), 401);
        executor
    }

    /// A plugin job with secrets in its webhook, and one that is refused.
    fn run_plugin_job(&mut self, receiver: &Receiver) {
        let key = self.admin.clone();
        let header = self.planted.plant("header of a plugin job's webhook");
        let secret = self.planted.hook_secret("secret of a plugin job's webhook");
        let again = self.planted.plant("idempotency key of a plugin job");
        let input = self.planted.plant("input of a plugin job");
        let job = |plugin: &str| {
            json!({"input": {"text": input}, "plugins": [plugin], "debug": true,
                "webhook": {"url": receiver.url(), "secret": secret,
                    "headers": {"authorization": header}}})
        };
        let headers = [
            ("x-api-key", key.as_str()),
            ("idempotency-key", again.as_str()),
        ];
        let line = "POST /playground/jobs";
        let body = job("text-stats").to_string();
        let made = poll("an executor has the plugin", || {
            let (status, answer) = ask(&self.server, line, &headers, body.as_bytes());
            (status == 200).then_some(answer)
        });
        let made: Value = serde_json::from_str(&made).expect("JSON");
        let id = made["id"].as_str().expect("an id").to_owned();
        self.ask(line, &headers, job("no-such").to_string().as_bytes(), 400);
        let line = format!("POST /playground/jobs/{id}/start?wait=60");
        let ended = self.as_admin(&line, &json!({}), 200);
        assert_eq!(ended["progress"]["status"], "completed", "{ended}");
        let line = format!("GET /api/hooks/{id}/deliveries");
        wait_for("its webhook was told", || {
            let all = self.as_admin(&line, &json!({}), 200);
            !all.as_array().expect("a page").is_empty()
        });
        self.ask(&line, &headers[..1], b"", 200);
        self.ask(
            &format!("GET /playground/jobs/{id}/progress"),
            &headers[..1],
            b"",
            200,
        );
        self.ask("GET /playground/jobs", &headers[..1], b"", 200);
    }

    /// What the commands print, with the key and with a wrong one.
    fn run_commands(&mut self) {
        let wrong = self.planted.plant("a bad key of the client");
        let commands: [&[&str]; 12] = [
            &["stats"],
            &["executors"],
            &["job", "list"],
            &["job", "list", "--json"],
            &["key", "list"],
            &["key", "list", "--json"],
            &["hook", "list", "--json"],
            &["plugin-job", "list", "--json"],
            &["audit", "list", "--json"],
            &["run", "list", "--json"],
            &["credential", "list", "--json"],
            &["credential", "uses", "plant", "--json"],
        ];
        for arguments in commands {
            for (key, expected) in [(self.admin.clone(), 0), (wrong.clone(), 65)] {
                let mut command = self.server.client(arguments);
                command.args(["--log", "trace"]);
                command.env("PLAYHOUSE_KEY", key);
                let ended = command.output().expect("the binary starts");
                let said = format!("{}{}", stdout(&ended), stderr(&ended));
                assert_eq!(code(&ended), Some(expected), "{arguments:?}: {said}");
                let what = format!("the output of {arguments:?}");
                self.planted.absent_from(&what, &said);
            }
        }
    }

    /// The event log up to the end of the second job.
    fn events(&self) -> String {
        let mut stream =
            TcpStream::connect(("127.0.0.1", self.server.port)).expect("the server listens");
        stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
        let request = format!(
            "GET /api/events?after=0 HTTP/1.1\r\nhost: localhost\r\nx-api-key: {}\r\n\r\n",
            self.admin
        );
        stream.write_all(request.as_bytes()).expect("a request");
        let (mut text, mut piece) = (Vec::new(), [0; 4096]);
        loop {
            let length = stream.read(&mut piece).expect("the stream goes on");
            assert!(length > 0, "the stream ended");
            text.extend_from_slice(&piece[..length]);
            let read = String::from_utf8_lossy(&text);
            if read.contains("job.completed") && read.contains("job.failed") {
                return read.into_owned();
            }
        }
    }

    /// The same over a WebSocket, which a key in the query opens.
    fn socket(&self) -> String {
        let (port, key) = (self.server.port, &self.admin);
        let url = format!("ws://127.0.0.1:{port}/ws/events?after=0&api_key={key}");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
        let read = async {
            let stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await;
            let stream = stream.expect("the server listens");
            let opened = tokio_tungstenite::client_async(url, stream).await;
            let (mut socket, _) = opened.expect("it is opened");
            let mut text = String::new();
            while !(text.contains("job.completed") && text.contains("job.failed")) {
                let message = socket.next().await.expect("the socket goes on");
                text.push_str(message.expect("a message").to_text().unwrap_or_default());
            }
            text
        };
        let read = async { tokio::time::timeout(DEADLINE, read).await };
        runtime.block_on(read).expect("the events come in time")
    }

    /// Looks through everything that anybody can read.
    fn search(mut self) {
        let key = self.admin.clone();
        let headers = [("x-api-key", key.as_str())];
        for line in [
            "GET /api/v1/metrics",
            "GET /api/openapi.json",
            "GET /api/keys",
            "GET /api/hooks",
            "GET /api/v1/jobs",
            "GET /api/v1/admin/stats",
            "GET /api/v1/admin/executors",
            "GET /api/audit?limit=1000",
            "GET /api/audit/verify",
        ] {
            self.ask(line, &headers, b"", 200);
        }
        let events = self.events();
        self.planted.absent_from("the event log", &events);
        let messages = self.socket();
        self.planted.absent_from("a WebSocket", &messages);
        self.server
            .process
            .signal(nix::sys::signal::Signal::SIGTERM);
        let (_, printed) = self.server.process.finish();
        let said = self.server.process.stderr();
        assert!(
            said.lines().count() > 100,
            "the server said too little to look through"
        );
        self.planted
            .absent_from("the server's output", &format!("{printed}{said}"));
        self.planted.absent_from("an answer", &self.answers);
        self.search_files();
    }
}

/// Every run has lines that name it in a field.
fn lines_name_runs(who: &str, said: &str, ids: &[(String, &str)]) {
    for (id, _) in ids {
        let named = said
            .lines()
            .filter(|line| line.starts_with('{'))
            .any(|line| {
                let line: Value = serde_json::from_str(line).expect("a line is JSON");
                line["fields"]["run_id"] == id.as_str() || line["span"]["run_id"] == id.as_str()
            });
        assert!(named, "no line of {who} names run {id}");
    }
}

fn nothing_is_told(database: Option<&str>) {
    let receiver = Receiver::start();
    let mut test = SecretsTest::open(database);
    test.show_keys();
    test.make_hooks(&receiver);
    test.make_a_hook_with_a_secret_address();
    test.run_jobs(&receiver);
    test.run_commands();
    if let Some(url) = database {
        test.search_tables(url);
    }
    test.search();
}

#[test]
fn secrets_are_told_to_nobody_on_sqlite() {
    nothing_is_told(None);
}

#[test]
fn secrets_are_told_to_nobody_on_postgres() {
    let database = Database::create("cli");
    nothing_is_told(Some(database.url()));
}
