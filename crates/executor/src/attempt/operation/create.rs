//! `create` and `hard_restart`: everything is provisioned.

use std::{collections::BTreeMap, time::Duration};

use docker::compose::{Down, Up};
use playground::{
    compose::{ComposeDocument, GeneratedCompose, own_image_volumes, to_yaml},
    routes::ServiceRoute,
};
use router::RouteState;
use serde_json::{Value, json};

use super::{
    context::{Operation, on_disk},
    error::OperationError,
    generate::labelled,
    prepare::Prepared,
    readiness::awaited,
    sources::Sources,
};

/// How long the compose tool may take to start everything; services wait for each other meanwhile.
const UP_TIMEOUT: Duration = Duration::from_secs(300);
/// How long it may take to stop everything.
pub(super) const DOWN_TIMEOUT: Duration = Duration::from_secs(300);

impl Operation<'_> {
    /// Provisions the playground.
    pub(super) async fn create(&mut self) -> Result<(), OperationError> {
        self.claim_directory().await?;
        let (prepared, wanted) = self.generate_wanted(false).await?;
        if self.input.dry_run {
            return self.plan_only(&prepared, &wanted).await;
        }
        self.bring_up(&prepared, &wanted).await
    }

    /// Removes all containers and provisions the playground again.
    pub(super) async fn hard_restart(&mut self) -> Result<(), OperationError> {
        self.claim_directory().await?;
        let (prepared, wanted) = self.generate_wanted(true).await?;
        if self.input.dry_run {
            return self.plan_only(&prepared, &wanted).await;
        }
        self.phases.begin("compose_down").await?;
        self.route_state(RouteState::Starting).await?;
        self.take_down(!self.target().persist_volumes).await?;
        self.phases.complete(Value::Null);
        self.bring_up(&prepared, &wanted).await
    }

    /// The phases up to the document, which change nothing that runs.
    pub(super) async fn generate_wanted(
        &mut self,
        pull_again: bool,
    ) -> Result<(Prepared, GeneratedCompose), OperationError> {
        if !self.target().job_mode {
            self.phases.begin("router_start").await?;
            let address = self.playroom.routing.address().to_string();
            self.phases.complete(json!({ "address": address }));
        }
        self.log_in().await?;
        let sources = self.sources().await?;
        let prepared = self.judged(&sources).await?;
        let built = self.build(&prepared, &sources, pull_again).await?;
        self.phases.begin("image_pull").await?;
        let files = self.mounted_files(&prepared.document).await?;
        let plain = self.generate(&prepared, &sources, &built, &files)?;
        self.write_wanted(&plain.yaml).await?;
        self.pull(&plain.document, pull_again).await?;
        self.log_out().await?;
        self.phases.complete(Value::Null);
        self.phases.begin("compose_generate").await?;
        let images = self.images(&plain.document).await?.into_iter();
        let (ids, declared): (BTreeMap<_, _>, BTreeMap<_, _>) = images
            .map(|(name, image)| ((name.clone(), image.id), (name, image.volumes)))
            .unzip();
        let mut document = plain.document;
        own_image_volumes(&mut document, &declared);
        let wanted = labelled(&document, &ids);
        self.write_wanted(&wanted.yaml).await?;
        self.outcome.images = ids;
        self.outcome.urls = self.urls(&prepared.routes, |name| prepared.is_dynamic(name));
        let template = serde_json::to_value(&prepared.document).unwrap_or_default();
        self.outcome.augmented_template = Some(to_yaml(&template));
        self.phases.complete(Value::Null);
        Ok((prepared, wanted))
    }

    async fn judged(&mut self, sources: &Sources) -> Result<Prepared, OperationError> {
        let prepared = async {
            let defaults = self.with_secrets(sources.defaults.clone()).await?;
            let defaults = self.with_template(&sources.template, defaults).await?;
            self.prepare(sources, &defaults).await
        };
        let prepared = prepared.await;
        if let Err(OperationError::Failed(_)) = prepared {
            // It is the document that cannot be generated.
            self.phases.begin("compose_generate").await?;
        }
        prepared
    }

    pub(super) async fn write_wanted(&self, yaml: &str) -> Result<(), OperationError> {
        let (directory, yaml) = (self.directory.clone(), yaml.to_owned());
        let write = move || directory.put(&directory.wanted(), &yaml);
        on_disk("the generated document", write).await
    }

    /// Starts everything, waits until it works, and opens its routes.
    async fn bring_up(
        &mut self,
        prepared: &Prepared,
        wanted: &GeneratedCompose,
    ) -> Result<(), OperationError> {
        self.phases.begin("compose_up").await?;
        self.route(self.routes(&prepared.routes, &wanted.document, RouteState::Starting))
            .await?;
        let up = Up {
            remove_orphans: true,
            ..Up::default()
        };
        let project = self.project(self.directory.wanted());
        let started = self
            .compose(UP_TIMEOUT, async |watch| project.up(&up, watch).await)
            .await;
        if let Err(error) = started {
            return Err(self.compose_failed(&error).await);
        }
        if !self.target().job_mode {
            let awaited = awaited(
                &wanted.document,
                &prepared.routes,
                wanted.document.services.keys(),
            );
            self.ready(&awaited).await?;
        }
        self.route(self.routes(&prepared.routes, &wanted.document, RouteState::Serving))
            .await?;
        self.applied_now(&prepared.routes, &wanted.document).await?;
        self.phases.complete(Value::Null);
        Ok(())
    }

    /// A document runs.
    pub(super) async fn applied_now(
        &mut self,
        routes: &[ServiceRoute],
        document: &ComposeDocument,
    ) -> Result<(), OperationError> {
        let directory = self.directory.clone();
        on_disk("the generated document", move || directory.apply()).await?;
        let value = serde_json::to_value(document).unwrap_or_default();
        self.outcome.compose_yaml = Some(to_yaml(&value));
        let routes = self.routes(routes, document, RouteState::Serving);
        self.outcome.routes = serde_json::to_value(routes).unwrap_or_default();
        self.outcome.applied = true;
        Ok(())
    }

    /// Stops and removes the containers and networks.
    pub(super) async fn take_down(&self, volumes: bool) -> Result<(), OperationError> {
        let Some(document) = self.any_document() else {
            return Ok(());
        };
        // The compose tool removes by the project's name.
        self.refuse_foreign().await?;
        let down = Down {
            volumes,
            remove_orphans: true,
            grace: None,
        };
        let project = self.project(document);
        let ended = self
            .compose(DOWN_TIMEOUT, async |watch| project.down(&down, watch).await)
            .await;
        match ended {
            Ok(()) => Ok(()),
            Err(error) => Err(self.compose_failed(&error).await),
        }
    }
}
