//! `rollout` and `rollback`: from the applied document to the wanted one, for the whole of it or for nothing.

use std::collections::{BTreeMap, BTreeSet};

use playground::{
    compose::{ComposeDocument, GeneratedCompose, to_yaml},
    plan::{PlanInput, RolloutPlan, plan},
    routes::ServiceRoute,
};
use router::RouteState;
use serde_json::{Value, json};
use wire::executors::{
    Stage,
    operations::{AppliedRevision, OperationFailure},
};

use super::{
    change::ServiceUpdate,
    context::{Operation, on_disk},
    error::OperationError,
    generate::unlabelled,
    prepare::Prepared,
    routes::DYNAMIC,
};
use crate::playrooms::PlaygroundRoutes;

/// A document with what is needed to get there and back.
pub(super) struct Destination {
    /// With the labels of its containers.
    pub(super) document: ComposeDocument,
    /// The ids of its images by service.
    pub(super) images: BTreeMap<String, String>,
    pub(super) routes: Vec<ServiceRoute>,
    /// Services that ask for no downtime.
    pub(super) zerodowntime: BTreeSet<String>,
}

impl Operation<'_> {
    /// Applies what changed, and leaves the rest running.
    pub(super) async fn rollout(&mut self) -> Result<(), OperationError> {
        self.claim_directory().await?;
        if let Some(reason) = self.undoing() {
            return Err(self.undo(reason).await);
        }
        let (prepared, wanted) = match self.generate_wanted(false).await {
            Ok(generated) => generated,
            Err(error @ OperationError::Halt(_)) => return Err(error),
            Err(error) => {
                self.restore_applied_checkouts().await?;
                return Err(error);
            }
        };
        if self.input.dry_run {
            return self.plan_only(&prepared, &wanted).await;
        }
        self.go_to(&self.wanted(&prepared, &wanted)).await
    }

    fn wanted(&self, prepared: &Prepared, wanted: &GeneratedCompose) -> Destination {
        let services = prepared.sources.iter();
        let zerodowntime = services.filter(|(_, source)| source.labels.zerodowntime);
        Destination {
            document: wanted.document.clone(),
            images: self.outcome.images.clone(),
            routes: prepared.routes.clone(),
            zerodowntime: zerodowntime.map(|(name, _)| name.clone()).collect(),
        }
    }

    /// Says what would be done, and does nothing.
    pub(super) async fn plan_only(
        &mut self,
        prepared: &Prepared,
        wanted: &GeneratedCompose,
    ) -> Result<(), OperationError> {
        let to = self.wanted(prepared, wanted);
        self.make_plan(&to).await?;
        let directory = self.directory.clone();
        on_disk("the wanted document", move || directory.discard_next()).await
    }

    async fn make_plan(&mut self, to: &Destination) -> Result<RolloutPlan, OperationError> {
        self.phases.begin("compose_plan").await?;
        let from = match self.applied().cloned() {
            Some(revision) => Some(self.destination(&revision).await?),
            None => None,
        };
        let planned = planned(from.as_ref(), to)?;
        self.outcome.plan = serde_json::to_value(&planned).unwrap_or_default();
        self.phases.complete(json!({ "plan": self.outcome.plan }));
        Ok(planned)
    }

    /// Applies an earlier revision, with the images that it had.
    pub(super) async fn rollback(&mut self) -> Result<(), OperationError> {
        self.claim_directory().await?;
        if let Some(reason) = self.undoing() {
            return Err(self.undo(reason).await);
        }
        let revision = self.secrets.wanted.clone();
        let revision = revision
            .ok_or_else(|| OperationError::failed("unknown", "the revision is not known"))?;
        self.phases.begin("compose_generate").await?;
        let to = self.destination(&revision).await?;
        self.write_wanted(&yaml(&to.document)).await?;
        self.outcome.images.clone_from(&revision.images);
        self.outcome.commits.clone_from(&revision.commits);
        self.outcome.environment = Some(revision.environment.clone());
        let is_dynamic = |name: &str| {
            let mut urls = revision.urls.iter();
            urls.any(|url| url.name == name && url.kind == DYNAMIC)
        };
        self.outcome.urls = self.urls(&to.routes, is_dynamic);
        self.phases
            .complete(json!({ "revision": revision.revision }));
        if self.input.dry_run {
            self.make_plan(&to).await?;
            let directory = self.directory.clone();
            return on_disk("the wanted document", move || directory.discard_next()).await;
        }
        for service in self.restore_checkouts(&revision).await? {
            self.outcome.commits.remove(&service);
        }
        self.go_to(&to).await
    }

    async fn go_to(&mut self, to: &Destination) -> Result<(), OperationError> {
        let planned = self.make_plan(to).await?;
        self.phases.begin("compose_rollout").await?;
        let change = ServiceUpdate {
            plan: &planned,
            to,
            file: self.directory.wanted(),
        };
        if let Err(error) = self.carry_out(&change).await {
            let OperationError::Failed(failure) = error else {
                return Err(error);
            };
            self.phases.fail(&failure.message);
            return Err(self.undo(*failure).await);
        }
        self.route(self.routes(&to.routes, &to.document, RouteState::Serving))
            .await?;
        self.applied_now(&to.routes, &to.document).await?;
        self.phases.complete(Value::Null);
        Ok(())
    }

    /// The failure of an earlier attempt, whose change is to be undone.
    fn undoing(&self) -> Option<OperationFailure> {
        let failed = self
            .phases
            .earlier("compose_rollout")
            .filter(|part| part.stage == Stage::Failed);
        let undoing = self.phases.earlier("compose_undo");
        failed.or(undoing)?;
        let message = failed.and_then(|part| part.body.get("error")?.as_str());
        Some(OperationFailure {
            category: "unknown".to_owned(),
            step: Some("compose_rollout".to_owned()),
            message: message.unwrap_or("the rollout failed").to_owned(),
            ..OperationFailure::default()
        })
    }

    /// Makes everything as it was before, and says why.
    async fn undo(&mut self, mut failure: OperationFailure) -> OperationError {
        failure.step = Some("compose_rollout".to_owned());
        match self.go_back().await {
            Ok(()) => failure.undone = true,
            Err(error @ OperationError::Halt(_)) => return error,
            Err(OperationError::Failed(second)) => {
                failure.message = format!(
                    "{}; undoing it failed as well: {}",
                    failure.message, second.message
                );
            }
        }
        OperationError::Failed(Box::new(failure))
    }

    /// Goes back to the applied document.
    pub(super) async fn go_back(&mut self) -> Result<(), OperationError> {
        self.phases.begin("compose_undo").await?;
        let Some(applied) = self.applied().cloned() else {
            self.phases.complete(Value::Null);
            return Ok(());
        };
        self.restore_checkouts(&applied).await?;
        let to = self.destination(&applied).await?;
        let directory = self.directory.clone();
        let wanted = on_disk("the wanted document", move || directory.next_document()).await?;
        let from = wanted.map(|document| Destination {
            document,
            images: BTreeMap::new(),
            routes: to.routes.clone(),
            zerodowntime: BTreeSet::new(),
        });
        let planned = planned(from.as_ref(), &to)?;
        let file = self.directory.undo();
        let (directory, text, path) = (self.directory.clone(), yaml(&to.document), file.clone());
        on_disk("the applied document", move || directory.put(&path, &text)).await?;
        let change = ServiceUpdate {
            plan: &planned,
            to: &to,
            file,
        };
        self.carry_out(&change).await?;
        self.route(self.routes(&to.routes, &to.document, RouteState::Serving))
            .await?;
        let (directory, text) = (self.directory.clone(), yaml(&to.document));
        let back = move || {
            // A cancel may have come when the new one was applied already.
            directory.put(&directory.applied(), &text)?;
            directory.discard_next()
        };
        on_disk("the applied document", back).await?;
        self.phases.complete(Value::Null);
        Ok(())
    }

    /// What a revision was, with its images by their ids where their names mean others now.
    async fn destination(&self, revision: &AppliedRevision) -> Result<Destination, OperationError> {
        let unreadable = |error: String| {
            OperationError::invalid(format!("revision {}: {error}", revision.revision))
        };
        let document = ComposeDocument::from_yaml(&revision.compose_yaml);
        let mut document = document.map_err(|error| unreadable(error.to_string()))?;
        let now = self.image_ids(&document).await?;
        for (name, service) in &mut document.services {
            if let Some(id) = revision
                .images
                .get(name)
                .filter(|id| now.get(name) != Some(id))
            {
                if self.playroom.engine.image(id).await?.is_some() {
                    service.image = Some(id.clone());
                } else if !now.contains_key(name) {
                    let message =
                        format!("the image {id} of service `{name}` is not there any more");
                    return Err(unreadable(message));
                }
            }
        }
        let routes: PlaygroundRoutes = serde_json::from_value(revision.routes.clone())
            .map_err(|error| unreadable(error.to_string()))?;
        Ok(Destination {
            document,
            images: revision.images.clone(),
            routes: routes.services.into_iter().map(|one| one.route).collect(),
            zerodowntime: BTreeSet::new(),
        })
    }
}

/// What happens to each service on the way.
fn planned(from: Option<&Destination>, to: &Destination) -> Result<RolloutPlan, OperationError> {
    let wanted = unlabelled(to.document.clone());
    let applied = from.map(|from| unlabelled(from.document.clone()));
    let none = BTreeMap::new();
    let routed: BTreeSet<String> = to
        .routes
        .iter()
        .map(|route| route.service.clone())
        .collect();
    let input = PlanInput {
        applied: applied.as_ref(),
        wanted: &wanted,
        applied_images: from.map_or(&none, |from| &from.images),
        wanted_images: &to.images,
        routed: &routed,
        zerodowntime: &to.zerodowntime,
    };
    plan(input).map_err(|error| OperationError::invalid(error.to_string()))
}

fn yaml(document: &ComposeDocument) -> String {
    to_yaml(&serde_json::to_value(document).unwrap_or_default())
}
