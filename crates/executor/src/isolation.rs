//! Decides once, at the start, which parts of the isolation every job gets.

use crate::{Isolation, Settings, cgroup::Cgroups, probe::probe, shim::Part};

/// What every job gets.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Parts that the shim applies. One that fails all the same fails the job.
    pub(crate) parts: Vec<Part>,
    /// Limits on memory and processors.
    pub(crate) cgroups: Cgroups,
    /// What is asked for and does not work here, and why.
    pub(crate) missing: Vec<String>,
    /// Why no job may start at all (`strict` only).
    pub(crate) refuses: Option<String>,
}

impl Plan {
    /// Tries the parts and logs, once, what does not work. Blocks.
    pub(crate) fn new(settings: &Settings) -> Self {
        let wanted = wanted(settings);
        let mut parts = Vec::new();
        let mut missing = Vec::new();
        for finding in probe(settings) {
            let part = PARTS
                .iter()
                .find(|part| part.name() == finding.name)
                .copied();
            if !wanted.contains(&finding.name.as_str()) {
                continue;
            }
            if finding.ok {
                parts.extend(part);
            } else {
                missing.push(format!("{}: {}", finding.name, finding.detail));
            }
        }
        let (cgroups, error) = Cgroups::open(settings.memory_limit_bytes, settings.cpu_limit);
        missing.extend(error);
        for part in &missing {
            tracing::warn!(isolation = %settings.isolation, "not applied: {part}");
        }
        // The user namespace is a means: what it is needed for is missing then, too.
        let vital = missing
            .iter()
            .find(|part| !part.starts_with(Part::UserNamespace.name()));
        let refuses = vital
            .filter(|_| settings.isolation == Isolation::Strict)
            .map(|part| format!("strict isolation is not possible here: {part}"));
        Self {
            parts,
            cgroups,
            missing,
            refuses,
        }
    }
}

/// All parts, in the order in which they are tried and applied.
pub(crate) const PARTS: [Part; 6] = [
    Part::ResourceLimits,
    Part::NoNewPrivileges,
    Part::Landlock,
    Part::UserNamespace,
    Part::PidNamespace,
    Part::NetworkNamespace,
];

fn wanted(settings: &Settings) -> Vec<&'static str> {
    let wanted = PARTS.iter().filter(|part| match settings.isolation {
        Isolation::None => false,
        Isolation::Standard => **part != Part::NetworkNamespace,
        Isolation::Strict => true,
    });
    wanted.map(|part| part.name()).collect()
}
