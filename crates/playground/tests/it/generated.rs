//! Properties of generated documents, whatever the blueprint.

use std::collections::{BTreeMap, BTreeSet};

use playground::{
    compose::{ComposeDocument, PlaygroundInstance, ServiceInstance, SourceMount, generate},
    plan::start_order,
    policy::{PlaygroundPaths, Policy, check},
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Services that a playground may have, by themselves.
pub(crate) fn service() -> impl Strategy<Value = Value> {
    let volumes = prop_oneof![
        Just(json!([])),
        Just(json!([{"type": "volume", "source": "data", "target": "/data"}])),
        Just(json!([{"type": "bind", "source": "/srv/pg/app/src", "target": "/app"}])),
        Just(json!([{"type": "volume", "target": "/cache"}])),
    ];
    let networks = prop_oneof![
        Just(json!({})),
        Just(json!({"front": null})),
        Just(json!({"front": {}, "default": null}))
    ];
    let limits = prop_oneof![
        Just(json!(null)),
        Just(json!({"resources": {"limits": {"memory": "1000"}}}))
    ];
    let labels = prop_oneof![Just(json!({})), Just(json!({"a": "b$$"}))];
    (
        ("[ab]", 1..3_u64, any::<bool>()),
        volumes,
        networks,
        limits,
        labels,
        "[a-z$]{0,3}",
    )
        .prop_map(
            |((image, replicas, builds), volumes, networks, limits, labels, value)| {
                let mut service = json!({
                    "image": image,
                    "scale": replicas,
                    "environment": {"V": value.replace('$', "$$"), "NONE": null},
                    "volumes": volumes,
                    "networks": networks,
                    "labels": labels,
                });
                if !limits.is_null() {
                    service["deploy"] = limits;
                }
                if builds {
                    service["build"] =
                        json!({"context": "/srv/pg/app", "dockerfile": "Dockerfile"});
                }
                service
            },
        )
}

/// Whole documents: services that need those with a lower name.
pub(crate) fn document() -> impl Strategy<Value = ComposeDocument> {
    let services = prop::collection::btree_map("[a-e]", (service(), any::<u8>()), 0..5);
    services.prop_map(|services| {
        let names: Vec<String> = services.keys().cloned().collect();
        let mut all = Map::new();
        for (name, (mut service, needs)) in services {
            let before = names
                .iter()
                .enumerate()
                .filter(|(bit, other)| **other < name && needs & (1 << bit) != 0);
            let needed = before.map(|(_, other)| {
                (
                    other.clone(),
                    json!({"condition": "service_started", "required": true}),
                )
            });
            service["depends_on"] = Value::Object(needed.collect());
            all.insert(name, service);
        }
        let value = json!({
            "services": all,
            "networks": {"front": {"name": "anything"}, "default": null},
            "volumes": {"data": null},
        });
        serde_json::from_value(value).unwrap()
    })
}

pub(crate) fn instance() -> PlaygroundInstance {
    PlaygroundInstance {
        id: 7,
        project: "pg-7-x".to_owned(),
        owner: "mark".to_owned(),
        ..PlaygroundInstance::default()
    }
}

fn filled(names: impl Iterator<Item = String>, job_mode: bool) -> PlaygroundInstance {
    let known = ServiceInstance {
        routed: true,
        environment: Some(BTreeMap::from([("E".to_owned(), "a$b".to_owned())])),
        source: Some(SourceMount {
            checkout: "/srv/pg/app".to_owned(),
            target: "/app".to_owned(),
        }),
        start_command: Some("run $it".to_owned()),
        ..ServiceInstance::default()
    };
    PlaygroundInstance {
        job_mode,
        services: names.map(|name| (name, known.clone())).collect(),
        ..instance()
    }
}

fn clean(document: &ComposeDocument) -> Vec<String> {
    let places = PlaygroundPaths {
        own: vec!["/srv/pg/app".to_owned()],
        ..PlaygroundPaths::default()
    };
    let refusals = check(document, &Policy::default(), &places, &BTreeSet::new());
    // Our own labels and images are for the check of what comes in.
    let ours = |text: &String| text.contains("labels.playhouse.");
    refusals
        .iter()
        .map(ToString::to_string)
        .filter(|text| !ours(text))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn clean_in_is_clean_out(document in document(), job_mode in any::<bool>()) {
        prop_assert_eq!(clean(&document), Vec::<String>::new());
        let instance = filled(document.services.keys().cloned(), job_mode);
        prop_assert_eq!(clean(&generate(&document, &instance).document), Vec::<String>::new());
    }

    #[test]
    fn everything_that_is_made_bears_the_marks(document in document(), job_mode in any::<bool>()) {
        let instance = filled(document.services.keys().cloned(), job_mode);
        let made = generate(&document, &instance).document;
        for (name, service) in &made.services {
            prop_assert_eq!(&service.labels["playhouse.service"], name);
            prop_assert_eq!(&service.labels["playhouse.owner"], "mark");
            prop_assert_eq!(&service.labels["playhouse.playground"], "7");
            let build = service.build.as_ref();
            prop_assert!(build.is_none_or(|build| build["labels"]["playhouse.owner"] == "mark"));
            let limits = &service.deploy.as_ref().unwrap()["resources"]["limits"];
            prop_assert!(["memory", "cpus", "pids"].iter().all(|key| !limits[key].is_null()));
            prop_assert!(!service.networks.is_empty());
        }
        for (key, resource) in made.networks.iter().chain(&made.volumes) {
            let resource = resource.as_ref().unwrap();
            prop_assert_eq!(&resource["name"], &json!(format!("pg-7-x_{key}")));
            prop_assert_eq!(&resource["labels"]["playhouse.project"], "pg-7-x");
        }
        prop_assert_eq!(made.services.keys().collect::<Vec<_>>(), document.services.keys().collect::<Vec<_>>());
    }

    #[test]
    fn generating_twice_is_stable(document in document(), job_mode in any::<bool>(), known in any::<bool>()) {
        let names = document.services.keys().filter(|_| known).cloned();
        let instance = filled(names, job_mode);
        let once = generate(&document, &instance);
        prop_assert_eq!(&generate(&once.document, &instance), &once);
        prop_assert_eq!(&generate(&document, &instance), &once);
        prop_assert_eq!(ComposeDocument::from_yaml(&once.yaml), Ok(once.document));
    }

    #[test]
    fn services_start_after_what_they_need(document in document()) {
        let order = start_order(&document).unwrap();
        prop_assert_eq!(order.iter().collect::<BTreeSet<_>>(), document.services.keys().collect::<BTreeSet<_>>());
        prop_assert_eq!(order.len(), document.services.len());
        let place = |name: &String| order.iter().position(|other| other == name);
        for (name, service) in &document.services {
            prop_assert!(service.depends_on.keys().all(|needed| place(needed) < place(name)));
        }
    }
}
