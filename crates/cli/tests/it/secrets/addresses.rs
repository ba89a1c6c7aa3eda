//! Addresses that are secrets themselves: of a chat's hook, of a signed download.

use serde_json::json;

use super::SecretsTest;
use crate::{
    harness::{code, free_port, playhouse, poll, stderr, stdout},
    planted::Planted,
};

/// A planted word where a URL takes one.
pub(super) fn in_a_url(text: &str) -> String {
    text.replace('+', "%2B").replace('/', "%2F")
}

impl SecretsTest {
    /// A hook whose address is a secret, as that of a chat. It is shown to those that may see hooks, and in
    /// nothing else: so it is gone before they are listed.
    pub(super) fn make_a_hook_with_a_secret_address(&mut self) {
        let path = self.planted.plant("path of the URL of a hook");
        let query = self.planted.plant("query of the URL of a hook");
        let [path, query] = [path, query].map(|text| in_a_url(&text));
        let url = format!("http://127.0.0.1:{}/{path}?k={query}", free_port());
        let made = self.as_admin("POST /api/hooks", &json!({"url": url}), 201);
        let id = made["id"].as_str().expect("an id").to_owned();
        self.as_admin(&format!("POST /api/hooks/{id}/test"), &json!({}), 202);
        let line = format!("GET /api/hooks/{id}/deliveries/1");
        let error = poll("the test has failed", || {
            let delivery = self.as_admin(&line, &json!({}), 200);
            delivery["error"].as_str().map(str::to_owned)
        });
        self.answers.push_str(&error);
        self.as_admin(
            &format!("PATCH /api/hooks/{id}"),
            &json!({"url": format!("{url}&l=1")}),
            200,
        );
        self.as_admin(&format!("DELETE /api/hooks/{id}"), &json!({}), 204);
    }

    /// A program that cannot be had, at a signed address.
    pub(super) fn run_a_job_with_a_secret_address(&mut self) -> String {
        let query = in_a_url(&self.planted.plant("query of the URL of a program"));
        let job = json!({"type": "secret", "priority": "foreground",
            "binary_url": format!("http://127.0.0.1:{}/program?signature={query}", free_port()),
            "binary_sha256": "0".repeat(64)});
        let made = self.as_admin("POST /api/v1/jobs", &job, 201);
        made["id"].as_str().expect("an id").to_owned()
    }

    pub(super) fn wait_for_the_unreachable(&mut self, id: &str) {
        let line = format!("GET /api/v1/jobs/{id}");
        let error = poll("the program cannot be had", || {
            let job = self.as_admin(&line, &json!({}), 200);
            job["error_message"].as_str().map(str::to_owned)
        });
        assert!(error.starts_with("binary download failed"), "{error}");
        self.answers.push_str(&error);
    }
}

/// A database that does not answer, or does not let one in, is complained of without its password.
#[test]
fn a_password_is_not_in_complaints_about_its_database() {
    let home = tempfile::TempDir::new().expect("a temporary directory");
    let mut planted = Planted::default();
    let password = planted.note("database URL", "pl4ntedDatabasePassword");
    let url = format!("postgres://me:{password}@127.0.0.1:{}/jobs", free_port());
    for arguments in [&["server", "--listen", "127.0.0.1:0"][..], &["doctor"]] {
        let mut command = playhouse(home.path());
        command
            .args(arguments)
            .args(["--database-url", &url, "--log", "trace"]);
        command.arg("--data-dir").arg(home.path().join("data"));
        let ended = command.output().expect("the binary starts");
        assert_ne!(code(&ended), Some(0));
        let said = format!("{}{}", stdout(&ended), stderr(&ended));
        assert!(!said.is_empty());
        planted.absent_from("a complaint", &said);
    }
}
