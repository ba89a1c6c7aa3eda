//! What the tests print, where no secret may stand that a test has planted.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
    thread,
};

use anyhow::{Context, Result, bail};

/// Fails when a planted secret stands in `text`, which can be read at `place`.
pub(crate) fn check(text: &str, place: &str) -> Result<()> {
    match planted(text) {
        Some(line) => bail!("a test printed a planted secret, see line {line} of {place}"),
        None => Ok(()),
    }
}

/// Runs a command whose output goes on to ours, and answers all of it, and whether it succeeded.
pub(crate) fn heard(command: &mut Command) -> Result<(String, bool)> {
    let (out, err) = (Stdio::piped(), Stdio::piped());
    let mut child = command.stdout(out).stderr(err).spawn();
    let child = child.as_mut().map_err(|error| anyhow::anyhow!("{error}"));
    let child = child.context("failed to start cargo")?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let text = Mutex::new(String::new());
    thread::scope(|scope| {
        scope.spawn(|| out.map(|out| pass_on(out, &mut std::io::stdout(), &text)));
        scope.spawn(|| err.map(|err| pass_on(err, &mut std::io::stderr(), &text)));
    });
    let status = child.wait().context("failed to wait for cargo")?;
    let text = text.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok((text, status.success()))
}

fn pass_on(from: impl Read, to: &mut impl Write, text: &Mutex<String>) {
    for line in BufReader::new(from).split(b'\n') {
        // A broken pipe ends the command, which its status tells.
        let Ok(mut line) = line else { return };
        line.push(b'\n');
        let _ = to.write_all(&line);
        let mut text = text.lock().unwrap_or_else(PoisonError::into_inner);
        text.push_str(&String::from_utf8_lossy(&line));
    }
}

/// The number of the first line with a secret that a test has planted: those that begin with the same
/// word, as it is (and so in URLs), and in base64 wherever it stands there.
fn planted(text: &str) -> Option<usize> {
    const FORMS: [&str; 4] = [concat!("pl4", "nted"), "cGw0bnRlZ", "BsNG50ZW", "wbDRudGVk"];
    let found = |line: &str| FORMS.iter().any(|form| line.contains(form));
    text.lines().position(found).map(|index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planted_secret_is_found_in_each_form() {
        let secret = concat!("pl4", "nted");
        let forms = [
            secret,
            "dXNlcjpwbDRudGVkL3g=",
            "OnBsNG50ZWQ=",
            "cGw0bnRlZC94",
        ];
        for form in forms {
            assert_eq!(
                planted(&format!("nothing\n<out>{form}</out>")),
                Some(2),
                "{form}"
            );
        }
        assert_eq!(planted("planted"), None);
    }

    #[test]
    fn both_outputs_of_a_command_are_heard() {
        let mut command = Command::new("sh");
        let script = "echo out; echo err >&2; printf 'no end'; exit 3";
        let (text, succeeded) = heard(command.args(["-c", script])).expect("it starts");
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        assert_eq!(lines, ["err", "no end", "out"]);
        assert!(!succeeded);
    }
}
