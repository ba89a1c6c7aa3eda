//! Where `key` and `audit` look: at a server, or on the data itself.

use std::process::Output;

use crate::harness::{Server, exits, playhouse, says, stdout};

/// Runs a command in a shell that names a server for all commands.
fn elsewhere(server: &Server, arguments: &[&str]) -> Output {
    let mut command = playhouse(server.home());
    command
        .args(arguments)
        .env("PLAYHOUSE_SERVER", server.url());
    command.output().expect("the binary starts")
}

#[test]
fn a_data_directory_that_is_named_wins_over_a_server_of_the_environment() {
    let server = Server::start(&[]);
    let other = server.home().join("other");
    let other = other.to_str().expect("UTF-8");
    let make = [
        "key",
        "create",
        "me",
        "--role",
        "admin",
        "--data-dir",
        other,
    ];
    let made = elsewhere(&server, &make);
    exits(&made, 0);
    // The server has no key yet: callers on this machine may do everything.
    assert_eq!(
        stdout(&elsewhere(&server, &["key", "list", "--json"])),
        "[]\n"
    );
    let list = ["key", "list", "--json", "--data-dir", other];
    assert!(stdout(&elsewhere(&server, &list)).contains("\"name\":\"me\""));
    let verify = ["audit", "verify", "--data-dir", other];
    let verified = elsewhere(&server, &verify);
    exits(&verified, 0);

    let url = server.url();
    let both = ["key", "list", "--data-dir", other, "--server", &url];
    let refused = elsewhere(&server, &both);
    exits(&refused, 2);
    says(&refused, "use one of the two");
}
