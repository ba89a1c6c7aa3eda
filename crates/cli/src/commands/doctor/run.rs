//! The checks, one after the other.

use std::path::PathBuf;

use executor::{
    DockerReadiness, Finding, Settings, Support, chromium_readiness, docker_readiness, probe,
};
use wire::client::Client;

use super::{
    check::{self, Check, Standing, report},
    database, disk, remote,
};
use crate::{
    args::{DEFAULT_SERVER, Doctor},
    commands::place,
    config,
    exit::{Exit, Failure},
};

pub(crate) async fn run(doctor: Doctor) -> Result<Exit, Failure> {
    let checks = match &doctor.executor {
        Some(name) => remote::check(name, &doctor.address()).await?,
        None => this_machine(&doctor).await?,
    };
    report(&checks, doctor.format.json)?;
    let failed = checks.iter().any(|check| check.standing == Standing::Fail);
    Ok(if failed { Exit::FAILED } else { Exit::OK })
}

async fn this_machine(doctor: &Doctor) -> Result<Vec<Check>, Failure> {
    let data_dir = match &doctor.place.data_dir {
        Some(data_dir) => data_dir.clone(),
        None => place::data_dir()?,
    };
    let mut checks = vec![settings_file()];
    checks.extend(disk::check(&data_dir));
    checks.push(database::check(doctor.place.database_url.as_deref(), &data_dir).await);
    checks.push(server(doctor.server.as_deref()).await);
    checks.extend(isolation(data_dir).await?);
    checks.extend(docker().await);
    checks.push(browser().await);
    Ok(checks)
}

fn settings_file() -> Check {
    // A wrong file has already ended this command.
    match config::usual_file() {
        Some(file) if file.exists() => Check::ok("settings file", file.display().to_string()),
        Some(file) => Check::ok("settings file", format!("none at {}", file.display())),
        None => Check::ok("settings file", "none: HOME is not set"),
    }
}

async fn server(named: Option<&str>) -> Check {
    const NAME: &str = "server";
    let url = named.unwrap_or(DEFAULT_SERVER);
    let health = match Client::http(url) {
        Ok(client) => client.health().await,
        Err(error) => Err(error),
    };
    match health {
        Ok(health) => Check::ok(NAME, format!("{url} is {}", health.status)),
        Err(error) => {
            let detail = format!("{url}: {error}");
            let advice = "Start one with `playhouse server` or `playhouse dev`, or name another \
                          one with --server.";
            // No address was given: there need not be a server at the default one.
            match named {
                Some(_) => Check::fail(NAME, detail, advice),
                None => Check::warn(NAME, detail, advice),
            }
        }
    }
}

async fn isolation(data_dir: PathBuf) -> Result<Vec<Check>, Failure> {
    let probe = move || {
        probe(&Settings::new(
            "doctor",
            data_dir.join("executor"),
            place::shim(),
        ))
    };
    let findings = tokio::task::spawn_blocking(probe)
        .await
        .map_err(|error| Failure::new(Exit::FAILED, error.to_string()))?;
    let check = |finding: Finding| {
        let is_full = finding.support == Support::Full;
        check::isolation(&finding.name, is_full, finding.detail)
    };
    Ok(findings.into_iter().map(check).collect())
}

/// Playgrounds need a Docker host; nothing else does.
async fn docker() -> Vec<Check> {
    const NAME: &str = "playgrounds";
    let DockerReadiness { found, missing } = docker_readiness(None).await;
    if missing.is_empty() {
        return vec![Check::ok(NAME, found)];
    }
    let missing = missing.into_iter();
    missing
        .map(|(problem, advice)| Check::warn(NAME, problem, &advice))
        .collect()
}

/// Browser steps of playbooks need Chromium; nothing else does.
async fn browser() -> Check {
    const NAME: &str = "browser";
    match chromium_readiness(None).await {
        Ok(found) => Check::ok(NAME, found),
        Err(problem) => Check::warn(
            NAME,
            problem,
            "Only steps of playbooks that use a browser need it.",
        ),
    }
}
