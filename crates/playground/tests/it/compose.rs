//! The document of a playground from a normalised one.

use std::{collections::BTreeMap, time::Duration};

use playground::{
    compose::{
        ComposeDocument, ComposeService, FileMount, GeneratedCompose, HostPort, PlaygroundInstance,
        ResourceLimits, ServiceInstance, SourceMount, generate, own_image_volumes,
    },
    labels::HealthcheckLabels,
};
use serde_json::{Value, json};

pub(crate) fn stack() -> ComposeDocument {
    ComposeDocument::from_json(include_str!("fixtures/stack.json")).unwrap()
}

fn instance() -> PlaygroundInstance {
    PlaygroundInstance {
        id: 7,
        project: "pg-7-x".to_owned(),
        owner: "mark$1".to_owned(),
        ..PlaygroundInstance::default()
    }
}

fn with(service: &str, known: ServiceInstance) -> PlaygroundInstance {
    PlaygroundInstance {
        services: BTreeMap::from([(service.to_owned(), known)]),
        ..instance()
    }
}

fn value(generated: &GeneratedCompose) -> Value {
    let read: Value = serde_saphyr::from_str(&generated.yaml).unwrap();
    assert_eq!(read, serde_json::to_value(&generated.document).unwrap());
    read
}

fn made(instance: &PlaygroundInstance) -> Value {
    value(&generate(&stack(), instance))
}

#[test]
fn what_is_not_known_is_kept() {
    let text = include_str!("fixtures/stack.json");
    let mut expected: Value = serde_json::from_str(text).unwrap();
    let read = serde_json::to_value(stack()).unwrap();
    assert_eq!(read, expected);
    expected["services"] = json!([]);
    let refused = ComposeDocument::from_json(&expected.to_string()).unwrap_err();
    let message = "the Compose document is not readable: invalid type";
    assert!(refused.to_string().starts_with(message), "{refused}");
    let refused = ComposeDocument::from_yaml("services: []").unwrap_err();
    assert!(refused.to_string().starts_with(message), "{refused}");
    assert!(ComposeDocument::from_yaml("services: [").is_err());
}

#[test]
fn everything_bears_our_marks() {
    let made = made(&instance());
    let marks = json!({"playhouse.owner": "mark$$1", "playhouse.playground": "7", "playhouse.project": "pg-7-x"});
    let mut of_db = marks.clone();
    of_db["playhouse.service"] = json!("db");
    let mut of_web = marks.clone();
    of_web["playhouse.service"] = json!("web");
    let mut of_build = of_web.clone();
    of_build["a"] = json!("b");
    of_web["playgrounds.expose"] = json!("external:3000");
    assert_eq!(made["services"]["db"]["labels"], of_db);
    assert_eq!(made["services"]["web"]["labels"], of_web);
    assert_eq!(made["services"]["web"]["build"]["labels"], of_build);
    assert_eq!(made["networks"]["default"]["labels"], marks);
    let mut of_front = marks.clone();
    of_front["a"] = json!("b");
    assert_eq!(made["networks"]["front"]["labels"], of_front);
    assert_eq!(made["volumes"]["data"]["labels"], marks);
    assert_eq!(
        made["networks"]["out"],
        json!({"name": "other", "external": true})
    );
}

#[test]
fn names_are_the_project_s_own() {
    let made_plain = made(&instance());
    assert_eq!(made_plain["name"], "pg-7-x");
    assert_eq!(made_plain["networks"]["front"]["name"], "pg-7-x_front");
    assert_eq!(made_plain["volumes"]["data"]["name"], "pg-7-x_data");
    assert_eq!(made_plain["configs"]["site"]["name"], "pg-7-x_site");
    let persistent = PlaygroundInstance {
        volume_prefix: Some("pv-3-4".to_owned()),
        ..instance()
    };
    let made = made(&persistent);
    // They must not change with the playground.
    let marks = json!({"playhouse.owner": "mark$$1", "playhouse.persistent": "pv-3-4"});
    assert_eq!(
        made["volumes"]["data"],
        json!({"name": "pv-3-4_data", "labels": marks})
    );
    assert_eq!(made["networks"]["front"]["name"], "pg-7-x_front");
    // A build must never replace an image that others use.
    assert_eq!(made["services"]["web"]["image"], "pg-7-x-web");
    assert_eq!(made["services"]["web"]["build"].get("tags"), None);
    assert_eq!(made["services"]["db"]["image"], "postgres:16");
}

#[test]
fn what_a_playground_decides_itself_is_dropped() {
    let made = made(&instance());
    let web = made["services"]["web"].as_object().unwrap();
    for key in ["develop", "hostname", "profiles", "x-note", "entrypoint"] {
        assert!(!web.contains_key(key), "{key}");
    }
    assert_eq!(made.get("x-shared"), None);
    assert_eq!(web["command"], json!(["bin/serve", "$$PORT"]));
    assert_eq!(web["init"], true);
    let logging = json!({"driver": "json-file", "options": {"max-file": "3", "max-size": "10m"}});
    assert_eq!(web["logging"], logging);
    assert_eq!(web["deploy"]["replicas"], 2);
    assert_eq!(
        made["services"]["db"]["environment"],
        json!({"PASS": "a$$b"})
    );
    let mut own = stack();
    for key in ["version", "models"] {
        own.rest.insert(key.to_owned(), json!("3"));
    }
    let db = &mut own.services.get_mut("db").unwrap().rest;
    db.insert("init".to_owned(), json!(false));
    db.insert("logging".to_owned(), json!({"driver": "local"}));
    let made = value(&generate(&own, &instance()));
    assert_eq!((made.get("version"), &made["models"]), (None, &json!("3")));
    assert_eq!(made["services"]["db"]["init"], false);
    assert_eq!(
        made["services"]["db"]["logging"],
        json!({"driver": "local"})
    );
}

#[test]
fn ports_of_routed_services_are_not_published() {
    let routed = ServiceInstance {
        routed: true,
        ..ServiceInstance::default()
    };
    let made_routed = made(&with("web", routed));
    assert_eq!(made_routed["services"]["web"].get("ports"), None);
    assert_eq!(made_routed["services"]["db"]["ports"][0]["target"], 5432);
    let made = made(&instance());
    assert_eq!(made["services"]["web"]["ports"][0]["published"], "3000");
}

#[test]
fn limits_are_set_where_there_are_none() {
    let limits = ResourceLimits {
        memory: Some(1_000_000),
        cpus: Some(0.5),
        pids: Some(99),
    };
    let with_limits = PlaygroundInstance {
        limits,
        ..instance()
    };
    let made_limited = made(&with_limits);
    let set =
        |made: &Value, name: &str| made["services"][name]["deploy"]["resources"]["limits"].clone();
    assert_eq!(
        set(&made_limited, "db"),
        json!({"memory": "1000000", "cpus": 0.5, "pids": 99})
    );
    assert_eq!(
        set(&made_limited, "web"),
        json!({"memory": "67108864", "cpus": 0.5, "pids": 99})
    );
    let unlimited = PlaygroundInstance {
        limits: ResourceLimits::NONE,
        ..instance()
    };
    assert_eq!(made(&unlimited)["services"]["db"].get("deploy"), None);
    let default = ResourceLimits::default();
    assert_eq!(
        (default.memory, default.cpus, default.pids),
        (Some(2_147_483_648), Some(2.0), Some(2_048))
    );
    let mut own = stack();
    let db = own.services.get_mut("db").unwrap();
    db.rest.insert("mem_limit".to_owned(), json!("5"));
    db.rest.insert("cpus".to_owned(), json!(0));
    db.rest.insert("pids_limit".to_owned(), json!(-1));
    let made = value(&generate(&own, &with_limits));
    let db = &made["services"]["db"];
    // The compose tool refuses limits in two places.
    for own in ["mem_limit", "cpus", "pids_limit"] {
        assert_eq!(db.get(own), None, "{own}");
    }
    let all = json!({"memory": "5", "cpus": 0.5, "pids": 99});
    assert_eq!(set(&made, "db"), all);
}

#[test]
fn a_dynamic_service_has_its_image_and_its_source() {
    let known = ServiceInstance {
        image: Some("playhouse/web:$1".to_owned()),
        built: true,
        source: Some(SourceMount {
            checkout: "/srv/pg/$app".to_owned(),
            target: "/app".to_owned(),
        }),
        files: vec![FileMount {
            source: "/srv/files/1".to_owned(),
            target: "/conf".to_owned(),
            read_only: true,
        }],
        start_command: Some("echo $HOME".to_owned()),
        ..ServiceInstance::default()
    };
    let made_built = made(&with("web", known.clone()));
    let web = &made_built["services"]["web"];
    assert_eq!(web["image"], "playhouse/web:$$1");
    assert_eq!(
        (web.get("build"), &web["pull_policy"]),
        (None, &json!("never"))
    );
    assert_eq!(web["command"], json!(["sh", "-c", "echo $$HOME"]));
    let bind = json!({"create_host_path": false});
    let expected = json!([
        {"type": "bind", "source": "/srv/pg/$$app", "target": "/app", "bind": bind},
        {"type": "bind", "source": "/srv/files/1", "target": "/conf", "read_only": true, "bind": bind},
    ]);
    assert_eq!(web["volumes"], expected);
    let named = ServiceInstance {
        built: false,
        ..known
    };
    let made = made(&with("web", named));
    assert_eq!(made["services"]["web"].get("pull_policy"), None);
}

#[test]
fn the_environment_is_the_merged_one() {
    let known = ServiceInstance {
        environment: Some(BTreeMap::from([("A".to_owned(), "$x".to_owned())])),
        ..ServiceInstance::default()
    };
    assert_eq!(
        made(&with("db", known))["services"]["db"]["environment"],
        json!({"A": "$$x"})
    );
    let expected = BTreeMap::from([("PASS".to_owned(), "a$b".to_owned())]);
    assert_eq!(stack().services["db"].static_environment(), expected);
}

#[test]
fn the_health_check_of_labels_replaces_the_blueprint_s() {
    let check = HealthcheckLabels {
        path: "/up?a='$b'".to_owned(),
        ..HealthcheckLabels::default()
    };
    let known = ServiceInstance {
        healthcheck: Some((check, 3000)),
        ..ServiceInstance::default()
    };
    let url = "http://127.0.0.1:3000/up?a=%27$$b%27";
    let expected = json!({
        "test": ["CMD-SHELL", format!("wget -q -O /dev/null '{url}' || curl -fsS -o /dev/null '{url}'")],
        "interval": "10000ms",
        "timeout": "5000ms",
        "start_period": "30000ms",
        "retries": 3,
    });
    assert_eq!(
        made(&with("web", known))["services"]["web"]["healthcheck"],
        expected
    );
}

#[test]
fn a_job_runs_once() {
    let job = PlaygroundInstance {
        job_mode: true,
        limits: ResourceLimits::NONE,
        ..instance()
    };
    let made_job = made(&job);
    for name in ["db", "web"] {
        let service = &made_job["services"][name];
        assert_eq!(service["restart"], "no");
        assert_eq!(service.get("ports"), None);
    }
    let deploy = json!({"mode": "replicated", "resources": {"limits": {"memory": "67108864"}}});
    assert_eq!(made_job["services"]["web"]["deploy"], deploy);
    assert_eq!(made(&instance())["services"]["db"]["restart"], "always");
    let mut global = stack();
    let web = global.services.get_mut("web").unwrap();
    web.deploy = json!({"mode": "global"}).as_object().cloned();
    let made = value(&generate(&global, &job));
    assert_eq!(made["services"]["web"]["deploy"], json!({}));
}

#[test]
fn replicas_stand_in_one_place() {
    let mut scaled = stack();
    let db = scaled.services.get_mut("db").unwrap();
    db.rest.insert("scale".to_owned(), json!(3));
    assert_eq!(db.replicas(), 3);
    let made = value(&generate(&scaled, &instance()));
    assert_eq!(made["services"]["db"].get("scale"), None);
    assert_eq!(made["services"]["db"]["deploy"]["replicas"], 3);
    assert_eq!(stack().services["db"].replicas(), 1);
}

#[test]
fn a_service_without_networks_is_in_the_project_s_own() {
    let lonely =
        r#"{"services": {"a": {"image": "x"}, "b": {"image": "x", "network_mode": "none"}}}"#;
    let lonely = ComposeDocument::from_json(lonely).unwrap();
    let made = value(&generate(&lonely, &instance()));
    assert_eq!(made["services"]["a"]["networks"], json!({"default": null}));
    assert_eq!(made["services"]["b"].get("networks"), None);
    assert_eq!(made["networks"]["default"]["name"], "pg-7-x_default");
    assert_eq!(
        made["networks"]["default"]["labels"]["playhouse.playground"],
        "7"
    );
    let alone = ComposeDocument::from_json(
        r#"{"services": {"b": {"image": "x", "network_mode": "none"}}}"#,
    )
    .unwrap();
    assert_eq!(value(&generate(&alone, &instance())).get("networks"), None);
}

#[test]
fn labels_of_the_namespace_are_read_from_the_document() {
    let document = stack();
    let web = &document.services["web"];
    assert_eq!(web.settings(false).unwrap().port, Some(3000));
    let mut asked = web.clone();
    asked
        .labels
        .insert("playgrounds.zerodowntime".to_owned(), "true".to_owned());
    asked
        .labels
        .insert("playgrounds.branch".to_owned(), "a$$b".to_owned());
    asked.rest.insert("container_name".to_owned(), json!("x"));
    let problems = asked.settings(false).unwrap_err();
    let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(shown.len(), 4, "{shown:?}");
    assert!(
        shown[0].starts_with("label `playgrounds.branch: a$b`"),
        "{shown:?}"
    );
    asked.rest.remove("container_name");
    asked
        .rest
        .insert("healthcheck".to_owned(), json!({"test": ["NONE"]}));
    asked.ports.clear();
    assert_eq!(asked.settings(true).unwrap().branch.as_deref(), Some("a$b"));
}

#[test]
fn a_health_check_decides_after_its_start_and_all_its_tries() {
    let decides = |service: Value| {
        let service: ComposeService = serde_json::from_value(service).unwrap();
        service.health_decides()
    };
    let checked = |check: Value| decides(json!({ "healthcheck": check }));
    assert_eq!(decides(json!({})), Duration::ZERO);
    let usual = Duration::from_secs(180);
    assert_eq!(checked(json!({"test": ["CMD", "true"]})), usual);
    let check =
        json!({"interval": "1m30s", "timeout": "500ms", "retries": 2, "start_period": "1h0m0s"});
    assert_eq!(checked(check), Duration::from_secs(3600 + 180 + 1));
    let endless = json!({"interval": "9000000h0m0s", "retries": u64::MAX});
    assert!(checked(endless) > Duration::from_secs(1 << 40));
}

#[test]
fn volumes_without_a_name_bear_our_marks() {
    let document = ComposeDocument::from_yaml(
        "services: {web: {image: a, volumes: [{type: volume, target: /data}, {type: volume, source: named, target: \
         /named}, {type: bind, source: /x, target: /bound}], tmpfs: ['/run:size=1m']}}\nvolumes: {named: {}}",
    );
    let document = document.unwrap();
    let mut generated = generate(&document, &instance()).document;
    let declared = ["/data/", "/named", "/bound", "/run", "/of-$image"].map(str::to_owned);
    let declared = BTreeMap::from([("web".to_owned(), declared.to_vec())]);
    own_image_volumes(&mut generated, &declared);
    let web = &generated.services["web"];
    let volumes = serde_json::to_value(&web.volumes).unwrap();
    let of = |target: &str| {
        let mut all = volumes.as_array().unwrap().iter();
        all.find(|one| one["target"] == target).unwrap()["volume"]["labels"].clone()
    };
    assert_eq!(volumes.as_array().unwrap().len(), 4, "{volumes:#}");
    for target in ["/data", "/of-$$image"] {
        let marks: BTreeMap<String, String> = serde_json::from_value(of(target)).unwrap();
        for (key, value) in &marks {
            assert_eq!(Some(value), web.labels.get(key), "{target}");
        }
        assert_eq!(marks.len(), 4, "{target}: {marks:?}");
    }
    assert_eq!(of("/named"), Value::Null);
    let again = generated.clone();
    own_image_volumes(&mut generated, &declared);
    assert_eq!(generated, again);
}

#[test]
fn ports_of_the_host_are_published_also_where_the_router_reaches_a_service() {
    let text = "services: {web: {image: a, ports: [{target: 80, published: '1', protocol: tcp}, {target: 80, \
        protocol: udp}, {target: 81}]}}";
    let document = ComposeDocument::from_yaml(text).unwrap();
    let port = HostPort {
        host: 8080,
        container: 80,
    };
    for (routed, kept) in [(false, 2), (true, 0)] {
        let known = ServiceInstance {
            routed,
            host_ports: vec![port],
            ..ServiceInstance::default()
        };
        let generated = generate(&document, &with("web", known)).document;
        let ports = serde_json::to_value(&generated.services["web"].ports).unwrap();
        let ports = ports.as_array().unwrap();
        let mapped =
            json!({"mode": "ingress", "target": 80, "published": "8080", "protocol": "tcp"});
        assert_eq!(ports.last(), Some(&mapped), "{routed}");
        assert_eq!(ports.len(), kept + 1, "{ports:?}");
    }
}
