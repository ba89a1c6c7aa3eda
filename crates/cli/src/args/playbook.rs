//! `playbook …`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Address, Format, Reconnect, addresses, values};
use crate::exit;

/// The commands on playbooks.
#[derive(Debug, Subcommand)]
pub(crate) enum PlaybookArgs {
    /// List the playbooks of the server's library
    #[command(after_help = "\
Examples:
  playhouse playbook list
  playhouse playbook list --json | jq -r '.playbooks[].path'")]
    List {
        #[command(flatten)]
        address: Address,
        #[command(flatten)]
        format: Format,
    },
    /// Show a playbook: its parameters and steps
    #[command(after_help = "Examples:\n  playhouse playbook show gateway/restart.yaml")]
    Show(OnePlaybook),
    Check(CheckPlaybooks),
    New(NewPlaybook),
    Put(PutPlaybook),
    Diff(DiffPlaybook),
    Record(RecordPlaybook),
    Accept(AcceptPicture),
    Run(Box<RunPlaybook>),
}

/// One playbook of the library.
#[derive(Debug, Args)]
pub(crate) struct OnePlaybook {
    /// Its path in the library
    #[arg(value_name = "PATH")]
    pub(crate) path: String,

    #[command(flatten)]
    pub(crate) address: Address,

    #[command(flatten)]
    pub(crate) format: Format,
}

/// Check playbooks, without a server
///
/// Prints each problem with its file, line and column. Ends with 1 when one of the files cannot be started.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse playbook check playbooks/*.yaml")]
pub(crate) struct CheckPlaybooks {
    /// Files
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// Write a small playbook to begin with
///
/// Its first line lets editors with a YAML language server complete it; `playhouse playbook new --schema`
/// prints the schema that it names.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse playbook new checks/disk.yaml
  playhouse playbook new --schema > playbook.schema.json")]
pub(crate) struct NewPlaybook {
    /// File; one that is there is not replaced
    #[arg(value_name = "FILE", required_unless_present = "schema")]
    pub(crate) file: Option<PathBuf>,

    /// Print the JSON Schema of the language instead
    #[arg(long, conflicts_with = "file")]
    pub(crate) schema: bool,
}

/// Write a file into the server's library
///
/// The server refuses what cannot be read as a playbook, and changes nothing then.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse playbook put disk.yaml
  playhouse playbook put disk.yaml --path checks/disk.yaml --replace")]
pub(crate) struct PutPlaybook {
    /// File; `-` reads standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Its path in the library [default: the file's name]
    #[arg(long, value_name = "PATH", required_if_eq("file", "-"))]
    pub(crate) path: Option<String>,

    /// Replace the playbook that is there
    #[arg(long)]
    pub(crate) replace: bool,

    /// Replace it only if it is this revision
    #[arg(long, value_name = "REVISION", conflicts_with = "replace")]
    pub(crate) revision: Option<String>,

    #[command(flatten)]
    pub(crate) address: Address,

    #[command(flatten)]
    pub(crate) format: Format,
}

/// Record what you do in a browser, as a playbook
///
/// Opens a window of Chromium, which needs a display. Click, type and choose as a user of the site does; close the
/// window or press Ctrl-C when you are done. Passwords are not recorded: each becomes a secret parameter.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse playbook record https://shop.example.com -o checkout.yaml
  playhouse playbook record http://localhost:8088 -o login.yaml --browser /usr/bin/chromium")]
pub(crate) struct RecordPlaybook {
    /// Address of the page to begin with
    #[arg(value_name = "URL")]
    pub(crate) url: String,

    /// File; one that is there is not replaced
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,

    /// Program of Chromium [default: looked for in PATH by its usual names]
    #[arg(long, value_name = "PATH")]
    pub(crate) browser: Option<PathBuf>,
}

/// Accept a picture that an execution compared, as the one that is expected
///
/// The picture that `browser.compare_screenshot` took becomes a file of the library, beside the playbook, in place of
/// an earlier one. `playhouse run artifacts ID` lists what was seen and the difference.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse playbook accept 0190d3c4-8a1e-7c3b-9f00-5b8f2f0f6f11 front-page")]
pub(crate) struct AcceptPicture {
    /// Id of the execution
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    /// `baseline_name` of the step
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// The playbook of the step, where it is not the execution's own
    #[arg(long, value_name = "PATH")]
    pub(crate) playbook: Option<String>,

    #[command(flatten)]
    pub(crate) address: Address,

    #[command(flatten)]
    pub(crate) format: Format,
}

/// Show what changed in a playbook from one revision to another
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse playbook diff checks/disk.yaml
  playhouse playbook diff checks/disk.yaml --from 1f0c3a7 --to 9be2d41")]
pub(crate) struct DiffPlaybook {
    /// Its path in the library
    #[arg(value_name = "PATH")]
    pub(crate) path: String,

    /// The old revision, or its first seven characters or more [default: the one before]
    #[arg(long, value_name = "REVISION")]
    pub(crate) from: Option<String>,

    /// The new revision [default: the file]
    #[arg(long, value_name = "REVISION")]
    pub(crate) to: Option<String>,

    #[command(flatten)]
    pub(crate) address: Address,

    #[command(flatten)]
    pub(crate) format: Format,
}

/// Start a playbook, watch it, and end as it ended
#[derive(Debug, Args)]
#[command(after_help = format!("\
Examples:
  playhouse playbook run checks/http.yaml -p url=https://example.org
  playhouse playbook run checks/http.yaml --parameters values.json --detach

{}", exit::help()))]
pub(crate) struct RunPlaybook {
    /// Its path in the library
    #[arg(value_name = "PATH")]
    pub(crate) path: String,

    /// Value of a parameter (repeatable); it is read as the parameter's type
    #[arg(long = "parameter", short, value_name = "NAME=VALUE", value_parser = values::pair)]
    pub(crate) parameter: Vec<(String, String)>,

    /// JSON file with an object of values; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) parameters: Option<PathBuf>,

    /// The gateway that `gateway.*` steps talk to
    #[arg(long, value_name = "URL", value_parser = addresses::http_url)]
    pub(crate) gateway_url: Option<String>,

    /// Credential that fills in gateway, user name and password
    #[arg(long, value_name = "NAME")]
    pub(crate) credential: Option<String>,

    /// Pause after each step
    #[arg(long)]
    pub(crate) debug: bool,

    /// Label of the run (repeatable)
    #[arg(long, short, value_name = "NAME=VALUE", value_parser = values::pair)]
    pub(crate) label: Vec<(String, String)>,

    /// Starting again with this key within a day gives the same execution
    #[arg(long, value_name = "KEY", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) idempotency_key: Option<String>,

    /// Print the execution's id and do not wait for it
    #[arg(long, short)]
    pub(crate) detach: bool,

    #[command(flatten)]
    pub(crate) reconnect: Reconnect,

    #[command(flatten)]
    pub(crate) address: Address,

    #[command(flatten)]
    pub(crate) format: Format,
}
