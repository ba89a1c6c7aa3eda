//! What was measured, as a table for people and as JSON for machines.

use std::fmt::{self, Display, Formatter};

use anyhow::{Context, Result};
use serde_json::json;

use crate::{
    machine::{self, Machine},
    server::Environment,
    statistics::{Spread, percentile, sorted},
};

/// One number of one run.
pub(crate) struct Measure {
    pub(crate) name: String,
    pub(crate) unit: &'static str,
    pub(crate) value: f64,
}

impl Measure {
    pub(crate) fn new(name: impl Into<String>, unit: &'static str, value: f64) -> Self {
        Self {
            name: name.into(),
            unit,
            value,
        }
    }
}

/// The middle and the slow end of many times, in milliseconds.
pub(crate) fn percentiles(name: &str, values: &[f64]) -> Result<Vec<Measure>> {
    let sorted = sorted(values);
    let at = |percent| percentile(&sorted, percent).context("nothing was measured");
    Ok(vec![
        Measure::new(format!("{name}: p50"), "ms", at(50.0)?),
        Measure::new(format!("{name}: p99"), "ms", at(99.0)?),
    ])
}

/// All numbers of all runs.
pub(crate) struct Report {
    machine: Machine,
    mode: &'static str,
    date: String,
    seconds: f64,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    unit: &'static str,
    runs: Vec<f64>,
}

impl Report {
    /// Begins a report by measuring the disk.
    pub(crate) fn new(postgres: bool, environment: &Environment, runs: usize) -> Result<Self> {
        let mut report = Self {
            machine: Machine::this()?,
            mode: if postgres { "postgres" } else { "sqlite" },
            date: machine::now(),
            seconds: environment.duration.as_secs_f64(),
            rows: Vec::new(),
        };
        for _ in 0..runs {
            let rate = machine::fsyncs_per_second(&environment.work_dir)?;
            report.add(vec![Measure::new(
                "disk: write 4 KiB and fdatasync",
                "1/s",
                rate,
            )]);
            let idle = machine::fsyncs_after_idling(&environment.work_dir)?;
            report.add(percentiles(
                "disk: the same after 15 ms without work",
                &idle,
            )?);
        }
        Ok(report)
    }

    /// Adds what one run measured to the rows of the same names.
    pub(crate) fn add(&mut self, measures: Vec<Measure>) {
        for Measure { name, unit, value } in measures {
            match self.rows.iter_mut().find(|row| row.name == name) {
                Some(row) => row.runs.push(value),
                None => self.rows.push(Row {
                    name,
                    unit,
                    runs: vec![value],
                }),
            }
        }
    }

    /// The same for machines.
    pub(crate) fn json(&self) -> String {
        let rows: Vec<_> = self.rows.iter().filter_map(Row::json).collect();
        let report = json!({
            "date": self.date,
            "mode": self.mode,
            "seconds": self.seconds,
            "machine": {
                "cpu": self.machine.cpu,
                "cores": self.machine.cores,
                "memory_gib": self.machine.memory_gib,
                "kernel": self.machine.kernel,
            },
            "measures": rows,
        });
        format!("{report:#}\n")
    }
}

impl Row {
    fn json(&self) -> Option<serde_json::Value> {
        let Spread { min, median, max } = Spread::of(&self.runs)?;
        Some(json!({
            "name": self.name,
            "unit": self.unit,
            "min": min,
            "median": median,
            "max": max,
            "runs": self.runs,
        }))
    }
}

impl Display for Report {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Machine {
            cpu,
            cores,
            memory_gib,
            kernel,
        } = &self.machine;
        writeln!(
            out,
            "{}, {}, runs of {} s",
            self.date, self.mode, self.seconds
        )?;
        writeln!(
            out,
            "{cpu}, {cores} cores, {memory_gib:.1} GiB, Linux {kernel}\n"
        )?;
        writeln!(out, "| measure | unit | median | min | max | runs |")?;
        writeln!(out, "|---|---|--:|--:|--:|--:|")?;
        for row in &self.rows {
            if let Some(Spread { min, median, max }) = Spread::of(&row.runs) {
                let (min, median, max) = (rounded(min), rounded(median), rounded(max));
                let (name, unit, runs) = (&row.name, row.unit, row.runs.len());
                writeln!(
                    out,
                    "| {name} | {unit} | {median} | {min} | {max} | {runs} |"
                )?;
            }
        }
        Ok(())
    }
}

/// Large numbers whole, small ones with three digits.
fn rounded(value: f64) -> String {
    if value.abs() >= 100.0 {
        return format!("{value:.0}");
    }
    format!("{value:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_one_name_share_a_row() {
        let machine = Machine {
            cpu: String::from("cpu"),
            cores: 2,
            memory_gib: 1.0,
            kernel: String::from("6"),
        };
        let (mode, date, rows) = ("sqlite", String::from("now"), Vec::new());
        let mut report = Report {
            machine,
            mode,
            date,
            seconds: 1.0,
            rows,
        };
        for value in [3.0, 1000.0, 2.0] {
            report.add(vec![Measure::new("steady", "jobs/s", value)]);
        }
        assert!(
            report
                .to_string()
                .contains("| steady | jobs/s | 3.000 | 2.000 | 1000 | 3 |")
        );
        let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
        assert_eq!(json["measures"][0]["median"], 3.0);
        assert_eq!(json["measures"][0]["runs"].as_array().unwrap().len(), 3);
    }
}
