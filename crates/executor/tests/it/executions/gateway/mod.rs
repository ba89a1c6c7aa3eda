//! `gateway.*` against a gateway over real HTTP.

mod server;

use serde_json::json;

use super::{Executions, output};
use server::{TOKEN, TestGateway};

fn step(gateway: &TestGateway, id: &str, kind: &str, more: &str) -> String {
    let url = &gateway.url;
    format!(
        "  - {{id: {id}, name: {id}, type: gateway.{kind}, parameters: {{gateway_url: \"{url}\"{more}}}}}\n"
    )
}

/// The same with the token.
fn signed(gateway: &TestGateway, id: &str, kind: &str, more: &str) -> String {
    step(
        gateway,
        id,
        kind,
        &format!(", api_token: \"{TOKEN}\"{more}"),
    )
}

async fn fails(executions: &Executions, id: &str, steps: &str, says: &str) {
    let (error, _) = executions.run(id, steps).await;
    let error = error.expect("it fails");
    assert!(error.contains(says), "{error}");
}

#[tokio::test]
async fn a_login_is_made_as_the_pages_make_it_and_again_when_it_is_lost() {
    let (executions, gateway) = (Executions::new(), TestGateway::serve().await);
    let login = |password: &str| {
        let more = format!(", username: admin, password: {password}");
        step(&gateway, "login", "login", &more)
    };
    let steps = login("pw")
        + &step(&gateway, "scan", "scan_projects", "")
        + &step(
            &gateway,
            "restart",
            "restart",
            ", wait_for_ready: true, timeout: 20",
        )
        + &step(&gateway, "again", "scan_projects", "");
    let (error, parts) = executions.run("one", &steps).await;
    assert_eq!(error, None, "{parts:?}");
    assert_eq!(output(&parts, "login"), &json!({"status": "logged_in"}));
    let done = gateway.state().done.clone();
    assert_eq!(
        done,
        [
            "POST /scan/projects",
            "POST /restart-tasks/restart",
            "POST /scan/projects"
        ]
    );
    fails(
        &executions,
        "two",
        &login("wrong"),
        "Invalid username or password",
    )
    .await;
    let steps = step(&gateway, "scan", "scan_projects", "");
    fails(
        &executions,
        "three",
        &steps,
        "wants to know who asks: give `api_token`",
    )
    .await;
    executions.end().await;
}

/// The session ends with the attempt, and the step that made it has ended.
#[tokio::test]
async fn a_login_is_made_again_when_the_execution_goes_on_in_another_attempt() {
    let (executions, gateway) = (Executions::new(), TestGateway::serve().await);
    let login = step(
        &gateway,
        "login",
        "login",
        ", username: admin, password: pw",
    );
    let nap = "  - {id: nap, name: Nap, type: utility.sleep, parameters: {seconds: 60}}\n";
    let scan = step(&gateway, "scan", "scan_projects", "");
    let out = step(&gateway, "out", "logout", "");
    executions.start(
        "one",
        &format!("{login}{nap}{scan}{out}{scan}").replacen("id: scan", "id: first", 1),
    );
    executions.parked("one", 1).await;
    executions
        .server
        .signal("one", |signals, now| signals.skip = now);
    executions.server.queue("one");
    let result = executions.result("one").await;
    let error = result.error_message.expect("it fails after the logout");
    assert!(error.contains("wants to know who asks"), "{error}");
    assert_eq!(gateway.state().done, ["POST /scan/projects"]);
    assert_eq!(gateway.state().sessions.len(), 2);
    // What a loop logged in with is not known when the loop is over.
    let each = login
        .replace("id: login,", "id: login, for_each: [admin],")
        .replace("username: admin", "username: \"{{ item }}\"");
    executions.start("two", &format!("{each}{nap}{scan}"));
    executions.parked("two", 1).await;
    executions
        .server
        .signal("two", |signals, now| signals.skip = now);
    executions.server.queue("two");
    let result = executions.result("two").await;
    let error = result.error_message.expect("it fails");
    assert!(error.contains("cannot be made again"), "{error}");
    executions.end().await;
}

#[tokio::test]
async fn a_gateway_may_be_below_a_path() {
    let executions = Executions::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let gateway = TestGateway::serve_on(listener.expect("a port"), "/line/ignition");
    let steps = step(
        &gateway,
        "login",
        "login",
        ", username: admin, password: pw",
    ) + &step(&gateway, "scan", "scan_projects", "")
        + &step(&gateway, "ping", "ping", "");
    let (error, parts) = executions.run("one", &steps).await;
    assert_eq!(error, None, "{parts:?}");
    assert_eq!(output(&parts, "ping")["state"], "RUNNING");
    executions.end().await;
}

/// A gateway restarts for a module, and refuses connections meanwhile.
#[tokio::test]
async fn the_wait_for_a_module_outlasts_a_restart() {
    let executions = Executions::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let address = listener.expect("a port").local_addr().expect("its address");
    let steps = format!(
        "  - {{id: wait, name: Wait, type: gateway.wait_for_module_installation, parameters: \
         {{gateway_url: \"http://{address}\", api_token: \"{TOKEN}\", module_name: New, timeout: 1e300}}}}\n"
    );
    executions.start("one", &steps);
    executions.begun("one", "wait").await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let listener = tokio::net::TcpListener::bind(address).await;
    let gateway = TestGateway::serve_on(listener.expect("the port is free"), "");
    gateway
        .state()
        .modules
        .push(json!({"id": "new", "name": "New", "version": "1", "state": "ACTIVE"}));
    assert!(executions.result("one").await.completed());
    executions.end().await;
}

#[tokio::test]
async fn a_token_signs_every_request_and_a_refusal_says_what_it_means() {
    let (executions, gateway) = (Executions::new(), TestGateway::serve().await);
    let steps = signed(&gateway, "info", "get_info", "")
        + &step(&gateway, "less", "get_info", "")
        + &signed(&gateway, "projects", "list_projects", "")
        + &signed(&gateway, "project", "get_project", ", project_name: line")
        + &signed(&gateway, "backup", "backup", ", save_as: gw.gwbk")
        + &step(&gateway, "ping", "ping", "");
    let (error, parts) = executions.run("one", &steps).await;
    assert_eq!(error, None, "{parts:?}");
    let info = &output(&parts, "info")["info"];
    assert_eq!(
        (&info["version"], &info["name"]),
        (&json!("8.3.1"), &json!("gw"))
    );
    assert_eq!(output(&parts, "less")["info"]["version"], "8.3.0");
    assert_eq!(output(&parts, "projects")["count"], 1);
    assert_eq!(output(&parts, "project")["project"]["title"], "Line");
    assert_eq!(
        output(&parts, "backup"),
        &json!({"file": "gw.gwbk", "size": 17})
    );
    let ping = json!({"status": "ok", "response": true, "state": "RUNNING"});
    assert_eq!(output(&parts, "ping"), &ping);
    let wrong = step(
        &gateway,
        "info",
        "list_modules",
        ", api_token: \"ci:wrong\"",
    );
    fails(
        &executions,
        "two",
        &wrong,
        "refuses the token (401); it may want HTTPS",
    )
    .await;
    let missing = signed(&gateway, "none", "get_project", ", project_name: other");
    fails(
        &executions,
        "three",
        &missing,
        "404 Not Found: no project other",
    )
    .await;
    gateway.state().commissioning = true;
    let steps = signed(&gateway, "scan", "scan_projects", "");
    fails(
        &executions,
        "four",
        &steps,
        "the gateway is not commissioned",
    )
    .await;
    let steps = step(
        &gateway,
        "ready",
        "wait_for_ready",
        ", timeout: 1, interval: 0.3",
    );
    fails(
        &executions,
        "five",
        &steps,
        "not ready after 1 seconds: it says RUNNING (COMMISSIONING)",
    )
    .await;
    executions.end().await;
}

#[tokio::test]
async fn a_module_is_uploaded_as_a_stream_and_an_upgrade_waits_for_a_restart() {
    let (executions, gateway) = (Executions::new(), TestGateway::serve().await);
    let file = executions.dir.path("com.example.line.modl");
    let content = std::fs::File::create(&file).expect("a file");
    content.set_len(100 << 20).expect("it is long");
    let upload = signed(
        &gateway,
        "upload",
        "upload_module",
        &format!(", file: \"{}\"", file.display()),
    );
    let wait = |module: &str| {
        signed(
            &gateway,
            "wait",
            "wait_for_module_installation",
            &format!(", module_name: {module}"),
        )
    };
    let (error, parts) = executions
        .run("one", &(upload.clone() + &wait("New")))
        .await;
    assert_eq!(error, None, "{parts:?}");
    let uploaded = json!({"module_id": "com.example.line", "pending_restart": false});
    assert_eq!(output(&parts, "upload"), &uploaded);
    assert_eq!(gateway.state().uploaded_bytes, 100 << 20);
    let steps = upload + &wait("com.example.line");
    fails(
        &executions,
        "two",
        &steps,
        "waits for a restart of the gateway",
    )
    .await;
    let steps = signed(&gateway, "restart", "restart", ", wait_for_ready: true")
        + &wait("com.example.line")
        + &signed(&gateway, "list", "list_modules", "");
    let (error, parts) = executions.run("three", &steps).await;
    assert_eq!(error, None, "{parts:?}");
    let module = &output(&parts, "list")["modules"][0];
    assert_eq!(
        (&module["version"], &module["state"]),
        (&json!("2.0.0 (b2)"), &json!("running"))
    );
    let remove = signed(&gateway, "remove", "uninstall_module", ", module_name: New");
    gateway.state().keeps.push("com.example.line".to_owned());
    fails(
        &executions,
        "four",
        &remove,
        "did not remove module New: [\"com.example.line\"]",
    )
    .await;
    gateway.state().keeps.clear();
    let (error, _) = executions.run("five", &remove).await;
    assert_eq!(error, None);
    assert!(gateway.state().modules.is_empty());
    executions.end().await;
}

#[tokio::test]
async fn a_backup_is_restored_and_a_trial_is_reset_when_it_is_over() {
    let (executions, gateway) = (Executions::new(), TestGateway::serve().await);
    let file = executions.dir.path("gw.gwbk");
    std::fs::write(&file, "backup").expect("written");
    let restore = format!(", file: \"{}\", timeout: 20", file.display());
    let reset = |id: &str| signed(&gateway, id, "reset_trial", "");
    let steps =
        signed(&gateway, "restore", "restore", &restore) + &reset("first") + &reset("second");
    let (error, parts) = executions.run("one", &steps).await;
    assert_eq!(error, None, "{parts:?}");
    assert!(gateway.state().done.contains(&"restored backup".to_owned()));
    let first = json!({"status": "reset", "seconds_left": 7200});
    assert_eq!(output(&parts, "first"), &first);
    assert_eq!(output(&parts, "second")["status"], "running");
    executions.end().await;
}
