//! `approval …`.

use wire::{
    Timestamp, TimestampMs,
    approvals::{AnswerApproval, Approval, ApprovalQuery},
    client::Client,
};

use super::connection;
use crate::{
    args::{Address, ApprovalArgs, Approve, ListApprovals, OneApproval, Reject},
    exit::{Exit, Failure},
    output::{print_bytes, print_json, print_table, say},
    table::{Table, plain},
};

pub(super) async fn run(approval: ApprovalArgs) -> Result<Exit, Failure> {
    match approval {
        ApprovalArgs::List(list) => self::list(&list).await,
        ApprovalArgs::Show(one) => show(&one).await,
        ApprovalArgs::Approve(Approve {
            id,
            input,
            comment,
            address,
        }) => {
            let answer = AnswerApproval {
                approved: true,
                input,
                comment,
            };
            answered(&address, &id, &answer).await
        }
        ApprovalArgs::Reject(Reject {
            id,
            comment,
            address,
        }) => {
            let answer = AnswerApproval {
                comment,
                ..AnswerApproval::default()
            };
            answered(&address, &id, &answer).await
        }
    }
}

async fn list(list: &ListApprovals) -> Result<Exit, Failure> {
    let asked = ApprovalQuery {
        execution: list.execution.clone(),
        answerable: list.mine.then_some(true),
        ..ApprovalQuery::default()
    };
    let approvals = connection::open(&list.client.address)?
        .approvals(&asked)
        .await?;
    if list.client.format.json {
        print_json(&approvals)?;
        return Ok(Exit::OK);
    }
    let mut table = Table::new(&["ID", "PLAYBOOK", "STEP", "APPROVED", "ASKED", "PROMPT"]);
    for approval in approvals {
        let Approval {
            id,
            playbook_name,
            question,
            answers,
            asked_at,
            ..
        } = approval;
        table.row([
            id,
            playbook_name,
            question.step_name,
            format!("{} of {}", answers.len(), question.count),
            time(asked_at),
            question.prompt,
        ]);
    }
    print_table(&table, "no open approvals")
}

async fn show(one: &OneApproval) -> Result<Exit, Failure> {
    let approval = connection::open(&one.client.address)?
        .approval(&one.id)
        .await?;
    if one.client.format.json {
        print_json(&approval)?;
        return Ok(Exit::OK);
    }
    let Approval { question, .. } = &approval;
    let roles = question.roles.join(", ");
    let mut table = Table::of_fields([
        ("prompt", Some(question.prompt.clone())),
        ("status", Some(approval.status.clone())),
        ("execution", Some(approval.execution_id.clone())),
        ("playbook", Some(approval.playbook_name.clone())),
        ("step", Some(question.step_name.clone())),
        ("started by", approval.requester.clone()),
        ("asked", Some(time(approval.asked_at))),
        ("until", approval.due_at.map(time)),
        ("may answer", (!roles.is_empty()).then_some(roles)),
        ("needed", Some(question.count.to_string())),
        ("input", question.input.as_ref().map(ToString::to_string)),
    ]);
    for answer in &approval.answers {
        let decision = if answer.approved {
            "approved"
        } else {
            "rejected"
        };
        let input = answer.input.as_ref().map(|input| format!(", {input}"));
        let comment = answer.comment.as_ref().map(|text| format!(": {text}"));
        let said = format!(
            "{decision} by {}{}{}",
            answer.by,
            input.unwrap_or_default(),
            comment.unwrap_or_default()
        );
        table.row(["answer".to_owned(), said]);
    }
    print_bytes(table.text().as_bytes())?;
    Ok(Exit::OK)
}

async fn answered(address: &Address, id: &str, answer: &AnswerApproval) -> Result<Exit, Failure> {
    let client = connection::open(address)?;
    say_after(&send(&client, id, answer).await?);
    Ok(Exit::OK)
}

/// Sends an answer.
pub(super) async fn send(
    client: &Client,
    id: &str,
    answer: &AnswerApproval,
) -> Result<Approval, wire::client::Error> {
    client.answer_approval(id, answer).await
}

/// Says how an approval stands after an answer.
pub(super) fn say_after(approval: &Approval) {
    let given = approval.answers.len();
    let more = match approval.status.as_str() {
        "open" => format!(" ({given} of {} needed)", approval.question.count),
        _ => String::new(),
    };
    say(&plain(&format!(
        "approval {}: {}{more}",
        approval.id, approval.status
    )));
}

fn time(TimestampMs(at): TimestampMs) -> String {
    Timestamp(at).to_string()
}
