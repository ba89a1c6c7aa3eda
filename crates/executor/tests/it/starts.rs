//! How programs are started, and what is told when they cannot be.

use executor::Isolation;
use serde_json::json;

use crate::{binaries::digest, test_executor::TestExecutor};

#[tokio::test]
async fn a_program_knows_itself_by_the_name_of_its_job_or_its_url() {
    for isolation in [Isolation::None, Isolation::Standard] {
        let executor = TestExecutor::new(|settings| settings.isolation = isolation).await;
        let script = "basename \"$0\"";
        executor.submit("by-url", script, json!({}));
        assert_eq!(executor.result("by-url").await.stdout, "by-url\n");
        let more = json!({"program_name": "tool-sum"});
        executor.submit("named", script, more);
        assert_eq!(executor.result("named").await.stdout, "tool-sum\n");
        // Not only what scripts see of it.
        let shell = std::fs::read("/bin/sh").expect("a shell");
        let sha256 = digest(&shell).to_string();
        let url = executor.programs.put("file", "shell", shell);
        let more = json!({"program_name": "my-shell", "arguments": ["-c", "echo $0"]});
        executor.server.submit("binary", &url, &sha256, &more);
        let printed = executor.result("binary").await.stdout;
        assert!(printed.ends_with("/my-shell\n"), "{printed}");
        executor.end().await;
    }
}

#[tokio::test]
async fn what_a_program_lacks_is_named() {
    let executor = TestExecutor::new(|_| {}).await;
    for (id, program, told) in [
        (
            "interpreter",
            "#!/no/such/interpreter\n",
            "its interpreter `/no/such/interpreter` does not exist",
        ),
        (
            "windows",
            "#!/bin/sh\r\necho\r\n",
            "`/bin/sh\\r`: its lines end with CRLF",
        ),
        (
            "text",
            "hello\n",
            "it is neither a script that begins with `#!` nor a program",
        ),
    ] {
        let sha256 = digest(program.as_bytes()).to_string();
        let url = executor.programs.put("file", id, program);
        executor.server.submit(id, &url, &sha256, &json!({}));
        let ended = executor.result(id).await;
        let message = ended.error_message.expect("it says why");
        assert!(message.contains(told), "{message}");
        assert_eq!(ended.stderr, format!("{message}\n"));
    }
    executor.end().await;
}
