//! `plugin …`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ClientArgs, Format, InputArgs, Isolation, values};
use crate::exit;

/// The commands on plugins.
#[derive(Debug, Subcommand)]
pub(crate) enum PluginArgs {
    List(ListPlugins),
    Check(CheckPlugin),
    Install(InstallPlugin),
    Run(RunPlugin),
    /// Print the world that a component implements, in WIT
    #[command(after_help = "\
Examples:
  mkdir wit && playhouse plugin wit > wit/plugin.wit")]
    Wit,
}

/// Where plugins are installed.
#[derive(Clone, Debug, Args)]
pub(crate) struct PluginsPlace {
    /// Directory with a folder for each installed plugin
    /// [default: $XDG_DATA_HOME/playhouse/plugins]
    #[arg(long, env = "PLAYHOUSE_PLUGINS_DIR", value_name = "DIR")]
    pub(crate) plugins_dir: Option<PathBuf>,
}

/// List the plugins of this machine, or those that a server knows
///
/// Plugins that cannot be used are listed with the reason.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse plugin list
  playhouse plugin list --on-server
  playhouse plugin list --json | jq -r .name")]
pub(crate) struct ListPlugins {
    /// Ask the server which plugins its executors have
    #[arg(long)]
    pub(crate) on_server: bool,

    #[command(flatten)]
    pub(crate) place: PluginsPlace,

    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Tell what is wrong with a plugin, before anybody installs it
///
/// Loads it and has it describe itself, shut in as a job is. Mistakes in the manifest are told with
/// line and column. Ends with 1 when the plugin cannot be used; a warning is no mistake.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse plugin check plugins/csv-profile
  playhouse plugin check my-plugin --json")]
pub(crate) struct CheckPlugin {
    /// The plugin's folder, with its plugin.toml
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,

    /// How far its program is shut in
    #[arg(long, env = "PLAYHOUSE_ISOLATION", value_name = "LEVEL")]
    #[arg(value_enum, default_value = "standard")]
    pub(crate) isolation: Isolation,

    #[command(flatten)]
    pub(crate) format: Format,
}

/// Install a plugin, in place of one of the same name
///
/// Executors on this machine that use the same directory notice it within some seconds.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse plugin install plugins/csv-profile
  playhouse plugin install csv-profile.tar.gz --sha256 HEX")]
pub(crate) struct InstallPlugin {
    /// A plugin's folder, or an archive `.tar.gz` of it
    #[arg(value_name = "PATH")]
    pub(crate) source: PathBuf,

    /// SHA-256 of the archive, or of the folder's content as `plugin list` tells it
    #[arg(long, value_name = "HEX", value_parser = values::sha256)]
    pub(crate) sha256: Option<String>,

    #[command(flatten)]
    pub(crate) place: PluginsPlace,

    #[command(flatten)]
    pub(crate) format: Format,
}

/// Call a plugin once, without a server
///
/// It is called as an executor calls it: the same hosts, limits and isolation. The metric comes to
/// standard output, what the plugin logs and prints to standard error. Ends with 120 when the plugin
/// failed.
#[derive(Debug, Args)]
#[command(after_help = format!("\
Examples:
  playhouse plugin run text-stats --text 'to be or not to be'
  curl -s https://example.com/ | playhouse plugin run web-page --text -
  playhouse plugin run ./my-plugin --input input.json --json | jq .summary

{}", exit::help()))]
pub(crate) struct RunPlugin {
    /// An installed or shipped plugin's name, or the path of a folder, with a `/` in it
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    #[command(flatten)]
    pub(crate) input: InputArgs,

    /// Call it as a job with `debug` does
    #[arg(long)]
    pub(crate) debug: bool,

    /// How far its program is shut in
    #[arg(long, env = "PLAYHOUSE_ISOLATION", value_name = "LEVEL")]
    #[arg(value_enum, default_value = "standard")]
    pub(crate) isolation: Isolation,

    #[command(flatten)]
    pub(crate) place: PluginsPlace,

    #[command(flatten)]
    pub(crate) format: Format,
}
