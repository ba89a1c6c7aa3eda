//! Playgrounds of one playroom share its router: two of them must not want the same place.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ServiceRoute;

/// A route that another playground has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteConflict {
    /// The service that wants the place.
    pub service: String,
    /// The subdomain.
    pub subdomain: String,
    /// The playground that has it.
    pub playground: String,
    /// Its service.
    pub other_service: String,
}

impl fmt::Display for RouteConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the subdomain `{}` of service `{}` is in use by service `{}` of playground `{}`; set another one in \
             `service_subdomains`, or a path rule",
            self.subdomain, self.service, self.other_service, self.playground
        )
    }
}

/// The routes that other playgrounds of the playroom have: names of playgrounds and their routes.
#[must_use]
pub fn conflicts(
    wanted: &[ServiceRoute],
    others: &[(String, Vec<ServiceRoute>)],
) -> Vec<RouteConflict> {
    let mut found = Vec::new();
    for route in wanted {
        for (playground, routes) in others {
            let taken = routes.iter().filter(|other| collide(route, other));
            found.extend(taken.map(|other| RouteConflict {
                service: route.service.clone(),
                subdomain: route.subdomain.clone(),
                playground: playground.clone(),
                other_service: other.service.clone(),
            }));
        }
    }
    found
}

/// Two routes of one subdomain collide when both serve all paths, or when both have the same matcher.
pub(super) fn collide(one: &ServiceRoute, other: &ServiceRoute) -> bool {
    let same_paths = match (&one.path_rule, &other.path_rule) {
        (None, None) => true,
        (Some(one), Some(other)) => one.any.iter().any(|matcher| other.any.contains(matcher)),
        _ => false,
    };
    one.subdomain == other.subdomain && same_paths
}
