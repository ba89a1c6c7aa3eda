//! What the machines of users bring with them: line ends, proxies, addresses, names.

use std::fs;

use crate::harness::{Server, code, stderr, stdout};

const KEY: &str = "itk_0123456789ab_5ECRET5ECRET5ECRET5ECRET5ECRET5ECRET5ECR";

#[test]
fn a_key_with_a_line_end_is_taken_and_no_secret_is_ever_printed() {
    let server = Server::start(&[]);
    for key in [
        format!("{KEY}\n"),
        format!("{KEY}\r\n"),
        format!("{KEY} x"),
        String::new(),
    ] {
        for variable in ["PLAYHOUSE_KEY", "PLAYHOUSE_JOIN", "PLAYHOUSE_VAULT_KEY"] {
            let command = match variable {
                "PLAYHOUSE_KEY" => vec!["job", "list"],
                "PLAYHOUSE_JOIN" => vec!["executor", "--server", "ftp://x"],
                _ => vec!["server", "--listen", "nowhere"],
            };
            let mut command = server.client(&command);
            let done = command
                .env(variable, &key)
                .env("PLAYHOUSE_SERVER", server.url());
            let done = done.output().expect("it runs");
            let printed = stdout(&done) + &stderr(&done);
            assert!(!printed.contains("5ECRET"), "{variable}: {printed}");
        }
    }
    // A server without keys says only that it does not know this one.
    let mut command = server.client(&["job", "list", "--server", &server.url()]);
    let done = command.env("PLAYHOUSE_KEY", format!("{KEY}\n")).output();
    let done = done.expect("it runs");
    assert_ne!(code(&done), Some(2), "{}", stderr(&done));
}

#[test]
fn loopback_is_asked_without_a_proxy_and_addresses_may_be_short() {
    let server = Server::start(&[]);
    let short = server.url().replace("http://", "");
    for address in [server.url(), short, server.url().replace("http", "HTTP")] {
        let mut command = server.client(&["job", "list", "--server", &address]);
        for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
            command.env(name, "http://user:5ECRET@127.0.0.1:9");
        }
        let done = command.output().expect("it runs");
        assert_eq!(code(&done), Some(0), "{address}: {}", stderr(&done));
    }
    let mut command = server.client(&["job", "list", "--server", "http://playhouse.invalid"]);
    let done = command
        .env("http_proxy", "http://user:5ECRET@127.0.0.1:9")
        .output();
    let told = stderr(&done.expect("it runs"));
    assert!(
        told.contains("proxy http://127.0.0.1:9 of http_proxy"),
        "{told}"
    );
    assert!(!told.contains("5ECRET"), "{told}");
    let mut command = server.client(&[
        "job",
        "list",
        "--server",
        &server.url().replace("http", "https"),
    ]);
    let told = stderr(&command.output().expect("it runs"));
    assert!(told.contains("speaks plain HTTP"), "{told}");
}

#[test]
fn a_submitted_program_has_the_name_of_its_file() {
    let server = Server::start(&["--with-executor", "--slots", "1"]);
    let place = tempfile::tempdir().expect("a directory");
    let path = place.path().join("tool-sum");
    fs::write(&path, "#!/bin/sh\nbasename \"$0\"\n").expect("written");
    let path = path.to_str().expect("a path");
    for (more, name) in [
        (&[][..], "tool-sum\n"),
        (&["--program-name", "other"][..], "other\n"),
    ] {
        let submit = [&["job", "submit", path], more].concat();
        let done = server.client(&submit).output().expect("it runs");
        assert_eq!(stdout(&done), name, "{}", stderr(&done));
    }
}
