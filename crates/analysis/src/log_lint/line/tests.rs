//! Lines as programs write them.

use super::*;

#[track_caller]
fn check(text: &str, class: Class, level: Option<LogLevel>, timed: bool, message: &str) {
    let line = LogLine::read(text);
    assert_eq!(
        (line.class, line.level, line.time.is_some()),
        (class, level, timed),
        "{text}"
    );
    assert_eq!(line.message, message);
}

#[test]
fn fields_are_read() {
    use Class::{Json, Logfmt, Plain};
    use LogLevel::{Error, Info, Warn};
    check(
        r#"{"ts":1700000000.5,"level":"warn","msg":"low"}"#,
        Json,
        Some(Warn),
        true,
        "low",
    );
    check(
        r#"{"time":1700000000123,"level":50,"msg":"no"}"#,
        Json,
        Some(Error),
        true,
        "no",
    );
    check(r#"{"a":1}"#, Json, None, false, r#"{"a":1}"#);
    check(r#"{"a":1"#, Plain, None, false, r#"{"a":1"#);
    check(
        r#"t=2024-01-02T03:04:05Z lvl=info msg="a \"b\" c""#,
        Logfmt,
        Some(Info),
        true,
        r#"a "b" c"#,
    );
    check("a=1 b=2", Logfmt, None, false, "a=1 b=2");
    check("a=1", Plain, None, false, "a=1");
}

#[test]
fn syslog_is_read_in_its_forms() {
    use Class::Syslog;
    use LogLevel::{Error, Fatal, Info};
    check(
        "<34>Oct 11 22:14:15 mymachine su: 'su root' failed",
        Syslog,
        Some(Fatal),
        true,
        "'su root' failed",
    );
    check(
        "Oct  1 22:14:15 host sshd[42]: error: bad key",
        Syslog,
        Some(Error),
        true,
        "error: bad key",
    );
    check(
        "<165>1 2003-10-11T22:14:15.003Z host app 7 ID47 - It is done",
        Syslog,
        Some(Info),
        true,
        "- It is done",
    );
    check(
        "2024-01-02T03:04:05.123+01:00 host cron[1]: run",
        Syslog,
        None,
        true,
        "run",
    );
}

#[test]
fn levels_are_found_among_words() {
    use Class::Plain;
    use LogLevel::{Debug, Error, Warn};
    check(
        "2024-01-02 03:04:05,123 DEBUG main: run",
        Plain,
        Some(Debug),
        true,
        "DEBUG main: run",
    );
    check(
        "[2024-01-02 03:04:05] [warning] low",
        Plain,
        Some(Warn),
        true,
        "[warning] low",
    );
    check(
        "E0102 15:04:05.000123    1 file.go:7] no",
        Plain,
        Some(Error),
        true,
        "1 file.go:7] no",
    );
    check("an error happened", Plain, None, false, "an error happened");
    check(
        "error: it broke",
        Plain,
        Some(Error),
        false,
        "error: it broke",
    );
    check(
        r#"1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 2"#,
        Plain,
        None,
        true,
        r#"1.2.3.4 - - [] "GET / HTTP/1.0" 200 2"#,
    );
}

#[test]
fn the_content_is_all_but_the_time() {
    for (one, other) in [
        (
            r#"{"ts":1700000000,"msg":"a","n":1}"#,
            r#"{"ts":1700000009,"msg":"a","n":1}"#,
        ),
        (
            "ts=2024-01-02T03:04:05Z msg=a n=1",
            "ts=2024-01-02T03:04:06Z msg=a n=1",
        ),
        ("2024-01-02 03:04:05 a", "2024-01-02 03:04:06 a"),
        ("Oct  1 22:14:15 h p: a", "Oct  2 22:14:15 h p: a"),
    ] {
        assert_eq!(LogLine::read(one).content, LogLine::read(other).content);
    }
    assert_ne!(
        LogLine::read("a n=1").content,
        LogLine::read("a n=2").content
    );
}
