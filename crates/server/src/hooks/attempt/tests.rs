//! What follows from an answer, and when.

use std::collections::BTreeMap;

use http::{HeaderMap, header};
use store::hooks::{Outcome, Sending};

use super::{GIVE_UP_MS, again, headers, retry_after};

const NOW: i64 = 1_445_412_480_000; // Wed, 21 Oct 2015 07:28:00 GMT

fn sending(failure_count: i64) -> Sending {
    Sending {
        hook_id: "hook".to_owned(),
        number: 7,
        owner: "k1".to_owned(),
        attempt: failure_count + 1,
        failure_count,
        opened_at: NOW,
        run_id: None,
        event: "job.completed".to_owned(),
        body: "{}".to_owned(),
        url: "https://a.example/".to_owned(),
        headers: BTreeMap::new(),
        secret: None,
        max_attempts: None,
    }
}

fn due_at(outcome: Outcome) -> i64 {
    match outcome {
        Outcome::Again { due_at, .. } => due_at,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_first_retry_comes_within_five_seconds_and_the_last_at_the_end_of_the_day() {
    let (mut now, mut attempts) = (NOW, 1);
    for failure_count in 0.. {
        let outcome = again(&sending(failure_count), None, 0.0, now);
        if outcome == Outcome::Failed {
            break;
        }
        let due_at = due_at(outcome);
        assert!(failure_count > 0 || (1..=5_000).contains(&(due_at - NOW)));
        assert!(due_at > now);
        now = due_at;
        attempts += 1;
    }
    assert_eq!(now, NOW + GIVE_UP_MS);
    assert!((10..20).contains(&attempts), "{attempts} attempts");
}

#[test]
fn waits_differ_by_the_draw() {
    let wait = |jitter| due_at(again(&sending(3), None, jitter, NOW)) - NOW;
    assert!(wait(1.0) < wait(0.5) && wait(0.5) < wait(0.0));
}

#[test]
fn a_run_s_hook_may_ask_for_fewer_attempts() {
    let few = |failure_count| Sending {
        max_attempts: Some(3),
        ..sending(failure_count)
    };
    assert!(matches!(
        again(&few(1), None, 0.5, NOW),
        Outcome::Again { .. }
    ));
    assert_eq!(again(&few(2), None, 0.5, NOW), Outcome::Failed);
}

#[test]
fn a_time_that_the_receiver_names_is_kept_up_to_the_end_of_the_day() {
    let after = |text: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, text.parse().expect("a header value"));
        retry_after(&headers, NOW)
    };
    assert_eq!(after("120"), Some(120_000));
    assert_eq!(after("Wed, 21 Oct 2015 07:30:00 GMT"), Some(120_000));
    assert_eq!(after("Wed, 21 Oct 2015 07:00:00 GMT"), Some(0));
    // Seconds that are meant as milliseconds, and a date of a clock that is wrong.
    assert_eq!(after("60000"), Some(3_600_000));
    assert_eq!(after("Tue, 21 Oct 2025 07:30:00 GMT"), Some(3_600_000));
    for nonsense in ["-1", "soon", "", "99999999999999999999"] {
        assert_eq!(after(nonsense), None, "{nonsense}");
    }
    let named = again(&sending(0), Some(600_000), 0.5, NOW);
    assert_eq!(
        named,
        Outcome::Again {
            due_at: NOW + 600_000,
            pause: true
        }
    );
    let too_long = again(&sending(0), Some(100 * GIVE_UP_MS), 0.5, NOW);
    assert_eq!(due_at(too_long), NOW + GIVE_UP_MS);
}

#[test]
fn our_headers_cannot_be_replaced() {
    let own = [
        ("webhook-id", "x"),
        ("content-type", "text/plain"),
        ("x-own", "y"),
    ];
    let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let sending = Sending {
        headers: own.into(),
        ..sending(0)
    };
    let headers = headers(&sending, None, 5).expect("headers");
    assert_eq!(headers["webhook-id"], "msg_hook_7");
    assert_eq!(headers["webhook-timestamp"], "5");
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["x-own"], "y");
    assert!(!headers.contains_key("webhook-signature"));
}

#[test]
fn fuzz_what_receivers_ask_for() {
    let seeds = fuzz::nearly(b"Wed, 21 Oct 2015 07:28:00 GMT");
    fuzz::try_inputs(&seeds, |bytes| {
        let mut named = HeaderMap::new();
        if let Ok(value) = header::HeaderValue::from_bytes(&bytes) {
            named.insert(header::RETRY_AFTER, value);
        }
        let wait = retry_after(&named, NOW);
        assert!(wait.is_none_or(|wait| wait >= 0), "{wait:?}");
    });
}
