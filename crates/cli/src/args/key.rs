//! `key …`.

use clap::{
    ArgMatches, Args, Command, FromArgMatches, Subcommand, error::ErrorKind, parser::ValueSource,
};

use super::{Address, Format, Place, ShownKey, addresses};

/// The commands on keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyArgs {
    Create(CreateKey),
    JoinToken(JoinToken),
    List(ListKeys),
    Revoke(RevokeKey),
}

/// Where the keys and the audit are.
///
/// With --server or a key: at that server. Otherwise in the data directory or database, whether or
/// not a server runs on it.
#[derive(Debug)]
pub(crate) enum KeyPlace {
    /// At this server; the one of this machine unless another is named.
    Server(Address),
    /// On the data itself.
    Data(Place),
}

#[derive(Args)]
struct Places {
    /// Address of the server; without it and without a key the data directory or database is used
    #[arg(long, env = "PLAYHOUSE_SERVER", value_name = "URL", value_parser = addresses::server_url)]
    server: Option<String>,

    #[command(flatten)]
    key: ShownKey,

    #[command(flatten)]
    place: Place,
}

impl Args for KeyPlace {
    fn augment_args(command: Command) -> Command {
        Places::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Places::augment_args_for_update(command)
    }
}

impl FromArgMatches for KeyPlace {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let is_flag = |id: &&str| matches.value_source(id) == Some(ValueSource::CommandLine);
        let says_server = ["server", "key", "key_file"].iter().any(is_flag);
        let says_data = ["data_dir", "database_url"].iter().any(is_flag);
        let Places { server, key, place } = Places::from_arg_matches(matches)?;
        if says_server && says_data {
            let message = "--data-dir and --database-url say where the data is, --server, --key and \
                --key-file which server to ask: use one of the two";
            return Err(clap::Error::raw(ErrorKind::ArgumentConflict, message));
        }
        // A flag wins over the environment, which may name a server for all other commands.
        Ok(match !says_data && (server.is_some() || key.is_given()) {
            true => Self::Server(Address::of(server, key)),
            false => Self::Data(place),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Make a key, and print it: it is shown this once
///
/// The first key must be an admin's. From then on no request, also from this machine, may do anything
/// without a key. A running server hears of it within a second.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse key create me --role admin
  playhouse key create ci --role custom --scope jobs:write --scope jobs:read --expires-in-days 90
  playhouse key create builder-1 --role executor > builder-1.key
  PLAYHOUSE_KEY=itk_... playhouse key create ci --role user --server https://play.example")]
pub(crate) struct CreateKey {
    /// For people; of an executor's key the executor's name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// What it is for: admin (everything), user (works with runs), readonly (looks), executor
    /// (performs runs), custom (only the listed scopes)
    #[arg(long, value_name = "ROLE")]
    #[arg(value_parser = ["admin", "user", "readonly", "executor", "custom"])]
    pub(crate) role: String,

    /// Scope beyond the role's, such as `hooks:write` (repeatable)
    #[arg(long, value_name = "SCOPE")]
    pub(crate) scope: Vec<String>,

    /// The key is refused after so many days [default: never]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=3650))]
    pub(crate) expires_in_days: Option<i64>,

    /// How many requests a minute it may make [default: what the server lets every key; an executor's as
    /// many as it likes]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub(crate) requests_per_minute: Option<i64>,

    #[command(flatten)]
    pub(crate) at: KeyPlace,

    #[command(flatten)]
    pub(crate) format: Format,
}

/// Make a token with which one executor joins, and print it: it is shown this once
///
/// The executor trades it for a key of its own. It is void once it was used, or the key is revoked with
/// which it was made.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse key join-token
  PLAYHOUSE_JOIN=$(playhouse key join-token) playhouse executor --name builder-1")]
pub(crate) struct JoinToken {
    /// The token is refused after so many minutes
    #[arg(long, value_name = "MINUTES", default_value = "60")]
    #[arg(value_parser = clap::value_parser!(i64).range(1..=1440))]
    pub(crate) expires_in_minutes: i64,

    #[command(flatten)]
    pub(crate) at: KeyPlace,

    #[command(flatten)]
    pub(crate) format: Format,
}

/// List keys, newest first, without the keys themselves
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  playhouse key list\n  playhouse key list --json")]
pub(crate) struct ListKeys {
    #[command(flatten)]
    pub(crate) at: KeyPlace,

    #[command(flatten)]
    pub(crate) format: Format,
}

/// Revoke keys: every server refuses them within a second
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse key revoke 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3
  playhouse key revoke --cascade 0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3")]
pub(crate) struct RevokeKey {
    /// The keys, as `key list` names them
    #[arg(value_name = "ID", required = true)]
    pub(crate) ids: Vec<String>,

    /// The keys that were made with them, too, and those made with these
    #[arg(long)]
    pub(crate) cascade: bool,

    #[command(flatten)]
    pub(crate) at: KeyPlace,
}
