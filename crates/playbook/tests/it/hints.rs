//! Hints, places of problems, pauses: the small things that people see.

use playbook::{Problem, Retry, Severity, StepKey, parse};

use super::with_steps;

/// What is said of a step with one key too many.
fn said_of(key: &str) -> String {
    let step = format!("- {{id: a, name: A, type: utility.sleep, {key}: 1}}\n");
    let warnings = parse(&with_steps("", &step)).unwrap().warnings;
    assert_eq!(warnings.len(), 1);
    warnings[0]
        .message
        .split_once("ignored")
        .unwrap()
        .1
        .to_owned()
}

#[test]
fn the_nearest_name_is_meant() {
    for (key, meant) in [
        ("tiemout", "timeout"),
        ("TIMEOUT", "timeout"),
        ("timeot", "timeout"),
        ("timeouts", "timeout"),
        ("tmeout", "timeout"),
        ("iidempotent", "idempotent"),
        ("ids", "id"),
        ("wehn", "when"),
        ("retry_cuont", "retry_count"),
        ("retrydelay", "retry_delay"),
        ("parallell", "parallel"),
        ("paralel", "parallel"),
        ("rolback", "rollback"),
    ] {
        assert_eq!(said_of(key), format!(": did you mean `{meant}`?"), "{key}");
    }
}

#[test]
fn a_far_name_is_not_guessed() {
    for key in [
        "xyz",
        "tmt",
        "xhn",
        "anmx",
        "colour",
        "whenever",
        "a_very_long_name_that_is_like_no_other",
    ] {
        assert!(
            said_of(key).starts_with("; known are id, name, type"),
            "{key}"
        );
    }
}

#[test]
fn a_problem_says_as_much_of_its_place_as_is_known() {
    let problem = |line, column, severity| Problem {
        line,
        column,
        severity,
        message: "no".to_owned(),
    };
    let said = |problem: Problem| (problem.to_string(), problem.is_error());
    let full = problem(Some(3), Some(4), Severity::Error);
    assert_eq!(said(full), ("3:4: error: no".to_owned(), true));
    let line = problem(Some(3), None, Severity::Warning);
    assert_eq!(said(line), ("3: warning: no".to_owned(), false));
    let none = problem(None, Some(4), Severity::Error);
    assert_eq!(said(none), ("error: no".to_owned(), true));
}

#[test]
fn pauses_grow_up_to_the_longest() {
    let retry = Retry {
        count: 4,
        delay_s: 2.0,
        backoff: 3.0,
        max_delay_s: 50.0,
    };
    let pauses: Vec<Option<f64>> = (0..6).map(|tries| retry.delay_after(tries)).collect();
    assert_eq!(
        pauses,
        [
            Some(2.0),
            Some(2.0),
            Some(6.0),
            Some(18.0),
            Some(50.0),
            None
        ]
    );
    let never = Retry { count: 0, ..retry };
    assert_eq!(never.delay_after(1), None);
}

#[test]
fn a_key_is_written_with_its_path() {
    let key = |path: &str, name: &str| StepKey {
        path: path.to_owned(),
        name: name.to_owned(),
    };
    assert_eq!(key("", "a").to_string(), "a");
    assert_eq!(key("a/0", "b").to_string(), "a/0/b");
}
