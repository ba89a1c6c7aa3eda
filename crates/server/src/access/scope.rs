//! What a caller may do: the contracts' `noun:verb`.

/// What a route needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Nothing: health, metrics, documents.
    Open,
    /// A secret of its own, which the handler asks for. The gate counts those that are wrong.
    Secret,
    /// Any key but an executor's.
    Known,
    JobsRead,
    JobsWrite,
    JobsCancel,
    PluginJobsRead,
    PluginJobsWrite,
    PluginJobsCancel,
    PluginJobsDelete,
    PlaygroundsRead,
    PlaygroundsWrite,
    PlaygroundsDelete,
    /// See what looks secret.
    PlaygroundsReveal,
    LaunchWrite,
    PlayspecsRead,
    PlayspecsWrite,
    PlayspecsDelete,
    PlayroomsRead,
    PlayroomsWrite,
    PlayroomsDelete,
    PlaybooksRead,
    PlaybooksWrite,
    PlaybooksExecute,
    PlaybooksDelete,
    ExecutionsRead,
    ExecutionsWrite,
    ExecutionsCancel,
    ExecutionsDelete,
    SchedulesRead,
    SchedulesWrite,
    SchedulesDelete,
    CredentialsRead,
    CredentialsWrite,
    CredentialsDelete,
    KeysRead,
    KeysWrite,
    HooksRead,
    HooksWrite,
    AuditRead,
    EventsRead,
    StatsRead,
    /// Claim runs, keep and end them, send their output and fetch their programs.
    RunsPerform,
}

use Scope as S;

/// Every scope that a key can have, with its name.
const NAMES: &[(Scope, &str)] = &[
    (S::JobsRead, "jobs:read"),
    (S::JobsWrite, "jobs:write"),
    (S::JobsCancel, "jobs:cancel"),
    (S::PluginJobsRead, "plugin-jobs:read"),
    (S::PluginJobsWrite, "plugin-jobs:write"),
    (S::PluginJobsCancel, "plugin-jobs:cancel"),
    (S::PluginJobsDelete, "plugin-jobs:delete"),
    (S::PlaygroundsRead, "playgrounds:read"),
    (S::PlaygroundsWrite, "playgrounds:write"),
    (S::PlaygroundsDelete, "playgrounds:delete"),
    (S::PlaygroundsReveal, "playgrounds:reveal"),
    (S::LaunchWrite, "launch:write"),
    (S::PlayspecsRead, "playspecs:read"),
    (S::PlayspecsWrite, "playspecs:write"),
    (S::PlayspecsDelete, "playspecs:delete"),
    (S::PlayroomsRead, "playrooms:read"),
    (S::PlayroomsWrite, "playrooms:write"),
    (S::PlayroomsDelete, "playrooms:delete"),
    (S::PlaybooksRead, "playbooks:read"),
    (S::PlaybooksWrite, "playbooks:write"),
    (S::PlaybooksExecute, "playbooks:execute"),
    (S::PlaybooksDelete, "playbooks:delete"),
    (S::ExecutionsRead, "executions:read"),
    (S::ExecutionsWrite, "executions:write"),
    (S::ExecutionsCancel, "executions:cancel"),
    (S::ExecutionsDelete, "executions:delete"),
    (S::SchedulesRead, "schedules:read"),
    (S::SchedulesWrite, "schedules:write"),
    (S::SchedulesDelete, "schedules:delete"),
    (S::CredentialsRead, "credentials:read"),
    (S::CredentialsWrite, "credentials:write"),
    (S::CredentialsDelete, "credentials:delete"),
    (S::KeysRead, "keys:read"),
    (S::KeysWrite, "keys:write"),
    (S::HooksRead, "hooks:read"),
    (S::HooksWrite, "hooks:write"),
    (S::AuditRead, "audit:read"),
    (S::EventsRead, "events:read"),
    (S::StatsRead, "stats:read"),
    (S::RunsPerform, "runs:perform"),
];

/// Stands for every scope.
pub(crate) const EVERY: &str = "*";

impl Scope {
    /// As keys and the documentation name it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Secret => "secret",
            Self::Known => "known",
            scope => NAMES
                .iter()
                .find(|(named, _)| *named == scope)
                .map_or("", |(_, name)| name),
        }
    }

    /// Reads a scope that a key can have.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let found = NAMES.iter().find(|(_, name)| *name == text);
        found.map(|(scope, _)| *scope)
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scopes(u64);

impl Scopes {
    /// Every scope.
    pub(crate) fn every() -> Self {
        NAMES.iter().map(|(scope, _)| *scope).collect()
    }

    /// Reads a list of names; answers the first that is none.
    pub(crate) fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, &'a str> {
        let mut scopes = Self::default();
        for name in names {
            scopes = scopes.with(match name {
                EVERY => Self::every(),
                name => std::iter::once(Scope::parse(name).ok_or(name)?).collect(),
            });
        }
        Ok(scopes)
    }

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn without(self, others: &[Scope]) -> Self {
        let others: Self = others.iter().copied().collect();
        Self(self.0 & !others.0)
    }

    /// Whether everything that `other` allows is allowed here too.
    pub(crate) fn cover(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether this opens a route.
    pub(crate) fn allow(self, scope: Scope) -> bool {
        match scope {
            Scope::Open | Scope::Secret => true,
            // An executor performs, and does nothing else.
            Scope::Known => self != std::iter::once(Scope::RunsPerform).collect(),
            scope => self.cover(std::iter::once(scope).collect()),
        }
    }

    pub(crate) fn is_every(self) -> bool {
        self == Self::every()
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// As the API shows it: names in order, or `*` alone.
    pub(crate) fn names(self) -> Vec<String> {
        if self.is_every() {
            return vec![EVERY.to_owned()];
        }
        let named = NAMES.iter().filter(|(scope, _)| self.allow(*scope));
        named.map(|(_, name)| (*name).to_owned()).collect()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(
            scopes
                .into_iter()
                .fold(0, |set, scope| set | 1 << scope as u64),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{NAMES, Scope, Scopes};

    #[test]
    fn every_scope_has_a_name_of_its_own() {
        // The last one counts those before it; `Open`, `Secret` and `Known` are no scopes of keys.
        assert_eq!(NAMES.len() + 3, Scope::RunsPerform as usize + 1);
        for (scope, name) in NAMES {
            assert_eq!(Scope::parse(name), Some(*scope));
            assert_eq!(scope.as_str(), *name);
        }
    }

    #[test]
    fn sets_are_read_and_written() {
        let scopes = Scopes::parse(["jobs:read", "hooks:write"]).expect("scopes");
        assert_eq!(scopes.names(), ["jobs:read", "hooks:write"]);
        assert!(scopes.allow(Scope::JobsRead) && !scopes.allow(Scope::JobsWrite));
        assert!(Scopes::every().cover(scopes) && !scopes.cover(Scopes::every()));
        assert_eq!(Scopes::parse(["*"]), Ok(Scopes::every()));
        assert_eq!(Scopes::every().names(), ["*"]);
        assert_eq!(Scopes::parse(["jobs:read", "jobs"]), Err("jobs"));
        for wrong in [
            "open",
            "secret",
            "known",
            "",
            "jobs:*",
            "JOBS:READ",
            "jobs:read ",
        ] {
            assert_eq!(Scopes::parse([wrong]), Err(wrong));
        }
    }
}
