//! A flood of foreground work above capacity for hours: what is of a lower priority starts all the
//! same, and no later than the bound allows. Without ageing it starves.

use std::{collections::HashMap, time::Duration};

use http::Method;
use serde_json::{Value, json};
use server::{Assembled, Clock, Settings};
use tower::ServiceExt;

use super::{clock::SimulatedClock, directory};
use crate::{answer::Answer, test_server::SHA256};

const MINUTE_MS: i64 = 60_000;
/// Work that is done in a minute, and foreground work that comes in one: a tenth too much.
const CAPACITY: usize = 20;
const FLOOD: usize = 22;
/// The flood lasts so long.
const MINUTES: i64 = 180;
/// When one background and one best-effort job come, in minutes.
const LOW_AT: [i64; 4] = [5, 30, 60, 90];

/// When a job came and when it started, in milliseconds from the beginning.
struct Course {
    priority: &'static str,
    came: i64,
    started: Option<i64>,
}

struct Flood {
    server: Assembled,
    clock: SimulatedClock,
    began: i64,
    courses: HashMap<String, Course>,
}

impl Flood {
    async fn open(settings: Settings) -> Self {
        let clock = SimulatedClock::new();
        let server = Assembled::open(settings, Clock::new(clock.clone())).await;
        Self {
            server: server.expect("it opens"),
            began: clock.now(),
            clock,
            courses: HashMap::new(),
        }
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> Value {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost");
        let request = request.body(axum::body::Body::from(body.to_string()));
        let request = request.expect("a request");
        let Ok(response) = self.server.router().oneshot(request).await;
        assert!(response.status().is_success(), "{}", response.status());
        let bytes = Answer::new(response).bytes().await;
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    async fn submit(&mut self, priority: &'static str, count: usize) {
        let job = json!({
            "type": "flood",
            "binary_url": "https://example.com/binary",
            "binary_sha256": SHA256,
            "priority": priority,
        });
        let jobs = Value::Array(vec![job; count]);
        let accepted = self.call(Method::POST, "/api/v1/jobs/bulk", &jobs).await;
        let came = self.clock.now() - self.began;
        for job in accepted.as_array().expect("an array") {
            let id = job["id"].as_str().expect("an id").to_owned();
            self.courses.insert(
                id,
                Course {
                    priority,
                    came,
                    started: None,
                },
            );
        }
    }

    /// One minute's work.
    async fn work(&mut self) {
        let claim = json!({"executor_id": "worker-1", "max": CAPACITY});
        let claimed = self.call(Method::POST, "/api/v1/jobs/claim", &claim).await;
        let now = self.clock.now() - self.began;
        let mut results = Vec::new();
        for job in claimed.as_array().into_iter().flatten() {
            let id = job["id"].as_str().expect("an id");
            let course = self.courses.get_mut(id).expect("a known job");
            assert!(course.started.replace(now).is_none(), "{id} started twice");
            let token = &job["lease_token"];
            results.push(json!({"run_id": id, "token": token, "outcome": "completed"}));
        }
        let results = json!({"results": results});
        self.call(Method::POST, "/api/executors/worker-1/exchange", &results)
            .await;
    }

    fn of(&self, priority: &str) -> Vec<&Course> {
        let mut courses: Vec<&Course> = self
            .courses
            .values()
            .filter(|course| course.priority == priority)
            .collect();
        courses.sort_by_key(|course| course.came);
        courses
    }

    /// When foreground work that came at `minute` started.
    fn foreground_started(&self, minute: i64) -> Option<i64> {
        let came = |course: &&&Course| course.came == minute * MINUTE_MS;
        self.of("foreground")
            .iter()
            .filter(came)
            .filter_map(|course| course.started)
            .max()
    }
}

/// The flood with this priority bound.
async fn flood(bound: Duration) -> Flood {
    let dir = directory();
    let mut settings = Settings::new(dir.path().join("data"));
    settings.class_bound = bound;
    let mut flood = Flood::open(settings).await;
    for minute in 0..MINUTES {
        flood.clock.set(flood.began + minute * MINUTE_MS);
        flood.submit("foreground", FLOOD).await;
        if LOW_AT.contains(&minute) {
            flood.submit("background", 1).await;
            flood.submit("best_effort", 1).await;
        }
        flood.work().await;
    }
    flood
}

#[tokio::test]
async fn a_flood_of_foreground_work_keeps_the_rest_waiting_for_the_bound_and_no_longer() {
    let bound = 10;
    let flood = flood(Duration::from_secs(600)).await;
    for (priority, priorities) in [("background", 1), ("best_effort", 2)] {
        let courses = flood.of(priority);
        assert_eq!(courses.len(), LOW_AT.len());
        for course in courses {
            let minute = course.came / MINUTE_MS;
            let started = course
                .started
                .unwrap_or_else(|| panic!("{priority} of {minute} starved"));
            // The queue grows, so foreground work waits as well. What counts is the order: it goes
            // with the foreground work that comes one bound later for each priority.
            let alike = flood.foreground_started(minute + priorities * bound);
            let alike = alike.expect("foreground work of that time was done");
            assert!(
                (alike - started).abs() <= MINUTE_MS,
                "{priority} of minute {minute} started after {} min, foreground work that came \
                 {} min later at {} min",
                started / MINUTE_MS,
                priorities * bound,
                alike / MINUTE_MS,
            );
            // Measured against foreground work of its own time, the wait is the bound, stretched
            // by how much more comes than can be done.
            let own = flood
                .foreground_started(minute)
                .expect("foreground work was done");
            let extra = started - own;
            let most = priorities * bound * MINUTE_MS * 11 / 10 + 2 * MINUTE_MS;
            assert!(
                extra <= most,
                "{priority} of minute {minute} waited {extra} ms longer"
            );
            assert!(
                extra >= (priorities * bound - 1) * MINUTE_MS,
                "{priority} went first: {extra} ms"
            );
        }
    }
}

#[tokio::test]
async fn within_capacity_a_lower_class_starts_within_its_bound() {
    // Without a queue there is nothing to wait for.
    let dir = directory();
    let mut flood = Flood::open(Settings::new(dir.path().join("data"))).await;
    // All that can be done is foreground work that comes, and there is a backlog of one minute.
    flood.submit("foreground", CAPACITY).await;
    for minute in 0..60 {
        flood.clock.set(flood.began + minute * MINUTE_MS);
        flood.submit("foreground", CAPACITY - 1).await;
        if minute == 5 {
            flood.submit("background", 1).await;
            flood.submit("best_effort", 1).await;
        }
        flood.work().await;
    }
    for (priority, most) in [("background", 12), ("best_effort", 23)] {
        let course = flood.of(priority)[0];
        let waited = course.started.expect("it started") - course.came;
        assert!(waited <= most * MINUTE_MS, "{priority} waited {waited} ms");
    }
}

#[tokio::test]
async fn without_ageing_the_rest_starves() {
    let flood = flood(Duration::from_secs(10 * 365 * 86_400)).await;
    for priority in ["background", "best_effort"] {
        let courses = flood.of(priority);
        assert_eq!(courses.len(), LOW_AT.len());
        assert!(
            courses.iter().all(|course| course.started.is_none()),
            "{priority} was served"
        );
    }
}
