//! Which service is reached under which host and path.

mod conflicts;

use serde::{Deserialize, Serialize};

use crate::{
    labels::{PathMatch, PathRule, ServiceLabels, Visibility, is_subdomain},
    project::slug,
};
pub use conflicts::{RouteConflict, conflicts};

/// How the router of a playroom is reached from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouterAddress {
    /// `http` or `https`.
    pub scheme: String,
    /// The domain that subdomains stand before.
    pub root_domain: String,
    /// The port in URLs; the scheme's own without it.
    pub port: Option<u16>,
}

/// What a playspec says about the route of one of its services.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Exposure {
    /// The service has a route.
    pub enabled: bool,
    /// The container's port.
    pub port: u16,
    /// The subdomain; that of the labels, or the service's name, without it.
    pub subdomain: Option<String>,
    /// Who may open the route.
    pub visibility: Visibility,
    /// Which paths the route serves.
    pub path_rule: Option<PathRule>,
}

impl Default for Exposure {
    fn default() -> Self {
        Self {
            enabled: false,
            port: 80,
            subdomain: None,
            visibility: Visibility::External,
            path_rule: None,
        }
    }
}

/// A service and all that says something about its route.
#[derive(Clone, Copy, Debug)]
pub struct RouteSettings<'a> {
    /// The service.
    pub service: &'a str,
    /// What its labels say.
    pub labels: &'a ServiceLabels,
    /// What its playspec says.
    pub exposure: Option<&'a Exposure>,
    /// What its playground says in `service_subdomains`.
    pub subdomain: Option<&'a str>,
}

/// The route of a service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ServiceRoute {
    /// The service.
    pub service: String,
    /// The container's port.
    pub port: u16,
    /// The subdomain; `@` is the root domain itself.
    pub subdomain: String,
    /// Which paths it serves; all without it.
    pub path_rule: Option<PathRule>,
    /// The caller needs the playground's user and password.
    pub auth_required: bool,
}

/// An entry of `service_urls`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceUrl {
    /// The service.
    pub name: String,
    /// The kind of the service: always `http`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it is reached.
    pub url: String,
    /// Who may open it.
    pub visibility: Visibility,
    /// The caller needs the playground's user and password.
    pub auth_required: bool,
}

/// Why a service cannot have its route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteProblem {
    /// The service.
    pub service: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// The routes of a playground's services. A job has none.
///
/// # Errors
///
/// Subdomains that cannot stand in a host name, and services that want the same place.
pub fn routes(services: &[RouteSettings<'_>]) -> Result<Vec<ServiceRoute>, Vec<RouteProblem>> {
    let mut routes: Vec<ServiceRoute> = Vec::new();
    let mut problems = Vec::new();
    for settings in services {
        match route(settings) {
            Ok(route) => routes.extend(route),
            Err(problem) => problems.push(problem),
        }
    }
    for (number, route) in routes.iter().enumerate() {
        let taken = routes[..number]
            .iter()
            .find(|other| conflicts::collide(route, other));
        if let Some(other) = taken {
            let message = format!(
                "the subdomain `{}` is that of the service `{}`; set another one in \
                 `service_subdomains`, or a path rule",
                route.subdomain, other.service
            );
            problems.push(RouteProblem {
                service: route.service.clone(),
                message,
            });
        }
    }
    if problems.is_empty() {
        Ok(routes)
    } else {
        Err(problems)
    }
}

fn route(settings: &RouteSettings<'_>) -> Result<Option<ServiceRoute>, RouteProblem> {
    let RouteSettings {
        service,
        labels,
        exposure,
        subdomain,
    } = *settings;
    let enabled = exposure.filter(|exposure| exposure.enabled);
    let Some(port) = enabled.map(|exposure| exposure.port).or(labels.port) else {
        return Ok(None);
    };
    let of_exposure = exposure.and_then(|exposure| exposure.subdomain.as_deref());
    let chosen = subdomain.or(of_exposure).or(labels.subdomain.as_deref());
    let subdomain = chosen.map_or_else(|| slug(service), str::to_owned);
    if !is_subdomain(&subdomain) {
        return Err(RouteProblem {
            service: service.to_owned(),
            message: format!(
                "`{subdomain}` cannot be a subdomain: use `@`, or at most 63 of a-z, 0-9 and `-`, with a letter or digit \
                 at both ends"
            ),
        });
    }
    let visibility = enabled.map_or(labels.visibility, |exposure| exposure.visibility);
    let of_exposure = enabled.and_then(|exposure| exposure.path_rule.as_ref());
    Ok(Some(ServiceRoute {
        service: service.to_owned(),
        port,
        subdomain,
        path_rule: of_exposure.or(labels.path_rule.as_ref()).cloned(),
        auth_required: visibility == Visibility::Internal,
    }))
}

impl ServiceRoute {
    /// Who may open it.
    #[must_use]
    pub fn visibility(&self) -> Visibility {
        if self.auth_required {
            Visibility::Internal
        } else {
            Visibility::External
        }
    }

    /// The host under which the router serves it.
    #[must_use]
    pub fn host(&self, root_domain: &str) -> String {
        if self.subdomain == "@" {
            root_domain.to_owned()
        } else {
            format!("{}.{root_domain}", self.subdomain)
        }
    }

    /// The address for people: with the path, when the rule is one path.
    #[must_use]
    pub fn url(&self, router: &RouterAddress) -> String {
        let host = self.host(&router.root_domain);
        let default = if router.scheme == "https" { 443 } else { 80 };
        let port = router.port.filter(|port| *port != default);
        let port = port.map_or_else(String::new, |port| format!(":{port}"));
        let path = match self.path_rule.as_ref().map(|rule| rule.any.as_slice()) {
            Some([PathMatch::Path(path) | PathMatch::PathPrefix(path)]) => path,
            _ => "",
        };
        format!("{}://{host}{port}{path}", router.scheme)
    }

    /// The entry of `service_urls`.
    #[must_use]
    pub fn service_url(&self, router: &RouterAddress) -> ServiceUrl {
        ServiceUrl {
            name: self.service.clone(),
            kind: "http".to_owned(),
            url: self.url(router),
            visibility: self.visibility(),
            auth_required: self.auth_required,
        }
    }
}
