//! Request bodies, put together without a serializer.

use std::fmt::Write as _;

use bytes::Bytes;

use crate::scan::Claimed;

/// The name under which the load generator claims.
pub(crate) const EXECUTOR: &str = "bench-1";

const JOB: &str = concat!(
    r#"{"type":"noop","binary_url":"http://127.0.0.1:9/noop","binary_sha256":""#,
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    r#"","arguments":["--fast"],"priority":"background"}"#
);

/// One submit.
pub(crate) fn submit() -> Bytes {
    Bytes::from_static(JOB.as_bytes())
}

/// A bulk submit of so many jobs.
pub(crate) fn bulk(items: usize) -> Bytes {
    Bytes::from(format!("[{}]", vec![JOB; items].join(",")))
}

/// The contract's plain claim.
pub(crate) fn claim() -> Bytes {
    Bytes::from(format!(
        r#"{{"executor_id":"{EXECUTOR}","executor_ip":"127.0.0.1"}}"#
    ))
}

/// A claim of one job that waits for it.
pub(crate) fn claim_waiting(wait_seconds: u32) -> Bytes {
    let claim = format!(
        r#"{{"executor_id":"{EXECUTOR}","executor_ip":"127.0.0.1","wait_seconds":{wait_seconds}}}"#
    );
    Bytes::from(claim)
}

/// A claim of up to `max` jobs that waits a second for the first.
pub(crate) fn claim_many(max: usize) -> Bytes {
    let claim = format!(
        r#"{{"executor_id":"{EXECUTOR}","executor_ip":"127.0.0.1","wait_seconds":1,"max":{max}}}"#
    );
    Bytes::from(claim)
}

/// The end of one job.
pub(crate) fn complete(job: &Claimed) -> Bytes {
    Bytes::from(finish(job.token))
}

/// The ends of many jobs, and a claim of up to `max` more that waits a second for the first.
pub(crate) fn exchange(jobs: &[Claimed], max: usize) -> Bytes {
    let mut body = String::with_capacity(200 * jobs.len() + 20);
    body.push_str(r#"{"results":["#);
    for (index, job) in jobs.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let Claimed { id, token } = job;
        // Writing to a String does not fail.
        let _ = write!(
            body,
            r#"{comma}{{"run_id":"{id}","token":{token},"outcome":"completed","stdout":"","stderr":"","exit_code":0}}"#
        );
    }
    body.push(']');
    if max > 0 {
        let _ = write!(
            body,
            r#","claim":{{"executor_ip":"127.0.0.1","kinds":["job"],"wait_seconds":1,"max":{max}}}"#
        );
    }
    body.push('}');
    Bytes::from(body)
}

fn finish(token: i64) -> String {
    format!(
        r#"{{"executor_id":"{EXECUTOR}","stdout":"","stderr":"","exit_code":0,"lease_token":{token}}}"#
    )
}

#[cfg(test)]
mod tests {
    use wire::{
        executors::Exchange,
        jobs::{Claim, Finish, NewJob},
    };

    use super::*;

    #[test]
    fn bodies_are_what_the_protocol_says() {
        let job: NewJob = serde_json::from_slice(&submit()).unwrap();
        assert_eq!(job.binary_sha256.len(), 64);
        let jobs: Vec<NewJob> = serde_json::from_slice(&bulk(3)).unwrap();
        assert_eq!(jobs.len(), 3);
        let claim: Claim = serde_json::from_slice(&claim()).unwrap();
        assert_eq!((claim.max, claim.wait_seconds), (None, None));
        let claim: Claim = serde_json::from_slice(&claim_waiting(30)).unwrap();
        assert_eq!((claim.max, claim.wait_seconds), (None, Some(30.0)));
        let claim: Claim = serde_json::from_slice(&claim_many(24)).unwrap();
        assert_eq!((claim.max, claim.wait_seconds), (Some(24), Some(1.0)));
    }

    #[test]
    fn results_carry_ids_and_tokens() {
        let job = |id: &str, token| Claimed {
            id: String::from(id),
            token,
        };
        let finish: Finish = serde_json::from_slice(&complete(&job("a", 5))).unwrap();
        assert_eq!((finish.lease_token, finish.exit_code), (Some(5), Some(0)));
        let body = exchange(&[job("a", 5), job("b", 6)], 24);
        let read: Exchange = serde_json::from_slice(&body).unwrap();
        assert_eq!(read.results.len(), 2);
        assert_eq!((&*read.results[1].run_id, read.results[1].token), ("b", 6));
        assert_eq!(read.claim.unwrap().max, Some(24));
        let read: Exchange = serde_json::from_slice(&exchange(&[], 0)).unwrap();
        assert!(read.claim.is_none());
    }
}
