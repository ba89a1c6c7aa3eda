//! People see the browser of a run, and work in it while the run is paused.

use std::{fs, time::Duration};

use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::{net::TcpStream, runtime::Runtime, time::timeout};
use tokio_tungstenite::client_async;

use super::{artifact, browsers, execution, finished, library, library_with, output, post};
use crate::harness::{Server, exits, poll, prints, stdout};

const STEPS: &str = r#"
- {id: open, name: Open, type: browser.navigate, parameters: {url: SITE/}}
- {id: on, name: On, type: browser.click, parameters: {selector: label=On}}
- id: where
  name: Where
  type: browser.evaluate
  parameters:
    expression: "(() => { const at = find('name').getBoundingClientRect(); return [at.x + 5, at.y + 5] })()"
- {id: nap, name: Nap, type: utility.sleep, parameters: {seconds: 600}}
- {id: read, name: Read, type: browser.get_text, parameters: {selector: '#name'}}
"#;

/// Starts the playbook, and pauses it while it sleeps with its page open.
fn paused(server: &Server) -> String {
    let started = server.run(&["playbook", "run", "pumps.yaml", "--detach"]);
    exits(&started, 0);
    let id = stdout(&started).trim().to_owned();
    poll("it sleeps", || {
        let steps = execution(server, &id);
        (steps["step_results"][3]["status"] == "running").then_some(())
    });
    let (status, _) = post(
        server,
        &format!("/api/runs/{id}/browser"),
        &json!({"action": "reload"}),
    );
    assert_eq!(status, 409, "it is not paused");
    exits(&server.run(&["run", "pause", &id]), 0);
    poll("it is paused", || {
        (execution(server, &id)["status"] == "paused").then_some(())
    });
    id
}

#[test]
fn a_person_works_in_the_page_of_a_paused_run_which_then_goes_on() {
    let (_dir, server) = library(STEPS);
    let id = paused(&server);
    let at = output(&execution(&server, &id), "where")["result"].clone();
    let browser = format!("/api/runs/{id}/browser");
    let (status, answer) = post(
        &server,
        &format!("/api/executions/{id}/browser/click"),
        &json!({"x": at[0], "y": at[1]}),
    );
    assert_eq!(
        (status, &answer["status"]),
        (200, &json!("success")),
        "{answer}"
    );
    assert_eq!(answer["coordinates"]["x"], at[0]);
    let typed = json!({"action": "type", "text": "By a hand-7"});
    let (status, place) = post(&server, &browser, &typed);
    assert_eq!((status, &place["title"]), (200, &json!("Pumps")), "{place}");
    for more in [
        json!({"action": "press", "key": "Tab"}),
        json!({"action": "type", "text": "unseen-42"}),
    ] {
        assert_eq!(post(&server, &browser, &more).0, 200, "{more}");
    }
    for file in ["playhouse.db", "playhouse.db-wal"] {
        let bytes = fs::read(server.data_dir().join(file)).unwrap_or_default();
        let found = bytes.windows(9).any(|part| part == b"unseen-42");
        assert!(!found, "what a person types is in {file}");
    }
    for (refused, wanted) in [
        (json!({"action": "click", "x": -5, "y": 3}), 409),
        (
            json!({"action": "navigate", "url": "file:///etc/passwd"}),
            409,
        ),
        (json!({"action": "dance"}), 400),
    ] {
        let (status, answer) = post(&server, &browser, &refused);
        assert_eq!(status, wanted, "{refused}: {answer}");
    }
    let frame = Runtime::new()
        .expect("a runtime")
        .block_on(live(server.port, &id));
    assert!(
        frame["frame"]
            .as_str()
            .expect("a picture")
            .starts_with("data:image/jpeg;base64,/9j/")
    );
    exits(&server.run(&["run", "skip", &id]), 0);
    exits(&server.run(&["run", "resume", &id]), 0);
    poll("it ends", || {
        (execution(&server, &id)["status"] == "completed").then_some(())
    });
    assert_eq!(
        output(&execution(&server, &id), "read")["text"],
        "By a hand-7"
    );
    let audit = server.run(&["audit", "list", "--json"]);
    prints(&audit, "run.browser");
    prints(&audit, "execution.browser");
    assert!(
        !stdout(&audit).contains("By a hand-7"),
        "what was typed is not in the audit"
    );
    let (status, answer) = post(&server, &browser, &json!({"action": "reload"}));
    assert_eq!(status, 409, "it has ended: {answer}");
}

#[test]
fn a_person_drags_in_the_page_and_a_cancelled_run_leaves_its_trace() {
    let slider = r#"
- {id: open, name: Open, type: browser.navigate, parameters: {url: SITE/}}
- {id: on, name: On, type: browser.click, parameters: {selector: label=On}}
- id: where
  name: Where
  type: browser.evaluate
  parameters:
    expression: "(() => { const made = document.createElement('input'); made.type = 'range'; made.id = 'level'; made.value = 0; document.body.prepend(made); made.onchange = () => document.title = 'level ' + made.value; const at = made.getBoundingClientRect(); return [at.x + 4, at.y + at.height / 2, at.right - 2] })()"
- {id: nap, name: Nap, type: utility.sleep, parameters: {seconds: 600}}
"#;
    let (_dir, server) = library(slider);
    let id = paused(&server);
    let at = output(&execution(&server, &id), "where")["result"].clone();
    let browser = format!("/api/runs/{id}/browser");
    let mut place = Value::Null;
    for input in [
        json!({"action": "mouse_down", "x": at[0], "y": at[1]}),
        json!({"action": "mouse_move", "x": 100, "y": at[1], "button": "left"}),
        json!({"action": "mouse_move", "x": at[2], "y": at[1], "button": "left"}),
        json!({"action": "mouse_up", "x": at[2], "y": at[1]}),
    ] {
        let (status, answer) = post(&server, &browser, &input);
        assert_eq!(status, 200, "{input}: {answer}");
        place = answer;
    }
    assert_eq!(place["title"], "level 100", "{place}");
    let wrong = json!({"action": "mouse_down", "x": 1, "y": 1, "button": "third"});
    assert_eq!(post(&server, &browser, &wrong).0, 409);
    exits(&server.run(&["run", "cancel", &id]), 0);
    poll("it is cancelled", || {
        (execution(&server, &id)["status"] == "cancelled").then_some(())
    });
    let trace = String::from_utf8(artifact(&server, &id, "trace.html")).expect("text");
    assert!(trace.contains("label=On"), "the trace has its steps");
}

#[test]
fn the_page_of_a_paused_run_is_closed_after_its_time() {
    let (_dir, server) = library_with(STEPS, &["--browser-keep=3s"]);
    let id = paused(&server);
    let browser = format!("/api/runs/{id}/browser");
    poll("its page is closed", || {
        let (_, answer) = post(&server, &browser, &json!({"action": "reload"}));
        let is_closed = answer.to_string().contains("no open browser of the run");
        is_closed.then_some(())
    });
    poll("and its browser has ended", || {
        browsers(&server).is_empty().then_some(())
    });
    exits(&server.run(&["run", "skip", &id]), 0);
    exits(&server.run(&["run", "resume", &id]), 0);
    poll("it ends", || {
        (execution(&server, &id)["status"] == "failed").then_some(())
    });
    let error = execution(&server, &id)["error"].to_string();
    assert!(error.contains("is gone with its browser"), "{error}");
}

#[test]
fn viewers_of_one_run_see_its_last_action_beside_the_picture() {
    let (_dir, server) = library(STEPS);
    let id = paused(&server);
    let frame = Runtime::new()
        .expect("a runtime")
        .block_on(live(server.port, &id));
    assert_eq!(
        (&frame["type"], &frame["run_id"]),
        (&json!("frame"), &json!(id))
    );
    assert_eq!(
        (&frame["width"], &frame["height"]),
        (&json!(1920.0), &json!(1080.0))
    );
    assert_eq!(frame["action"]["name"], "click");
    assert_eq!(frame["action"]["target"], "label=On");
    let area = frame["action"]["area"].as_array().expect("an area");
    assert!(area.len() == 4 && area[2].as_f64() > Some(1.0), "{area:?}");
    exits(&server.run(&["run", "cancel", &id]), 0);
}

#[test]
fn a_run_without_a_browser_is_not_steered() {
    let (_dir, server) =
        library("- {id: nap, name: Nap, type: utility.sleep, parameters: {seconds: 600}}\n");
    let started = server.run(&["playbook", "run", "pumps.yaml", "--detach"]);
    let id = stdout(&started).trim().to_owned();
    exits(&server.run(&["run", "pause", &id]), 0);
    poll("it is paused", || {
        (execution(&server, &id)["status"] == "paused").then_some(())
    });
    let click = format!("/api/executions/{id}/browser/click");
    let (status, answer) = post(&server, &click, &json!({"x": 1, "y": 1}));
    assert_eq!(status, 400, "{answer}");
    assert!(answer.to_string().contains("browser"), "{answer}");
    exits(&server.run(&["run", "cancel", &id]), 0);
}

#[test]
fn a_popup_is_the_page_of_the_next_step() {
    let (_dir, server) = library(
        r##"
- {id: open, name: Open, type: browser.navigate, parameters: {url: SITE/}}
- {id: popup, name: Popup, type: browser.evaluate, parameters: {expression: "void open('/other')"}}
- {id: other, name: Other, type: browser.get_text, parameters: {selector: h1}}
- {id: close, name: Close, type: browser.evaluate, parameters: {expression: "void setTimeout(close, 50)"}}
- {id: closed, name: Closed, type: utility.sleep, parameters: {seconds: 1}}
- {id: first, name: First, type: browser.verify_text, parameters: {selector: h1, text: Pumps}}
"##,
    );
    let id = finished(&server, "pumps.yaml", 0);
    assert_eq!(output(&execution(&server, &id), "other")["text"], "Other");
}

/// The first frame of a run that comes over its socket.
async fn live(port: u16, id: &str) -> Value {
    let shown = async {
        let stream = TcpStream::connect(("127.0.0.1", port))
            .await
            .expect("a connection");
        let url = format!("ws://127.0.0.1:{port}/ws/runs/{id}/frames");
        let (mut socket, _) = client_async(url, stream).await.expect("a socket");
        while let Some(message) = socket.next().await {
            let text = message.expect("a message").to_string();
            let message: Value = serde_json::from_str(&text).unwrap_or_default();
            if message["type"] == "frame"
                && message["frame"]
                    .as_str()
                    .is_some_and(|frame| frame.contains("jpeg"))
            {
                return message;
            }
        }
        panic!("the socket was closed")
    };
    timeout(Duration::from_secs(60), shown)
        .await
        .expect("a frame in time")
}
