//! What browser steps keep: states of the browser, expected pictures, reports, traces.

use std::fs;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;

use super::{artifact, credential, execution, finished, library, output, send};
use crate::harness::{Server, exits, get, poll, prints, says, stdout};

#[test]
fn a_saved_state_is_loaded_by_a_later_execution_and_shown_nowhere() {
    let (dir, server) = library(
        r##"
- {id: open, name: Open, type: browser.navigate, parameters: {url: SITE/}}
- {id: login, name: Login, type: browser.evaluate, parameters: {expression: "(document.cookie = 'session=opensesame; max-age=1000', localStorage.setItem('who', 'ann'), 1)"}}
- {id: save, name: Save, type: browser.save_state, parameters: {name: pumps}}
"##,
    );
    let text = fs::read_to_string(dir.path().join("pumps.yaml")).expect("a playbook");
    let site = text
        .split("url: ")
        .nth(1)
        .expect("a site")
        .split('}')
        .next()
        .expect("a site");
    let later = format!(
        "name: Later\nversion: '1'\nsteps:\n\
         - {{id: load, name: Load, type: browser.load_state, parameters: {{name: pumps}}}}\n\
         - {{id: open, name: Open, type: browser.navigate, parameters: {{url: {site}}}}}\n\
         - {{id: read, name: Read, type: browser.evaluate, parameters: {{expression: \"localStorage.who + document.cookie.length\"}}}}\n\
         - {{id: none, name: None, type: browser.load_state, parameters: {{name: unknown}}, on_failure: continue}}\n"
    );
    fs::write(dir.path().join("later.yaml"), later).expect("written");
    let id = finished(&server, "pumps.yaml", 0);
    assert_eq!(output(&execution(&server, &id), "save")["cookies"], 1);
    let id = finished(&server, "later.yaml", 0);
    let ended = execution(&server, &id);
    let length = "session=opensesame".len();
    assert_eq!(output(&ended, "read")["result"], format!("ann{length}"));
    let error = ended["step_results"][3]["error"].to_string();
    assert!(
        error.contains("no browser state `unknown` was saved"),
        "{error}"
    );
    let listed = get(server.port, "/api/browser-states").expect("an answer");
    assert!(
        listed.contains("pumps") && !listed.contains("opensesame"),
        "{listed}"
    );
    for wanted in [204, 404] {
        let (status, _) = send(&server, "DELETE", "/api/browser-states/pumps", &Value::Null);
        assert_eq!(status, wanted);
    }
    let audit = server.run(&["audit", "list", "--json"]);
    for action in [
        "browser-state.save",
        "browser-state.load",
        "browser-state.delete",
    ] {
        prints(&audit, action);
    }
    let database = fs::read(server.data_dir().join("playhouse.db")).unwrap_or_default();
    let wal = fs::read(server.data_dir().join("playhouse.db-wal")).unwrap_or_default();
    for bytes in [database, wal] {
        // The playbook itself has the word, sealed states do not.
        let found = String::from_utf8_lossy(&bytes)
            .matches("\"value\":\"opensesame\"")
            .count();
        assert_eq!(found, 0);
    }
}

#[test]
fn a_page_is_compared_with_what_an_operator_accepted() {
    let (dir, server) = library(
        r##"
- {id: open, name: Open, type: browser.navigate, parameters: {url: SITE/}}
- {id: same, name: Same, type: browser.compare_screenshot, parameters: {baseline_name: front, masks: ['#result']}}
"##,
    );
    let id = finished(&server, "pumps.yaml", 120);
    let error = execution(&server, &id)["error"].to_string();
    assert!(error.contains("has no picture `front` yet"), "{error}");
    assert!(
        error.contains(&format!("playhouse playbook accept {id} 'front'")),
        "{error}"
    );
    exits(&server.run(&["playbook", "accept", &id, "absent"]), 66);
    let accepted = server.run(&["playbook", "accept", &id, "front"]);
    exits(&accepted, 0);
    says(&accepted, "pumps.baselines/front.png updated");
    assert!(dir.path().join("pumps.baselines/front.png").is_file());
    prints(
        &server.run(&["audit", "list", "--json"]),
        "playbook.baseline",
    );

    let id = finished(&server, "pumps.yaml", 0);
    let same = output(&execution(&server, &id), "same").clone();
    assert_eq!(
        (&same["passed"], &same["different_pixels"]),
        (&Value::from(true), &Value::from(0))
    );

    let text = fs::read_to_string(dir.path().join("pumps.yaml")).expect("a playbook");
    let changed = text.replace(
        "- {id: same",
        "- {id: change, name: Change, type: browser.evaluate, parameters: {expression: \"void (document.querySelector('h1').style.fontSize = '90px')\"}}\n- {id: same",
    );
    fs::write(dir.path().join("pumps.yaml"), changed).expect("written");
    let id = finished(&server, "pumps.yaml", 120);
    let error = execution(&server, &id)["error"].to_string();
    assert!(
        error.contains("of the pixels are as in the picture `front`"),
        "{error}"
    );
    for name in ["actual", "expected", "diff"] {
        let picture = artifact(&server, &id, &format!("baselines/front/{name}.png"));
        assert!(picture.starts_with(b"\x89PNG"), "{name}");
    }
}

const REPORT: &str = r##"
- {id: open, name: Open <b>, type: browser.navigate, parameters: {url: SITE/}}
- {id: type, name: Type, type: browser.fill, parameters: {selector: label=Name, value: "{{ credential.pump.password }}"}}
- {id: shot, name: Shot, type: browser.screenshot, parameters: {name: front}}
- id: tests
  name: Tests
  type: perspective.execute_test_manifest
  parameters:
    manifest:
    - {component_id: save, action: click, selector: text=Save}
    - {component_id: "<script>", action: click, selector: .absent}
- id: report
  name: Report
  type: fat.generate_report
  parameters:
    test_results: "{{ step.tests }}"
    visual_analysis: ["the <h1> is large"]
    metadata: {project_name: Plant 7, tester: T. Ester}
- {id: paper, name: Paper, type: fat.export_report, parameters: {report_id: "{{ step.report.report_id }}"}}
"##;

#[test]
fn a_report_and_a_trace_open_without_a_network_and_show_no_secret() {
    let (_dir, server) = library(REPORT);
    credential(&server, "pump", "opensesame9");
    let id = finished(&server, "pumps.yaml", 0);
    let ended = execution(&server, &id);
    let tests = output(&ended, "tests");
    assert_eq!(
        (&tests["passed"], &tests["failed"]),
        (&Value::from(1), &Value::from(1))
    );
    let report = output(&ended, "report");
    assert_eq!(
        (&report["total_tests"], &report["visual_issues"]),
        (&Value::from(2), &Value::from(1))
    );
    let name = report["report_path"].as_str().expect("a name");
    let html = String::from_utf8(artifact(&server, &id, name)).expect("text");
    for part in [
        "Plant 7: acceptance test",
        "T. Ester",
        "&lt;script&gt;",
        "the &lt;h1&gt; is large",
        "data:image/png;base64,",
        "Signatures",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert!(
        !html.contains("<script") && !html.contains("http-equiv"),
        "nothing runs in it"
    );
    let paper = output(&ended, "paper")["output_path"]
        .as_str()
        .expect("a name");
    assert!(artifact(&server, &id, paper).starts_with(b"%PDF"));
    let trace = String::from_utf8(artifact(&server, &id, "trace.html")).expect("text");
    for part in [
        "Open &lt;b&gt;",
        "browser.fill",
        "label=Name",
        "perspective.execute_test_manifest",
        "data:image/jpeg;base64,",
        "the pump is hot",
    ] {
        assert!(trace.contains(part), "{part}");
    }
    for document in [&html, &trace] {
        assert!(!document.contains("opensesame9"));
    }
}

#[test]
fn a_report_is_exported_by_a_later_attempt() {
    for format in ["html", "json"] {
        let steps = format!(
            "- {{id: report, name: Report, type: fat.generate_report, parameters: {{format: {format}, test_results: {{results: []}}}}}}\n\
             - {{id: paper, name: Paper, type: fat.export_report, parameters: {{report_id: '{{{{ step.report.report_id }}}}{{{{ parameter.more }}}}'}}}}\n\
             - {{id: copy, name: Copy, type: fat.export_report, parameters: {{report_id: '{{{{ step.report.report_id }}}}', format: html, output_path: copy.html}}}}\n\
             parameters: [{{name: more, type: string, default: x}}]\n"
        );
        let (_dir, server) = library(&steps);
        let id = finished(&server, "pumps.yaml", 120);
        let error = execution(&server, &id)["error"].to_string();
        assert!(error.contains("was generated by this execution"), "{error}");
        exits(&server.run(&["run", "retry", &id, "-p", "more="]), 0);
        poll("it completes", || {
            (execution(&server, &id)["status"] == "completed").then_some(())
        });
        let ended = execution(&server, &id);
        let paper = output(&ended, "paper")["output_path"].as_str();
        let paper = artifact(&server, &id, paper.expect("a name"));
        assert!(paper.starts_with(b"%PDF"));
        let copy = artifact(&server, &id, "copy.html");
        assert!(String::from_utf8_lossy(&copy).contains("Acceptance test"));
    }
}

/// A page that shows a password does not show it in a picture: the text is searched by recognition of characters.
#[test]
fn no_picture_shows_a_secret_that_a_page_shows() {
    let (_dir, server) = library(
        r##"
- {id: open, name: Open, type: browser.navigate, parameters: {url: SITE/}}
- id: show
  name: Show
  type: browser.evaluate
  parameters:
    expression: "void (document.querySelector('h1').innerHTML = 'Before <span style=\"font-size: 40px\">{{ credential.pump.password }}</span> after', document.body.style.zoom = 2)"
- {id: type, name: Type, type: browser.fill, parameters: {selector: '#name', value: "{{ credential.pump.password }}"}}
- {id: shot, name: Shot, type: browser.screenshot, parameters: {name: front}}
- {id: fail, name: Fail, type: browser.click, parameters: {selector: .absent, timeout: 300}, on_failure: continue}
- {id: compare, name: Compare, type: browser.compare_screenshot, parameters: {baseline_name: front}, on_failure: continue}
- {id: plain, name: Plain, type: browser.evaluate, parameters: {expression: "void (document.querySelector('h1').innerHTML = '<span style=\"font-size: 40px\">HARMLESS WORDS</span>')"}}
- {id: seen, name: Seen, type: browser.screenshot, parameters: {name: seen}}
"##,
    );
    credential(&server, "pump", "VERYSECRETWORD");
    let id = finished(&server, "pumps.yaml", 0);
    let listed = stdout(&server.run(&["run", "artifacts", &id, "--json"]));
    let listed = listed.lines().map(serde_json::from_str::<Value>);
    let names: Vec<String> = listed
        .filter_map(|one| one.ok()?["name"].as_str().map(str::to_owned))
        .collect();
    let mut pictures: Vec<(String, Vec<u8>)> = names
        .iter()
        .filter(|name| name.ends_with(".png"))
        .map(|name| (name.clone(), artifact(&server, &id, name)))
        .collect();
    assert!(pictures.len() >= 4, "{names:?}");
    let trace = String::from_utf8(artifact(&server, &id, "trace.html")).expect("text");
    for (number, part) in trace.split("base64,").skip(1).enumerate() {
        let text = part.split('"').next().expect("a picture");
        let bytes = BASE64_STANDARD.decode(text).expect("base64");
        pictures.push((format!("{number} of the trace"), bytes));
    }
    for (name, picture) in pictures {
        let text = recognized(&server, &picture).replace(' ', "");
        assert!(!text.contains("SECRET"), "{name}: {text}");
        if name == "seen.png" {
            assert!(
                text.contains("HARMLESS"),
                "characters are recognized: {text}"
            );
        }
    }
}

/// What tesseract reads in a picture.
fn recognized(server: &Server, bytes: &[u8]) -> String {
    let picture = server.home().join("picture");
    fs::write(&picture, bytes).expect("written");
    let read = std::process::Command::new("tesseract")
        .arg(&picture)
        .args(["stdout", "--psm", "11"])
        .output()
        .expect("`cargo xtask test` installs tesseract");
    assert!(read.status.success(), "{read:?}");
    stdout(&read)
}
