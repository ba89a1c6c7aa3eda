//! The commands that go on for longer than a test may: more seeds, more kills, more load.

use anyhow::Result;
use clap::Args;
use private_docker::{DIRECTORY_VARIABLE, Engine};
use private_postgres::URL_VARIABLE;

use crate::{
    process::{cargo, succeed},
    runner::{FUZZ_SECONDS, postgres, sample},
    setup,
};

#[derive(Args)]
pub(crate) struct Sim {
    /// How many seeds [default: 1000, with --seed 1].
    #[arg(long)]
    seeds: Option<u64>,
    /// This seed, or the first of several. A failure prints its seed.
    #[arg(long)]
    seed: Option<u64>,
}

impl Sim {
    /// The first seed, and how many.
    fn range(&self) -> (u64, u64) {
        let usual = if self.seed.is_some() { 1 } else { 1000 };
        (self.seed.unwrap_or(0), self.seeds.unwrap_or(usual))
    }
}

#[derive(Args)]
pub(crate) struct Kill {
    /// How many rounds.
    #[arg(long, default_value_t = 500)]
    rounds: u64,
}

#[derive(Args)]
pub(crate) struct Fuzz {
    /// For how long each parser gets random bytes.
    #[arg(long, default_value_t = 3_600)]
    seconds: u64,
}

#[derive(Args)]
pub(crate) struct Load {
    /// How many rollouts.
    #[arg(long, default_value_t = 10)]
    rollouts: u64,
}

/// The simulation, with more seeds.
pub(crate) fn sim(sim: &Sim) -> Result<()> {
    let postgres = postgres(&[])?;
    let mut command = cargo(["test", "--package", "server", "--test", "it"]);
    command.args(["--", "sim::", "--nocapture"]);
    let (first, count) = sim.range();
    command.env("PLAYHOUSE_SIM_SEEDS", count.to_string());
    command.env("PLAYHOUSE_SIM_SEED", first.to_string());
    succeed(command.env(URL_VARIABLE, postgres.url()))
}

/// The rounds of `kill -9`, more of them.
pub(crate) fn kill(kill: &Kill) -> Result<()> {
    let postgres = postgres(&[])?;
    let docker = Engine::start(&setup::docker()?, &sample()?)?;
    let mut command = cargo(["test", "--package", "cli", "--test", "it"]);
    command.args(["--", "kill", "--nocapture"]);
    command.env("PLAYHOUSE_KILL_ROUNDS", kill.rounds.to_string());
    command.env(DIRECTORY_VARIABLE, docker.location().directory());
    succeed(command.env(URL_VARIABLE, postgres.url()))
}

/// Random bytes for every parser of what others write, for longer.
pub(crate) fn fuzz(fuzz: &Fuzz) -> Result<()> {
    let mut command = cargo([
        "test",
        "--package",
        "plugin",
        "--package",
        "server",
        "--tests",
    ]);
    command.args(["--", "fuzz_"]);
    succeed(command.env(FUZZ_SECONDS, fuzz.seconds.to_string()))
}

/// Rollouts under load, of the router alone and of whole playgrounds.
pub(crate) fn load(load: &Load) -> Result<()> {
    let docker = Engine::start(&setup::docker()?, &sample()?)?;
    let mut command = cargo(["test", "--workspace", "--test", "it"]);
    command.args(["--", "under_load", "--nocapture"]);
    command.env("PLAYHOUSE_LOAD_ROLLOUTS", load.rollouts.to_string());
    succeed(command.env(DIRECTORY_VARIABLE, docker.location().directory()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_alone_is_the_only_one() {
        let range = |seed, seeds| Sim { seeds, seed }.range();
        assert_eq!(range(None, None), (0, 1000));
        assert_eq!(range(Some(7), None), (7, 1));
        assert_eq!(range(None, Some(50)), (0, 50));
        assert_eq!(range(Some(7), Some(50)), (7, 50));
    }
}
