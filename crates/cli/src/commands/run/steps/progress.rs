//! What the list shows, without a terminal: which steps run, and the lines that stay.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use serde_json::Value;
use wire::{Timestamp, events::Event};

use super::OUTPUT_WAY;
use crate::table::plain;

/// So many lines of output are shown under the steps that run.
const UNDER: usize = 3;
/// So many are shown of a step that failed.
const OF_FAILED: usize = 20;

/// How a line that stays is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// A step is done.
    Done,
    /// A step failed.
    Failed,
    /// A step was left out or stopped.
    LeftOut,
    /// Steps within another one follow.
    Heading,
    /// Output, or something about the execution.
    Aside,
}

/// A line that stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) look: Look,
    /// How many steps it is nested in.
    pub(super) depth: usize,
    pub(super) text: String,
}

/// A step that runs.
pub(super) struct Running {
    pub(super) title: String,
    pub(super) depth: usize,
    /// Epoch milliseconds of the server.
    pub(super) since: i64,
    /// Steps within it were seen.
    pub(super) holds_others: bool,
}

#[derive(Default)]
pub(super) struct Steps {
    /// By path and name. A loop's rounds have their numbers as names.
    running: BTreeMap<String, Running>,
    /// The newest output with the times when it came, at most [`OF_FAILED`] lines, and how many there were
    /// since a step ended.
    output: VecDeque<(Instant, String)>,
    lines: usize,
}

impl Steps {
    /// The lines that stay because of this event.
    pub(super) fn event(&mut self, event: &Event) -> Vec<Line> {
        let text = |name: &str| event.data.get(name).and_then(Value::as_str);
        let what = event
            .event_type
            .split_once('.')
            .map_or("", |(_, what)| what);
        let at = event.at.parse::<Timestamp>().map_or(0, |at| at.0);
        let (Some(step), Some(stage)) = (text("step_id"), what.strip_prefix("step_")) else {
            return self.about_execution(what, text("reason").or(text("error")));
        };
        let path = text("path").unwrap_or_default();
        let key = match path {
            "" => step.to_owned(),
            path => format!("{path}/{step}"),
        };
        let title = title(text("step_name").unwrap_or(step), &key);
        if stage == "started" {
            return self.started(key, path, title, at);
        }
        self.ended(&key, path, title, (stage, at, text("error")))
    }

    /// What a step printed.
    pub(super) fn output(&mut self, text: &str) {
        for line in text.lines() {
            self.output.push_back((Instant::now(), plain(line)));
            self.lines += 1;
        }
        let more = self.output.len().saturating_sub(OF_FAILED);
        self.output.drain(..more);
    }

    /// The steps that run and hold no others.
    pub(super) fn running(&self) -> impl Iterator<Item = (&String, &Running)> {
        let all = self.running.iter();
        all.filter(|(_, step)| !step.holds_others)
    }

    /// The end of the output, to be shown under the steps that run.
    pub(super) fn last_output(&self) -> Vec<String> {
        let more = self.lines.saturating_sub(UNDER);
        let shown = self.output.len().min(self.lines).min(UNDER);
        let folded = (more > 0).then(|| format!("({} above)", counted(more)));
        let newest = self.output.iter().skip(self.output.len() - shown);
        let newest = newest.map(|(_, line)| line.clone());
        folded.into_iter().chain(newest).collect()
    }

    fn started(&mut self, key: String, path: &str, title: String, at: i64) -> Vec<Line> {
        let mut lines = Vec::new();
        let depth = self.depth(path);
        if let Some(parent) = self.running.get_mut(path)
            && !std::mem::replace(&mut parent.holds_others, true)
        {
            // The rounds of a loop have no line of their own: the loop's says enough.
            if !is_round(path) {
                lines.push(Line {
                    look: Look::Heading,
                    depth: parent.depth,
                    text: parent.title.clone(),
                });
            }
        }
        let running = Running {
            title,
            depth,
            since: at,
            holds_others: false,
        };
        self.running.insert(key, running);
        lines
    }

    fn ended(
        &mut self,
        key: &str,
        path: &str,
        title: String,
        (stage, at, error): (&str, i64, Option<&str>),
    ) -> Vec<Line> {
        let depth = self.depth(path);
        let began = self.running.remove(key);
        let held_others = began.as_ref().is_some_and(|step| step.holds_others);
        let look = match stage {
            "completed" => Look::Done,
            "failed" => Look::Failed,
            _ => Look::LeftOut,
        };
        if look == Look::Done && held_others && is_round(key) {
            return Vec::new();
        }
        let mut text = title;
        if let Some(began) = &began
            && stage != "skipped"
        {
            text += &format!("  {}", took(at - began.since));
        }
        if look == Look::LeftOut {
            text += &format!("  {stage}");
        }
        let mut lines = Vec::new();
        let line = |look, depth, text| Line { look, depth, text };
        lines.push(line(look, depth, text));
        if let Some(error) = error {
            let shown = error.lines().map(plain);
            lines.extend(shown.map(|text| line(Look::Aside, depth + 1, text)));
        }
        if look == Look::Failed && !held_others {
            let ran = began.map_or(0, |began| at - began.since);
            let ran = Duration::from_millis(u64::try_from(ran).unwrap_or(0)) + OUTPUT_WAY * 2;
            let its = |(came, _): &&(Instant, String)| came.elapsed() <= ran;
            let output = self.output.iter().filter(its);
            lines.extend(output.map(|(_, text)| line(Look::Aside, depth + 1, format!("| {text}"))));
        }
        if !held_others {
            self.lines = 0;
        }
        lines
    }

    fn about_execution(&mut self, what: &str, why: Option<&str>) -> Vec<Line> {
        // Its beginning and its end are said elsewhere.
        if matches!(
            what,
            "submitted" | "started" | "completed" | "failed" | "cancelled" | ""
        ) {
            return Vec::new();
        }
        let why = why.map_or_else(String::new, |why| format!(": {}", plain(why)));
        let text = format!("{}{why}", what.replace('_', " "));
        vec![Line {
            look: Look::Aside,
            depth: 0,
            text,
        }]
    }

    /// How deep a step with this path stands: rounds of loops do not count.
    fn depth(&self, path: &str) -> usize {
        let names = path.split('/').filter(|name| !name.is_empty());
        names.filter(|name| !is_round(name)).count()
    }
}

/// A round of a loop is named by its number.
fn is_round(key: &str) -> bool {
    let name = key.rsplit('/').next().unwrap_or(key);
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())
}

/// A step's name, with the numbers of the rounds that it is in.
fn title(name: &str, key: &str) -> String {
    let rounds: Vec<&str> = key.split('/').filter(|name| is_round(name)).collect();
    match rounds.is_empty() {
        true => plain(name),
        false => format!("{} [{}]", plain(name), rounds.join(".")),
    }
}

fn counted(lines: usize) -> String {
    let word = if lines == 1 { "line" } else { "lines" };
    format!("{lines} {word}")
}

/// A time as people read it.
pub(super) fn took(ms: i64) -> String {
    let seconds = ms.max(0) / 1_000;
    match seconds {
        0..=59 => format!("{seconds}.{} s", ms.max(0) % 1_000 / 100),
        60..=3_599 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
    }
}
