//! Every state and every command, with everything that decides: the caller, the retry policy, open
//! signals, the cap, the time limits, what a waiting run waits for. The whole table is a snapshot.

mod commands;
mod runs;

use std::fmt::Write;

use engine::{Attempt, Change, Event, Run, State, Wait, states_markdown, step, submit};

use crate::sample::new_run;

pub(crate) const NOW: i64 = 1_000_000;
pub(crate) const LEASE_MS: i64 = 30_000;
const AGING_STEP_MS: i64 = 600_000;

#[test]
fn every_state_and_command() {
    let mut table = String::new();
    for (name, run) in runs::runs() {
        let _ = writeln!(table, "{name}");
        for (outcome, callers, commands) in outcomes(&run) {
            let commands = commands.join(", ");
            let _ = match callers.as_str() {
                "" => writeln!(table, "  {commands}: {outcome}"),
                callers => writeln!(table, "  {commands} by {callers}: {outcome}"),
            };
        }
    }
    insta::assert_snapshot!(table);
}

/// What happens to a run, with the callers and the commands that make it happen.
fn outcomes(run: &Run) -> Vec<(String, String, Vec<&'static str>)> {
    let mut of_command: Vec<(&str, String, Vec<&str>)> = Vec::new();
    for ((name, command), caller) in commands::commands() {
        let outcome = match step(run, &command, NOW) {
            Ok(change) => outcome(run, &change),
            Err(rejected) if rejected.not_holder => "not the holder".to_owned(),
            Err(_) => "refused".to_owned(),
        };
        match of_command
            .iter_mut()
            .find(|known| (known.0, &known.1) == (name, &outcome))
        {
            Some(known) => known.2.push(caller),
            None => of_command.push((name, outcome, vec![caller])),
        }
    }
    let mut grouped: Vec<(String, String, Vec<&str>)> = Vec::new();
    for (command, outcome, callers) in of_command {
        let callers = if callers.len() == commands::callers().len() {
            String::new()
        } else {
            callers.join("/")
        };
        match grouped
            .iter_mut()
            .find(|known| (&known.0, &known.1) == (&outcome, &callers))
        {
            Some(known) => known.2.push(command),
            None => grouped.push((outcome, callers, vec![command])),
        }
    }
    grouped
}

#[test]
fn the_page_of_states_is_up_to_date() {
    let page = include_str!("../../../../../docs/STATES.md");
    assert_eq!(states_markdown(), page, "run `cargo xtask generate`");
}

#[test]
fn a_submitted_run_is_held_scheduled_or_queued() {
    let submitted = |held, not_before| {
        let change = submit(
            engine::NewRun {
                held,
                not_before,
                ..new_run()
            },
            AGING_STEP_MS,
            NOW,
        );
        assert_eq!(change.run.version, 1);
        (
            change.run.state,
            change.run.sort_key,
            change.events[0].due_at,
        )
    };
    let later = NOW + 5;
    assert_eq!(
        submitted(false, None),
        (State::Queued, NOW + AGING_STEP_MS, None)
    );
    assert_eq!(
        submitted(false, Some(NOW)),
        (State::Queued, NOW + AGING_STEP_MS, None)
    );
    let scheduled = State::Scheduled { due_at: later };
    assert_eq!(
        submitted(false, Some(later)),
        (scheduled, later + AGING_STEP_MS, Some(later))
    );
    assert_eq!(submitted(true, None).0, State::Held);
    assert_eq!(submitted(true, Some(later)).0, State::Held);
}

/// What is different afterwards.
fn outcome(before: &Run, change: &Change) -> String {
    let run = &change.run;
    if run == before {
        let unchanged = Change {
            run: before.clone(),
            attempt: None,
            events: Vec::new(),
            error: None,
            for_children: None,
            end_parts: None,
        };
        assert_eq!(change, &unchanged);
        return "unchanged".to_owned();
    }
    let mut words = vec![run.state.status().to_string()];
    words.extend(state_words(&run.state));
    words.extend(change.events.iter().map(|event| event_words(change, event)));
    words.extend(change.attempt.as_ref().map(|attempt| match attempt {
        Attempt::Opened => format!("attempt {} opened", run.starts),
        Attempt::Closed(end) => format!("attempt {} {}", run.starts, end.as_str()),
    }));
    words.extend(numbers(before, run));
    assert_eq!(run.version, before.version + 1);
    if before.deadline != run.deadline {
        words.push(format!("deadline {:?}", run.deadline.map(|at| at - NOW)));
    }
    if before.started_at != run.started_at {
        words.push(format!("started {:?}", run.started_at.map(|at| at - NOW)));
    }
    if before.executor != run.executor {
        words.push(format!("executor {:?}", run.executor));
    }
    let children = change.for_children.as_ref();
    words.extend(children.map(|command| format!("{} children", command.name())));
    words.extend(change.end_parts.map(|stage| format!("parts {stage}")));
    let error = change.error.as_ref();
    words.extend(error.map(|error| format!("error `{error}`")));
    words.join(", ")
}

fn state_words(state: &State) -> Vec<String> {
    match state {
        State::Scheduled { due_at } => vec![format!("due {:+}", due_at - NOW)],
        State::Running(lease) => {
            assert_eq!(lease.executor.len(), 1, "another name");
            vec![format!("until {:+}", lease.until - NOW)]
        }
        State::Waiting(wait) => wait_words(wait),
        State::Done { at, .. } => {
            assert_eq!(*at, NOW);
            Vec::new()
        }
        State::Held | State::Queued => Vec::new(),
    }
}

fn wait_words(wait: &Wait) -> Vec<String> {
    let mut words = vec![format!("for {}", wait.reason)];
    let timeout = wait.timeout;
    words.extend(timeout.map(|(at, then)| format!("until {:+} then {then}", at - NOW)));
    words.extend(wait.due_at.map(|at| format!("due {:+}", at - NOW)));
    words
}

/// An event with everything that it says. A reason that is the change's error is shown there.
fn event_words(change: &Change, event: &Event) -> String {
    assert_eq!(event.attempt, change.run.starts);
    let mut words = format!("event {}", event.event_type);
    let mut add = |text: String| words.push_str(&text);
    if let Some(executor) = &event.executor {
        add(format!(" of {executor}"));
    }
    match &event.reason {
        reason if *reason == change.error => {}
        Some(reason) => add(format!(" ({reason})")),
        None => add(" without its reason".to_owned()),
    }
    if let Some(due_at) = event.due_at {
        add(format!(" due {:+}", due_at - NOW));
    }
    if let Some(part) = &event.part {
        add(format!(" part {} {}", part.name, part.stage));
    }
    words
}

fn numbers(before: &Run, after: &Run) -> Vec<String> {
    let numbers = |run: &Run| {
        [
            ("token", run.token),
            ("last finished token", run.last_finished_token),
            ("last progress token", run.last_progress_token),
            ("failures", run.failure_count),
            ("sort key", run.sort_key - NOW),
            ("generation", run.signals.generation),
            ("pause", run.signals.pause),
            ("skip", run.signals.skip),
            ("cancel", run.signals.cancel),
        ]
    };
    let pairs = numbers(before).into_iter().zip(numbers(after));
    pairs
        .filter(|((_, old), (_, new))| old != new)
        .map(|((name, old), (_, new))| format!("{name} {old} to {new}"))
        .collect()
}
