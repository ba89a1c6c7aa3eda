//! One finding, and the report of them all.

use serde::Serialize;

use crate::{
    exit::Failure,
    output::{print_bytes, print_json},
    table::Table,
};

/// How one check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Standing {
    Ok,
    Warn,
    Fail,
}

/// One line of the report.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    name: String,
    /// `ok`, `warn` or `fail`.
    pub(super) standing: Standing,
    detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Check {
    pub(super) fn ok(name: &str, detail: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            standing: Standing::Ok,
            detail: detail.into(),
            advice: None,
        }
    }

    pub(super) fn warn(name: &str, detail: impl Into<String>, advice: &str) -> Self {
        Self {
            standing: Standing::Warn,
            advice: Some(advice.to_owned()),
            ..Self::ok(name, detail)
        }
    }

    pub(super) fn fail(name: &str, detail: impl Into<String>, advice: &str) -> Self {
        Self {
            standing: Standing::Fail,
            ..Self::warn(name, detail, advice)
        }
    }
}

/// A part of the isolation that works in full, or does not.
pub(super) fn isolation(part: &str, is_full: bool, detail: String) -> Check {
    let name = format!("isolation: {part}");
    if is_full {
        return Check::ok(&name, detail);
    }
    let advice = "`--isolation standard` goes on without it, `--isolation strict` runs no job.";
    Check::warn(&name, detail, advice)
}

/// Prints the table and what to do, or JSON.
pub(super) fn report(checks: &[Check], json: bool) -> Result<(), Failure> {
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
    let mut advice = Table::bare();
    for check in checks {
        if let Some(what) = &check.advice {
            advice.row([format!("{}:", check.name), what.clone()]);
        }
    }
    let mut text = table.text();
    let advice = advice.text();
    if !advice.is_empty() {
        text.push_str("\nWhat to do:\n");
        text.push_str(&advice);
    }
    print_bytes(text.as_bytes())
}
