//! A router on a free port, and entries for its table.

use std::{net::SocketAddr, time::Duration};

use router::{HoldLimit, RouteEntry, RouteState, RouteTable, Router, RouterSettings};

use crate::client::{Answer, Client};

/// A router with plain HTTP.
pub(crate) async fn router() -> Router {
    with(RouterSettings::default()).await
}

/// A router with these settings, on a free port.
pub(crate) async fn with(settings: RouterSettings) -> Router {
    let http = vec![SocketAddr::from(([127, 0, 0, 1], 0))];
    Router::start(RouterSettings { http, ..settings })
        .await
        .unwrap()
}

/// A route to these targets under `{id}.localhost`.
pub(crate) fn route(id: &str, targets: &[SocketAddr]) -> RouteEntry {
    RouteEntry {
        id: id.to_owned(),
        owner: "owner".to_owned(),
        host: format!("{id}.localhost"),
        path: None,
        state: RouteState::Serving,
        targets: targets.to_vec(),
        auth: None,
        hold: HoldLimit::default(),
        response_timeout_ms: 10_000,
    }
}

/// Puts these routes into the router.
pub(crate) fn install(router: &Router, routes: impl Into<Vec<RouteEntry>>) {
    let table = RouteTable {
        routes: routes.into(),
    };
    router.replace(&table).unwrap();
}

/// A connection to the router.
pub(crate) async fn client(router: &Router) -> Client {
    Client::connect(router.http_addresses()[0]).await
}

/// One GET on a connection of its own.
pub(crate) async fn get(router: &Router, host: &str, path: &str) -> Answer {
    client(router).await.get(host, path).await
}

/// Waits until something is true that other tasks bring about.
pub(crate) async fn eventually(what: &str, mut is_true: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(10), async {
        while !is_true() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    assert!(waited.await.is_ok(), "{what} did not happen");
}
