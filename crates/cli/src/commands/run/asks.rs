//! Approvals of an execution that is watched are answered in the terminal.

use std::{
    collections::HashSet,
    io::{IsTerminal, Write, stderr, stdin},
    sync::Arc,
    time::Duration,
};

use serde_json::{Map, Value};
use tokio::{
    sync::{Notify, mpsc},
    time::sleep,
};
use wire::{
    approvals::{AnswerApproval, Approval, ApprovalQuery},
    client::Client,
};

use super::StepList;
use crate::{commands::approval, output::say, table::plain};

/// Between two looks at whether an approval was answered elsewhere.
const LOOK: Duration = Duration::from_secs(1);

/// Whether a person is at the terminal.
pub(super) fn can_ask() -> bool {
    stdin().is_terminal() && stderr().is_terminal()
}

/// Asks each open approval of a run that the caller may answer, once, until it is dropped. `news` says that there
/// may be another one; a `list` that moves meanwhile is out of the way.
pub(super) async fn ask(client: Client, run: String, news: Arc<Notify>, list: Option<StepList>) {
    let mut asked = HashSet::new();
    let mut lines = None;
    loop {
        let query = ApprovalQuery {
            execution: Some(run.clone()),
            answerable: Some(true),
            ..ApprovalQuery::default()
        };
        // A server that is away is said elsewhere.
        let mut open = client.approvals(&query).await.unwrap_or_default();
        // The first that was asked comes first.
        open.reverse();
        for approval in open {
            if asked.insert(approval.id.clone()) {
                if let Some(list) = &list {
                    list.hide();
                }
                let lines = lines.get_or_insert_with(Lines::read);
                tokio::select! {
                    () = one(&client, &approval, lines) => {}
                    ended = ended(&client, &approval.id) => {
                        say("");
                        approval::say_after(&ended);
                    }
                }
                if let Some(list) = &list {
                    list.show();
                }
            }
        }
        news.notified().await;
    }
}

/// The approval, when it is not open any more: others may answer it, or its execution ends.
async fn ended(client: &Client, id: &str) -> Approval {
    loop {
        sleep(LOOK).await;
        match client.approval(id).await {
            Ok(approval) if approval.status != "open" => return approval,
            // A server that is away is said elsewhere.
            _ => {}
        }
    }
}

async fn one(client: &Client, approval: &Approval, lines: &mut Lines) {
    let question = &approval.question;
    say(&plain(&format!(
        "{}: {}",
        question.step_name, question.prompt
    )));
    let Some(answer) = lines.next("Approve? [y/n, nothing leaves it open] ").await else {
        return;
    };
    let approved = match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => true,
        "n" | "no" => false,
        _ => {
            let id = &approval.id;
            say(&format!(
                "It stays open: `playhouse approval approve {id}` answers it."
            ));
            return;
        }
    };
    let input = match &question.input {
        Some(schema) if approved => match fill_in(schema, lines).await {
            Some(input) => Some(input),
            None => return,
        },
        _ => None,
    };
    let answer = AnswerApproval {
        approved,
        input,
        comment: None,
    };
    match approval::send(client, &approval.id, &answer).await {
        Ok(after) => approval::say_after(&after),
        Err(error) => say(&plain(&format!("{error}"))),
    }
}

/// Asks for the fields that a schema has, or for the whole as JSON.
async fn fill_in(schema: &Value, lines: &mut Lines) -> Option<Value> {
    let Some(fields) = schema.get("properties").and_then(Value::as_object) else {
        return lines
            .next("Input, as JSON: ")
            .await
            .map(|text| value(&text));
    };
    let mut filled = Map::new();
    for (name, field) in fields {
        let about = field.get("description").and_then(Value::as_str);
        let about = about.map(|about| format!(" ({about})")).unwrap_or_default();
        let text = lines.next(&plain(&format!("{name}{about}: "))).await?;
        if !text.is_empty() {
            let is_text = field.get("type").is_some_and(|kind| kind == "string");
            let value = if is_text { text.into() } else { value(&text) };
            filled.insert(name.clone(), value);
        }
    }
    Some(Value::Object(filled))
}

/// JSON, or else the text.
fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

/// Lines of standard input. The thread that reads them is not joined: it may be blocked when the program ends.
struct Lines(mpsc::UnboundedReceiver<String>);

impl Lines {
    fn read() -> Self {
        let (sender, lines) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for line in stdin().lines() {
                let Ok(line) = line else { return };
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self(lines)
    }

    /// The next line after a prompt; nothing at the end. What was typed before is for no question.
    async fn next(&mut self, prompt: &str) -> Option<String> {
        while self.0.try_recv().is_ok() {}
        let _ = write!(stderr().lock(), "{prompt}");
        self.0.recv().await
    }
}
