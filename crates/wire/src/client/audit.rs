//! The calls of a client that reads the audit.

use http::{Method, header};

use super::{Client, Error, Payload, Reply, decode, jobs::query};
use crate::audit::{AuditLine, AuditQuery, AuditVerified};

impl Client {
    /// A page of lines, and what to ask for the next one; a page may be empty although others follow.
    pub async fn audit(
        &self,
        wanted: &AuditQuery,
    ) -> Result<(Vec<AuditLine>, Option<AuditQuery>), Error> {
        let number = |number: Option<i64>| number.map(|number| number.to_string());
        let path = query(
            "/api/audit",
            &[
                ("after", number(wanted.after)),
                ("before", number(wanted.before)),
                ("actor", wanted.actor.clone()),
                ("action", wanted.action.clone()),
                ("target", wanted.target.clone()),
                ("outcome", wanted.outcome.clone()),
                ("since", wanted.since.clone()),
                ("until", wanted.until.clone()),
                ("limit", number(wanted.limit)),
            ],
        );
        let reply = self.send(Method::GET, &path, Payload::empty()).await?;
        let next = next(&reply, wanted);
        let lines = decode(reply).await?;
        let lines = lines.ok_or_else(|| Error::Answer("an empty answer".to_owned()))?;
        Ok((lines, next))
    }

    /// Has the server follow the whole chain of the audit.
    pub async fn verify_audit(&self) -> Result<AuditVerified, Error> {
        self.fetch("/api/audit/verify").await
    }
}

/// The next page, as the link names it.
fn next(reply: &Reply, wanted: &AuditQuery) -> Option<AuditQuery> {
    let link = reply.headers().get(header::LINK)?.to_str().ok()?;
    let number = |name: &str| {
        let (_, rest) = link.split_once(&format!("{name}="))?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    };
    Some(match wanted.after {
        Some(_) => AuditQuery {
            after: Some(number("after")?),
            ..wanted.clone()
        },
        None => AuditQuery {
            before: Some(number("before")?),
            ..wanted.clone()
        },
    })
}
