//! The same lists of trivial steps by others, installed from the registry into a place of their own.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, ensure};

use super::{TRIVIAL, millis, per_step};
use crate::{database, report::Measure, server::Environment};

const REQUIREMENTS: &str = include_str!("../../../requirements.txt");
/// Trivial steps, each of which is durable before the next one begins.
const DBOS: &str = include_str!("dbos_steps.py");

pub(in crate::cases) async fn measure(environment: &Environment) -> Result<Vec<Measure>> {
    let venv = installed()?;
    let mut measures = vec![Measure::new(
        "a trivial task of ansible-core",
        "ms",
        per_step(ansible(environment, &venv)?),
    )];
    if let Some(url) = &environment.database_url {
        let url = database::fresh(url).await?;
        let took = dbos(environment, &venv, &url)?;
        measures.push(Measure::new("a trivial step of DBOS", "ms", per_step(took)));
    }
    Ok(measures)
}

/// The place with both, which is kept from run to run in the directory of all builds.
fn installed() -> Result<PathBuf> {
    let bench = env::current_exe()?;
    let target = bench
        .ancestors()
        .nth(2)
        .context("the bench lies in no target directory")?;
    let venv = target.join("bench-venv");
    let marker = venv.join("requirements.txt");
    if fs::read_to_string(&marker).is_ok_and(|installed| installed == REQUIREMENTS) {
        return Ok(venv);
    }
    succeed(
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&venv),
    )?;
    let wanted = venv.join("wanted.txt");
    fs::write(&wanted, REQUIREMENTS)?;
    let mut install = Command::new(venv.join("bin/pip"));
    succeed(
        install
            .args(["install", "--quiet", "--disable-pip-version-check", "-r"])
            .arg(&wanted),
    )?;
    fs::rename(&wanted, &marker)?;
    Ok(venv)
}

/// `debug` is the cheapest task: nothing is copied and no other process runs.
fn ansible(environment: &Environment, venv: &Path) -> Result<[f64; 2]> {
    let mut took = [0.0; 2];
    for (took, count) in took.iter_mut().zip(TRIVIAL) {
        let tasks: String = (0..count)
            .map(|task| format!("  - name: s{task}\n    ansible.builtin.debug: {{msg: hello}}\n"))
            .collect();
        let play = format!(
            "- hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n{tasks}"
        );
        let path = environment.work_dir.join("play.yml");
        fs::write(&path, play)?;
        let mut command = Command::new(venv.join("bin/ansible-playbook"));
        command
            .args(["-i", "localhost,"])
            .arg(&path)
            .env("ANSIBLE_NOCOLOR", "1")
            .env("ANSIBLE_LOCALHOST_WARNING", "0")
            .env("LC_ALL", "C.UTF-8");
        let begun = Instant::now();
        succeed(&mut command)?;
        *took = millis(begun.elapsed());
    }
    Ok(took)
}

/// It measures itself: its start is not of interest.
fn dbos(environment: &Environment, venv: &Path, url: &str) -> Result<[f64; 2]> {
    let script = environment.work_dir.join("dbos_steps.py");
    fs::write(&script, DBOS)?;
    let mut command = Command::new(venv.join("bin/python"));
    let counts = TRIVIAL.map(|count| count.to_string());
    let output = command
        .arg(&script)
        .arg(url)
        .args(counts)
        .current_dir(&environment.work_dir)
        .stderr(Stdio::piped())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let said = || String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "DBOS failed:\n{}", said());
    let times: Vec<f64> = text
        .lines()
        .filter_map(|line| line.strip_prefix("took_ms=")?.parse().ok())
        .collect();
    times
        .try_into()
        .map_err(|_| anyhow::anyhow!("DBOS said:\n{text}{}", said()))
}

fn succeed(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("failed to start {command:?}"))?;
    let said = || String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{command:?} failed:\n{}", said());
    Ok(())
}
