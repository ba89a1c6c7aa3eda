//! The labels of the namespace.

use std::collections::BTreeMap;

use playground::labels::{
    HealthcheckLabels, KEYS, LabelProblem, PathMatch, PathRule, ServiceLabels, ServiceShape,
    Visibility, is_subdomain,
};

const WHOLE: ServiceShape = ServiceShape {
    ports: false,
    container_name: false,
    healthcheck: true,
    repository: true,
};

fn parse(labels: &[(&str, &str)], shape: ServiceShape) -> Result<ServiceLabels, Vec<LabelProblem>> {
    let pairs = labels
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    ServiceLabels::parse(&pairs.collect::<BTreeMap<_, _>>(), shape)
}

fn read(labels: &[(&str, &str)]) -> ServiceLabels {
    parse(labels, WHOLE).unwrap()
}

/// The messages for labels of a service that lacks nothing.
fn refused(labels: &[(&str, &str)]) -> String {
    let problems = parse(labels, WHOLE).unwrap_err();
    problems
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn every_key_is_read_under_both_prefixes() {
    let values = [
        ("branch", "main"),
        ("build_args", "A=1, B=x=y,"),
        ("build_target", "dev"),
        ("dockerfile", "docker/Dockerfile"),
        ("env_file", "config/.env"),
        ("expose", "internal:4000"),
        ("healthcheck_interval", "500ms"),
        ("healthcheck_path", "/health?deep=1"),
        ("healthcheck_retries", "7"),
        ("healthcheck_start_period", "2m"),
        ("healthcheck_timeout", "4s"),
        ("job_watch", "false"),
        ("path_rule", "PathPrefix(`/api`)"),
        ("port", "3000"),
        ("production", "true"),
        ("repo_url", "https://example.org/a.git"),
        ("source_mount", "/srv/app"),
        ("start_command", "bin/dev"),
        ("subdomain", "@"),
        ("visibility", "external"),
        ("zerodowntime", "true"),
    ];
    assert_eq!(values.map(|(key, _)| key), KEYS);
    let of = |prefix: &str| {
        let labels = values
            .iter()
            .map(|(key, value)| (format!("{prefix}{key}"), (*value).to_owned()));
        ServiceLabels::parse(&labels.collect(), WHOLE).unwrap()
    };
    let read = of("playgrounds.");
    assert_eq!(read, of("fibe.gg/"));
    let text = |text: &str| Some(text.to_owned());
    let expected = ServiceLabels {
        repo_url: text("https://example.org/a.git"),
        branch: text("main"),
        source_mount: text("/srv/app"),
        dockerfile: text("docker/Dockerfile"),
        build_target: text("dev"),
        build_args: BTreeMap::from(
            [("A", "1"), ("B", "x=y")].map(|(k, v)| (k.to_owned(), v.to_owned())),
        ),
        env_file: text("config/.env"),
        start_command: text("bin/dev"),
        production: true,
        // The single keys are more exact than `expose`.
        port: Some(3000),
        visibility: Visibility::External,
        subdomain: text("@"),
        path_rule: Some(PathRule {
            any: vec![PathMatch::PathPrefix("/api".to_owned())],
        }),
        zerodowntime: true,
        healthcheck: Some(HealthcheckLabels {
            path: "/health?deep=1".to_owned(),
            interval_ms: 500,
            timeout_ms: 4_000,
            retries: 7,
            start_period_ms: 120_000,
        }),
        job_watch: Some(false),
    };
    assert_eq!(read, expected);
}

#[test]
fn without_labels_the_defaults_hold() {
    let read = read(&[("traefik.enable", "true"), ("com.example", "")]);
    assert_eq!(read, ServiceLabels::default());
    assert_eq!(read.source_mount(), "/app");
    assert_eq!(read.dockerfile(), "Dockerfile");
    assert_eq!(read.env_file(), ".env.example");
    assert_eq!((read.port, read.visibility), (None, Visibility::External));
    let set = parse(
        &[
            ("playgrounds.source_mount", "/x"),
            ("playgrounds.dockerfile", "y"),
            ("playgrounds.env_file", "z"),
        ],
        WHOLE,
    );
    let set = set.unwrap();
    assert_eq!(
        (set.source_mount(), set.dockerfile(), set.env_file()),
        ("/x", "y", "z")
    );
}

#[test]
fn expose_has_three_forms() {
    let of = |value: &str| {
        let read = read(&[("playgrounds.expose", value)]);
        (read.visibility, read.port)
    };
    assert_eq!(of("8080"), (Visibility::External, Some(8080)));
    assert_eq!(of("external:80"), (Visibility::External, Some(80)));
    assert_eq!(of("internal:65535"), (Visibility::Internal, Some(65535)));
    for wrong in [
        "",
        "0",
        "65536",
        "public:80",
        "internal:",
        "internal:x",
        "80:80",
        "-1",
    ] {
        let message = refused(&[("playgrounds.expose", wrong)]);
        assert!(
            message.contains("expected `external:PORT`"),
            "{wrong}: {message}"
        );
    }
}

#[test]
fn one_health_check_key_brings_the_defaults_of_the_others() {
    let read = read(&[("fibe.gg/healthcheck_retries", "1")]);
    let expected = HealthcheckLabels {
        retries: 1,
        ..HealthcheckLabels::default()
    };
    assert_eq!(read.healthcheck, Some(expected));
    let default = HealthcheckLabels::default();
    assert_eq!(
        (
            default.path.as_str(),
            default.interval_ms,
            default.timeout_ms
        ),
        ("/up", 10_000, 5_000)
    );
    assert_eq!((default.retries, default.start_period_ms), (3, 30_000));
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_one() {
    let message = refused(&[("playgrounds.zerodowntme", "true")]);
    assert!(
        message.contains("did you mean `zerodowntime`?"),
        "{message}"
    );
    let message = refused(&[("fibe.gg/Port", "80")]);
    assert!(
        message.contains("the key `Port` does not exist (did you mean `port`?)"),
        "{message}"
    );
    let message = refused(&[("fibe.gg/nothing_like_it", "80")]);
    assert!(
        message.ends_with("the key `nothing_like_it` does not exist"),
        "{message}"
    );
}

#[test]
fn both_prefixes_must_agree() {
    read(&[("playgrounds.port", "80"), ("fibe.gg/port", "80")]);
    let message = refused(&[("playgrounds.port", "80"), ("fibe.gg/port", "81")]);
    assert!(
        message.contains("`fibe.gg/port` sets the same key to another value"),
        "{message}"
    );
}

#[test]
fn values_of_a_wrong_form_are_refused_all_at_once() {
    let wrong = [
        ("playgrounds.production", "yes"),
        ("playgrounds.job_watch", "True"),
        ("playgrounds.visibility", "public"),
        ("playgrounds.port", "0"),
        ("playgrounds.subdomain", "-a"),
        ("playgrounds.source_mount", "app"),
        ("playgrounds.dockerfile", "../Dockerfile"),
        ("playgrounds.env_file", "/etc/passwd"),
        ("playgrounds.build_args", "A"),
        ("playgrounds.healthcheck_interval", "10"),
        ("playgrounds.healthcheck_timeout", "0s"),
        (
            "playgrounds.healthcheck_start_period",
            "99999999999999999999s",
        ),
        ("playgrounds.healthcheck_retries", "0"),
        ("playgrounds.healthcheck_path", "up"),
        ("playgrounds.branch", " "),
        ("playgrounds.path_rule", "Host(`a`)"),
    ];
    let problems = parse(&wrong, WHOLE).unwrap_err();
    let mut named: Vec<&str> = problems
        .iter()
        .map(|problem| problem.label.as_str())
        .collect();
    named.sort_unstable();
    let mut expected = wrong.map(|(label, _)| label);
    expected.sort_unstable();
    assert_eq!(named, expected);
}

#[test]
fn paths_stay_inside() {
    for (key, value) in [
        ("source_mount", "/"),
        ("source_mount", "/a/../etc"),
        ("dockerfile", ""),
        ("dockerfile", "a/../../b"),
        ("healthcheck_path", "/a b"),
        ("build_args", "=1"),
        ("healthcheck_interval", "18446744073709551615m"),
    ] {
        let label = format!("playgrounds.{key}");
        let labels = [("playgrounds.port", "80"), (label.as_str(), value)];
        assert!(parse(&labels, WHOLE).is_err(), "{key}: {value}");
    }
}

#[test]
fn a_subdomain_is_a_dns_label_or_the_apex() {
    let longest = "a".repeat(63);
    for good in ["@", "a", "0", "a-b", "feature-auth-web", longest.as_str()] {
        assert!(is_subdomain(good), "{good}");
    }
    let too_long = "a".repeat(64);
    for bad in [
        "",
        "-",
        "a-",
        "-a",
        "A",
        "a.b",
        "a_b",
        "@@",
        "ä",
        too_long.as_str(),
    ] {
        assert!(!is_subdomain(bad), "{bad}");
    }
}

#[test]
fn keys_of_a_source_need_a_repository() {
    let bare = ServiceShape {
        repository: false,
        ..WHOLE
    };
    let keys = [
        ("branch", "main"),
        ("build_args", "A=1"),
        ("build_target", "x"),
        ("dockerfile", "x"),
        ("source_mount", "/x"),
    ];
    for (key, value) in keys {
        let label = format!("playgrounds.{key}");
        let problems = parse(&[(&label, value)], bare).unwrap_err();
        assert_eq!(problems[0].label, label);
        assert!(problems[0].message.contains("repo_url"), "{problems:?}");
        parse(&[(&label, value), ("fibe.gg/repo_url", "x")], bare).unwrap();
        parse(&[(&label, value)], WHOLE).unwrap();
    }
}

#[test]
fn keys_of_a_route_need_a_port() {
    for (key, value) in [
        ("visibility", "internal"),
        ("subdomain", "a"),
        ("path_rule", "Path(`/`)"),
        ("healthcheck_path", "/up"),
    ] {
        let label = format!("playgrounds.{key}");
        let message = refused(&[(&label, value)]);
        assert!(
            message.contains("it needs the label `port` or `expose`"),
            "{message}"
        );
        read(&[(&label, value), ("playgrounds.port", "1")]);
        read(&[(&label, value), ("playgrounds.expose", "1")]);
    }
}

#[test]
fn zero_downtime_has_conditions() {
    let asked = [
        ("playgrounds.zerodowntime", "true"),
        ("playgrounds.port", "80"),
    ];
    parse(&asked, WHOLE).unwrap();
    let broken = [
        (
            ServiceShape {
                ports: true,
                ..WHOLE
            },
            "excludes `ports`",
        ),
        (
            ServiceShape {
                container_name: true,
                ..WHOLE
            },
            "excludes `container_name`",
        ),
        (
            ServiceShape {
                healthcheck: false,
                ..WHOLE
            },
            "needs a `healthcheck`",
        ),
    ];
    for (shape, expected) in broken {
        let problems = parse(&asked, shape).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert!(problems[0].message.contains(expected), "{problems:?}");
        parse(&[("playgrounds.zerodowntime", "false")], shape).unwrap();
    }
    let message = refused(&asked[..1]);
    assert!(message.contains("needs the label `port`"), "{message}");
    let by_label = [asked[0], asked[1], ("playgrounds.healthcheck_path", "/up")];
    parse(
        &by_label,
        ServiceShape {
            healthcheck: false,
            ..WHOLE
        },
    )
    .unwrap();
}

#[test]
fn path_rules_are_read() {
    let rule = |text: &str| PathRule::parse(text).unwrap().any;
    let prefix = |path: &str| PathMatch::PathPrefix(path.to_owned());
    assert_eq!(rule("PathPrefix(`/a`)"), [prefix("/a")]);
    assert_eq!(
        rule("pathprefix( \"/a\" , '/b' )"),
        [prefix("/a"), prefix("/b")]
    );
    let all = rule(" Path(`/a`)||PathRegexp(`^/b[0-9]+`) || PathPrefix(`/c`) ");
    assert_eq!(
        all,
        [
            PathMatch::Path("/a".to_owned()),
            PathMatch::PathRegexp("^/b[0-9]+".to_owned()),
            prefix("/c")
        ]
    );
    let text = PathRule { any: all.clone() }.to_string();
    assert_eq!(
        text,
        "Path(`/a`) || PathRegexp(`^/b[0-9]+`) || PathPrefix(`/c`)"
    );
    assert_eq!(rule(&text), all);
}

#[test]
fn other_rules_are_refused() {
    let cases = [
        ("Host(`a`)", "got `Host`"),
        ("Headers(`a`, `b`)", "only Path, PathPrefix and PathRegexp"),
        ("Pathprefx(`/`)", "did you mean `PathPrefix`"),
        ("Path(`/`) && Host(`a`)", "`&&` and `!` are not supported"),
        ("!Path(`/`)", "only Path"),
        ("Path(`/`) Path(`/b`)", "expected `||`"),
        ("Path(`/`) ||", "only Path"),
        ("Path(/)", "backquotes"),
        ("Path()", "backquotes"),
        ("Path(`/`", "expected `)`"),
        ("Path`/`", "expected `(`"),
        ("Path(`a`)", "must start with `/`"),
        ("PathRegexp(`(`)", "is not valid"),
        ("", "only Path"),
    ];
    for (text, expected) in cases {
        let message = PathRule::parse(text).unwrap_err();
        assert!(message.contains(expected), "{text}: {message}");
    }
}
