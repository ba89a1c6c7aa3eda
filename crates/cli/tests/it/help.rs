//! What `--help` prints, command by command.

use std::collections::BTreeSet;

use crate::harness::{code, exits, output, stdout};

/// The commands that a help text lists, without `help` itself.
fn listed(help: &str) -> impl Iterator<Item = &str> {
    let list = help
        .split_once("\nCommands:\n")
        .map_or("", |(_, list)| list);
    let lines = list.lines().take_while(|line| !line.is_empty());
    // What is indented deeper goes on with a description.
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names = names.filter(|name| !name.is_empty());
    names.filter(|name| *name != "help")
}

/// Every command that help leads to, and no command that is not for people.
#[test]
fn help_of_every_command() {
    let (mut open, mut commands) = (vec![String::new()], BTreeSet::new());
    while let Some(command) = open.pop() {
        let help = output(command.split_whitespace().chain(["--help"]));
        assert_eq!(code(&help), Some(0), "`{command} --help`");
        let text = stdout(&help);
        let below = listed(&text).map(|name| format!("{command} {name}").trim().to_owned());
        let below: Vec<String> = below.collect();
        assert!(
            text.contains("Examples:\n") || !below.is_empty() && !command.is_empty(),
            "`{command}` has no example"
        );
        let name = format!("help {command}").trim_end().replace(' ', "-");
        insta::assert_snapshot!(name, text);
        open.extend(below);
        commands.insert(command);
    }
    for known in ["dev", "run", "run download", "plugin-job submit"] {
        assert!(commands.contains(known), "{known} is not in {commands:?}");
    }
    for own in ["shim", "serve-plugin"] {
        assert!(!commands.contains(own), "{own} is no command for people");
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
