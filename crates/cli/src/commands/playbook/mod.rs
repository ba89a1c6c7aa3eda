//! `playbook …`.

mod accept;
mod check;
mod diff;
mod list;
mod new;
mod put;
mod record;
mod run;
mod show;

use crate::{
    args::PlaybookArgs,
    exit::{Exit, Failure},
};

pub(super) use run::read_parameters;

pub(super) async fn run(playbook: PlaybookArgs) -> Result<Exit, Failure> {
    match playbook {
        PlaybookArgs::List { address, format } => list::run(&address, format).await,
        PlaybookArgs::Show(show) => show::run(show).await,
        PlaybookArgs::Check(check) => check::run(&check),
        PlaybookArgs::New(new) => new::run(&new),
        PlaybookArgs::Put(put) => put::run(put).await,
        PlaybookArgs::Diff(diff) => diff::run(diff).await,
        PlaybookArgs::Record(record) => record::run(record).await,
        PlaybookArgs::Accept(accept) => accept::run(accept).await,
        PlaybookArgs::Run(run) => run::run(*run).await,
    }
}
