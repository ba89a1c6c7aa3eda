//! `hook`.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use wire::{
    client::Client,
    hooks::{Delivery, HookChange, NewHook},
};

use super::connection;
use crate::{
    args::{ChangeHook, ClientArgs, CreateHook, DeleteHook, Deliveries, HookArgs, TestHook},
    exit::{Exit, Failure},
    output::{print_json, print_line, print_table, say},
    table::{Table, or_dash, plain},
};

/// The server gives a receiver less than this to answer.
const ANSWERED: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(100);

pub(super) async fn run(hook: HookArgs) -> Result<Exit, Failure> {
    match hook {
        HookArgs::Create(create) => self::create(create).await,
        HookArgs::List(client) => list(&client).await,
        HookArgs::Change(change) => self::change(change).await,
        HookArgs::Delete(delete) => self::delete(delete).await,
        HookArgs::Test(test) => self::test(test).await,
        HookArgs::Deliveries(deliveries) => self::deliveries(deliveries).await,
    }
}

async fn create(create: CreateHook) -> Result<Exit, Failure> {
    let new = NewHook {
        url: create.url,
        events: (!create.event.is_empty()).then_some(create.event),
        description: create.description,
        secret: None,
    };
    let created = connection::open(&create.client.address)?
        .create_hook(&new)
        .await?;
    if create.client.format.json {
        print_json(&created)?;
    } else {
        print_line(&created.secret)?;
        let id = &created.hook.id;
        say(&format!(
            "hook {id}: keep its secret, it is not shown again"
        ));
    }
    Ok(Exit::OK)
}

async fn list(client: &ClientArgs) -> Result<Exit, Failure> {
    let hooks = connection::open(&client.address)?.hooks().await?;
    if client.format.json {
        print_json(&hooks)?;
        return Ok(Exit::OK);
    }
    let mut table = Table::new(&["ID", "STATE", "FAILURES", "EVENTS", "URL", "DESCRIPTION"]);
    let disabled = hooks.iter().any(|hook| !hook.enabled);
    for hook in hooks {
        let state = match hook.disabled_reason {
            Some(reason) => format!("disabled: {reason}"),
            None => "enabled".to_owned(),
        };
        table.row([
            hook.id,
            state,
            hook.failures.to_string(),
            hook.events.join(" "),
            hook.url,
            or_dash(Some(hook.description).filter(|text| !text.is_empty())),
        ]);
    }
    let exit = print_table(
        &table,
        "no hooks; make one with `playhouse hook create URL`",
    )?;
    if disabled {
        say("a disabled hook is sent nothing; enable it with `playhouse hook change ID --enable`");
    }
    Ok(exit)
}

async fn change(change: ChangeHook) -> Result<Exit, Failure> {
    let wanted = HookChange {
        url: change.url,
        events: (!change.event.is_empty()).then_some(change.event),
        description: change.description,
        secret: None,
        enabled: (change.enable || change.disable).then_some(change.enable),
    };
    let client = connection::open(&change.client.address)?;
    let hook = client.change_hook(&change.id, &wanted).await?;
    if change.client.format.json {
        print_json(&hook)?;
    } else if let Some(reason) = hook.disabled_reason {
        let (id, reason) = (plain(&hook.id), plain(&reason));
        say(&format!("changed {id}, which is disabled: {reason}"));
    } else {
        say(&format!("changed {}", plain(&hook.id)));
    }
    Ok(Exit::OK)
}

async fn delete(delete: DeleteHook) -> Result<Exit, Failure> {
    let client = connection::open(&delete.address)?;
    for id in &delete.ids {
        client.delete_hook(id).await?;
        say(&format!("deleted {}", plain(id)));
    }
    Ok(Exit::OK)
}

async fn test(test: TestHook) -> Result<Exit, Failure> {
    let client = connection::open(&test.client.address)?;
    let sent = client.test_hook(&test.id).await?;
    let delivery = attempted(&client, &test.id, sent).await?;
    let delivered = delivery.status == "delivered";
    if test.client.format.json {
        print_json(&delivery)?;
    } else if delivered {
        let status = or_dash(delivery.response_status);
        print_line(&format!("delivered: the receiver answered {status}"))?;
    } else {
        let error = delivery.error.as_deref();
        let error = error.unwrap_or("it has not been sent yet");
        say(&format!("not delivered: {}", plain(error)));
    }
    Ok(if delivered { Exit::OK } else { Exit::FAILED })
}

/// The delivery after its first attempt.
async fn attempted(client: &Client, hook: &str, sent: Delivery) -> Result<Delivery, Failure> {
    let (mut delivery, begun) = (sent, Instant::now());
    while delivery.status == "pending" && delivery.error.is_none() && begun.elapsed() < ANSWERED {
        sleep(LOOK).await;
        delivery = client.delivery(hook, delivery.id).await?;
    }
    Ok(delivery)
}

async fn deliveries(wanted: Deliveries) -> Result<Exit, Failure> {
    let client = connection::open(&wanted.client.address)?;
    let found = match wanted.replay {
        Some(number) => vec![client.replay(&wanted.id, number).await?],
        None => client.deliveries(&wanted.id, wanted.limit).await?,
    };
    if wanted.client.format.json {
        print_json(&found)?;
        return Ok(Exit::OK);
    }
    let header = [
        "ID", "EVENT", "STATUS", "ATTEMPTS", "MADE", "NEXT", "RUN", "ANSWER",
    ];
    let mut table = Table::new(&header);
    for delivery in found {
        let answer = delivery.error.or_else(|| {
            let status = delivery.response_status;
            status.map(|status| status.to_string())
        });
        table.row([
            delivery.id.to_string(),
            delivery.event,
            delivery.status,
            delivery.attempts.to_string(),
            delivery.created_at.to_string(),
            or_dash(delivery.next_attempt_at),
            or_dash(delivery.run_id),
            or_dash(answer),
        ]);
    }
    print_table(&table, "nothing was sent to it yet")
}
