//! Reads the few fields that the load generator needs out of an answer, without parsing the rest.

use memchr::memmem;

/// A job that was claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claimed {
    pub(crate) id: String,
    pub(crate) token: i64,
}

/// Every job in the answer of a claim, one or an array. Relies on two things of the protocol: `id`
/// comes first in a job, and its token, which has this key, before the next job.
pub(crate) fn claimed(body: &[u8], token_key: &[u8]) -> Vec<Claimed> {
    let mut jobs = Vec::new();
    let mut rest = body;
    while let Some((id, after)) = text(rest, b"{\"id\":\"") {
        let Some((token, after)) = number(after, token_key) else {
            break;
        };
        jobs.push(Claimed {
            id: String::from_utf8_lossy(id).into_owned(),
            token,
        });
        rest = after;
    }
    jobs
}

/// What stands between `key` and the next quote, and the rest.
fn text<'a>(body: &'a [u8], key: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let rest = &body[memmem::find(body, key)? + key.len()..];
    let end = memchr::memchr(b'"', rest)?;
    Some((&rest[..end], &rest[end..]))
}

fn number<'a>(body: &'a [u8], key: &[u8]) -> Option<(i64, &'a [u8])> {
    let rest = &body[memmem::find(body, key)? + key.len()..];
    let end = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    let value = str::from_utf8(&rest[..end]).ok()?.parse().ok()?;
    Some((value, &rest[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"\"lease_token\":";

    /// As the server writes it: the protocol's own type.
    fn job(id: &str, token: i64) -> serde_json::Value {
        serde_json::json!({
            "id": id, "type": "noop", "binary_url": "http://x/y", "binary_sha256": "00",
            "arguments": ["\"id\":\""], "env_variables": {}, "priority": "background",
            "status": "running", "executor_id": "e", "stdout": "", "stderr": "",
            "exit_code": null, "created_at": "2026-01-01T00:00:00Z",
            "started_at": "2026-01-01T00:00:00Z", "completed_at": null,
            "attempts": [{"executor_id": "e", "executor_ip": "", "status": "running",
                "started_at": "2026-01-01T00:00:00Z", "ended_at": null}],
            "lease_token": token, "lease_seconds": 30.0,
        })
    }

    fn written(job: serde_json::Value) -> Vec<u8> {
        let job: wire::jobs::Job = serde_json::from_value(job).unwrap();
        serde_json::to_vec(&job).unwrap()
    }

    #[test]
    fn one_job_and_many_are_read() {
        let first = Claimed {
            id: String::from("a-1"),
            token: 7,
        };
        let second = Claimed {
            id: String::from("b-2"),
            token: 80,
        };
        let one = written(job("a-1", 7));
        assert_eq!(claimed(&one, KEY), std::slice::from_ref(&first));
        let two = [b"[", one.as_slice(), b",", &written(job("b-2", 80)), b"]"].concat();
        assert_eq!(claimed(&two, KEY), [first, second]);
        assert_eq!(claimed(b"[]", KEY), []);
    }
}
