//! The routes of a playground: what the router is told, and what people are.

use playground::{
    compose::ComposeDocument,
    labels::Visibility,
    routes::{RouterAddress, ServiceRoute},
};
use router::{BasicAuth, RouteState};
use wire::executors::operations::ServiceUrl;

use super::{context::Operation, error::OperationError};
use crate::playrooms::{CONFIG_LABEL, PlaygroundRoutes, RoutedService};

/// The type of a service that comes from a repository.
pub(super) const DYNAMIC: &str = "dynamic";
/// Who may open internal services.
const USER: &str = "playground";

impl Operation<'_> {
    pub(super) fn root_domain(&self) -> String {
        let own = self.input.routing.root_domain.clone();
        own.unwrap_or_else(|| self.playroom.root_domain.clone())
    }

    /// Routes in a state, for the containers of a document.
    pub(super) fn routes(
        &self,
        routes: &[ServiceRoute],
        document: &ComposeDocument,
        state: RouteState,
    ) -> PlaygroundRoutes {
        let target = self.target();
        let services = routes.iter().map(|route| {
            let service = document.services.get(&route.service);
            RoutedService {
                route: route.clone(),
                state,
                config: service.and_then(|service| service.labels.get(CONFIG_LABEL).cloned()),
            }
        });
        PlaygroundRoutes {
            id: target.id,
            project: target.project.clone(),
            owner: target.owner.clone(),
            root_domain: self.root_domain(),
            auth: Some(BasicAuth::new(USER, &self.secrets.password))
                .filter(|_| !self.secrets.password.is_empty()),
            services: services.collect(),
            sleep_after_seconds: match target.job_mode {
                true => 0,
                false => target.sleep_after_seconds,
            },
            stopped: Vec::new(),
        }
    }

    /// Gives routes to the router and keeps them.
    pub(super) async fn route(&self, routes: PlaygroundRoutes) -> Result<(), OperationError> {
        if let Some(open) = routes.services.iter().find(|one| one.route.auth_required)
            && routes.auth.is_none()
        {
            let service = &open.route.service;
            return Err(OperationError::invalid(format!(
                "service `{service}` is internal, and the playground has no password"
            )));
        }
        Ok(self
            .playroom
            .route(routes, &self.directory, &self.owner)
            .await?)
    }

    /// Puts the playground's routes into another state.
    pub(super) async fn route_state(&self, state: RouteState) -> Result<(), OperationError> {
        let kept = self.directory.routes::<PlaygroundRoutes>();
        let kept = kept.map_err(|error| OperationError::io("the playground's routes", &error))?;
        let Some(mut routes) = kept else {
            return Ok(());
        };
        routes.set_all(state);
        self.route(routes).await
    }

    /// Where people reach the services.
    pub(super) fn urls(
        &self,
        routes: &[ServiceRoute],
        is_dynamic: impl Fn(&str) -> bool,
    ) -> Vec<ServiceUrl> {
        let router = self.playroom.info.router.clone().unwrap_or_default();
        let address = RouterAddress {
            scheme: router.scheme,
            root_domain: self.root_domain(),
            port: Some(router.port),
        };
        let urls = routes.iter().map(|route| {
            let kind = if is_dynamic(&route.service) {
                DYNAMIC
            } else {
                "static"
            };
            let visibility = match route.visibility() {
                Visibility::External => "external",
                Visibility::Internal => "internal",
            };
            ServiceUrl {
                name: route.service.clone(),
                kind: kind.to_owned(),
                url: route.url(&address),
                visibility: visibility.to_owned(),
                auth_required: route.auth_required,
            }
        });
        urls.collect()
    }
}
