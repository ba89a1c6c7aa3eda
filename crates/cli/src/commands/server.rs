//! `server`.

use super::{executor, place, serving};
use crate::{
    args::Server,
    exit::{Exit, Failure},
    signals::StopSignals,
};

pub(super) async fn run(server: Server) -> Result<Exit, Failure> {
    let signals = StopSignals::new()?;
    let data_dir = match server.serve.place.data_dir.clone() {
        Some(data_dir) => data_dir,
        None => place::data_dir()?,
    };
    let awaited = server.with_executor.then(executor::built_in_name);
    let at = serving::key_place(&server.serve.place, &data_dir);
    let running = serving::start(server.serve, data_dir.clone(), awaited).await?;
    tracing::info!(address = running.public_url(), "listening");
    serving::warn_without_keys(&running, &at).await?;
    let executor = server
        .with_executor
        .then(|| {
            let work = &server.built_in.work;
            executor::start_built_in(running.client(), &data_dir, work, running.spans())
        })
        .transpose()?;
    serving::until_signal(running, executor, signals, |message| {
        tracing::info!("{message}");
    })
    .await
}
