//! Targets that are to stop.

use std::time::Duration;

use router::{DrainLimits, Drained};
use tokio::io::AsyncWriteExt;

use crate::{
    backend::Backend,
    client::Client,
    world::{client, eventually, get, install, route, router},
};

const LONG: DrainLimits = DrainLimits {
    requests: Duration::from_secs(10),
    streams: Duration::ZERO,
};

async fn open_socket(client: &mut Client) {
    let upgrade = "GET /socket HTTP/1.1\r\nHost: web.localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: echo\r\n\r\n";
    client.send(upgrade).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
}

#[tokio::test]
async fn a_drain_waits_for_requests_and_not_for_streams() {
    let (old, new) = (Backend::start("old").await, Backend::start("new").await);
    let router = router().await;
    install(&router, [route("web", &[old.address])]);
    let mut slow = client(&router).await;
    slow.send("GET /slow HTTP/1.1\r\nHost: web.localhost\r\n\r\n")
        .await;
    let mut events = client(&router).await;
    events
        .send("GET /events HTTP/1.1\r\nHost: web.localhost\r\n\r\n")
        .await;
    events.head().await;
    let mut socket = client(&router).await;
    open_socket(&mut socket).await;
    eventually("the slow request", || old.requests() == 3).await;
    let activity = router.activity("owner").unwrap();
    assert_eq!(
        (activity.requests, activity.event_streams, activity.sockets),
        (1, 1, 1)
    );
    assert_eq!(activity.idle_for, None);

    install(&router, [route("web", &[new.address])]);
    assert_eq!(get(&router, "web.localhost", "/").await.body, "new");
    let short = DrainLimits {
        requests: Duration::from_millis(50),
        streams: Duration::ZERO,
    };
    let left = Drained {
        requests_left: 1,
        event_streams_left: 1,
        sockets_left: 1,
    };
    assert_eq!(router.drain(old.address, short).await, left);
    let (drained, answer) = tokio::join!(router.drain(old.address, LONG), async {
        old.app.release.add_permits(1);
        slow.answer().await
    });
    assert_eq!(answer.body, "old");
    assert_eq!(
        drained,
        Drained {
            requests_left: 0,
            ..left
        }
    );

    // The streams still work, and end when the application ends them.
    socket.send("hello").await;
    assert_eq!(socket.exactly(5).await, b"hello");
    let all = DrainLimits {
        streams: Duration::from_secs(10),
        ..LONG
    };
    let (drained, (), ()) = tokio::join!(router.drain(old.address, all), old.stop(), async {
        assert_eq!(socket.exactly(7).await, b"goodbye");
        socket.stream.shutdown().await.unwrap();
    });
    assert_eq!(drained, Drained::default());
    eventually("the end of all", || {
        router.activity("owner").unwrap().idle_for.is_some()
    })
    .await;
}

#[tokio::test]
async fn a_drained_target_gets_no_request_while_the_table_has_it() {
    let (one, two) = (Backend::start("one").await, Backend::start("two").await);
    let router = router().await;
    let both = [route("web", &[one.address, two.address])];
    install(&router, both.clone());
    router.drain(one.address, LONG).await;
    install(&router, both.clone());
    for _ in 0..20 {
        assert_eq!(get(&router, "web.localhost", "/").await.body, "two");
    }
    // It comes back with a table, after one without it.
    install(&router, [route("web", &[two.address])]);
    install(&router, both);
    let mut client = client(&router).await;
    while one.requests() == 0 {
        client.get("web.localhost", "/").await;
    }
}

#[tokio::test]
async fn a_target_that_left_the_table_can_come_back() {
    let (old, new) = (Backend::start("old").await, Backend::start("new").await);
    let router = router().await;
    install(&router, [route("web", &[old.address])]);
    let mut slow = client(&router).await;
    slow.send("GET /slow HTTP/1.1\r\nHost: web.localhost\r\n\r\n")
        .await;
    eventually("the request", || old.requests() == 1).await;
    install(&router, [route("web", &[new.address])]);
    install(&router, [route("web", &[old.address])]);
    assert_eq!(get(&router, "web.localhost", "/").await.body, "old");
    old.app.release.add_permits(1);
    assert_eq!(slow.answer().await.body, "old");
}
