//! `audit`.

use wire::audit::{AuditLine, AuditQuery, AuditVerified};

use super::{key::Keys, serving};
use crate::{
    args::{Audit, ListAudit, VerifyAudit},
    exit::{Exit, Failure},
    output::{print_json, print_line, print_table, say},
    table::{Table, or_dash},
};

/// Lines that one call asks for at most.
const PAGE: u64 = 1_000;

pub(super) async fn run(audit: Audit) -> Result<Exit, Failure> {
    match audit {
        Audit::List(list) => self::list(list).await,
        Audit::Verify(verify) => self::verify(verify).await,
    }
}

async fn list(list: ListAudit) -> Result<Exit, Failure> {
    let audit = Keys::open(list.at).await?;
    let mut wanted = Some(AuditQuery {
        after: list.after,
        before: None,
        actor: list.actor,
        action: list.action,
        target: list.target,
        outcome: list.outcome,
        since: list.since,
        until: list.until,
        limit: None,
    });
    let (mut rest, mut shown) = (list.limit, Vec::new());
    while let Some(mut query) = wanted.filter(|_| rest > 0) {
        query.limit = i64::try_from(rest.min(PAGE)).ok();
        let (lines, next) = page(&audit, &query).await?;
        rest = rest.saturating_sub(lines.len() as u64);
        wanted = next;
        if list.format.json {
            for line in &lines {
                print_json(line)?;
            }
        } else {
            shown.extend(lines);
        }
    }
    if list.format.json {
        return Ok(Exit::OK);
    }
    print_table(&table(shown), "no such lines")
}

fn table(lines: Vec<AuditLine>) -> Table {
    let header = [
        "NUMBER", "AT", "ACTOR", "FROM", "ACTION", "TARGET", "OUTCOME", "TIMES", "DETAIL",
    ];
    let mut table = Table::new(&header);
    for line in lines {
        let target = &line.target;
        let target = match target.count {
            Some(count) => format!("{} {} and {} more", target.kind, target.id, count - 1),
            None => format!("{} {}", target.kind, target.id),
        };
        table.row([
            line.number.to_string(),
            line.at,
            line.actor.name.unwrap_or(line.actor.id),
            line.from,
            line.action,
            target,
            line.outcome,
            line.times.to_string(),
            or_dash(Some(line.detail).filter(|text| !text.is_empty())),
        ]);
    }
    table
}

async fn verify(verify: VerifyAudit) -> Result<Exit, Failure> {
    let found = match Keys::open(verify.at).await? {
        Keys::Server(client) => client.verify_audit().await?,
        Keys::Operator(operator) => {
            let found = operator.verify_audit().await;
            found.map_err(|error| serving::failure(&error))?
        }
    };
    if verify.format.json {
        print_json(&found)?;
    } else {
        tell(&found)?;
    }
    Ok(match found.intact {
        true => Exit::OK,
        false => Exit::FAILED,
    })
}

fn tell(found: &AuditVerified) -> Result<(), Failure> {
    if let Some(broken) = &found.broken {
        let (number, reason) = (broken.number, &broken.reason);
        say(&format!("broken at line {number}: {reason}"));
        return Ok(());
    }
    let mut table = Table::bare();
    table.row(["lines".to_owned(), found.lines.to_string()]);
    if found.removed > 0 {
        table.row(["removed up to".to_owned(), found.removed.to_string()]);
    }
    table.row(["newest".to_owned(), found.newest.to_string()]);
    table.row(["hash".to_owned(), found.hash.clone()]);
    print_line(table.text().trim_end())
}

async fn page(
    audit: &Keys,
    query: &AuditQuery,
) -> Result<(Vec<AuditLine>, Option<AuditQuery>), Failure> {
    match audit {
        Keys::Server(client) => Ok(client.audit(query).await?),
        Keys::Operator(operator) => {
            let page = operator.audit(query).await;
            page.map_err(|error| serving::failure(&error))
        }
    }
}
