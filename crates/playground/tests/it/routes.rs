//! Routes of services.

use playground::{
    labels::{PathMatch, PathRule, ServiceLabels, Visibility},
    routes::{Exposure, RouteSettings, RouterAddress, ServiceRoute, conflicts, routes},
};

fn labels(port: u16) -> ServiceLabels {
    ServiceLabels {
        port: Some(port),
        ..ServiceLabels::default()
    }
}

fn settings<'a>(service: &'a str, labels: &'a ServiceLabels) -> RouteSettings<'a> {
    RouteSettings {
        service,
        labels,
        exposure: None,
        subdomain: None,
    }
}

fn rule(path: &str) -> Option<PathRule> {
    Some(PathRule::parse(&format!("PathPrefix(`{path}`)")).unwrap())
}

fn route(service: &str, subdomain: &str, path_rule: Option<PathRule>) -> ServiceRoute {
    ServiceRoute {
        service: service.to_owned(),
        port: 80,
        subdomain: subdomain.to_owned(),
        path_rule,
        auth_required: false,
    }
}

fn router(scheme: &str, port: Option<u16>) -> RouterAddress {
    RouterAddress {
        scheme: scheme.to_owned(),
        root_domain: "play.example".to_owned(),
        port,
    }
}

#[test]
fn the_subdomain_comes_from_the_nearest_to_the_playground() {
    let mut own = labels(3000);
    own.subdomain = Some("from-label".to_owned());
    let exposure = Exposure {
        subdomain: Some("from-playspec".to_owned()),
        ..Exposure::default()
    };
    let unnamed = Exposure::default();
    let bare = labels(3000);
    let subdomain = |labels, exposure, subdomain| {
        let settings = RouteSettings {
            service: "Web_App",
            labels,
            exposure,
            subdomain,
        };
        routes(&[settings]).unwrap()[0].subdomain.clone()
    };
    assert_eq!(subdomain(&own, Some(&exposure), Some("mine")), "mine");
    assert_eq!(subdomain(&own, Some(&exposure), None), "from-playspec");
    assert_eq!(subdomain(&own, Some(&unnamed), None), "from-label");
    assert_eq!(subdomain(&own, None, None), "from-label");
    assert_eq!(subdomain(&bare, None, None), "web-app");
}

#[test]
fn a_service_without_a_port_has_no_route() {
    let none = ServiceLabels::default();
    assert_eq!(routes(&[settings("db", &none)]), Ok(Vec::new()));
    let disabled = Exposure::default();
    assert_eq!((disabled.enabled, disabled.port), (false, 80));
    let mut of_db = settings("db", &none);
    of_db.exposure = Some(&disabled);
    assert_eq!(routes(&[of_db]), Ok(Vec::new()));
}

#[test]
fn an_enabled_exposure_wins_over_labels() {
    let mut own = labels(3000);
    own.visibility = Visibility::Internal;
    own.path_rule = rule("/label");
    let mut exposure = Exposure {
        enabled: true,
        port: 8080,
        ..Exposure::default()
    };
    let one = |exposure: &Exposure| {
        let mut settings = settings("web", &own);
        settings.exposure = Some(exposure);
        routes(&[settings]).unwrap().remove(0)
    };
    let read = one(&exposure);
    assert_eq!((read.port, read.auth_required), (8080, false));
    assert_eq!(read.path_rule, rule("/label"));
    exposure.path_rule = rule("/own");
    exposure.visibility = Visibility::Internal;
    let read = one(&exposure);
    assert_eq!(
        (read.path_rule.clone(), read.visibility()),
        (rule("/own"), Visibility::Internal)
    );
    exposure.enabled = false;
    let read = one(&exposure);
    assert_eq!(
        (read.port, read.auth_required, read.path_rule),
        (3000, true, rule("/label"))
    );
}

#[test]
fn a_name_that_is_no_subdomain_is_refused() {
    let own = labels(80);
    let mut bad = settings("web", &own);
    bad.subdomain = Some("a.b");
    let problems = routes(&[bad, settings("日本", &own)]).unwrap_err();
    let named: Vec<&str> = problems
        .iter()
        .map(|problem| problem.service.as_str())
        .collect();
    assert_eq!(named, ["web", "日本"]);
    assert!(
        problems[0].message.contains("`a.b` cannot be a subdomain"),
        "{problems:?}"
    );
}

#[test]
fn two_services_share_a_subdomain_only_by_paths() {
    let bare = labels(80);
    let mut api = labels(81);
    api.path_rule = rule("/api");
    let same = |service, labels| RouteSettings {
        subdomain: Some("app"),
        ..settings(service, labels)
    };
    let both = routes(&[same("web", &bare), same("api", &api)]).unwrap();
    assert_eq!(both.len(), 2);
    let problems =
        routes(&[same("web", &bare), same("other", &bare), same("api", &api)]).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].service, "other");
    assert!(
        problems[0]
            .message
            .contains("service `web`; set another one in `service_subdomains`"),
        "{problems:?}"
    );
    let problems = routes(&[same("api", &api), same("api2", &api)]).unwrap_err();
    assert_eq!(problems[0].service, "api2");
}

#[test]
fn playgrounds_of_a_playroom_do_not_share_a_place() {
    let others = vec![
        (
            "one".to_owned(),
            vec![route("web", "app", None), route("root", "@", None)],
        ),
        ("two".to_owned(), vec![route("api", "app", rule("/api"))]),
    ];
    assert_eq!(
        conflicts(
            &[route("x", "free", None), route("y", "app", rule("/y"))],
            &others
        ),
        []
    );
    let found = conflicts(
        &[
            route("x", "app", None),
            route("y", "@", None),
            route("z", "app", rule("/api")),
        ],
        &others,
    );
    let found: Vec<_> = found
        .iter()
        .map(|c| {
            (
                c.service.as_str(),
                c.playground.as_str(),
                c.other_service.as_str(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("x", "one", "web"),
            ("y", "one", "root"),
            ("z", "two", "api")
        ]
    );
    let text = conflicts(&[route("x", "app", None)], &others)[0].to_string();
    assert!(
        text.contains("`app` of service `x` is in use by service `web` of playground `one`"),
        "{text}"
    );
}

#[test]
fn urls_have_what_the_router_needs() {
    let web = route("web", "app", None);
    assert_eq!(web.host("play.example"), "app.play.example");
    assert_eq!(
        web.url(&router("https", Some(443))),
        "https://app.play.example"
    );
    assert_eq!(
        web.url(&router("http", Some(443))),
        "http://app.play.example:443"
    );
    assert_eq!(
        web.url(&router("http", Some(80))),
        "http://app.play.example"
    );
    assert_eq!(
        web.url(&router("https", Some(80))),
        "https://app.play.example:80"
    );
    assert_eq!(web.url(&router("https", None)), "https://app.play.example");
    let apex = route("web", "@", rule("/docs"));
    assert_eq!(
        apex.url(&router("https", None)),
        "https://play.example/docs"
    );
    let exact = PathRule {
        any: vec![PathMatch::Path("/x".to_owned())],
    };
    assert_eq!(
        route("web", "@", Some(exact)).url(&router("http", None)),
        "http://play.example/x"
    );
    let several = PathRule::parse("Path(`/a`, `/b`)").unwrap();
    assert_eq!(
        route("web", "@", Some(several)).url(&router("http", None)),
        "http://play.example"
    );
}

#[test]
fn the_entry_of_service_urls() {
    let mut web = route("web", "app", None);
    web.auth_required = true;
    let entry = serde_json::to_value(web.service_url(&router("https", None))).unwrap();
    let expected = serde_json::json!({
        "name": "web",
        "type": "http",
        "url": "https://app.play.example",
        "visibility": "internal",
        "auth_required": true,
    });
    assert_eq!(entry, expected);
}
