//! Which target a request reaches.

use router::{Error, PathRule, RouteTable};

use crate::{
    backend::Backend,
    world::{client, get, install, route, router},
};

#[tokio::test]
async fn host_and_path_decide() {
    let (web, api) = (Backend::start("web").await, Backend::start("api").await);
    let router = router().await;
    let mut under = route("api", &[api.address]);
    under.host = "Web.localhost.".to_owned();
    under.path = Some(PathRule::PathPrefix("/api".to_owned()));
    install(&router, [route("web", &[web.address]), under]);

    for (host, path, expected) in [
        ("web.localhost", "/", "web"),
        ("WEB.localhost.:8080", "/?a=b", "web"),
        ("web.localhost", "/api/things", "api"),
        ("web.localhost", "/ap", "web"),
    ] {
        let answer = get(&router, host, path).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, expected));
    }
    assert_eq!(get(&router, "other.localhost", "/").await.status, 404);
}

#[tokio::test]
async fn connections_are_kept_on_both_sides() {
    let web = Backend::start("web").await;
    let router = router().await;
    install(&router, [route("web", &[web.address])]);
    let mut client = client(&router).await;
    for _ in 0..20 {
        assert_eq!(client.get("web.localhost", "/").await.body, "web");
    }
    // A table with the same target changes nothing for connections.
    install(&router, [route("web", &[web.address])]);
    assert_eq!(client.get("web.localhost", "/").await.body, "web");
    assert_eq!(web.connections(), 1);
}

#[tokio::test]
async fn replicas_share_the_requests() {
    let (one, two) = (Backend::start("one").await, Backend::start("two").await);
    let router = router().await;
    install(&router, [route("web", &[one.address, two.address])]);
    let mut client = client(&router).await;
    for _ in 0..200 {
        client.get("web.localhost", "/").await;
    }
    assert!(one.requests() > 20 && two.requests() > 20);
}

#[tokio::test]
async fn a_wrong_table_changes_nothing() {
    let web = Backend::start("web").await;
    let router = router().await;
    let good = route("web", &[web.address]);
    install(&router, [good.clone()]);
    let mut host = route("host", &[]);
    host.host = "http://x".to_owned();
    let mut path = route("path", &[]);
    path.path = Some(PathRule::Path("api".to_owned()));
    let mut regexp = route("regexp", &[]);
    regexp.path = Some(PathRule::PathRegexp("(".to_owned()));
    let mut same = route("web2", &[]);
    same.host = "WEB.localhost".to_owned();
    for wrong in [host, path, regexp, same, good.clone()] {
        let routes = vec![good.clone(), wrong];
        let error: Error = router.replace(&RouteTable { routes }).unwrap_err();
        assert!(error.to_string().contains("web") || error.to_string().contains("route"));
    }
    assert_eq!(get(&router, "web.localhost", "/").await.body, "web");
}

#[tokio::test]
async fn a_table_survives_a_file() {
    let mut entry = route("web", &["127.0.0.1:80".parse().unwrap()]);
    entry.path = Some(PathRule::PathRegexp("^/v[0-9]+".to_owned()));
    entry.auth = Some(router::BasicAuth::new("playground", "secret"));
    let table = RouteTable {
        routes: vec![entry],
    };
    let text = serde_json::to_string(&table).unwrap();
    assert_eq!(serde_json::from_str::<RouteTable>(&text).unwrap(), table);
}
