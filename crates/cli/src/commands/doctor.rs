//! `doctor`: looks at this machine and says what to do about what is missing.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde::Serialize;
use wire::client::Client;

use super::place;
use crate::{
    args::{DEFAULT_SERVER, Doctor},
    config,
    exit::{Exit, Failure},
    output::{print_bytes, print_json},
    table::Table,
};

/// Below this many syncs a second, jobs are accepted noticeably slower.
const SLOW_SYNCS_PER_SECOND: f64 = 100.0;
const SYNC_TEST: Duration = Duration::from_millis(300);

/// How one check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Standing {
    Ok,
    Warn,
    Fail,
}

/// One line of the report.
#[derive(Debug, Serialize)]
struct Check {
    name: String,
    standing: Standing,
    detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Check {
    fn ok(name: &str, detail: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            standing: Standing::Ok,
            detail: detail.into(),
            advice: None,
        }
    }

    fn warn(name: &str, detail: impl Into<String>, advice: &str) -> Self {
        Self {
            standing: Standing::Warn,
            advice: Some(advice.to_owned()),
            ..Self::ok(name, detail)
        }
    }

    fn fail(name: &str, detail: impl Into<String>, advice: &str) -> Self {
        Self {
            standing: Standing::Fail,
            ..Self::warn(name, detail, advice)
        }
    }
}

pub(super) async fn run(doctor: Doctor) -> Result<Exit, Failure> {
    let data_dir = match &doctor.place.data_dir {
        Some(data_dir) => data_dir.clone(),
        None => place::data_dir()?,
    };
    let mut checks = vec![settings_file()];
    checks.extend(data_directory(&data_dir));
    checks.push(server(doctor.server.as_deref()).await);
    checks.extend(isolation(data_dir).await?);
    report(&checks, doctor.format.json)?;
    let failed = checks.iter().any(|check| check.standing == Standing::Fail);
    Ok(if failed { Exit::FAILED } else { Exit::OK })
}

fn report(checks: &[Check], json: bool) -> Result<(), Failure> {
    if json {
        return print_json(&checks);
    }
    let mut table = Table::new(&["CHECK", "RESULT", "DETAIL"]);
    for check in checks {
        let standing = match check.standing {
            Standing::Ok => "ok",
            Standing::Warn => "warn",
            Standing::Fail => "FAIL",
        };
        table.row([
            check.name.clone(),
            standing.to_owned(),
            check.detail.clone(),
        ]);
    }
    let mut text = table.text();
    let mut advice = Table::bare();
    for check in checks {
        if let Some(what) = &check.advice {
            advice.row([format!("{}:", check.name), what.clone()]);
        }
    }
    let advice = advice.text();
    if !advice.is_empty() {
        text.push_str("\nWhat to do:\n");
        text.push_str(&advice);
    }
    print_bytes(text.as_bytes())
}

fn settings_file() -> Check {
    // A wrong file has already ended this command.
    match config::usual_file() {
        Some(file) if file.exists() => Check::ok("settings file", file.display().to_string()),
        Some(file) => Check::ok("settings file", format!("none at {}", file.display())),
        None => Check::ok("settings file", "none: HOME is not set"),
    }
}

fn data_directory(data_dir: &Path) -> Vec<Check> {
    const NAME: &str = "data directory";
    let shown = data_dir.display();
    let existing = data_dir
        .ancestors()
        .map(usable)
        .find(|place| place.exists());
    let Some(existing) = existing else {
        return vec![Check::fail(
            NAME,
            format!("no part of {shown} exists"),
            "choose another one",
        )];
    };
    match syncs_per_second(&existing) {
        Err(error) => vec![Check::fail(
            NAME,
            format!("{} cannot be written: {error}", existing.display()),
            "give this user the right to write there, or choose another one with --data-dir",
        )],
        Ok(rate) => {
            let missing = if existing == data_dir {
                ""
            } else {
                " (made at the first start)"
            };
            let detail = format!("{rate:.0} syncs a second");
            let disk = if rate < SLOW_SYNCS_PER_SECOND {
                let advice = "a faster disk: every accepted job waits for one sync";
                Check::warn("disk", detail, advice)
            } else {
                Check::ok("disk", detail)
            };
            vec![Check::ok(NAME, format!("{shown}{missing}")), disk]
        }
    }
}

/// The empty ancestor of a relative path is the current directory.
fn usable(path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        path.to_path_buf()
    }
}

fn syncs_per_second(directory: &Path) -> std::io::Result<f64> {
    let path = directory.join(format!(".playhouse-doctor-{}", std::process::id()));
    let mut file = File::create_new(&path)?;
    let measured = (|| {
        let start = Instant::now();
        let mut syncs = 0.0;
        while start.elapsed() < SYNC_TEST {
            file.write_all(&[0; 4096])?;
            file.sync_data()?;
            syncs += 1.0;
        }
        Ok(syncs / start.elapsed().as_secs_f64())
    })();
    fs::remove_file(&path)?;
    measured
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
            let advice = "start one with `playhouse server` or `playhouse dev`, or name another \
                          one with --server";
            // Nobody said that there is a server at the usual address.
            match named {
                Some(_) => Check::fail(NAME, detail, advice),
                None => Check::warn(NAME, detail, advice),
            }
        }
    }
}

async fn isolation(data_dir: PathBuf) -> Result<Vec<Check>, Failure> {
    let probe = move || {
        let settings = executor::Settings::new("doctor", data_dir.join("executor"), place::shim());
        executor::probe(&settings)
    };
    let findings = tokio::task::spawn_blocking(probe)
        .await
        .map_err(|error| Failure::new(Exit::FAILED, error.to_string()))?;
    let advice = "`--isolation standard` goes on without it, `--isolation strict` runs no job";
    let check = |finding: executor::Finding| {
        let name = format!("isolation: {}", finding.name);
        if finding.ok {
            Check::ok(&name, finding.detail)
        } else {
            Check::warn(&name, finding.detail, advice)
        }
    };
    Ok(findings.into_iter().map(check).collect())
}
