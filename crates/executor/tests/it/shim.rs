//! The shim itself: ends, trees, orders.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Duration,
};

use executor::{
    process::{ForkServer, Process},
    shim::{End, Order, Part, Spec},
};

use tokio::io::AsyncReadExt;

use crate::test_dir::{TestDir, eventually, run, run_until, runs, shim, unique_sleep};

/// The ways in which a tree is watched: by descent, and by a PID namespace.
const WAYS: [&[Part]; 2] = [&[], &[Part::UserNamespace, Part::PidNamespace]];

/// Set for the process that is killed in the test below.
const HOLDER: &str = "PLAYHOUSE_TEST_HOLDER";

#[tokio::test]
async fn reports_exit_codes_and_signals() {
    for parts in WAYS {
        let dir = TestDir::new();
        assert_eq!(*run(&dir.spec("exit 0", parts)).await.end(), End::Exited(0));
        assert_eq!(*run(&dir.spec("exit 3", parts)).await.end(), End::Exited(3));
        assert_eq!(
            *run(&dir.spec("kill -SEGV $$", parts)).await.end(),
            End::Signalled(11)
        );
        assert_eq!(
            *run(&dir.spec("kill -40 $$", parts)).await.end(),
            End::Signalled(40)
        );
    }
}

#[tokio::test]
async fn says_why_a_program_cannot_be_started() {
    for parts in WAYS {
        let dir = TestDir::new();
        let missing = Spec {
            program: Some(dir.path("missing")),
            ..dir.spec("", parts)
        };
        let nul = Spec {
            arguments: vec!["a\0b".to_owned()],
            ..dir.spec("", parts)
        };
        let long = Spec {
            arguments: vec!["a".repeat(4096); 4000],
            ..dir.spec("", parts)
        };
        for spec in [missing, nul, long] {
            let run = run(&spec).await;
            let End::NotStarted(reason) = run.end() else {
                panic!("{run:?}")
            };
            assert!(
                reason.starts_with("the program cannot be started: "),
                "{reason}"
            );
        }
    }
}

#[tokio::test]
async fn terminates_a_tree_politely_and_then_not() {
    for parts in WAYS {
        let dir = TestDir::new();
        let polite = dir.spec(
            "trap 'exit 7' TERM; echo ready; while :; do sleep 1; done",
            parts,
        );
        let run = run_until(&polite, Some(("ready", Order::Terminate))).await;
        assert_eq!(*run.end(), End::Exited(7));

        let sleep = unique_sleep();
        let deaf = format!("trap '' TERM; sleep {sleep} & echo ready; wait");
        let deaf = Spec {
            grace_ms: 100,
            ..dir.spec(&deaf, parts)
        };
        let run = run_until(&deaf, Some(("ready", Order::Terminate))).await;
        assert_eq!(*run.end(), End::Signalled(9));
        assert!(!runs(&sleep));

        let spec = dir.spec("echo ready; sleep 9000", parts);
        let run = run_until(&spec, Some(("ready", Order::Kill))).await;
        assert_eq!(*run.end(), End::Signalled(9));
    }
}

#[tokio::test]
async fn leaves_no_grandchild_and_no_daemon_behind() {
    for parts in WAYS {
        let dir = TestDir::new();
        let sleep = unique_sleep();
        // An orphan in the group, one in a session of its own, one that is stopped, one that is deaf.
        let text = format!(
            "(sleep {sleep} &)\n\
             (setsid sleep {sleep} &)\n\
             (setsid sh -c 'kill -STOP $$; sleep {sleep}' &)\n\
             (setsid sh -c 'trap \"\" TERM HUP; sleep {sleep} & sleep {sleep}' &)\n\
             exit 4"
        );
        let run = run(&dir.spec(&text, parts)).await;
        assert_eq!(*run.end(), End::Exited(4));
        assert!(!runs(&sleep), "a process outlived its program");
    }
}

#[tokio::test]
async fn kills_a_tree_that_goes_on_forking() {
    for parts in WAYS {
        let dir = TestDir::new();
        let sleep = unique_sleep();
        let text = format!("echo ready; while :; do setsid sleep {sleep} & sleep 0.01; done");
        let run = run_until(&dir.spec(&text, parts), Some(("ready", Order::Kill))).await;
        assert_eq!(*run.end(), End::Signalled(9));
        assert!(!runs(&sleep));
    }
}

#[tokio::test]
async fn survives_what_a_program_does_to_itself() {
    for parts in WAYS {
        let dir = TestDir::new();
        let closes = "exec <&- >&- 2>&-; sleep 0.1; exit 5";
        assert_eq!(*run(&dir.spec(closes, parts)).await.end(), End::Exited(5));
        let removes = "rm -rf \"$PWD\"; exit 6";
        assert_eq!(*run(&dir.spec(removes, parts)).await.end(), End::Exited(6));
    }
}

#[tokio::test]
async fn landlock_keeps_a_program_from_killing_its_shim() {
    let dir = TestDir::new();
    let sleep = unique_sleep();
    let text = format!(
        "setsid sleep {sleep} & kill -9 $PPID 2>/dev/null || echo kept; kill -9 $! && echo own; \
         setsid sleep {sleep} & exit 3"
    );
    let run = run(&dir.spec(&text, &[Part::Landlock])).await;
    assert_eq!(run.end(), &End::Exited(3));
    assert_eq!(run.text().as_str(), "kept\nown\n");
    assert!(!runs(&sleep));
}

#[tokio::test]
async fn the_fence_falls_unless_the_lease_is_renewed() {
    for parts in WAYS {
        let dir = TestDir::new();
        let sleep = unique_sleep();
        let spec = dir.spec(&format!("echo ready; sleep {sleep}"), parts);
        let run = run(&Spec {
            fence_ms: Some(100),
            ..spec
        })
        .await;
        assert!(run.report.lease_expired);
        assert_eq!(*run.end(), End::Signalled(9));
        assert!(!runs(&sleep));

        let spec = dir.spec("echo ready; sleep 0.3", parts);
        let spec = Spec {
            fence_ms: Some(3_000_000),
            ..spec
        };
        let renewed = Order::Deadline(Duration::from_secs(3600));
        let run = run_until(&spec, Some(("ready", renewed))).await;
        assert!(!run.report.lease_expired);
    }
}

#[tokio::test]
async fn dropping_the_process_kills_the_tree() {
    for parts in WAYS {
        let dir = TestDir::new();
        let sleep = unique_sleep();
        let spec = dir.spec(&format!("setsid sleep {sleep} & sleep {sleep}"), parts);
        let (process, outputs) = Process::start(&shim(), &spec)
            .await
            .expect("the shim starts");
        eventually("the program starts", || runs(&sleep));
        drop((process, outputs));
        eventually("the tree is gone", || !runs(&sleep));
    }
}

/// The same from outside: this test starts itself as the process that is killed.
#[tokio::test]
async fn nothing_outlives_an_executor_that_is_killed() {
    if let Some(sleep) = std::env::var_os(HOLDER) {
        let sleep = sleep.into_string().expect("a number");
        let dir = TestDir::new();
        let text = format!("setsid sleep {sleep} & sleep {sleep}");
        let mut started = Vec::new();
        for parts in WAYS {
            let spec = dir.spec(&text, parts);
            started.push(
                Process::start(&shim(), &spec)
                    .await
                    .expect("the shim starts"),
            );
        }
        eventually("the program runs", || runs(&sleep));
        std::fs::remove_dir_all(dir.path("")).expect("nothing is left behind");
        println_ready();
        std::future::pending::<()>().await;
    }
    let sleep = unique_sleep();
    let mut holder = Command::new(std::env::current_exe().expect("this program"))
        .args([
            "--exact",
            "shim::nothing_outlives_an_executor_that_is_killed",
            "--nocapture",
        ])
        .env(HOLDER, &sleep)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the holder starts");
    let output = BufReader::new(holder.stdout.take().expect("its output"));
    let mut lines = output.lines().map_while(Result::ok);
    assert!(
        lines.any(|line| line.contains("ready")),
        "the holder has started its programs"
    );
    assert!(runs(&sleep));
    holder.kill().expect("the holder is killed");
    holder.wait().expect("the holder is reaped");
    eventually("the trees are gone", || !runs(&sleep));
}

#[tokio::test]
async fn a_fork_server_that_is_killed_is_started_again_and_its_shims_go_on() {
    let server = ForkServer::new(shim());
    let (dir, other) = (TestDir::new(), TestDir::new());
    let waits = dir.spec(
        "echo ready; until [ -e go ]; do sleep 0.01; done; exit 4",
        WAYS[1],
    );
    let mut running = Vec::new();
    let mut id = None;
    for _ in 0..2 {
        let (process, mut outputs) = server.start(&waits).await.expect("a shim");
        let mut ready = [0; 6];
        let read = outputs.stdout.read_exact(&mut ready).await;
        read.expect("the program runs");
        assert_eq!(id.unwrap_or(server.id()), server.id(), "one for all");
        id = Some(server.id());
        running.push((process, outputs));
    }
    let id = server.id().expect("it runs");
    let pid = nix::unistd::Pid::from_raw(i32::try_from(id).expect("a pid"));
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).expect("it is killed");
    let spec = other.spec("exit 5", WAYS[1]);
    let third = loop {
        let (third, _outputs) = server.start(&spec).await.expect("a third one");
        // The first one after the kill may have been handed to a process that was dying.
        if let Ok(report) = third.end().await {
            break report;
        }
    };
    assert_eq!(third.end, End::Exited(5));
    assert_ne!(server.id(), Some(id));
    std::fs::write(dir.work().join("go"), "").expect("they go on");
    for (process, _outputs) in running {
        assert_eq!(process.end().await.expect("a report").end, End::Exited(4));
    }
}

fn println_ready() {
    use std::io::Write;
    writeln!(std::io::stdout(), "ready").expect("it is told");
}

#[tokio::test]
async fn waits_while_a_program_is_still_open_for_writing() {
    let dir = TestDir::new();
    let program = dir.path("program");
    std::fs::copy("/bin/true", &program).expect("a program");
    let open = std::fs::OpenOptions::new()
        .append(true)
        .open(&program)
        .expect("it opens");
    let spec = Spec {
        program: Some(program),
        ..dir.spec("", &[])
    };
    let closed = tokio::task::spawn_blocking(move || {
        std::thread::sleep(Duration::from_millis(200));
        drop(open);
    });
    assert_eq!(*run(&spec).await.end(), End::Exited(0));
    closed.await.expect("it is closed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn programs_that_were_just_written_start_while_others_fork() {
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            tokio::spawn(async {
                for _ in 0..10 {
                    let dir = TestDir::new();
                    let program = dir.path("program");
                    std::fs::copy("/bin/true", &program).expect("a program");
                    let spec = Spec {
                        program: Some(program),
                        ..dir.spec("", &[])
                    };
                    assert_eq!(*run(&spec).await.end(), End::Exited(0));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("every program starts");
    }
}
