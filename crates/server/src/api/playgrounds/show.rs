//! Playgrounds as they are answered.

use store::{Read, playgrounds};
use wire::playgrounds::Playground;

use crate::{
    access::Principal,
    app::App,
    playgrounds::{
        GENERATED_PASSWORD, LoadedPlayground, Masking, OutcomeSecrets, WantedEnvironment, details,
        load, missing_playground, values,
    },
    refusal::Refusal,
};

/// A playground with what the caller may see of it.
pub(super) struct ShownPlayground {
    pub(super) loaded: LoadedPlayground,
    pub(super) masking: Masking,
    /// What rests sealed of what its last operation left.
    pub(super) secrets: OutcomeSecrets,
}

/// Reads a playground.
pub(super) async fn loaded(
    app: &App,
    principal: &Principal,
    id: i64,
) -> Result<ShownPlayground, Refusal> {
    let read = move |read: &mut Read<'_, '_>| match playgrounds::find(read, id)? {
        Some(row) => load(read, row).map(Some),
        None => Ok(None),
    };
    let loaded = app.store.read(read).await?;
    let loaded = loaded.ok_or_else(|| missing_playground(&id.to_string()))?;
    let mut masking = Masking::of(principal);
    let secrets: OutcomeSecrets = match &loaded.sealed {
        None => OutcomeSecrets::default(),
        Some(sealed) => {
            let sealer = app.vault.sealer(&app.store).await?;
            sealer.open_of_playground(id, sealed)?
        }
    };
    if let Some(environment) = &secrets.environment {
        masking.learn(environment);
    }
    Ok(ShownPlayground {
        loaded,
        masking,
        secrets,
    })
}

/// The body of a playground.
pub(super) async fn shown(
    app: &App,
    principal: &Principal,
    id: i64,
) -> Result<Playground, Refusal> {
    let ShownPlayground {
        loaded, masking, ..
    } = loaded(app, principal, id).await?;
    let sealer = app.vault.sealer(&app.store).await?;
    let environment: WantedEnvironment = sealer.open_of_playground(id, &loaded.row.sealed)?;
    let password = match masking.reveals() {
        false => None,
        true => {
            let generated = app
                .store
                .read(move |read| playgrounds::secrets(read, id))
                .await?;
            let password = generated
                .into_iter()
                .filter(|(name, _)| name == GENERATED_PASSWORD);
            values(sealer, id, password.collect())?.remove(GENERATED_PASSWORD)
        }
    };
    details(&loaded, &environment, (&masking, password), app.now_ms())
}
