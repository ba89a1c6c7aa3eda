//! Programs that print much, fail, take too long or are cancelled.

use std::process::Stdio;

use super::*;

async fn shell(
    script: &str,
    timeout: Duration,
    cancel: &CancellationToken,
) -> (Result<Vec<u8>, ChildError>, Vec<String>) {
    let mut command = Command::new("sh");
    command.args(["-c", script]).stdin(Stdio::null());
    let run = Run {
        program: "sh",
        command,
        timeout,
        cancel,
        merged: false,
    };
    let mut lines = Vec::new();
    let ended = run
        .finish(|_| Ok(()), &mut |line| lines.push(line.to_owned()))
        .await;
    (ended, lines)
}

#[tokio::test]
async fn both_streams_are_read_while_it_runs() {
    let script = "head -c 300000 /dev/zero >&2; echo >&2; printf 'a\\rb\\n' >&2; echo out";
    let long = Duration::from_secs(60);
    let (ended, lines) = shell(script, long, &CancellationToken::new()).await;
    assert_eq!(ended.unwrap(), b"out\n");
    assert_eq!(lines[lines.len() - 2..], ["a", "b"]);
    assert!(lines.iter().all(|line| line.len() as u64 <= LONGEST));
}

#[tokio::test]
async fn an_error_has_the_last_lines() {
    let script = "for n in $(seq 500); do echo $n >&2; done; exit 3";
    let long = Duration::from_secs(60);
    let (ended, _) = shell(script, long, &CancellationToken::new()).await;
    let error = ended.unwrap_err();
    assert_eq!(error.to_string(), "sh ended with exit code 3: 500");
    assert_eq!((error.lines().len(), &*error.lines()[0]), (KEPT, "301"));
}

#[tokio::test]
async fn a_slow_one_is_killed_with_its_children() {
    let script = "sleep 1000 & echo $! >&2; wait";
    let (ended, lines) = shell(script, Duration::from_secs(1), &CancellationToken::new()).await;
    assert!(
        matches!(ended, Err(ChildError::TimedOut { .. })),
        "{ended:?}"
    );
    gone(&lines[0]).await;
}

#[tokio::test]
async fn a_cancelled_one_is_killed_with_its_children() {
    let cancel = CancellationToken::new();
    let mut command = Command::new("sh");
    command
        .args(["-c", "sleep 1000 & echo $!; wait"])
        .stdin(Stdio::null());
    let run = Run {
        program: "sh",
        command,
        timeout: Duration::from_secs(60),
        cancel: &cancel,
        merged: true,
    };
    let mut lines = Vec::new();
    let mut line = |line: &str| {
        lines.push(line.to_owned());
        cancel.cancel();
    };
    let ended = run.finish(|_| Ok(()), &mut line).await;
    assert!(
        matches!(ended, Err(ChildError::Cancelled { .. })),
        "{ended:?}"
    );
    gone(&lines[0]).await;
}

/// A killed process is gone once its new parent has noticed.
async fn gone(process: &str) {
    let process = std::path::PathBuf::from(format!("/proc/{process}/cmdline"));
    let empty = || std::fs::read(&process).is_ok_and(|line| !line.is_empty());
    time::timeout(Duration::from_secs(10), async {
        while empty() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the child is killed");
}
