//! What callers set of one service, checked.

use std::collections::{BTreeMap, BTreeSet};

use playground::labels::{PathRule, is_subdomain};
use wire::playgrounds::{ExposureSettings, PortMapping, ServiceSettings};

use super::{FieldErrors, spec};

const TEXT_LIMIT: usize = 4_000;

/// Notes what is wrong.
pub(super) fn check(name: &str, settings: &ServiceSettings, errors: &mut FieldErrors) {
    let mut note = |field: &str, checked: Result<(), String>| {
        if let Err(message) = checked {
            errors.add("services", format!("`{name}`: {field}{message}"));
        }
    };
    if let Some(git) = &settings.git_config {
        for (field, branch) in [
            ("branch_name ", &git.branch_name),
            ("base_branch_name ", &git.base_branch_name),
        ] {
            note(field, branch.as_deref().map_or(Ok(()), self::branch));
        }
        if git.create_branch == Some(true) && git.branch_name.is_none() {
            note("", Err("create_branch needs branch_name".to_owned()));
        }
    }
    let repo_url = settings.repo_url.as_deref();
    note("repo_url ", repo_url.map_or(Ok(()), spec::repository));
    for (field, path) in [
        ("dockerfile_path ", &settings.dockerfile_path),
        ("env_file_path ", &settings.env_file_path),
    ] {
        note(field, path.as_deref().map_or(Ok(()), spec::relative));
    }
    note("", exposure(&exposed(settings)));
    let texts = [
        &settings.start_command,
        &settings.image,
        &settings.build_target,
    ];
    let is_long = |text: &&String| text.len() > TEXT_LIMIT || text.contains('\0');
    if texts.into_iter().flatten().any(|text| is_long(&text)) {
        let message = format!("texts must have at most {TEXT_LIMIT} bytes and no NUL");
        note("", Err(message));
    }
}

/// Notes ports that cannot be mapped, and ports of the host that are mapped twice.
pub(super) fn check_host_ports(
    services: &BTreeMap<String, ServiceSettings>,
    errors: &mut FieldErrors,
) {
    let mut taken = BTreeSet::new();
    for (name, settings) in services {
        for PortMapping { container, host } in &settings.port_mappings {
            if *container == 0 || *host == 0 {
                let message = "ports of port_mappings must be from 1 to 65535";
                errors.add("services", format!("`{name}`: {message}"));
            } else if !taken.insert(*host) {
                let message = format!("the host's port {host} is mapped twice");
                errors.add("services", format!("`{name}`: {message}"));
            }
        }
    }
}

/// How a service is reached, from either of the two places where callers say it.
pub(super) fn exposed(settings: &ServiceSettings) -> ExposureSettings {
    let nested = settings.exposure.clone().unwrap_or_default();
    ExposureSettings {
        enabled: nested.enabled,
        port: nested.port.or(settings.exposure_port),
        subdomain: nested.subdomain.or_else(|| settings.subdomain.clone()),
        visibility: nested
            .visibility
            .or_else(|| settings.exposure_visibility.clone()),
        path_rule: nested.path_rule.or_else(|| settings.path_rule.clone()),
    }
}

/// Whether a service can be reached so.
pub(super) fn exposure(exposure: &ExposureSettings) -> Result<(), String> {
    if exposure.port == Some(0) {
        return Err("port must be from 1 to 65535".to_owned());
    }
    if let Some(text) = &exposure.subdomain {
        subdomain(text)?;
    }
    let visibility = exposure.visibility.as_deref();
    if visibility.is_some_and(|word| !matches!(word, "external" | "internal")) {
        return Err("visibility must be external or internal".to_owned());
    }
    match &exposure.path_rule {
        Some(rule) => PathRule::parse(rule).map(drop),
        None => Ok(()),
    }
}

/// One label of a host name, or `@` for the root domain itself.
pub(super) fn subdomain(text: &str) -> Result<(), String> {
    match is_subdomain(text) {
        true => Ok(()),
        false => Err(format!(
            "the subdomain `{}` must be @, or at most 63 of a-z, 0-9 and -, with neither - at its ends",
            text.chars().take(100).collect::<String>()
        )),
    }
}

/// What git takes as the name of a branch, roughly: git itself has the last word.
fn branch(text: &str) -> Result<(), String> {
    let is_bad = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c);
    let is_branch = !text.is_empty()
        && text.len() <= 255
        && !text.starts_with(['-', '/', '.'])
        && !text.ends_with(['/', '.'])
        && !text.contains("..")
        && !text.contains("//")
        && !text.contains("@{")
        && !text.chars().any(is_bad);
    match is_branch {
        true => Ok(()),
        false => Err("is not the name of a branch".to_owned()),
    }
}
