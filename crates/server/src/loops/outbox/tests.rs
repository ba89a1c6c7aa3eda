//! What becomes of what is under way: when one of it breaks off, and when it takes long.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicUsize, Ordering},
};

use engine::RunId;
use store::{audit::Target, hooks::NewHook};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::watch,
};

use super::*;
use crate::{Assembled, Clock, Settings, Source, audit::AuditContext};

const DEADLINE: Duration = Duration::from_secs(60);
const CLAIM_MS: i64 = 600;

fn slot(number: i64) -> Slot {
    Slot {
        owner: "k".to_owned(),
        hook_id: "h".to_owned(),
        number,
    }
}

#[tokio::test]
async fn of_deliveries_under_way_the_one_that_panics_is_let_go_of_alone() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let settings = Settings::new(dir.path().join("data"));
    let server = Assembled::open(settings, Clock::system()).await;
    let mut outbox = Outbox::new(server.expect("it opens").app);
    outbox.spawn(slot(1), std::future::pending());
    outbox.spawn(slot(2), async { panic!("planted") });
    outbox.spawn(slot(3), std::future::pending());
    let ended = outbox.tasks.join_next_with_id().await;
    let ended = ended.expect("one of them ends");
    assert!(ended.is_err());
    outbox.ended(ended);
    let mut claims = outbox.claims();
    claims.sort_unstable();
    assert_eq!(claims, [("h".to_owned(), 1), ("h".to_owned(), 3)]);
}

/// A clock that is moved by hand.
#[derive(Clone, Default)]
struct Hand {
    now_ms: Arc<AtomicI64>,
    ids: Arc<AtomicUsize>,
}

impl Source for Hand {
    fn now_ms(&self) -> i64 {
        self.now_ms.load(Ordering::SeqCst)
    }

    fn run_id(&self) -> RunId {
        let id = self.ids.fetch_add(1, Ordering::SeqCst);
        RunId::from_bytes((id as u128 + 1).to_be_bytes())
    }

    fn jitter(&self) -> f64 {
        0.5
    }
}

/// A receiver that answers when it may; counts what arrives.
async fn receiver(may_answer: watch::Receiver<bool>) -> (String, watch::Receiver<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let (arrived, arrivals) = watch::channel(0);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let (mut may_answer, arrived) = (may_answer.clone(), arrived.clone());
            tokio::spawn(async move {
                let mut buffer = [0; 4_096];
                let read = stream.read(&mut buffer).await.expect("a request");
                assert!(read > 0);
                arrived.send_modify(|count| *count += 1);
                let may = may_answer.wait_for(|may| *may).await;
                drop(may.expect("the test goes on"));
                let answer = "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
                let answered = stream.write_all(answer.as_bytes()).await;
                answered.expect("it is answered");
            });
        }
    });
    (url, arrivals)
}

/// Whether a delivery can be claimed at this time.
async fn is_due(app: &App, at: i64) -> bool {
    let due = move |read: &mut store::Read<'_, '_>| store::hooks::due(read, &[], at);
    let (due, _) = app.store.read(due).await.expect("an answer");
    !due.is_empty()
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(DEADLINE, wait).await;
    waited.unwrap_or_else(|_| panic!("{what}"));
}

#[tokio::test]
async fn a_receiver_that_is_slower_than_a_claim_is_sent_it_once() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut settings = Settings::new(dir.path().join("data"));
    settings.hook_claim = Duration::from_millis(CLAIM_MS.unsigned_abs());
    settings.hook_timeout = 2 * DEADLINE;
    settings.allowed_outbound = vec!["127.0.0.0/8".parse().expect("a network")];
    let clock = Hand::default();
    let server = Assembled::open(settings, Clock::new(clock.clone())).await;
    let app = server.expect("it opens").app;
    let (answer, may_answer) = watch::channel(false);
    let (url, arrivals) = receiver(may_answer).await;
    let sealer = app.vault.sealer(&app.store).await.expect("a vault");
    let hook = NewHook {
        id: "h".to_owned(),
        url,
        events: vec!["*".to_owned()],
        description: String::new(),
        secret: sealer.seal_hook("h", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"),
    };
    let entry = AuditContext::operator("hook.test").entry(0, Target::one("hook", "h"));
    let work = move |batch: &mut store::Batch<'_, '_>| {
        store::hooks::create(batch, &hook, 100, &entry)?;
        store::hooks::test(batch, "h", &hooks::test("h", 0), &entry)
    };
    app.store.write(work).await.expect("a delivery");
    let outboxes = [
        tokio::spawn(run(app.clone())),
        tokio::spawn(run(app.clone())),
    ];
    until("it arrives", async || *arrivals.borrow() > 0).await;
    // Several times as long as a claim lives; both look again and again.
    for _ in 0..6 {
        let now = clock.now_ms.fetch_add(CLAIM_MS / 2, Ordering::SeqCst) + CLAIM_MS / 2;
        app.outbox.notify_waiters();
        let renewed = async || !is_due(&app, now + CLAIM_MS - 1).await;
        until("the claim is renewed", renewed).await;
    }
    answer.send_replace(true);
    until("it is delivered", async || !is_due(&app, i64::MAX).await).await;
    assert_eq!(*arrivals.borrow(), 1);
    app.stopping.cancel();
    for outbox in outboxes {
        outbox.await.expect("it ends");
    }
}
