//! Roles: named sets of scopes.

use super::scope::{Scope, Scopes};

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Everything.
    Admin,
    /// Works with runs of every kind.
    User,
    /// Looks.
    Readonly,
    /// Performs runs, and sees nothing but those that it holds.
    Executor,
    /// Nothing but the scopes that its key lists.
    Custom,
}

impl Role {
    pub(crate) const ALL: [Self; 5] = [
        Self::Admin,
        Self::User,
        Self::Readonly,
        Self::Executor,
        Self::Custom,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::User => "user",
            Self::Readonly => "readonly",
            Self::Executor => "executor",
            Self::Custom => "custom",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// What it may do.
    pub(crate) fn scopes(self) -> Scopes {
        use Scope as S;
        const READS: [Scope; 10] = [
            S::JobsRead,
            S::PluginJobsRead,
            S::PlaygroundsRead,
            S::PlayspecsRead,
            S::PlayroomsRead,
            S::PlaybooksRead,
            S::ExecutionsRead,
            S::CredentialsRead,
            S::SchedulesRead,
            S::EventsRead,
        ];
        const WORKS: [Scope; 15] = [
            S::JobsWrite,
            S::JobsCancel,
            S::PluginJobsWrite,
            S::PluginJobsCancel,
            S::PlaygroundsWrite,
            S::LaunchWrite,
            S::PlayspecsWrite,
            S::PlayroomsWrite,
            S::PlaybooksWrite,
            S::PlaybooksExecute,
            S::ExecutionsWrite,
            S::ExecutionsCancel,
            S::SchedulesWrite,
            S::CredentialsWrite,
            // Of its own key only: without the right to make keys it sees no others.
            S::KeysRead,
        ];
        let readonly = || READS.into_iter().chain([S::StatsRead]);
        match self {
            Self::Admin => Scopes::every(),
            Self::User => readonly().chain(WORKS).collect(),
            Self::Readonly => readonly().collect(),
            Self::Executor => [S::RunsPerform].into_iter().collect(),
            Self::Custom => Scopes::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Role, Scopes};

    #[test]
    fn only_admins_touch_keys_hooks_and_the_audit() {
        for role in [Role::User, Role::Readonly, Role::Executor, Role::Custom] {
            let names = role.scopes().names();
            for name in ["keys:write", "hooks:read", "hooks:write", "audit:read", "*"] {
                assert!(!names.iter().any(|held| held == name), "{role:?} {name}");
            }
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Role::Admin.scopes(), Scopes::every());
    }

    #[test]
    fn who_only_looks_changes_nothing() {
        let names = Role::Readonly.scopes().names();
        assert!(
            names.iter().all(|name| name.ends_with(":read")),
            "{names:?}"
        );
        assert!(!names.contains(&"keys:read".to_owned()));
        assert_eq!(Role::Executor.scopes().names(), ["runs:perform"]);
    }
}
