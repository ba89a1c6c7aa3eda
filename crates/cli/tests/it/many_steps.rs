//! Large playbooks and many executions, with the real server and executor.

use std::{
    fmt::Write,
    fs,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::harness::{Server, exits, get, poll_within, stdout, wait_for};

const LIMIT: Duration = Duration::from_secs(120);

fn server(playbooks: &[(&str, &str)], slots: usize) -> (tempfile::TempDir, Server) {
    let library = tempfile::tempdir().expect("a directory");
    for (name, text) in playbooks {
        fs::write(library.path().join(name), text).expect("written");
    }
    let place = format!("--library={}", library.path().display());
    let slots = format!("--slots={slots}");
    let server = Server::start(&["--with-executor", &place, &slots]);
    (library, server)
}

fn start(server: &Server, playbook: &str) -> String {
    let run = server.run(&["playbook", "run", "--detach", playbook]);
    exits(&run, 0);
    stdout(&run).trim().to_owned()
}

fn json(server: &Server, path: &str) -> Value {
    let answer = get(server.port, path).expect("an answer");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body:.200}"))
}

fn ended(server: &Server, id: &str) -> Value {
    let path = format!("/api/executions/{id}");
    poll_within(LIMIT, "it ends", || {
        let run = json(server, &format!("/api/runs/{id}"));
        (run["ended_at"] != Value::Null).then(|| json(server, &path))
    })
}

/// Most of the steps are left out, which makes them no less steps.
#[test]
fn ten_thousand_steps_are_seen_whole() {
    let mut text = "name: Long\nversion: '1'\nsteps:\n".to_owned();
    for number in 0..10_000 {
        let when = if number % 100 == 0 { "true" } else { "false" };
        let _ = writeln!(
            text,
            "- {{id: s{number}, name: Step {number}, type: utility.log, when: '{when}', \
             parameters: {{message: m{number}}}}}"
        );
    }
    let (_library, server) = server(&[("long.yaml", &text)], 2);
    let id = start(&server, "long.yaml");
    let whole = ended(&server, &id);
    assert_eq!(whole["status"], "completed", "{:.500}", whole.to_string());
    assert_eq!(
        (&whole["current_step_index"], &whole["total_steps"]),
        (&10_000.into(), &10_000.into())
    );
    let steps = whole["step_results"].as_array().expect("steps");
    assert_eq!(steps.len(), 10_000);
    for (number, step) in steps.iter().enumerate() {
        let status = if number % 100 == 0 {
            "completed"
        } else {
            "skipped"
        };
        assert_eq!(
            (&step["step_id"], &step["status"]),
            (&format!("s{number}").into(), &status.into())
        );
    }
    assert_eq!(whole.get("omitted_steps"), None);
    let list = json(&server, "/api/executions");
    let listed = &list[0];
    assert_eq!(
        (&listed["current_step_index"], &listed["omitted_steps"]),
        (&10_000.into(), &9_950.into())
    );
    let newest = listed["step_results"].as_array().expect("steps");
    assert_eq!(newest.len(), 50);
    assert_eq!(
        (&newest[49]["step_name"], &newest[49]["output"]),
        (&"Step 9999".into(), &Value::Null)
    );
}

#[test]
fn two_hundred_executions_run_at_once() {
    let text = "name: Nap\nversion: '1'\nsteps:\n\
        - {id: nap, name: Nap, type: utility.sleep, parameters: {seconds: 3}}\n\
        - {id: last, name: Last, type: utility.log, parameters: {message: done}}\n";
    let (_library, server) = server(&[("nap.yaml", text)], 200);
    let began = Instant::now();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let client = wire::client::Client::http(&server.url()).expect("the URL is good");
    let ids: Vec<String> = runtime.block_on(async {
        let new = wire::playbooks::NewExecution {
            playbook_path: "nap.yaml".to_owned(),
            ..wire::playbooks::NewExecution::default()
        };
        let starts = (0..200).map(|_| client.start_execution(&new, None));
        let started = futures_util::future::join_all(starts).await;
        started
            .into_iter()
            .map(|one| one.expect("started").execution_id)
            .collect()
    });
    for id in &ids {
        assert_eq!(ended(&server, id)["status"], "completed");
    }
    let took = began.elapsed();
    assert!(
        took < Duration::from_secs(60),
        "{took:?}: one after the other they take ten minutes"
    );
}

/// More executions wait than there are slots.
#[test]
fn an_execution_that_waits_takes_no_slot() {
    let sleep = "name: Long\nversion: '1'\nsteps:\n\
        - {id: nap, name: Nap, type: utility.sleep, timeout: 9000, parameters: {seconds: 3600}}\n";
    let quick = "name: Quick\nversion: '1'\nsteps:\n\
        - {id: last, name: Last, type: utility.log, parameters: {message: done}}\n";
    let (_library, server) = server(&[("sleep.yaml", sleep), ("quick.yaml", quick)], 1);
    for _ in 0..20 {
        start(&server, "sleep.yaml");
    }
    let id = start(&server, "quick.yaml");
    assert_eq!(ended(&server, &id)["status"], "completed");
    wait_for("all wait", || {
        let list = [
            "run", "list", "--status", "waiting", "--limit", "100", "--json",
        ];
        stdout(&server.run(&list)).lines().count() == 20
    });
}
