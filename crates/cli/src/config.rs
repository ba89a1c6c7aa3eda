//! The settings file: its values become the defaults of the flags that have an environment
//! variable, so a flag wins over the environment and the environment over the file.
//!
//! The key of a flag is its environment variable without `PLAYHOUSE_`, in lower case. The keys are
//! read off the command line itself: a flag with an environment variable is a setting.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
};

use clap::{Arg, Command, CommandFactory};

use crate::{
    args::{Program, secret},
    exit::{Exit, Failure},
};

const PREFIX: &str = "PLAYHOUSE_";
/// Names the file itself, so the file cannot set it.
const OWN_KEY: &str = "config";

/// The values of a settings file, by key.
type ConfigFile = BTreeMap<String, Vec<String>>;

/// The whole command line as `clap` knows it.
pub(crate) fn program() -> Command {
    without_env_values(Program::command())
}

/// Help names the variables but not what they hold: a database's URL has a password.
fn without_env_values(command: Command) -> Command {
    let command = command.mut_args(|arg| arg.hide_env_values(true));
    command.mut_subcommands(without_env_values)
}

/// Gives the flags of `program` the values of the settings file as defaults. `named` is the file
/// that a person named; without one the usual file is read if it exists.
pub(crate) fn apply(program: Command, named: Option<&Path>) -> Result<Command, Failure> {
    let usual = if named.is_none() { usual_file() } else { None };
    let Some(file) = named.or(usual.as_deref()) else {
        return Ok(program);
    };
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(program);
        }
        Err(error) => {
            let message = format!("cannot read the settings file {}: {error}", file.display());
            return Err(Failure::new(Exit::USAGE, message));
        }
    };
    let settings = parse(&text, &program)
        .map_err(|message| Failure::usage(format!("{}: {message}", file.display())))?;
    Ok(with_defaults(program, &settings))
}

/// `$XDG_CONFIG_HOME/playhouse/config.toml`, or the same under `~/.config`.
pub(crate) fn usual_file() -> Option<PathBuf> {
    Some(base_dir("XDG_CONFIG_HOME", ".config")?.join("playhouse/config.toml"))
}

/// A base directory of the XDG specification: a relative one is to be ignored.
pub(crate) fn base_dir(variable: &str, below_home: &str) -> Option<PathBuf> {
    let absolute = |variable| {
        env::var_os(variable)
            .map(PathBuf::from)
            .filter(|p| p.is_absolute())
    };
    absolute(variable).or_else(|| absolute("HOME").map(|home| home.join(below_home)))
}

fn parse(text: &str, program: &Command) -> Result<ConfigFile, String> {
    let table = text
        .parse::<toml::Table>()
        .map_err(|error| error.to_string())?;
    let known = known_settings(program);
    let mut settings = ConfigFile::new();
    for (key, value) in table {
        let Some(arg) = known.get(&key) else {
            return Err(unknown(&key, known.keys().map(String::as_str)));
        };
        let values = texts(value).map_err(|message| format!("key `{key}`: {message}"))?;
        check(arg, &values).map_err(|message| format!("key `{key}`: {message}"))?;
        settings.insert(key, values);
    }
    Ok(settings)
}

fn unknown<'a>(key: &str, known: impl Iterator<Item = &'a str>) -> String {
    let spelled = key.replace('-', "_").to_lowercase();
    let known: Vec<&str> = known.collect();
    if known.contains(&spelled.as_str()) {
        return format!("unknown key `{key}`: it is spelled `{spelled}`");
    }
    format!("unknown key `{key}`; the keys are {}", known.join(", "))
}

/// A value as it could be typed.
fn texts(value: toml::Value) -> Result<Vec<String>, String> {
    match value {
        toml::Value::String(text) => Ok(vec![text]),
        toml::Value::Integer(number) => Ok(vec![number.to_string()]),
        toml::Value::Float(number) => Ok(vec![number.to_string()]),
        toml::Value::Boolean(on) => Ok(vec![on.to_string()]),
        toml::Value::Array(values) => {
            let values = values.into_iter().map(|value| match value {
                toml::Value::String(text) => Ok(text),
                _ => Err("a list must be one of strings".to_owned()),
            });
            values.collect()
        }
        toml::Value::Datetime(_) | toml::Value::Table(_) => {
            Err("it must be a string, a number, true or false, or a list of strings".to_owned())
        }
    }
}

/// Asks the flag itself whether it takes these values.
fn check(arg: &Arg, values: &[String]) -> Result<(), String> {
    let flag = !arg.get_action().takes_values();
    if flag {
        return match values {
            [value] if value == "true" || value == "false" => Ok(()),
            _ => Err("it must be true or false".to_owned()),
        };
    }
    if values.len() != 1 && !matches!(arg.get_action(), clap::ArgAction::Append) {
        return Err("it takes one value, not a list".to_owned());
    }
    let long = arg.get_long().unwrap_or_default().to_owned();
    let probe = Command::new("probe")
        .no_binary_name(true)
        .disable_help_flag(true)
        .arg(Arg::clone(arg).env(None::<&str>).required(false));
    let typed = values.iter().map(|value| format!("--{long}={value}"));
    match probe.try_get_matches_from(typed) {
        Ok(_) => Ok(()),
        Err(mut error) => {
            secret::hide(&mut error);
            Err(reason(&error.to_string()))
        }
    }
}

/// The first line of an error of `clap`, without the word in front.
fn reason(error: &str) -> String {
    let first = error.lines().next().unwrap_or_default();
    first.strip_prefix("error: ").unwrap_or(first).to_owned()
}

/// Every setting of the command line, by key.
fn known_settings(program: &Command) -> BTreeMap<String, Arg> {
    let mut known = BTreeMap::new();
    for arg in program.get_arguments() {
        if let Some(key) = key_of(arg) {
            known.entry(key).or_insert_with(|| arg.clone());
        }
    }
    for command in program.get_subcommands() {
        for (key, arg) in known_settings(command) {
            known.entry(key).or_insert(arg);
        }
    }
    known
}

fn key_of(arg: &Arg) -> Option<String> {
    let variable = arg.get_env()?.to_str()?;
    let key = variable.strip_prefix(PREFIX)?.to_ascii_lowercase();
    (key != OWN_KEY).then_some(key)
}

fn with_defaults(program: Command, settings: &ConfigFile) -> Command {
    let with_args = program.mut_args(
        |arg| match key_of(&arg).and_then(|key| settings.get(&key)) {
            Some(values) => arg.default_values(values.clone()),
            None => arg,
        },
    );
    with_args.mut_subcommands(|command| with_defaults(command, settings))
}

#[cfg(test)]
mod tests {
    use super::{known_settings, parse, program};

    #[test]
    fn the_command_line_is_well_formed() {
        program().debug_assert();
    }

    #[test]
    fn a_setting_has_one_name_in_three_spellings() {
        for (key, arg) in known_settings(&program()) {
            assert_eq!(
                arg.get_long(),
                Some(key.replace('_', "-").as_str()),
                "key {key}"
            );
        }
    }

    #[test]
    fn every_setting_is_documented() {
        let document = include_str!("../../../docs/CLI.md");
        for key in known_settings(&program()).keys() {
            assert!(
                document.contains(&format!("`{key}`")),
                "docs/CLI.md does not name `{key}`"
            );
        }
    }

    #[test]
    fn wrong_keys_and_values_are_refused_by_name() {
        let refuse = |text: &str| parse(text, &program()).expect_err("it is refused");
        assert!(refuse("lisen = '127.0.0.1:1'").starts_with("unknown key `lisen`; the keys are "));
        assert_eq!(
            refuse("data-dir = 'x'"),
            "unknown key `data-dir`: it is spelled `data_dir`"
        );
        assert!(refuse("config = 'x'").starts_with("unknown key `config`"));
        assert!(refuse("slots = 0").starts_with("key `slots`: invalid value '0'"));
        let told = refuse("key = 'itk 5ECRET'");
        assert!(told.starts_with("key `key`: invalid value '***'"), "{told}");
        assert!(refuse("slots = [1]").starts_with("key `slots`: a list must be one of strings"));
        assert_eq!(
            refuse("listen = ['a', 'b']"),
            "key `listen`: it takes one value, not a list"
        );
        assert_eq!(
            refuse("with_executor = 1"),
            "key `with_executor`: it must be true or false"
        );
        assert!(refuse("[server]\nlisten = 'x'").starts_with("key `server`: it must be a string"));
        assert!(refuse("listen = '0.0.0.0'").contains("is not ADDRESS:PORT"));
    }

    #[test]
    fn values_of_every_kind_become_defaults() {
        let text =
            "slots = 3\nlease_seconds = 2.5\nwith_executor = true\nallowed_host = ['a', 'b']";
        let program = program();
        let settings = parse(text, &program).expect("the file is good");
        let matches = super::with_defaults(program, &settings)
            .try_get_matches_from(["playhouse", "server"])
            .expect("the defaults are good");
        let server = matches
            .subcommand_matches("server")
            .expect("it is the server command");
        assert_eq!(server.get_one::<u32>("slots"), Some(&3));
        assert!(server.get_flag("with_executor"));
        let hosts: Vec<&String> = server.get_many("allowed_host").expect("hosts").collect();
        assert_eq!(hosts, ["a", "b"]);
    }
}
