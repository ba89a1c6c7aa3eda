//! What a program prints, read over HTTP while it runs.

use std::{
    fs,
    time::{Duration, Instant},
};

use crate::{
    harness::{Server, exits, get, poll},
    submit::running_id,
};

/// How soon a line is there that a program printed.
const PROMISED: Duration = Duration::from_secs(1);
const LINES: usize = 5;

#[test]
fn a_line_that_a_program_printed_is_there_within_a_second() {
    let server = Server::start(&[]);
    let _executor = server.start_executor("printer", &[]);
    let gates = server.gates();
    let gates = gates.display();
    // It prints a line when it is told to, and nothing else that would take the line along.
    let script = server.script(
        "lines.sh",
        &format!(
            "for n in $(seq {LINES}) end; do until [ -e {gates}/go-$n ]; do sleep 0.05; done; \
             echo \"line $n\"; done"
        ),
    );
    server.submit(&[&script]);
    let id = running_id(&server);
    let printed = format!("/api/v1/jobs/{id}/logs?stream=stdout");
    let mut took: Vec<Duration> = (1..=LINES)
        .map(|number| {
            let line = format!("line {number}\n");
            fs::write(server.gates().join(format!("go-{number}")), "").expect("a file");
            // From before it is printed.
            let begun = Instant::now();
            poll("the line is there", || {
                get(server.port, &printed)?.contains(&line).then_some(())
            });
            begun.elapsed()
        })
        .collect();
    assert_eq!(running_id(&server), id, "it still runs");
    // A loaded machine may hold up one or two of them; a server or an executor that is slow to pass on
    // what it has holds up each.
    took.sort_unstable();
    assert!(took[LINES / 2] < PROMISED, "{took:?}");
    fs::write(server.gates().join("go-end"), "").expect("a file");
    let waited = server.run(&["job", "wait", &id]);
    exits(&waited, 0);
}
