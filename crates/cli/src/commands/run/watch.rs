//! `run watch`.

use std::{pin::pin, sync::Arc, time::Duration};

use futures_util::StreamExt;
use tokio::{
    sync::{Notify, watch},
    time::{sleep, timeout},
};
use wire::{
    Timestamp,
    client::{Client, EventMessage},
    events::Event,
};

use super::{Follower, Show, StepList, asks, resolve};
use crate::{
    args::WatchRun,
    commands::{
        connection::{self, first_contact, hold_on},
        events::part,
        outcome::AnyJob,
    },
    exit::{Exit, Failure},
    output::{print_json, say},
    table::plain,
};

/// Between two connections for events. The output says whether the server is away.
const PAUSE: Duration = Duration::from_secs(1);
/// The event of the run's end comes soon after the end of its output.
const LAST_EVENT: Duration = Duration::from_secs(2);

/// Shows events and output until the run ends; ends as it ended.
pub(super) async fn run(wanted: WatchRun) -> Result<Exit, Failure> {
    let client = connection::open(&wanted.run.client.address)?;
    first_contact(&client).await?;
    let id = resolve::id(&client, &wanted.run.id).await?;
    let steps = client.run(&id).await?.summary.kind == "execution";
    let json = wanted.run.client.format.json;
    follow_to_end(&client, &id, wanted.reconnect.reconnect_for, (json, steps)).await
}

/// Shows events and output of a run, on a terminal as a list of `steps` if it has some, or with `json` the run
/// alone when it has ended; ends as it ended.
pub(in crate::commands) async fn follow_to_end(
    client: &Client,
    id: &str,
    reconnect: Duration,
    (json, steps): (bool, bool),
) -> Result<Exit, Failure> {
    let (seen, mut ends) = watch::channel(None);
    let list = match steps && !json {
        true => StepList::on_terminal(),
        false => None,
    };
    let questions = Arc::new(Notify::new());
    let told = Told {
        ends: seen,
        questions: Arc::clone(&questions),
        list: list.clone(),
    };
    let events = tokio::spawn(events(client.clone(), id.to_owned(), told));
    // Not where a program reads: there, others answer.
    let asker = (!json && asks::can_ask()).then(|| {
        tokio::spawn(asks::ask(
            client.clone(),
            id.to_owned(),
            questions,
            list.clone(),
        ))
    });
    let show = match &list {
        _ if json => Show::Nothing,
        Some(list) => Show::Steps(list.clone()),
        None => Show::Both,
    };
    let end = Follower::new(client, id, show, reconnect).reach_end().await;
    end?;
    let run = hold_on(reconnect, || client.run(id)).await?;
    let is_last = |at: &Option<i64>| *at == run.summary.ended_at.map(|at| at.0);
    // Without it the outcome says the same.
    let _ = timeout(LAST_EVENT, ends.wait_for(is_last)).await;
    events.abort();
    if let Some(asker) = asker {
        asker.abort();
    }
    if let Some(list) = &list {
        list.end();
    }
    let outcome = run.outcome();
    if json {
        print_json(&run)?;
    }
    say(&format!("run {id} {}", outcome.text));
    Ok(outcome.exit)
}

/// Where events go.
struct Told {
    /// Gets the times of those that say that the run ended.
    ends: watch::Sender<Option<i64>>,
    /// Told when the run may ask something.
    questions: Arc<Notify>,
    /// Shows them, where there is a terminal.
    list: Option<StepList>,
}

/// Shows each event until it is aborted.
async fn events(client: Client, id: String, told: Told) {
    let mut after = None;
    loop {
        if let Ok(messages) = client.follow_run_events(&id, after).await {
            let mut messages = pin!(messages);
            while let Some(Ok(message)) = messages.next().await {
                match message {
                    EventMessage::Event(event) => {
                        after = Some(event.seq);
                        match &told.list {
                            Some(list) => list.event(&event).await,
                            None => show(&event),
                        }
                        tell_end(&event, &told.ends);
                        if event.event_type == "execution.approval_requested" {
                            told.questions.notify_one();
                        }
                    }
                    EventMessage::Position(position) => after = Some(position),
                    EventMessage::Reset(_) => {}
                }
            }
        }
        sleep(PAUSE).await;
    }
}

fn show(event: &Event) {
    let at = event.at.parse::<Timestamp>();
    let time = at.map_or_else(|_| event.at.clone(), |at| at.to_string());
    let part = part(event).unwrap_or_default();
    let line = format!("{time}  {}  {}", plain(&event.event_type), plain(&part));
    say(line.trim_end());
}

fn tell_end(event: &Event, ends: &watch::Sender<Option<i64>>) {
    let what = event.event_type.rsplit('.').next();
    if let Some("completed" | "failed" | "cancelled") = what {
        let at = event.at.parse::<Timestamp>();
        ends.send_replace(at.ok().map(|at| at.0));
    }
}
