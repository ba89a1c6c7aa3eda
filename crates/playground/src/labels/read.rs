//! From the values of the labels to the typed struct.

use std::collections::BTreeMap;

use super::{HealthcheckLabels, LabelProblem, PathRule, ServiceLabels, value};

/// Key without prefix to the label as it stands and its value.
pub(super) type Values<'a> = BTreeMap<&'a str, (&'a str, &'a str)>;

struct LabelReader<'a, 'p> {
    values: &'a Values<'a>,
    problems: &'p mut Vec<LabelProblem>,
}

impl LabelReader<'_, '_> {
    /// The value of a key, if there is one and it has the form that `parse` wants.
    fn take<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let (label, value) = self.values.get(key)?;
        match parse(value) {
            Ok(parsed) => Some(parsed),
            Err(message) => {
                self.problems.push(LabelProblem::new(label, value, message));
                None
            }
        }
    }
}

/// Reads all keys; what is wrong is added to the problems and left out.
pub(super) fn read(values: &Values<'_>, problems: &mut Vec<LabelProblem>) -> ServiceLabels {
    let mut reader = LabelReader { values, problems };
    let expose = reader.take("expose", value::expose);
    let port = reader.take("port", value::port);
    let visibility = reader.take("visibility", value::visibility);
    ServiceLabels {
        repo_url: reader.take("repo_url", value::not_empty),
        branch: reader.take("branch", value::not_empty),
        source_mount: reader.take("source_mount", value::absolute_path),
        dockerfile: reader.take("dockerfile", value::relative_path),
        build_target: reader.take("build_target", value::not_empty),
        build_args: reader.take("build_args", value::pairs).unwrap_or_default(),
        env_file: reader.take("env_file", value::relative_path),
        start_command: reader.take("start_command", value::not_empty),
        production: reader.take("production", value::boolean).unwrap_or(false),
        port: port.or(expose.map(|(_, port)| port)),
        visibility: visibility
            .or(expose.map(|(visibility, _)| visibility))
            .unwrap_or_default(),
        subdomain: reader.take("subdomain", value::subdomain),
        path_rule: reader.take("path_rule", PathRule::parse),
        zerodowntime: reader.take("zerodowntime", value::boolean).unwrap_or(false),
        healthcheck: healthcheck(&mut reader),
        job_watch: reader.take("job_watch", value::boolean),
    }
}

fn healthcheck(reader: &mut LabelReader<'_, '_>) -> Option<HealthcheckLabels> {
    let mut keys = reader.values.keys();
    if !keys.any(|key| key.starts_with("healthcheck_")) {
        return None;
    }
    let default = HealthcheckLabels::default();
    let mut time = |key: &str, default: u64| reader.take(key, value::duration).unwrap_or(default);
    Some(HealthcheckLabels {
        interval_ms: time("healthcheck_interval", default.interval_ms),
        timeout_ms: time("healthcheck_timeout", default.timeout_ms),
        start_period_ms: time("healthcheck_start_period", default.start_period_ms),
        path: reader
            .take("healthcheck_path", value::url_path)
            .unwrap_or(default.path),
        retries: reader
            .take("healthcheck_retries", value::retries)
            .unwrap_or(default.retries),
    })
}
