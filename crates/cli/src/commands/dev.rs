//! `dev`.

use std::path::PathBuf;

use super::{demo, executor, library, place, serving};
use crate::{
    args::Dev,
    exit::{Exit, Failure},
    output::say,
    signals::StopSignals,
};

pub(super) async fn run(dev: Dev) -> Result<Exit, Failure> {
    let signals = StopSignals::new()?;
    let data_dir = dev
        .serve
        .place
        .data_dir
        .clone()
        .unwrap_or_else(|| PathBuf::from(place::DEV_DATA_DIR));
    let playbooks = dev.serve.library.clone();
    let playbooks = playbooks.unwrap_or_else(|| data_dir.join("playbooks"));
    library::fill(&playbooks).map_err(|error| Failure::io("cannot write the library", &error))?;
    let at = serving::key_place(&dev.serve.place, &data_dir);
    let running =
        serving::start(dev.serve, data_dir.clone(), Some(executor::built_in_name())).await?;
    let address = running.public_url().to_owned();
    say(&format!(
        "Playhouse runs at {address}, its data is in {}.",
        data_dir.display()
    ));
    serving::warn_without_keys(&running, &at).await?;
    let executor = executor::start_built_in(
        running.client(),
        &data_dir,
        &dev.built_in.work,
        running.spans(),
    )?;
    let demo = tokio::spawn(demo::run(running.client(), address));
    let end = serving::until_signal(running, Some(executor), signals, say).await;
    demo.abort();
    end
}
