//! What becomes of what is under way when one of it breaks off.

use super::*;
use crate::{Assembled, Clock, Settings};

fn under_way(number: i64) -> UnderWay {
    UnderWay {
        claim: ("h".to_owned(), number),
        place: ("k".to_owned(), "h".to_owned()),
    }
}

#[tokio::test]
async fn of_deliveries_under_way_the_one_that_panics_is_let_go_of_alone() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let settings = Settings::new(dir.path().join("data"));
    let server = Assembled::open(settings, Clock::system()).await;
    let mut outbox = Outbox::new(server.expect("it opens").app);
    outbox.spawn(under_way(1), std::future::pending());
    outbox.spawn(under_way(2), async { panic!("planted") });
    outbox.spawn(under_way(3), std::future::pending());
    let ended = outbox.tasks.join_next_with_id().await;
    let ended = ended.expect("one of them ends");
    assert!(ended.is_err());
    outbox.ended(ended);
    let mut claims = outbox.claims();
    claims.sort_unstable();
    assert_eq!(claims, [("h".to_owned(), 1), ("h".to_owned(), 3)]);
}
