//! The plugin's side of the process protocol: one call from standard input, lines to standard output.

use std::{
    ffi::OsString,
    io::{self, BufWriter, Read, Write},
    process::ExitCode,
};

use plugin::{
    manifest::Manifest,
    protocol::{Context, Description, Line},
};
use serde::Deserialize;
use serde_json::Value;

use crate::Shipped;

/// The hidden command by which our program serves a plugin: `playhouse serve-plugin NAME`.
pub const COMMAND: &str = "serve-plugin";

/// Serves one call of the plugin that the one argument names, and ends. A call that fails is an answer
/// and ends with success; anything else is a failure with its reason on standard error.
pub fn main(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let name = arguments.next().unwrap_or_default();
    let served = match (Shipped::named(&name.to_string_lossy()), arguments.next()) {
        (Some(plugin), None) => serve(plugin, io::stdin().lock(), io::stdout().lock()),
        _ => Err(io::Error::other("expected the name of a shipped plugin")),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A failure here cannot be reported.
            let _ = writeln!(io::stderr(), "{COMMAND}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// # Errors
/// The call cannot be read, or the answer cannot be written.
fn serve(plugin: &Shipped, mut from: impl Read, to: impl Write) -> io::Result<()> {
    let mut call = Vec::new();
    from.read_to_end(&mut call)?;
    let mut to = BufWriter::new(to);
    for line in answer(plugin, &call)? {
        serde_json::to_writer(&mut to, &line)?;
        to.write_all(b"\n")?;
    }
    to.flush()
}

/// What a plugin of a later protocol might be asked is none of these.
const CALLS: [&str; 3] = ["execute", "summarize", "describe"];

/// What calls bring along, as [`plugin::protocol::Call`] is written.
#[derive(Deserialize)]
struct Received {
    context: Option<Context>,
    metrics: Option<Vec<Value>>,
}

/// Nothing to a call that we do not know.
fn answer(plugin: &Shipped, call: &[u8]) -> io::Result<Vec<Line>> {
    #[derive(Deserialize)]
    struct Named {
        call: String,
    }
    let Named { call: name } = serde_json::from_slice(call)?;
    if !CALLS.contains(&name.as_str()) {
        return Ok(Vec::new());
    }
    let received: Received = serde_json::from_slice(call)?;
    let missing = |field: &str| io::Error::other(format!("the call has no `{field}`"));
    Ok(match name.as_str() {
        "describe" => vec![Line::Description(description(plugin)?)],
        "summarize" => {
            let metrics = received.metrics.ok_or_else(|| missing("metrics"))?;
            vec![Line::Summary((plugin.summarize)(&metrics).into())]
        }
        "execute" => {
            let context = received.context.ok_or_else(|| missing("context"))?;
            let before = context.output.map(|output| output.value());
            match (plugin.execute)(&context.input.value(), before.as_ref()) {
                Ok(outcome) => {
                    let output = outcome.output.map(|output| Line::Output(output.into()));
                    output
                        .into_iter()
                        .chain([Line::Metric(outcome.metric.into())])
                        .collect()
                }
                Err(unusable) => vec![Line::Error {
                    message: unusable.0,
                }],
            }
        }
        _ => Vec::new(),
    })
}

fn description(plugin: &Shipped) -> io::Result<Description> {
    let manifest = Manifest::shipped(plugin.manifest, Vec::new()).map_err(io::Error::other)?;
    Ok(Description {
        name: manifest.name,
        version: manifest.version,
        description: manifest.description,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::PLUGINS;

    fn lines(name: &str, call: &str) -> Result<Vec<Value>, String> {
        let mut written = Vec::new();
        let plugin = Shipped::named(name).unwrap();
        serve(plugin, call.as_bytes(), &mut written).map_err(|error| error.to_string())?;
        let text = String::from_utf8(written).unwrap();
        Ok(text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect())
    }

    #[test]
    fn every_plugin_says_who_it_is() {
        for plugin in &PLUGINS {
            let answered = lines(plugin.name, r#"{"call":"describe"}"#).unwrap();
            assert_eq!(answered[0]["description"]["name"], plugin.name);
            assert_ne!(answered[0]["description"]["description"], "");
        }
    }

    #[test]
    fn every_plugin_sums_up_nothing() {
        for plugin in &PLUGINS {
            let answered = lines(plugin.name, r#"{"call":"summarize","metrics":[]}"#).unwrap();
            assert!(
                answered.len() == 1 && answered[0]["summary"].is_object(),
                "{answered:?}"
            );
        }
    }

    #[test]
    fn a_call_has_one_metric_and_its_output() {
        let call = r#"{"call":"execute","context":{"job_id":"1","input":"<title>A</title>b c"}}"#;
        let answered = lines("web-page", call).unwrap();
        assert_eq!(answered.len(), 2);
        assert_eq!(answered[0]["output"]["text"], "b c");
        assert_eq!(answered[1]["metric"]["words"], 2);
    }

    #[test]
    fn an_input_of_no_use_is_an_answer() {
        for plugin in &PLUGINS {
            let call = r#"{"call":"execute","context":{"job_id":"1","input":7}}"#;
            let answered = lines(plugin.name, call).unwrap();
            assert!(answered.len() == 1 && answered[0]["error"]["message"].is_string());
        }
    }

    #[test]
    fn a_later_call_is_no_failure_and_nonsense_is() {
        assert_eq!(
            lines("log-lint", r#"{"call":"later","x":1}"#),
            Ok(Vec::new())
        );
        for call in ["", "{", "7", r#"{"call":"execute"}"#, r#"{"call":7}"#] {
            assert!(lines("log-lint", call).is_err(), "{call}");
        }
    }

    #[test]
    fn what_is_left_out_may_be_left_out() {
        let call = json!({"call": "execute", "context": {"job_id": "1", "input": "a", "new": 1}});
        assert_eq!(
            lines("text-stats", &call.to_string()).unwrap()[0]["metric"]["words"],
            1
        );
    }
}
