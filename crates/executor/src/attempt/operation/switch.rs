//! Routes in the middle of a change: each service gets its requests, waits for them or loses them by itself.

use router::RouteState;

use super::{change::ServiceUpdate, context::Operation, error::OperationError};
use crate::playrooms::{PlaygroundRoutes, RoutedService};

impl Operation<'_> {
    /// Has the router send requests to the new containers only.
    pub(super) async fn switch(
        &mut self,
        service: &str,
        change: &ServiceUpdate<'_>,
    ) -> Result<(), OperationError> {
        let mut routes = self.kept_routes()?;
        let target = self.routes(&change.to.routes, &change.to.document, RouteState::Serving);
        let Some(new) = target
            .services
            .iter()
            .find(|one| one.route.service == service)
        else {
            return self.unroute_service(service).await;
        };
        let there = routes
            .services
            .iter_mut()
            .find(|one| one.route.service == service);
        match there {
            Some(there) if there == new => return Ok(()),
            Some(there) => *there = new.clone(),
            None => routes.services.push(new.clone()),
        }
        let routes = PlaygroundRoutes {
            services: routes.services,
            ..target
        };
        self.route(routes).await
    }

    /// Has requests to a service wait.
    pub(super) async fn hold(&mut self, service: &str) -> Result<(), OperationError> {
        self.route_service(service, |one| one.state = RouteState::Starting)
            .await
    }

    async fn route_service(
        &mut self,
        service: &str,
        change: impl FnOnce(&mut RoutedService),
    ) -> Result<(), OperationError> {
        let mut routes = self.kept_routes()?;
        let Some(one) = routes
            .services
            .iter_mut()
            .find(|one| one.route.service == service)
        else {
            return Ok(());
        };
        change(one);
        self.route(routes).await
    }

    pub(super) async fn unroute_service(&mut self, service: &str) -> Result<(), OperationError> {
        let mut routes = self.kept_routes()?;
        let before = routes.services.len();
        routes.services.retain(|one| one.route.service != service);
        if routes.services.len() == before {
            return Ok(());
        }
        self.route(routes).await
    }

    /// The port at which the router reaches the containers of a service now.
    pub(super) fn port_of(&self, service: &str) -> Result<Option<u16>, OperationError> {
        let routes = self.kept_routes()?;
        let mut routed = routes.services.iter();
        let found = routed.find(|one| one.route.service == service);
        Ok(found.map(|one| one.route.port))
    }
}
