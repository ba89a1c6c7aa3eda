//! The terminal asks what an execution asks, while somebody watches it there.

use std::{
    collections::HashSet,
    io::{IsTerminal, stderr, stdin},
    sync::Arc,
};

use serde_json::{Map, Value};
use tokio::sync::{Notify, oneshot};
use wire::{
    approvals::{AnswerApproval, Approval, ApprovalQuery},
    client::Client,
};

use super::StepList;
use crate::{commands::approval, output::say, table::plain};

/// Whether a person is at the terminal.
pub(super) fn can_ask() -> bool {
    stdin().is_terminal() && stderr().is_terminal()
}

/// Asks each open approval of a run that the caller may answer, once, until it is dropped. `news` says that there
/// may be another one; a `list` that moves meanwhile is out of the way.
pub(super) async fn ask(client: Client, run: String, news: Arc<Notify>, list: Option<StepList>) {
    let mut asked = HashSet::new();
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
                one(&client, &approval).await;
                if let Some(list) = &list {
                    list.show();
                }
            }
        }
        news.notified().await;
    }
}

async fn one(client: &Client, approval: &Approval) {
    let question = &approval.question;
    say(&plain(&format!(
        "{}: {}",
        question.step_name, question.prompt
    )));
    let Some(answer) = line("Approve? [y/n, nothing leaves it open] ").await else {
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
        Some(schema) if approved => match fill_in(schema).await {
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
async fn fill_in(schema: &Value) -> Option<Value> {
    let Some(fields) = schema.get("properties").and_then(Value::as_object) else {
        return line("Input, as JSON: ").await.map(|text| value(&text));
    };
    let mut filled = Map::new();
    for (name, field) in fields {
        let about = field.get("description").and_then(Value::as_str);
        let about = about.map(|about| format!(" ({about})")).unwrap_or_default();
        let text = line(&plain(&format!("{name}{about}: "))).await?;
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

/// A line of the terminal; nothing at its end. Its thread is left behind when nobody answers: it must not keep
/// the program from ending.
async fn line(prompt: &str) -> Option<String> {
    use std::io::Write;
    let _ = write!(stderr().lock(), "{prompt}");
    let (sender, answer) = oneshot::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = stdin().read_line(&mut text);
        let _ = sender.send(read.is_ok_and(|bytes| bytes > 0).then_some(text));
    });
    let text = answer.await.ok().flatten()?;
    Some(text.trim_end_matches(['\r', '\n']).to_owned())
}
