//! What `--help` prints, command by command.

use crate::harness::{code, exits, output, stdout};

/// Every command, and no command that is not for people.
#[test]
fn help_of_every_command() {
    let commands = [
        "",
        "dev",
        "server",
        "executor",
        "job",
        "job submit",
        "job get",
        "job list",
        "job logs",
        "job cancel",
        "job retry",
        "job wait",
        "plugin-job",
        "plugin-job submit",
        "plugin-job get",
        "plugin-job list",
        "plugin-job cancel",
        "plugin-job wait",
        "plugin",
        "plugin list",
        "plugin check",
        "plugin install",
        "plugin run",
        "plugin wit",
        "events",
        "executors",
        "stats",
        "key",
        "key create",
        "key join-token",
        "key list",
        "key revoke",
        "hook",
        "hook create",
        "hook list",
        "hook change",
        "hook delete",
        "hook test",
        "hook deliveries",
        "audit",
        "audit list",
        "audit verify",
        "doctor",
        "backup",
        "completions",
    ];
    for command in commands {
        let help = output(command.split_whitespace().chain(["--help"]));
        assert_eq!(code(&help), Some(0), "`{command} --help`");
        let text = stdout(&help);
        assert!(
            ["job", "plugin-job", "plugin", "key", "hook", "audit"].contains(&command)
                || text.contains("Examples:\n"),
            "`{command}` has no example"
        );
        let name = format!("help {command}").trim_end().replace(' ', "-");
        insta::assert_snapshot!(name, text);
    }
    let all = stdout(&output(["--help"]));
    for own in ["shim", "serve-plugin"] {
        assert!(!all.contains(own), "{own} is no command for people");
    }
}

#[test]
fn short_help() {
    insta::assert_snapshot!("short-help", stdout(&output(["-h"])));
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = output(["completions", shell]);
        exits(&script, 0);
        assert!(stdout(&script).contains("doctor"), "{shell}");
    }
}
