//! `playbook record`.

use std::{
    fmt::Write,
    fs::{self, OpenOptions},
};

use executor::{CancellationToken, RecordOptions, RecordedStep};
use serde_json::Value;

use crate::{
    args::RecordPlaybook,
    exit::{Exit, Failure},
    output::say,
    signals::StopSignals,
    table::plain,
};

pub(super) async fn run(record: RecordPlaybook) -> Result<Exit, Failure> {
    let shown = record.output.display();
    // Before anything is recorded for it.
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&record.output);
    made.map_err(|error| Failure::io(format!("cannot write {shown}"), &error))?;
    let recorded = steps(&record).await;
    let written = match recorded {
        Ok(steps) if steps.is_empty() => Err(Failure::new(
            Exit::FAILED,
            "nothing was recorded".to_owned(),
        )),
        Ok(steps) => fs::write(&record.output, yaml(&record.url, &steps))
            .map(|()| steps.len())
            .map_err(|error| Failure::io(format!("cannot write {shown}"), &error)),
        Err(error) => Err(error),
    };
    match written {
        Ok(count) => {
            say(&format!(
                "{shown} has {count} steps. Check it with `playhouse playbook check {shown}`."
            ));
            Ok(Exit::OK)
        }
        Err(error) => {
            // An empty file is no playbook.
            let _ = fs::remove_file(&record.output);
            Err(error)
        }
    }
}

/// What the person does until they close the window or press Ctrl-C.
async fn steps(record: &RecordPlaybook) -> Result<Vec<RecordedStep>, Failure> {
    let stop = CancellationToken::new();
    let mut signals = StopSignals::new()?;
    let stopped = stop.clone();
    tokio::spawn(async move {
        signals.next().await;
        stopped.cancel();
        signals.end_at_once_on_next();
    });
    let options = RecordOptions {
        program: record.browser.clone(),
        url: record.url.clone(),
    };
    let (mut begun, mut count) = (false, 0);
    let recorded = executor::record(&options, &stop, |steps| {
        if !begun {
            begun = true;
            say("Recording. Close the window or press Ctrl-C when you are done.");
        }
        // The last one may still become another: a click into a field becomes what is typed there.
        let settled = steps.len().saturating_sub(1);
        for step in steps.iter().take(settled).skip(count) {
            say(&plain(&format!("  {}", step.name)));
        }
        count = settled.max(count);
        // A terminal that is closed takes nothing along.
        let _ = fs::write(&record.output, yaml(&record.url, steps));
    });
    let recorded = recorded.await;
    recorded.map_err(|why| Failure::new(Exit::FAILED, why))
}

/// The playbook that does it again. JSON is YAML, so each value is written as JSON.
fn yaml(url: &str, steps: &[RecordedStep]) -> String {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.split(['/', '?', '#']).next().unwrap_or_default();
    let mut text = String::from("# yaml-language-server: $schema=playbook.schema.json\n");
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    line(format!("name: {}", json(&format!("Recorded on {host}"))));
    line("version: \"1.0\"".to_owned());
    let mut secrets: Vec<&str> = steps
        .iter()
        .filter_map(|step| step.secret_parameter.as_deref())
        .collect();
    secrets.sort_unstable();
    secrets.dedup();
    if !secrets.is_empty() {
        line("\nparameters:".to_owned());
    }
    for secret in secrets {
        line(format!("  - name: {secret}\n    type: secret"));
    }
    line("\nsteps:".to_owned());
    for step in steps {
        let mut shown = format!(
            "  - id: {}\n    name: {}\n    type: {}",
            step.id,
            json(&step.name),
            step.step_type
        );
        let parameters = step.parameters.iter();
        for (index, (name, value)) in parameters.enumerate() {
            if index == 0 {
                shown.push_str("\n    parameters:");
            }
            // Into a String, which takes everything.
            let _ = write!(shown, "\n      {name}: {value}");
        }
        line(shown);
    }
    text
}

fn json(text: &str) -> Value {
    Value::from(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(id: &str, kind: &'static str, parameters: &Value) -> RecordedStep {
        RecordedStep {
            id: id.to_owned(),
            name: format!("Step \"{id}\": yes"),
            step_type: kind,
            parameters: parameters.as_object().cloned().unwrap_or_default(),
            secret_parameter: None,
        }
    }

    #[test]
    fn what_is_recorded_is_a_playbook_that_can_be_started() {
        let mut password = step(
            "fill_password",
            "browser.fill",
            &serde_json::json!({"selector": "label=Password", "value": "{{ parameter.password }}"}),
        );
        password.secret_parameter = Some("password".to_owned());
        let steps = [
            step(
                "open",
                "browser.navigate",
                &serde_json::json!({"url": "http://a.example/"}),
            ),
            step(
                "fill_note",
                "browser.fill",
                &serde_json::json!({"selector": "role=textbox[name=\"a: #b\"]", "value": "a\nb: {yes}"}),
            ),
            password.clone(),
            RecordedStep {
                id: "fill_password_2".to_owned(),
                ..password
            },
        ];
        let text = yaml("http://a.example/x", &steps);
        let loaded = playbook::parse(&text).expect("a playbook");
        assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
        assert_eq!(loaded.playbook.name, "Recorded on a.example");
        assert_eq!(loaded.playbook.steps.len(), 4);
        assert_eq!(loaded.playbook.parameters.len(), 1);
    }
}
