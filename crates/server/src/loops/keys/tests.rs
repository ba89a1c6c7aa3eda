//! Keys are heard of in time, whatever else the server does.

use wire::keys::NewKey;

use super::*;
use crate::{
    Assembled, Clock, Principal, Settings,
    access::{Caller, FRESH, issue},
    audit::AuditContext,
};

const DEADLINE: Duration = Duration::from_secs(60);

#[test]
fn what_is_revoked_elsewhere_is_refused_within_a_second() {
    // The one for who asks again, the other for who waits for an answer.
    assert!(FRESH <= Duration::from_millis(500));
    assert!(EVERY + FRESH < Duration::from_secs(1));
}

#[tokio::test]
async fn a_busy_writer_delays_no_look_at_the_keys() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let settings = Settings::new(dir.path().join("data"));
    let server = Assembled::open(settings, Clock::system()).await;
    let app = server.expect("it opens").app;
    let new = NewKey {
        name: "root".to_owned(),
        role: "admin".to_owned(),
        ..NewKey::default()
    };
    let (audit_context, now) = (AuditContext::operator("key.create"), app.now_ms());
    let made = issue(&app.store, Caller::Operator, &new, audit_context, now).await;
    let key = made.expect("a key").key;
    app.keys.look(&app.store).await.expect("the keys");
    // It was used, and that is to be noted.
    assert!(app.keys.is_good(&app.store, &key, now).await);
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let store = app.store.clone();
    let busy = tokio::spawn(async move {
        let work = move |_: &mut store::Batch<'_, '_>| {
            // Until the test has seen enough, or failed.
            let _ = wait.lock().expect("one waits").recv();
            Ok(())
        };
        store.write(work).await
    });
    let keys = tokio::spawn(run(app.clone()));
    // A stream that is to end with its key.
    let watcher = app.clone();
    let watched = tokio::spawn(async move {
        watcher
            .keys
            .ended(&Principal::Builtin, &watcher.clock)
            .await;
    });
    for _ in 0..3 {
        let before = app.keys.looked();
        let looked = async {
            while app.keys.looked() == before {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let looked = tokio::time::timeout(DEADLINE, looked).await;
        looked.expect("it looks again");
    }
    assert!(!busy.is_finished());
    drop(go_on);
    busy.await.expect("no panic").expect("written");
    app.stopping.cancel();
    keys.await.expect("it ends");
    watched.abort();
}
