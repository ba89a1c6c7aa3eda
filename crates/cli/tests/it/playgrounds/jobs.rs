//! Playgrounds that run until their watched services exit.

use serde_json::json;

use super::TestPlaygrounds;

const JOB: &str = "
services:
  tests:
    image: IMAGE
    command: [sh, -c, 'echo one test failed; exit 3']
    restart: always
    depends_on: {db: {condition: service_started}}
  db:
    image: IMAGE
    command: [sh, -c, 'echo db is up; exec sleep 1000']
";

#[test]
fn a_job_ends_with_exit_codes_and_logs_and_without_containers() {
    let test = TestPlaygrounds::start();
    let spec = test.playspec("job", JOB);
    let more = json!({"job_mode": true, "watched_services": ["tests"]});
    let id = test.create("job", spec, &more);
    test.becomes(id, "completed");
    let result = test
        .get(&format!("/api/playgrounds/{id}/job_result"))
        .json();
    assert_eq!(result["success"], false, "{result:#}");
    assert_eq!(result["exit_code"], 3, "{result:#}");
    assert_eq!(
        test.containers(&format!("pg-{id}-job")),
        Vec::<String>::new()
    );
    for (service, line) in [("tests", "one test failed"), ("db", "db is up")] {
        let logs = test
            .get(&format!("/api/playgrounds/{id}/logs/{service}"))
            .json();
        assert_eq!(logs["source"], "cached", "{logs}");
        assert_eq!(logs["lines"], json!([line]));
    }
    test.destroy(id);
    assert_eq!(test.left_of(&format!("pg-{id}-job")), Vec::<String>::new());
}
