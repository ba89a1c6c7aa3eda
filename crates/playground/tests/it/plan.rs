//! Rollout plans.

use std::collections::{BTreeMap, BTreeSet};

use playground::{
    compose::{ComposeDocument, generate},
    plan::{PlanError, PlanInput, RolloutPlan, ServiceChange as Change, plan, start_order},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::generated;

fn read(services: &Value) -> ComposeDocument {
    serde_json::from_value(json!({"services": services})).unwrap()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

struct Case {
    applied: Option<ComposeDocument>,
    wanted: ComposeDocument,
    applied_images: BTreeMap<String, String>,
    wanted_images: BTreeMap<String, String>,
    routed: BTreeSet<String>,
    zerodowntime: BTreeSet<String>,
}

impl Case {
    fn of(applied: &Value, wanted: &Value) -> Self {
        Self {
            applied: Some(read(applied)),
            wanted: read(wanted),
            applied_images: BTreeMap::new(),
            wanted_images: BTreeMap::new(),
            routed: BTreeSet::new(),
            zerodowntime: BTreeSet::new(),
        }
    }

    fn routed(mut self, routed: &[&str]) -> Self {
        self.routed = names(routed);
        self
    }

    fn try_plan(&self) -> Result<RolloutPlan, PlanError> {
        plan(PlanInput {
            applied: self.applied.as_ref(),
            wanted: &self.wanted,
            applied_images: &self.applied_images,
            wanted_images: &self.wanted_images,
            routed: &self.routed,
            zerodowntime: &self.zerodowntime,
        })
    }

    fn changes(&self) -> Vec<(String, Change, Vec<String>)> {
        let services = self.try_plan().unwrap().services.into_iter();
        services
            .map(|planned| (planned.service, planned.change, planned.reasons))
            .collect()
    }

    /// The only service that is not unchanged.
    fn only(&self) -> (String, Change, Vec<String>) {
        let mut changes = self.changes();
        changes.retain(|(_, change, _)| *change != Change::Unchanged);
        assert_eq!(changes.len(), 1, "{changes:?}");
        changes.remove(0)
    }
}

fn stop_first(because: &str) -> Change {
    Change::StopFirst {
        because: because.to_owned(),
    }
}

#[test]
fn the_same_document_changes_nothing() {
    let services = json!({"web": {"image": "a", "environment": {"A": "1"}}});
    let case = Case::of(&services, &services);
    assert!(case.try_plan().unwrap().is_unchanged());
    let first = Case {
        applied: None,
        ..Case::of(&json!({}), &services)
    };
    assert_eq!(first.only(), ("web".to_owned(), Change::Add, Vec::new()));
    assert!(!first.try_plan().unwrap().is_unchanged());
}

#[test]
fn reasons_are_keys_and_never_values() {
    let before = json!({"web": {"image": "a", "environment": {"A": "secret", "B": "1", "C": "x"}, "command": ["a"], "labels": {"l": "1"}, "deploy": {"resources": {"limits": {"pids": 1}}}, "build": {"context": "/a"}}});
    let after = json!({"web": {"image": "b", "environment": {"A": "other", "B": "1", "D": "x"}, "labels": {"l": "2"}, "deploy": {"replicas": 1}, "pull_policy": "never", "depends_on": {}}});
    let (_, change, reasons) = Case::of(&before, &after).only();
    assert_eq!(change, Change::Recreate);
    let expected = [
        "command",
        "deploy.resources",
        "environment.A",
        "environment.C",
        "environment.D",
        "image",
        "labels.l",
    ];
    assert_eq!(reasons, expected);
}

#[test]
fn what_containers_do_not_depend_on_changes_nothing() {
    let before =
        json!({"db": {}, "web": {"image": "a", "build": {"context": "/a"}, "command": null}});
    let after = json!({"db": {}, "web": {"image": "a", "pull_policy": "never", "depends_on": {"db": {}}, "deploy": {"replicas": 1}}});
    assert!(Case::of(&before, &after).try_plan().unwrap().is_unchanged());
}

#[test]
fn the_image_is_compared_by_its_id() {
    let image = |name: &str| json!({"web": {"image": name}});
    let ids = |id: &str| BTreeMap::from([("web".to_owned(), id.to_owned())]);
    let mut case = Case::of(&image("a:1"), &image("a:1"));
    case.applied_images = ids("sha256:1");
    assert!(case.try_plan().unwrap().is_unchanged());
    case.wanted_images = ids("sha256:2");
    assert_eq!(case.only().2, ["image"]);
    let mut case = Case::of(&image("a:1"), &image("a:2"));
    assert_eq!(case.only().2, ["image"]);
    case.applied_images = ids("sha256:1");
    case.wanted_images = ids("sha256:1");
    assert!(case.try_plan().unwrap().is_unchanged());
}

#[test]
fn a_routed_service_starts_first() {
    let before = json!({"web": {"image": "a", "volumes": [{"type": "bind", "source": "/x", "target": "/x"}, {"type": "volume", "source": "v", "target": "/v", "read_only": true}]}});
    let after = json!({"web": {"image": "b", "volumes": before["web"]["volumes"]}});
    assert_eq!(
        Case::of(&before, &after).routed(&["web"]).only().1,
        Change::StartFirst
    );
    assert_eq!(Case::of(&before, &after).only().1, Change::Recreate);
    let mut asked = Case::of(&before, &after);
    asked.zerodowntime = names(&["web"]);
    assert_eq!(asked.only().1, Change::StartFirst);
}

#[test]
fn what_only_one_container_can_have_makes_it_stop_first() {
    let cases = [
        (
            json!({"container_name": "x"}),
            "two containers cannot have the name `x` of `container_name`",
        ),
        (
            json!({"ports": [{"target": 80}, {"target": 81, "published": "8081"}]}),
            "two containers cannot have the host's port 8081",
        ),
        (
            json!({"networks": {"n": {"ipv4_address": "10.0.0.2"}}}),
            "two containers cannot have the address 10.0.0.2 in the network `n`",
        ),
        (
            json!({"networks": {"n": {"ipv6_address": "fd::2"}}}),
            "two containers cannot have the address fd::2 in the network `n`",
        ),
        (
            json!({"mac_address": "02:00"}),
            "two containers cannot have the address 02:00",
        ),
        (
            json!({"volumes": [{"type": "volume", "source": "data", "target": "/d"}]}),
            "two containers would write to the volume `data` at /d",
        ),
        (
            json!({"volumes": [{"type": "volume", "target": "/d"}]}),
            "the volume without a name at /d belongs to one container",
        ),
    ];
    for (number, (service, because)) in cases.iter().enumerate() {
        let mut before = service.clone();
        before["image"] = json!("a");
        let mut after = service.clone();
        after["image"] = json!("b");
        let (before, after) = (json!({"web": before}), json!({"web": after}));
        let mut case = Case::of(&before, &after).routed(&["web"]);
        assert_eq!(case.only().1, stop_first(because));
        assert_eq!(
            Case::of(&before, &json!({"web": {"image": "b"}}))
                .routed(&["web"])
                .only()
                .1,
            stop_first(because)
        );
        case.zerodowntime = names(&["web"]);
        if number < 5 {
            let refused = case.try_plan().unwrap_err();
            let expected = PlanError::ZeroDowntimeImpossible {
                service: "web".to_owned(),
                because: (*because).to_owned(),
            };
            assert_eq!(refused, expected);
            assert!(
                refused
                    .to_string()
                    .contains("has the label `zerodowntime`, but cannot"),
                "{refused}"
            );
        } else {
            // The author says that two containers may use the volume.
            assert_eq!(case.only().1, Change::StartFirst);
        }
    }
}

#[test]
fn a_port_that_the_engine_chooses_is_none_of_the_host_s() {
    let random = |image: &str| json!({"web": {"image": image, "ports": [{"published": "0"}, {"published": ""}]}});
    assert_eq!(
        Case::of(&random("a"), &random("b"))
            .routed(&["web"])
            .only()
            .1,
        Change::StartFirst
    );
}

#[test]
fn replicas_alone_are_a_scale() {
    let scaled = |image: &str, replicas: u64| json!({"web": {"image": image, "deploy": {"replicas": replicas}}});
    let case = Case::of(&scaled("a", 2), &scaled("a", 5));
    let expected = (
        Change::Scale { from: 2, to: 5 },
        vec!["deploy.replicas".to_owned()],
    );
    let (_, change, reasons) = case.only();
    assert_eq!((change, reasons), expected);
    let (_, change, reasons) = Case::of(&scaled("a", 2), &scaled("b", 5)).only();
    assert_eq!(
        (change, reasons),
        (
            Change::Recreate,
            vec!["image".to_owned(), "deploy.replicas".to_owned()]
        )
    );
}

#[test]
fn changed_networks_volumes_and_configs_reach_their_services() {
    let service = json!({
        "image": "a",
        "networks": {"n": null},
        "volumes": [{"type": "volume", "source": "v", "target": "/v"}, {"type": "bind", "source": "v2", "target": "/b"}],
        "configs": [{"source": "c"}],
        "secrets": [{"source": "s"}],
    });
    let of = |changed: &str| {
        let content =
            |key: &str| json!({key: {"name": if key == changed { "new" } else { "old" }}});
        let value = json!({
            "services": {"web": service, "other": {"image": "a"}},
            "networks": content("n"),
            "volumes": content("v"),
            "configs": content("c"),
            "secrets": content("s"),
        });
        serde_json::from_value::<ComposeDocument>(value).unwrap()
    };
    for (key, reason) in [
        ("n", "networks.n"),
        ("v", "volumes.v"),
        ("c", "configs.c"),
        ("s", "secrets.s"),
    ] {
        let case = Case {
            applied: Some(of("")),
            wanted: of(key),
            ..Case::of(&json!({}), &json!({}))
        };
        assert_eq!(
            case.only(),
            ("web".to_owned(), Change::Recreate, vec![reason.to_owned()])
        );
    }
}

#[test]
fn what_shares_a_container_is_replaced_with_it() {
    let of = |image: &str| {
        json!({
            "app": {"image": image},
            "b-net": {"image": "x", "network_mode": "service:app"},
            "b-pid": {"image": "x", "pid": "service:app", "ipc": "service:app"},
            "b-vol": {"image": "x", "volumes_from": ["app:ro", "container:foreign"]},
            "c-restart": {"image": "x", "depends_on": {"b-net": {"restart": true}}},
            "d-waits": {"image": "x", "depends_on": {"app": {"restart": false}}, "network_mode": "none"},
        })
    };
    let changes = Case::of(&of("1"), &of("2")).changes();
    let reasons: Vec<(&str, String)> = changes
        .iter()
        .map(|(name, _, reasons)| (name.as_str(), reasons.join(" ")))
        .collect();
    let expected = [
        ("app", "image"),
        ("b-net", "network_mode.app"),
        ("b-pid", "ipc.app"),
        ("b-vol", "volumes_from.app"),
        ("c-restart", "depends_on.b-net"),
        ("d-waits", ""),
    ];
    assert_eq!(
        reasons,
        expected.map(|(name, reason)| (name, reason.to_owned()))
    );
    // More replicas of a service leave its first containers.
    let mut more = of("1");
    more["app"]["scale"] = json!(2);
    let (name, change, _) = Case::of(&of("1"), &more).only();
    assert_eq!(
        (name.as_str(), change),
        ("app", Change::Scale { from: 1, to: 2 })
    );
}

#[test]
fn services_follow_what_they_need_and_removals_come_last() {
    let applied = json!({"a": {"depends_on": {"z": {}}}, "z": {}, "m": {}});
    let wanted = json!({"b": {"links": ["y:alias"]}, "y": {"network_mode": "service:m"}, "m": {}});
    let changes = Case::of(&applied, &wanted).changes();
    let order: Vec<(&str, &Change)> = changes
        .iter()
        .map(|(name, change, _)| (name.as_str(), change))
        .collect();
    let expected = [
        ("m", &Change::Unchanged),
        ("y", &Change::Add),
        ("b", &Change::Add),
        ("a", &Change::Remove),
        ("z", &Change::Remove),
    ];
    assert_eq!(order, expected);
}

#[test]
fn circles_are_refused() {
    let circle = json!({"a": {"depends_on": {"b": {}}}, "b": {"links": ["c"]}, "c": {"pid": "service:b"}, "d": {"depends_on": {"gone": {}}}});
    let refused = start_order(&read(&circle)).unwrap_err();
    assert_eq!(
        refused,
        PlanError::Cycle(["b", "c", "b"].map(str::to_owned).to_vec())
    );
    assert!(refused.to_string().contains("b -> c -> b"), "{refused}");
    assert_eq!(
        Case::of(&json!({}), &circle).try_plan().unwrap_err(),
        refused
    );
    // What runs can always be removed.
    let changes = Case::of(&circle, &json!({})).changes();
    assert!(
        changes
            .iter()
            .all(|(_, change, _)| *change == Change::Remove)
            && changes.len() == 4
    );
}

#[test]
fn a_plan_is_shown_as_json() {
    let of = |image: &str| json!({"web": {"image": image, "container_name": "x"}});
    let plan = Case::of(&of("a"), &of("b"))
        .routed(&["web"])
        .try_plan()
        .unwrap();
    let shown = serde_json::to_value(&plan).unwrap();
    let expected = json!({"services": [{
        "service": "web",
        "change": "stop_first",
        "because": "two containers cannot have the name `x` of `container_name`",
        "reasons": ["image"],
    }]});
    assert_eq!(shown, expected);
    assert_eq!(serde_json::from_value::<RolloutPlan>(shown).unwrap(), plan);
}

/// What is left after a plan was performed: each service as one of the two documents has it.
fn perform(plan: &RolloutPlan, from: &ComposeDocument, to: &ComposeDocument) -> ComposeDocument {
    let mut state = from.clone();
    for planned in &plan.services {
        match planned.change {
            Change::Unchanged => {}
            Change::Remove => {
                state.services.remove(&planned.service);
            }
            _ => {
                let service = to.services[&planned.service].clone();
                state.services.insert(planned.service.clone(), service);
            }
        }
    }
    ComposeDocument {
        services: state.services,
        ..to.clone()
    }
}

fn between(
    applied: &ComposeDocument,
    wanted: &ComposeDocument,
    routed: &BTreeSet<String>,
) -> RolloutPlan {
    let images = BTreeMap::new();
    let input = PlanInput {
        applied: Some(applied),
        wanted,
        applied_images: &images,
        wanted_images: &images,
        routed,
        zerodowntime: &BTreeSet::new(),
    };
    plan(input).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_performed_plan_reaches_what_is_wanted_and_undo_returns(
        applied in generated::document(),
        wanted in generated::document(),
        routed in prop::collection::btree_set("[a-e]", 0..5),
    ) {
        let applied = generate(&applied, &generated::instance()).document;
        let wanted = generate(&wanted, &generated::instance()).document;
        let plan = |one: &ComposeDocument, other: &ComposeDocument| between(one, other, &routed);
        let there = plan(&applied, &wanted);
        let mut once: Vec<&String> = there.services.iter().map(|planned| &planned.service).collect();
        once.sort();
        let all: Vec<&String> = applied.services.keys().chain(wanted.services.keys()).collect::<BTreeSet<_>>().into_iter().collect();
        prop_assert_eq!(once, all, "every service once");
        let reached = perform(&there, &applied, &wanted);
        prop_assert!(plan(&reached, &wanted).is_unchanged());
        let back = there.undo();
        prop_assert!(plan(&perform(&back, &reached, &applied), &applied).is_unchanged());
        prop_assert_eq!(&back.undo(), &there);
        let direct = plan(&wanted, &applied);
        let kinds = |plan: &RolloutPlan| {
            let kind = |change: &Change| match change {
                Change::StopFirst { .. } => "stop first".to_owned(),
                other => format!("{other:?}"),
            };
            plan.services.iter().map(|p| (p.service.clone(), kind(&p.change))).collect::<BTreeMap<_, _>>()
        };
        prop_assert_eq!(kinds(&back), kinds(&direct), "undo is the plan back");
    }
}
