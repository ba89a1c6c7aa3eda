//! Decides once, at the start, which parts of the isolation every job gets.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use crate::{
    AllowedPath, Isolation, Settings,
    cgroup::Cgroups,
    job_ids::JobIds,
    probe::{Finding, Support, join, probe},
    shim::{Part, View},
};

/// How much is told of one part that is missing; a path in it may be long.
const MISSING_BYTES: usize = 1_000;

/// What every job gets.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Parts that the shim applies. Where one fails all the same, the job is left to others.
    pub(crate) parts: Vec<Part>,
    /// What of the machine it sees.
    pub(crate) view: View,
    /// Whom jobs run as; `None` for the executor's own user.
    pub(crate) job_ids: Option<JobIds>,
    /// The groups that those are in: those of the devices that jobs may use.
    pub(crate) groups: Vec<u32>,
    /// Limits on memory and processors.
    pub(crate) cgroups: Cgroups,
    /// What is asked for and does not work here, or not all of it, and why.
    pub(crate) missing: Vec<String>,
}

impl Plan {
    /// Tries the parts and logs, once, what does not work. Blocks.
    ///
    /// # Errors
    /// When nothing may be started here with what is missing (`strict` only), and why.
    pub(crate) fn new(settings: &Settings) -> Result<Self, String> {
        check_allowed(settings)?;
        let (parts, mut missing) = choose(settings.isolation, &probe(settings));
        let (memory, cpus) = (settings.memory_limit_bytes, settings.cpu_limit);
        let plugins = settings.plugins.is_some();
        let (cgroups, without) =
            Cgroups::open(memory, cpus, plugins, |procs| join(settings, procs));
        missing.extend(without);
        for part in &mut missing {
            part.truncate(part.floor_char_boundary(MISSING_BYTES));
            tracing::warn!(isolation = %settings.isolation, "not applied: {part}");
        }
        let job_ids = parts.contains(&Part::OwnId).then(|| {
            let opened = JobIds::open(settings.job_ids);
            opened.map_err(|error| format!("the ids of jobs cannot be locked: {error}"))
        });
        match refusal(settings.isolation, &missing) {
            Some(reason) => Err(reason),
            None => Ok(Self {
                job_ids: job_ids.transpose()?,
                view: view(settings),
                groups: groups(&settings.allow_devices),
                parts,
                cgroups,
                missing,
            }),
        }
    }
}

/// What a job sees that is to reach only these of the paths and devices that the operator allows. They are compared
/// as they are named: below a directory that a job may write to there may be links to anywhere.
///
/// # Errors
/// What of it the operator does not allow.
pub(crate) fn view_of(settings: &Settings, wanted: &[String]) -> Result<View, String> {
    let (mut allow_paths, mut allow_devices) = (Vec::new(), Vec::new());
    for text in wanted {
        let wanted: AllowedPath = text.parse()?;
        let mut allowed = settings.allow_paths.iter();
        let is_it =
            |one: &&AllowedPath| one.path == wanted.path && (one.writable || !wanted.writable);
        if allowed.any(|one| is_it(&one)) {
            allow_paths.push(wanted);
        } else if settings.allow_devices.contains(&wanted.path) {
            allow_devices.push(wanted.path);
        } else {
            return Err(format!(
                "the job is to reach {text}, which its executor does not allow with --allow-path or --allow-device"
            ));
        }
    }
    Ok(view(&Settings {
        allow_paths,
        allow_devices,
        ..settings.clone()
    }))
}

/// What jobs see of the machine: the system and what the operator allows, without what is the executor's own.
pub(crate) fn view(settings: &Settings) -> View {
    let mut view = View::of_system();
    for allowed in &settings.allow_paths {
        let paths = match allowed.writable {
            true => &mut view.writable,
            false => &mut view.readable,
        };
        paths.push(allowed.path.clone());
    }
    view.devices.clone_from(&settings.allow_devices);
    let own = [&settings.cache_dir, &settings.work_dir];
    let hidden = own.into_iter().chain(&settings.hidden_paths);
    // Links would show what they lead to.
    view.hidden = hidden
        .map(|path| fs::canonicalize(path).unwrap_or_else(|_| path.clone()))
        .collect();
    view
}

/// The groups of the devices, so that a user of its own may use them as the executor's may.
fn groups(devices: &[std::path::PathBuf]) -> Vec<u32> {
    let below = |path: &Path| {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let files = devices.iter().flat_map(|path| {
        if path.is_dir() {
            below(path)
        } else {
            vec![path.clone()]
        }
    });
    let found = files.filter_map(|path| fs::metadata(path).ok());
    // Files of the group of root are no reason to be in it.
    let mut groups: Vec<u32> = found
        .map(|found| found.gid())
        .filter(|id| *id != 0)
        .collect();
    groups.sort_unstable();
    groups.dedup();
    groups
}

/// That what jobs are to reach is there.
fn check_allowed(settings: &Settings) -> Result<(), String> {
    let paths = settings.allow_paths.iter().map(|allowed| &allowed.path);
    for path in paths.chain(&settings.allow_devices) {
        let found = fs::symlink_metadata(path)
            .map_err(|error| format!("jobs are to reach {}: {error}", path.display()))?;
        if found.is_symlink() {
            return Err(format!(
                "jobs are to reach {}, which is a link: name what it leads to",
                path.display()
            ));
        }
    }
    Ok(())
}

/// What can be applied of the parts that the level wants, and what of them is missing.
fn choose(isolation: Isolation, findings: &[Finding]) -> (Vec<Part>, Vec<String>) {
    let (mut parts, mut missing) = (Vec::new(), Vec::new());
    let wanted = Part::ALL.into_iter().filter(|part| match isolation {
        Isolation::None => false,
        Isolation::Standard => *part != Part::NetworkNamespace,
        Isolation::Strict => true,
    });
    for part in wanted {
        let name = part.name();
        let Some(finding) = findings.iter().find(|finding| finding.name == name) else {
            continue;
        };
        if finding.support != Support::Missing {
            parts.push(part);
        }
        if finding.support != Support::Full {
            missing.push(format!("{name}: {}", finding.detail));
        }
    }
    (parts, missing)
}

/// Why no job may start. The user namespace is a means: what it is needed for is missing then, too.
fn refusal(isolation: Isolation, missing: &[String]) -> Option<String> {
    let vital = missing
        .iter()
        .find(|part| !part.starts_with(Part::UserNamespace.name()));
    vital
        .filter(|_| isolation == Isolation::Strict)
        .map(|part| format!("strict isolation is not possible here: {part}"))
}

#[cfg(test)]
mod tests {
    use super::{Finding, Isolation, Part, Support, choose, refusal};

    /// A machine that has everything but one part.
    fn machine(part: Part, support: Support, detail: &str) -> Vec<Finding> {
        let finding = |one: Part| Finding {
            name: one.name().to_owned(),
            support: if one == part { support } else { Support::Full },
            detail: if one == part { detail } else { "" }.to_owned(),
        };
        Part::ALL.map(finding).to_vec()
    }

    #[test]
    fn what_works_in_part_is_applied_and_told_and_not_enough_for_strict() {
        let old = machine(
            Part::Landlock,
            Support::Partial,
            "only in part: an old kernel",
        );
        let (parts, missing) = choose(Isolation::Standard, &old);
        assert!(parts.contains(&Part::Landlock));
        assert_eq!(missing, ["landlock: only in part: an old kernel"]);
        assert_eq!(refusal(Isolation::Standard, &missing), None);
        let (parts, missing) = choose(Isolation::Strict, &old);
        assert_eq!(parts, Part::ALL);
        let reason = "strict isolation is not possible here: landlock: only in part: an old kernel";
        assert_eq!(
            refusal(Isolation::Strict, &missing),
            Some(reason.to_owned())
        );
    }

    #[test]
    fn what_is_missing_is_left_out_and_only_a_means_may_be_in_strict() {
        for (part, vital) in [(Part::PidNamespace, true), (Part::UserNamespace, false)] {
            let (parts, missing) =
                choose(Isolation::Strict, &machine(part, Support::Missing, "no"));
            assert!(!parts.contains(&part) && parts.len() == Part::ALL.len() - 1);
            assert_eq!(missing, [format!("{}: no", part.name())]);
            assert_eq!(refusal(Isolation::Strict, &missing).is_some(), vital);
        }
    }

    #[test]
    fn a_level_is_told_only_what_it_wants() {
        let network = machine(Part::NetworkNamespace, Support::Missing, "no");
        let (parts, missing) = choose(Isolation::Standard, &network);
        assert_eq!((parts.len(), missing.len()), (Part::ALL.len() - 1, 0));
        let (parts, missing) = choose(Isolation::None, &network);
        assert_eq!((parts.len(), missing.len()), (0, 0));
    }
}
