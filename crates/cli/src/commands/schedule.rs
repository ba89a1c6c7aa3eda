//! `schedule`.

use serde_json::Value;
use wire::playbooks::{CatchUp, NewSchedule, Overlap, Schedule, ScheduleChange};

use super::{connection, playbook};
use crate::{
    args::{
        CatchUpArg, ClientArgs, CreateSchedule, DeleteSchedules, History, OneSchedule, OverlapArg,
        ScheduleArgs, word,
    },
    exit::{Exit, Failure},
    output::{print_bytes, print_json, print_line, print_table, say},
    table::{Table, or_dash, plain},
};

pub(super) async fn run(schedule: ScheduleArgs) -> Result<Exit, Failure> {
    match schedule {
        ScheduleArgs::List(client) => list(&client).await,
        ScheduleArgs::Create(create) => self::create(*create).await,
        ScheduleArgs::Show(one) => show(&one).await,
        ScheduleArgs::Enable(one) => enable(&one, true).await,
        ScheduleArgs::Disable(one) => enable(&one, false).await,
        ScheduleArgs::Run(one) => start(&one).await,
        ScheduleArgs::Delete(delete) => self::delete(&delete).await,
        ScheduleArgs::History(wanted) => history(&wanted).await,
    }
}

async fn list(client: &ClientArgs) -> Result<Exit, Failure> {
    let list = connection::open(&client.address)?.schedules().await?;
    if client.format.json {
        print_json(&list)?;
        return Ok(Exit::OK);
    }
    let mut table = Table::new(&["ID", "NAME", "PLAYBOOK", "WHEN", "NEXT", "LAST", "STATE"]);
    for schedule in list.schedules {
        let state = state(&schedule);
        let when = when(&schedule);
        table.row([
            schedule.id,
            schedule.name,
            schedule.playbook_path,
            when,
            or_dash(schedule.next_run_at),
            or_dash(schedule.last_run_at),
            state,
        ]);
    }
    let empty = "no schedules; make one with `playhouse schedule create PATH --cron EXPRESSION`";
    print_table(&table, empty)
}

async fn create(create: CreateSchedule) -> Result<Exit, Failure> {
    let mut parameters = playbook::read_parameters(create.parameters.as_deref())?;
    let given = create.parameter.into_iter();
    parameters.extend(given.map(|(name, value)| (name, Value::from(value))));
    let new = NewSchedule {
        name: create.name.unwrap_or_else(|| create.path.clone()),
        playbook_path: create.path,
        cron: create.cron,
        every: create.every.map(|s| i64::try_from(s).unwrap_or(i64::MAX)),
        time_zone: create.time_zone,
        overlap: Some(match create.overlap {
            OverlapArg::Skip => Overlap::Skip,
            OverlapArg::Queue => Overlap::Queue,
            OverlapArg::CancelRunning => Overlap::CancelRunning,
        }),
        catch_up: Some(match create.catch_up {
            CatchUpArg::None => CatchUp::None,
            CatchUpArg::Last => CatchUp::Last,
            CatchUpArg::All => CatchUp::All,
        }),
        parameters: Some(parameters),
        gateway_url: create.gateway_url,
        credential_name: create.credential,
        labels: create.label.into_iter().collect(),
        enabled: create.disabled.then_some(false),
        ..NewSchedule::default()
    };
    let client = connection::open(&create.client.address)?;
    let made = client.create_schedule(&new).await?;
    if create.client.format.json {
        print_json(&made)?;
        return Ok(Exit::OK);
    }
    print_line(&plain(&made.id))?;
    match made.next_run_at {
        Some(at) => say(&format!("it starts its playbook first at {at}")),
        None => say("it is disabled; enable it with `playhouse schedule enable ID`"),
    }
    Ok(Exit::OK)
}

async fn show(one: &OneSchedule) -> Result<Exit, Failure> {
    let schedule = connection::open(&one.client.address)?
        .schedule(&one.id)
        .await?;
    if one.client.format.json {
        print_json(&schedule)?;
        return Ok(Exit::OK);
    }
    let overlap = match schedule.overlap {
        Overlap::Skip => word(&OverlapArg::Skip),
        Overlap::Queue => word(&OverlapArg::Queue),
        Overlap::CancelRunning => word(&OverlapArg::CancelRunning),
    };
    let catch_up = match schedule.catch_up {
        CatchUp::None => word(&CatchUpArg::None),
        CatchUp::Last => word(&CatchUpArg::Last),
        CatchUp::All => word(&CatchUpArg::All),
    };
    let (state, when) = (state(&schedule), when(&schedule));
    let next = schedule.next_runs.iter().map(ToString::to_string);
    let next = next.collect::<Vec<_>>().join("  ");
    let parameters = serde_json::to_string(&schedule.parameters).unwrap_or_default();
    let fields = Table::of_fields([
        ("id", Some(schedule.id)),
        ("name", Some(schedule.name)),
        ("playbook", Some(schedule.playbook_path)),
        ("when", Some(when)),
        ("overlap", Some(overlap)),
        ("catch up", Some(catch_up)),
        ("parameters", Some(parameters)),
        ("gateway", schedule.gateway_url),
        ("credential", schedule.credential_name),
        ("owner", Some(schedule.owner)),
        ("state", Some(state)),
        ("next", Some(next).filter(|next| !next.is_empty())),
        ("last", schedule.last_run_at.map(|at| at.to_string())),
        ("last execution", schedule.last_execution_id),
        (
            "last skipped",
            schedule.last_skipped_at.map(|at| at.to_string()),
        ),
    ]);
    print_bytes(fields.text().as_bytes())?;
    Ok(Exit::OK)
}

async fn enable(one: &OneSchedule, enabled: bool) -> Result<Exit, Failure> {
    let change = ScheduleChange {
        enabled: Some(enabled),
        ..ScheduleChange::default()
    };
    let client = connection::open(&one.client.address)?;
    let schedule = client.change_schedule(&one.id, &change).await?;
    if one.client.format.json {
        print_json(&schedule)?;
        return Ok(Exit::OK);
    }
    let id = plain(&schedule.id);
    match schedule.next_run_at {
        Some(at) => say(&format!("{id} is enabled; next at {at}")),
        None => say(&format!("{id} is disabled")),
    }
    Ok(Exit::OK)
}

async fn start(one: &OneSchedule) -> Result<Exit, Failure> {
    let client = connection::open(&one.client.address)?;
    let started = client.run_schedule(&one.id).await?;
    if one.client.format.json {
        print_json(&started)?;
    } else {
        print_line(&plain(&started.execution_id))?;
    }
    Ok(Exit::OK)
}

async fn delete(delete: &DeleteSchedules) -> Result<Exit, Failure> {
    let client = connection::open(&delete.address)?;
    for id in &delete.ids {
        client.delete_schedule(id).await?;
        say(&format!("deleted {}", plain(id)));
    }
    Ok(Exit::OK)
}

async fn history(wanted: &History) -> Result<Exit, Failure> {
    let client = connection::open(&wanted.client.address)?;
    let found = client.schedule_history(&wanted.id, wanted.limit).await?;
    if wanted.client.format.json {
        print_json(&found)?;
        return Ok(Exit::OK);
    }
    let mut table = Table::new(&["EXECUTION", "STATUS", "FOR", "STARTED", "ENDED"]);
    for execution in found.executions {
        table.row([
            execution.execution_id,
            execution.status,
            execution
                .scheduled_for
                .unwrap_or_else(|| "by hand".to_owned()),
            execution.started_at.to_string(),
            or_dash(execution.completed_at),
        ]);
    }
    print_table(&table, "it has started nothing yet")
}

fn when(schedule: &Schedule) -> String {
    match (&schedule.cron, schedule.every) {
        (Some(cron), _) => format!(
            "{cron} ({})",
            schedule.time_zone.as_deref().unwrap_or("UTC")
        ),
        (None, every) => format!("every {} s", every.unwrap_or_default()),
    }
}

fn state(schedule: &Schedule) -> String {
    match (&schedule.disabled_reason, &schedule.last_error) {
        (Some(reason), _) => format!("disabled: {reason}"),
        (None, Some(error)) => format!("failed: {error}"),
        (None, None) => "enabled".to_owned(),
    }
}
