//! Shell and Python.

use serde_json::json;

use super::{Executions, output};

#[tokio::test]
async fn a_shell_takes_a_command_a_list_or_a_script() {
    let executions = Executions::new();
    let steps = r#"
  - {id: text, name: Text, type: utility.shell, parameters: {command: "echo key = value; echo plain; echo oops >&2"}}
  - {id: list, name: List, type: utility.shell, parameters: {command: [printf, "%s|", "a b", "$HOME"]}}
  - id: script
    name: Script
    type: utility.shell
    parameters:
      script: |
        read -r line
        echo "said=$line from $WHERE"
        cat data/note
        exit 7
      stdin: hello
      env: {WHERE: here}
      files: {data/note: noted}
      expect: [0, 7]
"#;
    let (error, parts) = executions.run("one", steps).await;
    assert_eq!(error, None, "{parts:?}");
    assert_eq!(
        output(&parts, "text"),
        &json!({"key": "value", "exit_code": 0, "_output": "key = value\nplain\n", "_error": "oops\n"})
    );
    assert_eq!(output(&parts, "list")["_output"], "a b|$HOME|");
    let script = output(&parts, "script");
    assert_eq!(
        (&script["said"], &script["exit_code"]),
        (&json!("hello from here"), &json!(7))
    );
    assert_eq!(script["_output"], "said=hello from here\nnoted");
    let log = executions.log("one", "stdout");
    assert!(log.contains("plain\n") && log.contains("a b|"), "{log}");
    executions.end().await;
}

#[tokio::test]
async fn what_a_script_leaves_is_kept_and_it_writes_nowhere_else() {
    let executions = Executions::new();
    let outside = executions.dir.path("work").join("made");
    let steps = format!(
        "
  - {{id: one, name: One, type: utility.shell, parameters: {{command: 'echo r > $OUTPUT_DIR/report.txt; echo x > {} || echo kept=in'}}}}
",
        outside.display()
    );
    let (error, parts) = executions.run("one", &steps).await;
    assert_eq!(error, None, "{parts:?}");
    assert_eq!(output(&parts, "one")["kept"], "in", "{parts:?}");
    let artifacts = executions.server.jobs.state().artifacts.clone();
    let key = ("one".to_owned(), "report.txt".to_owned());
    assert_eq!(artifacts[&key], "r\n");
    executions.end().await;
}

#[tokio::test]
async fn python_has_the_names_of_the_original_and_its_variables_go_on() {
    let executions = Executions::new();
    let steps = r#"
  - {id: set, name: Set, type: utility.set_variable, parameters: {name: n, value: [1, 2]}}
  - id: script
    name: Script
    type: utility.python
    parameters:
      script: |
        root = ET.fromstring("<a><b>text</b></a>")
        print("found=" + root.find("b").text)
        print(f"total={sum(get_variable('n'))}")
        print("path=" + Path("x").name, json.dumps({"z": zipfile.__name__}), time.time() > 0)
        set_variable("m", {"k": get_variable("missing", 5)})
  - {id: read, name: Read, type: utility.get_variable, parameters: {name: m}}
"#;
    let (error, parts) = executions.run("one", steps).await;
    assert_eq!(error, None, "{parts:?}");
    let script = output(&parts, "script");
    assert_eq!(
        (&script["found"], &script["total"]),
        (&json!("text"), &json!("3"))
    );
    assert_eq!(output(&parts, "read")["value"], json!({"k": 5}));
    assert!(executions.log("one", "stdout").starts_with("found=text\n"));
    executions.end().await;
}

#[tokio::test]
async fn an_exception_is_the_steps_error() {
    let executions = Executions::new();
    let steps = r#"
  - id: script
    name: Script
    type: utility.python
    parameters:
      script: |
        print("before=1")
        raise ValueError("no module file")
"#;
    let (error, parts) = executions.run("one", steps).await;
    let expected = "Step 'script' failed: exited with code 1: ValueError: no module file";
    assert_eq!(error.as_deref(), Some(expected));
    assert_eq!(output(&parts, "script")["before"], "1");
    let log = executions.log("one", "stderr");
    assert!(log.contains("script.py\", line 2"), "{log}");
    executions.end().await;
}
