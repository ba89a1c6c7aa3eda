//! How often a key may ask, and how often an address may be wrong. Time is the test's.

use std::net::{IpAddr, SocketAddr};

use axum::{body::Body, extract::ConnectInfo};
use http::{Method, Request};
use serde_json::{Value, json};

use super::{Keyed, text};
use crate::{
    answer::{Answer, Call},
    test_server::TestServer,
};

fn header(answer: &Answer, name: &str) -> String {
    let value = answer.headers.get(name);
    value
        .map_or("none", |value| value.to_str().expect("text"))
        .to_owned()
}

/// Retry-After, RateLimit and RateLimit-Policy.
fn told(answer: &Answer) -> [String; 3] {
    ["retry-after", "ratelimit", "ratelimit-policy"].map(|name| header(answer, name))
}

async fn limited(keyed: &Keyed, role: &str, per_minute: i64) -> String {
    let new = json!({"name": format!("{role}-{per_minute}"), "role": role,
        "requests_per_minute": per_minute});
    text(&keyed.make(&new).await["key"])
}

#[tokio::test]
async fn a_bucket_empties_and_fills_and_says_so() {
    let keyed = Keyed::open().await;
    let key = limited(&keyed, "readonly", 3).await;
    for (rest, full_in) in [(2, 20), (1, 40), (0, 60)] {
        let answer = keyed.get(&key, "/api/v1/jobs").await;
        assert_eq!(answer.status, 200);
        let expected = [
            "none".to_owned(),
            format!("\"key\";r={rest};t={full_in}"),
            "\"key\";q=3;w=60".to_owned(),
        ];
        assert_eq!(told(&answer), expected);
    }
    let answer = keyed.get(&key, "/api/v1/jobs").await;
    assert_eq!(
        told(&answer),
        ["20", "\"key\";r=0;t=60", "\"key\";q=3;w=60"]
    );
    answer.refused(429).await;
    // A refusal costs nothing, and a second more is asked for only when it is needed.
    keyed.server.clock.advance_ms(18_500);
    let answer = keyed.get(&key, "/api/v1/jobs").await;
    assert_eq!(told(&answer), ["2", "\"key\";r=0;t=42", "\"key\";q=3;w=60"]);
    answer.refused(429).await;
    keyed.server.clock.advance_ms(1_500);
    keyed.get(&key, "/api/v1/jobs").json(200).await;
    keyed.get(&key, "/api/v1/jobs").refused(429).await;
    // After an hour there is a minute's worth, not an hour's.
    keyed.server.clock.advance_ms(3_600_000);
    for _ in 0..3 {
        keyed.get(&key, "/api/v1/jobs").json(200).await;
    }
    keyed.get(&key, "/api/v1/jobs").refused(429).await;
    // The others do not feel it.
    keyed.get(&keyed.admin, "/api/v1/jobs").json(200).await;
}

#[tokio::test]
async fn what_is_forbidden_counts_and_a_refused_request_does_nothing() {
    let keyed = Keyed::open().await;
    let key = limited(&keyed, "user", 2).await;
    for _ in 0..2 {
        keyed.get(&key, "/api/hooks").json(403).await;
    }
    let job = crate::test_server::smallest();
    keyed.post(&key, "/api/v1/jobs", &job).refused(429).await;
    let jobs = keyed.get(&keyed.admin, "/api/v1/jobs").json(200).await;
    assert_eq!(jobs, json!([]));
}

#[tokio::test]
async fn each_face_refuses_in_its_own_form() {
    let keyed = Keyed::open().await;
    let key = limited(&keyed, "readonly", 1).await;
    keyed.get(&key, "/api/v1/jobs").json(200).await;
    keyed.get(&key, "/api/v1/jobs").refused(429).await;
    let answer = keyed.get(&key, "/api/events").await;
    assert_eq!(header(&answer, "content-type"), "application/problem+json");
    let problem = answer.json(429).await;
    assert_eq!(problem["title"], "Too Many Requests");
    assert_eq!(problem["status"], 429);
    assert!(problem["detail"].is_string());
    let answer = keyed.get(&key, "/ws/executions").await;
    assert_eq!(answer.status, 429);
}

#[tokio::test]
async fn a_key_without_a_rate_has_the_servers_and_an_executors_has_none() {
    let server = TestServer::with(|settings| settings.requests_per_minute = Some(4)).await;
    let keyed = Keyed::on(server).await;
    let user = keyed.key("user", "user").await;
    let executor = keyed.key("builder", "executor").await;
    let slow = limited(&keyed, "executor", 1).await;
    for _ in 0..4 {
        keyed.get(&user, "/api/v1/jobs").json(200).await;
    }
    keyed.get(&user, "/api/v1/jobs").refused(429).await;
    let leases = json!({"leases": []});
    for _ in 0..20 {
        let path = "/api/executors/builder/leases";
        let answer = keyed.post(&executor, path, &leases).await;
        assert_eq!(told(&answer), ["none", "none", "none"]);
        answer.json(200).await;
    }
    let path = "/api/executors/executor-1/leases";
    keyed.post(&slow, path, &leases).json(200).await;
    keyed.post(&slow, path, &leases).problem(429).await;
    // What needs no key has no rate.
    for _ in 0..20 {
        keyed.server.get("/api/v1/health").json(200).await;
    }
}

#[tokio::test]
async fn a_key_that_performs_and_does_more_has_the_servers_rate() {
    let server = TestServer::with(|settings| settings.requests_per_minute = Some(4)).await;
    let keyed = Keyed::on(server).await;
    let mut keys = Vec::new();
    for (name, role, scopes) in [
        ("a", "custom", json!(["runs:perform", "jobs:write"])),
        ("b", "user", json!(["runs:perform"])),
    ] {
        let new = json!({"name": name, "role": role, "scopes": scopes});
        keys.push((name, text(&keyed.make(&new).await["key"])));
    }
    // One that performs and does nothing else is an executor's, whatever its role is called.
    let new = json!({"name": "c", "role": "custom", "scopes": ["runs:perform"]});
    let executor = text(&keyed.make(&new).await["key"]);
    let leases = json!({"leases": []});
    for (name, key) in &keys {
        let path = format!("/api/executors/{name}/leases");
        for _ in 0..4 {
            keyed.post(key, &path, &leases).json(200).await;
        }
        keyed.post(key, &path, &leases).problem(429).await;
    }
    for _ in 0..20 {
        let path = "/api/executors/c/leases";
        keyed.post(&executor, path, &leases).json(200).await;
    }
}

#[tokio::test]
async fn a_server_without_a_bound_limits_only_keys_that_have_one() {
    let server = TestServer::with(|settings| settings.requests_per_minute = None).await;
    let keyed = Keyed::on(server).await;
    let answer = keyed.get(&keyed.admin, "/api/v1/jobs").await;
    assert_eq!(told(&answer), ["none", "none", "none"]);
    let key = limited(&keyed, "readonly", 1).await;
    keyed.get(&key, "/api/v1/jobs").json(200).await;
    keyed.get(&key, "/api/v1/jobs").refused(429).await;
}

#[tokio::test]
async fn a_bucket_outlives_that_other_keys_are_made_and_revoked() {
    let keyed = Keyed::open().await;
    let key = limited(&keyed, "readonly", 1).await;
    keyed.get(&key, "/api/v1/jobs").json(200).await;
    let other = keyed.make(&json!({"name": "x", "role": "user"})).await;
    keyed.revoke(&other["id"]).json(200).await;
    keyed.get(&key, "/api/v1/jobs").refused(429).await;
}

/// Sends a request from an address.
fn from<'a>(
    keyed: &'a Keyed,
    peer: &str,
    method: Method,
    path: &str,
    key: Option<&str>,
    body: &Value,
) -> Call<'a> {
    let peer: IpAddr = peer.parse().expect("an address");
    let mut request = Request::builder().method(method).uri(path);
    if let Some(key) = key {
        request = request.header("x-api-key", key);
    }
    let mut request = request
        .body(Body::from(body.to_string()))
        .expect("a request");
    let peer = ConnectInfo(SocketAddr::new(peer, 40_000));
    request.extensions_mut().insert(peer);
    keyed.server.request(request)
}

const ATTACKER: &str = "203.0.113.9";

#[tokio::test]
async fn an_address_that_shows_wrong_keys_is_held_and_good_keys_are_not() {
    let keyed = Keyed::open().await;
    let jobs = |peer: &'static str, key: String| {
        let keyed = &keyed;
        async move {
            from(
                keyed,
                peer,
                Method::GET,
                "/api/v1/jobs",
                Some(&key),
                &json!({}),
            )
            .await
        }
    };
    let wrong = |number: usize| format!("itk_{number:012x}_{number:040x}");
    for number in 0..60 {
        jobs(ATTACKER, wrong(number)).await.refused(401).await;
    }
    let held = jobs(ATTACKER, wrong(60)).await;
    assert_eq!(told(&held), ["1", "none", "none"]);
    held.refused(429).await;
    jobs("198.51.100.1", wrong(61)).await.refused(401).await;
    // Who shares its address, and shows a good key, is let through; who shows none is refused.
    assert_eq!(jobs(ATTACKER, keyed.admin.clone()).await.status, 200);
    from(
        &keyed,
        ATTACKER,
        Method::GET,
        "/api/v1/jobs",
        None,
        &json!({}),
    )
    .refused(401)
    .await;
    keyed.server.clock.advance_ms(1_000);
    jobs(ATTACKER, wrong(62)).await.refused(401).await;
    jobs(ATTACKER, wrong(63)).await.refused(429).await;
}

#[tokio::test]
async fn tokens_and_tickets_are_not_guessed_either() {
    let keyed = Keyed::open().await;
    let made = keyed
        .post(&keyed.admin, "/api/join-tokens", &json!({}))
        .await;
    let token = text(&made.json(201).await["token"]);
    let guess = |token: &str| json!({"token": token, "name": "builder"});
    for number in 0..60 {
        let (path, status) = match number % 3 {
            0 => ("/api/join", 401),
            1 => ("/api/setup", 401),
            _ => ("/ws/events?ticket=ticket_0", 401),
        };
        let method = if path.starts_with("/ws") {
            Method::GET
        } else {
            Method::POST
        };
        let answer = from(&keyed, ATTACKER, method, path, None, &guess("join_0")).await;
        assert_eq!(answer.status, status, "{path}");
    }
    for path in ["/api/join", "/api/setup"] {
        let held = from(&keyed, ATTACKER, Method::POST, path, None, &guess(&token)).await;
        assert_eq!(header(&held, "retry-after"), "1");
        held.json(429).await;
    }
    let path = "/ws/events?ticket=ticket_0";
    let held = from(&keyed, ATTACKER, Method::GET, path, None, &json!({})).await;
    assert_eq!(held.status, 429);
    // It was not tried, and is good from elsewhere.
    let (elsewhere, guess) = ("198.51.100.1", guess(&token));
    from(&keyed, elsewhere, Method::POST, "/api/join", None, &guess)
        .json(201)
        .await;
}

#[tokio::test]
async fn guesses_that_come_at_once_count_as_well_and_good_ones_take_nothing() {
    let keyed = Keyed::open().await;
    let guess = json!({"token": "join_0", "name": "builder"});
    for path in ["/api/join", "/api/setup", "/ws/events?ticket=ticket_0"] {
        let method = if path.starts_with("/ws") {
            Method::GET
        } else {
            Method::POST
        };
        let ask = || from(&keyed, ATTACKER, method.clone(), path, None, &guess);
        let answers = futures_util::future::join_all((0..200).map(|_| ask())).await;
        let tried = answers.iter().filter(|answer| answer.status == 401).count();
        let held = answers.iter().filter(|answer| answer.status == 429).count();
        assert_eq!((tried, held), (60, 140), "{path}");
        keyed.server.clock.advance_ms(60_000);
    }
    for _ in 0..100 {
        let made = keyed.post(&keyed.admin, "/api/tickets", &json!({})).await;
        let ticket = text(&made.json(201).await["ticket"]);
        let path = format!("/ws/events?ticket={ticket}");
        let opened = from(&keyed, ATTACKER, Method::GET, &path, None, &guess).await;
        // Past the gate; it is no WebSocket.
        assert_eq!(opened.status, 400);
        let wrong = json!({"token": "join_0", "name": ""});
        let answer = from(&keyed, ATTACKER, Method::POST, "/api/join", None, &wrong).await;
        assert_eq!(answer.status, 400, "what is not looked at is no guess");
    }
}
