//! A log whose numbers are counted by hand, and malformed logs.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const LOG: &str = r#"2024-01-02T03:04:05Z INFO listening on 8080
2024-01-02T03:04:06Z INFO took 15 ms
2024-01-02T03:04:05Z INFO took 7 ms
2024-01-02T03:04:07Z ERROR no disk
2024-01-02T03:04:08Z ERROR no disk
2024-01-02T03:04:09Z ERROR no disk

{"ts": 1704164650, "level": "fatal", "msg": "gone"}
time=2024-01-02T03:04:11Z level=warn msg="low on space" left=3
Jan  2 03:04:12 host kernel: eth0 up
Traceback (most recent call last):
  File "a.py", line 1, in <module>
ValueError: no
plain words
"#;

#[test]
fn a_log_is_counted_by_hand() {
    assert_eq!(
        json!(measure(LOG, 2)),
        json!({
            "lines": 14, "empty_lines": 1,
            "json_lines": 1, "logfmt_lines": 1, "syslog_lines": 1, "plain_lines": 7,
            "trace_lines": 3,
            "fatal": 1, "error": 3, "warn": 1, "info": 3, "debug": 0, "trace": 0, "no_level": 2,
            "error_percent": 40.0,
            "timed_lines": 9, "out_of_order": 1,
            "repeated_lines": 2, "repeat_runs": 1, "longest_run": 3,
            "longest_line": 62, "stack_traces": 1,
            "shapes": 7,
            "frequent_shapes": [
                {"shape": "ERROR no disk", "count": 3},
                {"shape": "INFO took # ms", "count": 2},
            ],
        })
    );
}

#[test]
fn nothing_has_nothing() {
    let stats = measure("", 10);
    assert_eq!(stats, LogStats::default());
    let stats = measure("\n\r\n \n", 10);
    assert_eq!((stats.lines, stats.empty_lines, stats.shapes), (3, 3, 0));
}

#[test]
fn every_line_is_counted_once() {
    let stats = measure(LOG, 10);
    let classes = stats.empty_lines
        + stats.json_lines
        + stats.logfmt_lines
        + stats.syslog_lines
        + stats.plain_lines
        + stats.trace_lines;
    assert_eq!(classes, stats.lines);
}

#[test]
fn a_line_without_end_and_one_without_bottom_are_read() {
    let stats = measure(&"x".repeat(2_000_000), 1);
    assert_eq!((stats.longest_line, stats.plain_lines), (2_000_000, 1));
    let deep = format!("{}1{}", r#"{"a":"#.repeat(100_000), "}".repeat(100_000));
    assert_eq!(measure(&deep, 1).plain_lines, 1);
    assert_eq!(measure(&"[".repeat(100_000), 1).plain_lines, 1);
    assert_eq!(measure(&"a=\"".repeat(100_000), 1).plain_lines, 1);
}

#[test]
fn many_lines_are_read() {
    let stats = measure(&"2024-01-02 03:04:05 WARN again 7\n".repeat(100_000), 1);
    assert_eq!(stats.warn, 100_000);
    assert_eq!(stats.longest_run, 100_000);
    assert_eq!(stats.repeat_runs, 1);
}

#[test]
fn the_call_reads_each_form_of_input() {
    for input in [
        json!("a\nb"),
        json!(["a", "b"]),
        json!({"log": "a\nb"}),
        json!({"log": ["a", "b"]}),
    ] {
        assert_eq!(execute(&input, None).unwrap().metric["lines"], 2, "{input}");
    }
    let listed = |top| execute(&json!({"log": "a\nb", "top": top}), None);
    assert_eq!(
        listed(json!(1)).unwrap().metric["frequent_shapes"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    for top in [json!(101), json!(-1), json!("1"), json!(1.5)] {
        assert!(listed(top).is_err());
    }
}

#[test]
fn a_summary_adds_up() {
    let metrics = [json!(measure(LOG, 1)), json!(measure("ERROR x", 1))];
    let summary = summarize(&metrics);
    assert_eq!(summary["logs"], 2);
    assert_eq!(
        summary["error"],
        json!({"total": 4, "mean": 2.0, "min": 1, "max": 3})
    );
    assert_eq!(summary["error_percent"]["mean"], 70.0);
}

proptest! {
    #[test]
    fn whatever_is_written_is_read(log in any::<String>()) {
        let _ = measure(&log, 3);
    }

    #[test]
    fn parts_of_lines_in_any_order_are_read(parts in prop::collection::vec(prop::sample::select(vec![
        "<34>", "1 ", "Oct 11 22:14:15", "2024-01-02T03:04:05", "é", "Z", " ", ": ", "a=", "\"", "\n",
        "{", "}", "[", "E0102 15:04:05.", "0x", "123e4567-", "\\", "at ", "  ",
    ]), 0..60)) {
        let stats = measure(&parts.concat(), 3);
        prop_assert!(stats.longest_run <= stats.lines && stats.repeat_runs <= stats.repeated_lines);
    }
}
