//! The table, prepared for look-ups: hosts in a map, rules in the order in which they are tried.

use std::{collections::HashMap, sync::Arc, time::Duration};

use http::uri::Authority;
use regex::{Regex, RegexBuilder};

use crate::{
    auth::BasicAuth,
    error::Error,
    live::{OwnerActivity, RouteCounters, Upstream},
    table::{HoldLimit, PathRule, RouteEntry, RouteState},
};

/// All routes, by normalized host.
#[derive(Default)]
pub(crate) struct Routes {
    hosts: HashMap<String, Vec<Arc<ActiveRoute>>>,
}

/// One route with what is counted of it.
pub(crate) struct ActiveRoute {
    pub(crate) owner: Arc<OwnerActivity>,
    pub(crate) counters: Arc<RouteCounters>,
    pub(crate) targets: Vec<Arc<Upstream>>,
    pub(crate) state: RouteState,
    pub(crate) auth: Option<BasicAuth>,
    pub(crate) hold: HoldLimit,
    pub(crate) response_timeout: Duration,
    rule: Matcher,
}

enum Matcher {
    All,
    Path(String),
    Prefix(String),
    Regexp(Box<Regex>),
}

impl Routes {
    /// The route for a host, as [`normalize`] gives it, and a path.
    pub(crate) fn find(&self, host: &str, path: &str) -> Option<&Arc<ActiveRoute>> {
        let routes = self.hosts.get(host)?;
        routes.iter().find(|route| route.rule.matches(path))
    }

    /// Adds a route; [`Routes::order`] has to follow.
    pub(crate) fn add(&mut self, host: String, route: ActiveRoute) {
        self.hosts.entry(host).or_default().push(Arc::new(route));
    }

    /// Puts the rules of every host into the order in which they are tried: the longest first.
    pub(crate) fn order(&mut self) {
        for routes in self.hosts.values_mut() {
            routes.sort_by_key(|route| std::cmp::Reverse(route.rule.rank()));
        }
    }
}

impl ActiveRoute {
    pub(crate) fn new(
        entry: &RouteEntry,
        owner: Arc<OwnerActivity>,
        counters: Arc<RouteCounters>,
        targets: Vec<Arc<Upstream>>,
    ) -> Result<Self, Error> {
        Ok(Self {
            owner,
            counters,
            targets,
            state: entry.state,
            auth: entry.auth.clone(),
            hold: entry.hold,
            response_timeout: Duration::from_millis(entry.response_timeout_ms),
            rule: Matcher::new(entry)?,
        })
    }
}

impl Matcher {
    fn new(entry: &RouteEntry) -> Result<Self, Error> {
        Ok(match &entry.path {
            None => Self::All,
            Some(PathRule::Path(path)) => Self::Path(path.clone()),
            Some(PathRule::PathPrefix(prefix)) => Self::Prefix(prefix.clone()),
            Some(PathRule::PathRegexp(pattern)) => {
                let regex = RegexBuilder::new(pattern).size_limit(1 << 20).build();
                Self::Regexp(Box::new(regex.map_err(|error| Error::PathRegexp {
                    route: entry.id.clone(),
                    error: Box::new(error),
                })?))
            }
        })
    }

    fn matches(&self, path: &str) -> bool {
        match self {
            Self::All => true,
            Self::Path(exact) => path == exact,
            Self::Prefix(prefix) => path.starts_with(prefix.as_str()),
            Self::Regexp(regex) => regex.is_match(path),
        }
    }

    /// Longer rules first; of rules of one length the one that says more.
    fn rank(&self) -> (usize, u8) {
        match self {
            Self::All => (0, 0),
            Self::Regexp(regex) => (regex.as_str().len(), 1),
            Self::Prefix(prefix) => (prefix.len(), 2),
            Self::Path(path) => (path.len(), 3),
        }
    }
}

/// The form of a host in the table: lower case, without port and the dot at the end. `None` for what is
/// no host. A host that is in this form already is not copied.
pub(crate) fn normalize(host: &str) -> Option<std::borrow::Cow<'_, str>> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    if host.is_empty() || !host.bytes().all(allowed) {
        return None;
    }
    let host = if host.contains([':', '[']) {
        bare(host)?
    } else {
        host
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.is_empty() {
        None
    } else if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Some(host.to_ascii_lowercase().into())
    } else {
        Some(host.into())
    }
}

/// The host without its port.
fn bare(host: &str) -> Option<&str> {
    host.parse::<Authority>().ok()?;
    let (name, port) = if host.starts_with('[') {
        let end = host.find(']')? + 1;
        host.split_at(end)
    } else {
        host.split_at(host.find(':')?)
    };
    let port = port.strip_prefix(':').unwrap_or(port);
    (port.is_empty() || port.parse::<u16>().is_ok()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_one_host_however_it_is_written() {
        for (written, host) in [
            ("web.localhost", Some("web.localhost")),
            ("WEB.LocalHost:8080", Some("web.localhost")),
            ("web.localhost.", Some("web.localhost")),
            ("web.localhost.:80", Some("web.localhost")),
            ("127.0.0.1:8080", Some("127.0.0.1")),
            ("[::1]:8080", Some("[::1]")),
            ("[::1]", Some("[::1]")),
            ("web.localhost:", Some("web.localhost")),
            ("", None),
            (".", None),
            ("a b", None),
            ("user@host", None),
            ("host/path", None),
            ("host:port", None),
            ("host:99999", None),
            ("a:1:2", None),
            ("[::1", None),
        ] {
            assert_eq!(normalize(written).as_deref(), host, "{written:?}");
        }
    }

    #[test]
    fn the_longest_rule_wins() {
        let rule = |path| {
            let entry = RouteEntry {
                id: "r".into(),
                owner: "o".into(),
                host: "h".into(),
                path,
                state: RouteState::Serving,
                targets: Vec::new(),
                auth: None,
                hold: HoldLimit::default(),
                response_timeout_ms: 1,
            };
            Matcher::new(&entry).unwrap()
        };
        let mut rules = [
            rule(None),
            rule(Some(PathRule::PathPrefix("/api".into()))),
            rule(Some(PathRule::Path("/api".into()))),
            rule(Some(PathRule::PathRegexp("^/api/v[0-9]+$".into()))),
        ];
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.rank()));
        let found = |path: &str| rules.iter().position(|rule| rule.matches(path));
        assert_eq!(found("/api/v12"), Some(0));
        assert_eq!(found("/api"), Some(1));
        assert_eq!(found("/api/v12/x"), Some(2));
        assert_eq!(found("/"), Some(3));
    }
}
