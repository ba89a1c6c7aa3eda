//! What browser steps do to a page and read of it, and what happens when they cannot.

use std::{
    fs,
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};
use tokio::{net::TcpStream, runtime::Runtime, time::timeout};
use tokio_tungstenite::client_async;

use super::{artifact, browsers, execution, finished, library, library_with, output};
use crate::harness::{exits, poll, stdout};

const FORM: &str = r#"
- {id: open, name: Open, type: browser.navigate, parameters: {url: SITE/}}
- {id: missing, name: Missing, type: browser.wait_for_response, parameters: {url: /missing, http_status: 404}}
- {id: name, name: Name, type: browser.fill, parameters: {selector: label=Name, value: Pump 1}}
- {id: on, name: On, type: browser.check, parameters: {selector: label=On}}
- {id: mode, name: Mode, type: browser.select, parameters: {selector: '#mode', value: Manual}}
- {id: save, name: Save, type: browser.click, parameters: {selector: 'role=button[name="Save"]'}}
- {id: result, name: Result, type: browser.verify_text, parameters: {selector: '#result', text: Pump 1 true m}}
- {id: none, name: None, type: browser.verify, parameters: {selector: .absent, exists: false}}
- {id: title, name: Title, type: browser.expect, parameters: {title: Pumps, url: SITE/, selector: label, count: 2}}
- {id: read, name: Read, type: browser.get_text, parameters: {selector: '#result'}}
- {id: count, name: Count, type: browser.evaluate, parameters: {expression: document.links.length}}
- {id: shot, name: Shot, type: browser.screenshot, parameters: {name: end, full_page: true}}
- {id: paper, name: Paper, type: browser.pdf}
- {id: no, name: No, type: browser.click, parameters: {selector: text=Ask}}
- {id: dismissed, name: Dismissed, type: browser.get_text, parameters: {selector: '#result'}}
- {id: ask, name: Ask, type: browser.click, parameters: {selector: text=Ask, dialog: accept, dialog_text: because}}
- {id: accepted, name: Accepted, type: browser.get_text, parameters: {selector: '#result'}}
- {id: report, name: Report, type: browser.download, parameters: {selector: text=Report}}
"#;

#[test]
fn a_form_is_filled_sent_and_checked_and_what_it_leaves_is_kept() {
    let (_dir, server) = library(FORM);
    let id = finished(&server, "pumps.yaml", 0);
    let execution = execution(&server, &id);
    assert_eq!(output(&execution, "open")["status"], "navigated");
    assert_eq!(output(&execution, "read")["text"], "Pump 1 true m");
    assert_eq!(output(&execution, "count")["result"], 1);
    assert_eq!(output(&execution, "title")["count"], 2);
    assert_eq!(output(&execution, "dismissed")["text"], "false null");
    assert_eq!(output(&execution, "accepted")["text"], "true because");
    assert_eq!(
        output(&execution, "ask")["dialogs"],
        json!(["Really?", "Why?"])
    );
    assert_eq!(output(&execution, "shot")["screenshot"], "end.png");
    for (name, begin) in [
        ("end.png", &b"\x89PNG"[..]),
        ("paper.pdf", b"%PDF"),
        ("report.csv", b"pump,on"),
    ] {
        assert!(artifact(&server, &id, name).starts_with(begin), "{name}");
    }
}

#[test]
fn a_step_that_fails_says_what_was_to_be_seen_and_keeps_it() {
    let (_dir, server) = library(
        r#"
- {id: open, name: Open, type: browser.navigate, parameters: {url: SITE/}}
- {id: many, name: Many, type: browser.click, parameters: {selector: label, timeout: 500}}
"#,
    );
    let id = finished(&server, "pumps.yaml", 120);
    let error = execution(&server, &id)["error"]
        .as_str()
        .expect("an error")
        .to_owned();
    for part in [
        "matches 2 elements",
        "use `text=\"Name\"`",
        "page: Pumps",
        "console: ",
        "/missing",
        "many-failed-1.png",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
    let kept = stdout(&server.run(&["run", "artifacts", &id]));
    for name in ["many-failed-1.png", "many-failed-1.json"] {
        assert!(kept.contains(name), "{kept}");
    }
}

#[test]
fn frames_are_shown_and_a_cancel_ends_a_step_that_waits() {
    let (_dir, server) = library(
        r#"
- {id: open, name: Open, type: browser.navigate, parameters: {url: SITE/}}
- {id: late, name: Late, type: browser.wait, parameters: {selector: .never, timeout: 100000}}
"#,
    );
    let started = server.run(&["playbook", "run", "pumps.yaml", "--detach"]);
    exits(&started, 0);
    let id = stdout(&started).trim().to_owned();
    let frame = Runtime::new()
        .expect("a runtime")
        .block_on(frame(server.port, &id));
    assert!(
        frame.starts_with("data:image/png;base64,iVBOR"),
        "{}",
        &frame[..40]
    );
    let begun = Instant::now();
    exits(&server.run(&["run", "cancel", &id]), 0);
    poll("it is cancelled", || {
        (execution(&server, &id)["status"] == "cancelled").then_some(())
    });
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
}

/// The first picture of an execution that comes over the socket.
async fn frame(port: u16, id: &str) -> String {
    let shown = async {
        let stream = TcpStream::connect(("127.0.0.1", port))
            .await
            .expect("a connection");
        let url = format!("ws://127.0.0.1:{port}/ws/executions");
        let (mut socket, _) = client_async(url, stream).await.expect("a socket");
        while let Some(message) = socket.next().await {
            let text = message.expect("a message").to_string();
            let message: Value = serde_json::from_str(&text).unwrap_or_default();
            if message["type"] == "screenshot_frame" && message["data"]["execution_id"] == json!(id)
            {
                return message["data"]["frame"]
                    .as_str()
                    .expect("a frame")
                    .to_owned();
            }
        }
        panic!("the socket was closed")
    };
    timeout(Duration::from_secs(60), shown)
        .await
        .expect("a frame in time")
}

#[test]
fn the_executors_files_are_no_pages() {
    let (_dir, server) = library(
        "- {id: open, name: Open, type: browser.navigate, parameters: {url: 'file:///etc/passwd'}}\n",
    );
    let id = finished(&server, "pumps.yaml", 120);
    let error = execution(&server, &id)["error"].to_string();
    assert!(error.contains("is not an http or https URL"), "{error}");
}

#[test]
fn a_pause_keeps_the_page_and_several_that_match_are_waited_to_go() {
    let (_dir, server) = library(
        r#"
- {id: open, name: Open, type: browser.navigate, parameters: {url: SITE/}}
- {id: nap, name: Nap, type: utility.sleep, parameters: {seconds: 3}}
- {id: none, name: None, type: browser.verify, parameters: {selector: label, exists: false, timeout: 300}, on_failure: continue}
- {id: read, name: Read, type: browser.get_text, parameters: {selector: h1}}
"#,
    );
    let started = server.run(&["playbook", "run", "pumps.yaml", "--detach"]);
    let id = stdout(&started).trim().to_owned();
    poll("the page is open", || {
        (output(&execution(&server, &id), "open")["status"] == "navigated").then_some(())
    });
    exits(&server.run(&["run", "pause", &id]), 0);
    let becomes = |status: &str| {
        poll(status, || {
            (execution(&server, &id)["status"] == status).then_some(())
        });
    };
    becomes("paused");
    exits(&server.run(&["run", "resume", &id]), 0);
    becomes("completed");
    let ended = execution(&server, &id);
    assert_eq!(output(&ended, "read")["text"], "Pumps");
    let steps = ended["step_results"].as_array().expect("steps");
    let error = steps[2]["error"].to_string();
    let wanted = "the number of visible `label` should be \\\"0\\\", and does not within 300 ms: 2 elements match";
    assert!(error.contains(wanted), "{error}");
}

#[test]
fn a_browser_that_is_killed_fails_its_step_and_no_blank_page_takes_its_place() {
    let (_dir, server) = library(
        r#"
- {id: open, name: Open, type: browser.navigate, parameters: {url: SITE/}}
- {id: late, name: Late, type: browser.wait, parameters: {selector: .never, timeout: 100000}, on_failure: continue}
- {id: none, name: None, type: browser.verify, parameters: {selector: h1, exists: false}, on_failure: continue}
- {id: again, name: Again, type: browser.navigate, parameters: {url: SITE/}}
- {id: read, name: Read, type: browser.get_text, parameters: {selector: h1}}
"#,
    );
    let started = server.run(&["playbook", "run", "pumps.yaml", "--detach"]);
    let id = stdout(&started).trim().to_owned();
    poll("it waits", || {
        let running = execution(&server, &id)["step_results"][1]["status"] == "running";
        running.then_some(())
    });
    for browser in browsers(&server) {
        let _ = kill(Pid::from_raw(browser), Signal::SIGKILL);
    }
    poll("it completes", || {
        (execution(&server, &id)["status"] == "completed").then_some(())
    });
    let ended = execution(&server, &id);
    let error = |step: usize| ended["step_results"][step]["error"].to_string();
    assert!(error(1).contains("the browser ended"), "{}", error(1));
    assert!(
        error(2).contains("is gone with its browser"),
        "{}",
        error(2)
    );
    assert_eq!(output(&ended, "read")["text"], "Pumps");
    poll("its browser ends with it", || {
        browsers(&server).is_empty().then_some(())
    });
}

#[test]
fn a_file_is_given_to_the_page_and_no_other_of_the_machine() {
    let steps = r##"
- {id: open, name: Open, type: browser.navigate, parameters: {url: SITE/}}
- {id: input, name: Input, type: browser.evaluate, parameters: {expression: "void document.body.insertAdjacentHTML('beforeend', '<input type=file id=files multiple>')"}}
- {id: one, name: One, type: browser.file_upload, parameters: {selector: '#files', file_path: pump.csv}}
- {id: read, name: Read, type: browser.evaluate, parameters: {expression: "find('files').files[0].text()"}}
- {id: two, name: Two, type: browser.file_upload, parameters: {selector: '#files', file_path: [pump.csv, sub/other.txt]}}
- {id: names, name: Names, type: browser.evaluate, parameters: {expression: "[...find('files').files].map(file => file.name)"}}
- {id: out, name: Out, type: browser.file_upload, parameters: {selector: '#files', file_path: ../secret}, on_failure: continue}
- {id: link, name: Link, type: browser.file_upload, parameters: {selector: '#files', file_path: link}, on_failure: continue}
- {id: none, name: None, type: browser.file_upload, parameters: {selector: '#files', file_path: absent}, on_failure: continue}
- {id: text, name: Text, type: browser.file_upload, parameters: {selector: '#name', file_path: pump.csv, timeout: 300}, on_failure: continue}
"##;
    let files = tempfile::tempdir().expect("a directory");
    let (given, secret) = (files.path().join("given"), files.path().join("secret"));
    fs::create_dir_all(given.join("sub")).expect("made");
    for (path, content) in [
        (given.join("pump.csv"), "pump,on"),
        (given.join("sub/other.txt"), "other"),
        (secret.clone(), "secret"),
    ] {
        fs::write(path, content).expect("written");
    }
    std::os::unix::fs::symlink(&secret, given.join("link")).expect("a link");
    let directory = format!("--files-dir={}", given.display());
    let (_dir, server) = library_with(steps, &[&directory]);
    let id = finished(&server, "pumps.yaml", 0);
    let ended = execution(&server, &id);
    assert_eq!(output(&ended, "read")["result"], "pump,on");
    assert_eq!(
        output(&ended, "names")["result"],
        json!(["pump.csv", "other.txt"])
    );
    for (step, why) in [
        (6, "is not in the directory of files for playbooks"),
        (7, "is not in the directory of files for playbooks"),
        (8, "cannot be read"),
        (9, "input"),
    ] {
        let error = ended["step_results"][step]["error"].to_string();
        assert!(error.contains(why), "{step}: {error}");
    }
    let (_dir, server) = library(steps);
    finished(&server, "pumps.yaml", 120);
}

#[test]
fn the_mouse_and_the_window_do_what_a_person_does_with_them() {
    let (_dir, server) = library(
        r##"
- {id: open, name: Open, type: browser.navigate, parameters: {url: SITE/, viewport: {width: 800, height: 600}, permissions: [geolocation]}}
- {id: size, name: Size, type: browser.evaluate, parameters: {expression: "navigator.permissions.query({name: 'geolocation'}).then(found => [innerWidth, innerHeight, found.state])"}}
- id: made
  name: Made
  type: browser.evaluate
  parameters:
    expression: |
      (() => {
        document.body.insertAdjacentHTML('afterbegin', '<canvas id=paint width=200 height=100></canvas><p id=box draggable=true>Box</p><p id=there>There</p>');
        find('paint').oncontextmenu = event => { event.preventDefault(); document.title = `menu ${event.offsetX} ${event.offsetY}`; };
        find('there').ondragover = event => event.preventDefault();
        find('there').ondrop = event => { event.preventDefault(); find('there').textContent = 'dropped'; };
      })()
- {id: menu, name: Menu, type: browser.click, parameters: {selector: '#paint', button: right, position: {x: 30, y: 40}}}
- {id: title, name: Title, type: browser.expect, parameters: {title: menu 30 40}}
- {id: drag, name: Drag, type: browser.drag, parameters: {selector: '#box', target: '#there', target_position: {x: 5, y: 5}}}
- {id: there, name: There, type: browser.verify_text, parameters: {selector: '#there', text: dropped}}
- {id: popup, name: Popup, type: browser.evaluate, parameters: {expression: "void open('/other')"}}
- {id: other, name: Other, type: browser.verify_text, parameters: {selector: h1, text: Other}}
- {id: back, name: Back, type: browser.switch_page, parameters: {url: SITE/}}
- {id: at, name: At, type: browser.expect, parameters: {title: menu 30 40}}
- {id: first, name: First, type: browser.switch_page, parameters: {url: /other}}
- {id: size2, name: Size, type: browser.evaluate, parameters: {expression: "[innerWidth, document.title]"}}
- {id: none, name: None, type: browser.switch_page, parameters: {url: /absent, timeout: 300}, on_failure: continue}
- {id: large, name: Large, type: browser.navigate, parameters: {url: SITE/, viewport: {width: 9000, height: 600}}, on_failure: continue}
- {id: levitate, name: Levitate, type: browser.navigate, parameters: {url: SITE/, permissions: [levitation]}, on_failure: continue}
"##,
    );
    let id = finished(&server, "pumps.yaml", 0);
    let ended = execution(&server, &id);
    assert_eq!(
        output(&ended, "size")["result"],
        json!([800, 600, "granted"])
    );
    assert_eq!(output(&ended, "size2")["result"], json!([800, "Other"]));
    for (step, why) in [
        (13, "no open page has"),
        (14, "`width` is not 100 to 4096 pixels"),
        (15, "parameter `permissions`"),
    ] {
        let error = ended["step_results"][step]["error"].to_string();
        assert!(error.contains(why), "{step}: {error}");
    }
}

#[test]
fn a_page_is_lost_with_its_executor_and_its_step_says_so() {
    let (_dir, mut server) = library_with(
        r#"
- {id: open, name: Open, type: browser.navigate, parameters: {url: SITE/}}
- {id: late, name: Late, type: browser.wait, parameters: {selector: .never, timeout: 100000}, on_failure: continue}
- {id: none, name: None, type: browser.verify, parameters: {selector: h1, exists: false}, on_failure: continue}
- {id: again, name: Again, type: browser.navigate, parameters: {url: SITE/}}
- {id: read, name: Read, type: browser.get_text, parameters: {selector: h1}}
"#,
        &["--lease-seconds=2", "--scan-seconds=1"],
    );
    let started = server.run(&["playbook", "run", "pumps.yaml", "--detach"]);
    let id = stdout(&started).trim().to_owned();
    poll("it waits", || {
        let running = execution(&server, &id)["step_results"][1]["status"] == "running";
        running.then_some(())
    });
    assert_eq!(browsers(&server).len(), 1);
    server.kill();
    poll("its browser ends with it", || {
        browsers(&server).is_empty().then_some(())
    });
    server.restart();
    poll("it completes", || {
        (execution(&server, &id)["status"] == "completed").then_some(())
    });
    let ended = execution(&server, &id);
    for step in [1, 2] {
        let error = ended["step_results"][step]["error"].to_string();
        assert!(error.contains("is gone with its browser"), "{error}");
    }
    assert_eq!(output(&ended, "read")["text"], "Pumps");
}
