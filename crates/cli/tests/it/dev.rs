//! `dev`, as a new user meets it.

use crate::harness::{Server, code, stderr, stdout, wait_for};

#[test]
fn dev_runs_the_demo_to_its_end_once_and_says_what_to_do_next() {
    let mut server = Server::start_command("dev", &[]);
    let next = format!("job submit --server {} /bin/echo -- hello", server.url());
    for start in 1..=2 {
        wait_for("the demo ends", || {
            let said = server.process.stderr();
            said.matches("The demo job completed.").count() == start
        });
        let said = server.process.stderr();
        assert!(said.contains("  | Hello, world."), "{said}");
        assert!(said.contains(&next), "{said}");
        if start == 1 {
            server.process.stop();
            server.restart();
        }
    }
    let jobs = server.json(&["job", "list"]);
    let count = jobs.as_array().map(Vec::len);
    assert_eq!(count, Some(1), "a restart does not pile up: {jobs}");
    let echo = server.run(&["job", "submit", "/bin/echo", "--", "hello"]);
    assert_eq!(
        (code(&echo), stdout(&echo)),
        (Some(0), "hello\n".to_owned()),
        "{}",
        stderr(&echo)
    );
}
