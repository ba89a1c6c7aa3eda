//! Operations on playgrounds.

use serde_json::Value;
use wire::playgrounds::{OperatePlayground, RevisionDiff, RollBack};

use super::{connection, follow};
use crate::{
    args::{Destroy, Extend, Operate, RollbackArgs, Rollout},
    exit::{Exit, Failure},
    output::{print_bytes, print_json, print_line, print_table, say},
    table::{Table, or_dash, plain},
};

pub(super) async fn run(operate: &Operate, operation: &str) -> Result<Exit, Failure> {
    let client = connection::open(&operate.client.address)?;
    let body = OperatePlayground {
        force: operate.force.then_some(true),
    };
    let begun = client
        .operate_playground(&operate.id, operation, body)
        .await?;
    let json = operate.client.format.json;
    if !operate.detach {
        return follow::to_end(&client, &begun, json).await;
    }
    match json {
        true => print_json(&begun)?,
        false => print_line(&plain(&begun.operation_id))?,
    }
    Ok(Exit::OK)
}

pub(super) async fn rollout(rollout: &Rollout) -> Result<Exit, Failure> {
    if !rollout.dry_run {
        return run(&rollout.operate, "rollout").await;
    }
    let client = connection::open(&rollout.operate.client.address)?;
    let planned = client.plan_rollout(&rollout.operate.id).await?;
    if rollout.operate.client.format.json {
        print_json(&planned)?;
        return Ok(Exit::OK);
    }
    if let Some(failure) = &planned.error_details {
        super::show::say_failure(None, Some(failure));
        return Ok(Exit::FAILED);
    }
    print_table(&plan_table(&planned.plan), "nothing would change")
}

/// What a plan does with each service, and why.
fn plan_table(plan: &Value) -> Table {
    let mut table = Table::new(&["SERVICE", "CHANGE", "WHY"]);
    let text = |step: &Value, names: [&str; 2]| {
        let value = names.iter().find_map(|name| step.get(name))?;
        Some(match value {
            Value::String(text) => text.clone(),
            Value::Array(all) => {
                let all = all.iter().map(|one| one.as_str().unwrap_or_default());
                all.collect::<Vec<_>>().join(", ")
            }
            other => other.to_string(),
        })
    };
    let steps = plan.get("services").or_else(|| plan.get("steps"));
    for step in steps.and_then(Value::as_array).into_iter().flatten() {
        table.row([
            or_dash(text(step, ["service", "name"])),
            or_dash(text(step, ["change", "action"])),
            or_dash(text(step, ["reasons", "why"])),
        ]);
    }
    table
}

pub(super) async fn roll_back(rollback: &RollbackArgs) -> Result<Exit, Failure> {
    let client = connection::open(&rollback.client.address)?;
    let json = rollback.client.format.json;
    if rollback.to.is_some() || rollback.last {
        let to = RollBack {
            revision: rollback.to,
            ..RollBack::default()
        };
        let begun = client.roll_back_playground(&rollback.id, to).await?;
        return follow::to_end(&client, &begun, json).await;
    }
    let revisions = client.playground_revisions(&rollback.id).await?;
    if json {
        print_json(&revisions)?;
        return Ok(Exit::OK);
    }
    let mut table = Table::new(&["REVISION", "APPLIED", "BY", "CHANGED"]);
    for one in revisions {
        let number = match one.current {
            true => format!("{} *", one.revision),
            false => one.revision.to_string(),
        };
        let changed = one.diff.as_ref().map(changed);
        table.row([
            number,
            one.applied_at.to_string(),
            one.action,
            or_dash(changed),
        ]);
    }
    print_table(&table, "nothing was applied yet")
}

fn changed(diff: &RevisionDiff) -> String {
    let part = |what: &str, names: &[String]| {
        (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")))
    };
    let parts = [
        part("added", &diff.added),
        part("removed", &diff.removed),
        part("image of", &diff.images),
        part("commit of", &diff.commits),
        part("environment", &diff.environment),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    match (parts.is_empty(), diff.compose.len()) {
        (false, _) => parts.join("; "),
        (true, 0) => "nothing".to_owned(),
        (true, lines) => format!("{lines} lines"),
    }
}

pub(super) async fn extend(extend: &Extend) -> Result<Exit, Failure> {
    let client = connection::open(&extend.client.address)?;
    let extended = client
        .extend_playground(&extend.id, Some(extend.hours))
        .await?;
    if extend.client.format.json {
        print_json(&extended)?;
    } else {
        print_bytes(format!("expires {}\n", or_dash(extended.expires_at)).as_bytes())?;
    }
    Ok(Exit::OK)
}

pub(super) async fn destroy(destroy: &Destroy) -> Result<Exit, Failure> {
    let client = connection::open(&destroy.address)?;
    for id in &destroy.ids {
        client.destroy_playground(id).await?;
    }
    if destroy.detach {
        say("they are being destroyed");
        return Ok(Exit::OK);
    }
    let mut exit = Exit::OK;
    for id in &destroy.ids {
        let end = follow::to_removal(&client, id).await?;
        if end != Exit::OK {
            exit = end;
        }
    }
    Ok(exit)
}
