//! Keys of services.

use std::collections::BTreeSet;

use playground::{
    compose::HostPort,
    policy::{Policy, check, check_image, check_port_mappings},
};
use serde_json::{Value, json};

use super::{accepted, places, policy, read, refusals, refused_service, service};

/// Refused, whatever the playroom allows.
fn never(keys: Value, key: &str, value: &str) {
    let everything = policy(json!({
        "allowed_roots": ["/"], "privileged": true, "host_namespaces": true, "devices": ["*"], "gpus": true,
        "capabilities": ["ALL"], "security_options": ["*"], "sysctls": ["*"], "runtimes": ["*"], "docker_socket": true,
        "container_names": true, "fixed_ports": true, "fixed_subnets": true, "external_networks": ["*"],
        "external_volumes": ["*"], "network_drivers": ["*"], "volume_drivers": ["*"], "replicas": 100, "log_drivers": ["*"],
        "remote_sources": true, "build_ssh": true,
    }));
    let document = read(service(keys));
    for policy in [everything, Policy::default()] {
        let found = refusals(&document, &policy);
        let shown: Vec<_> = found
            .iter()
            .map(|r| (r.key.as_str(), r.value.as_str()))
            .collect();
        assert_eq!(shown, [(key, value)], "{found:#?}");
    }
}

#[test]
fn namespaces_of_the_host() {
    for key in ["pid", "ipc", "uts", "userns_mode", "cgroup", "network_mode"] {
        refused_service(
            json!({key: "host"}),
            key,
            "host",
            json!({"host_namespaces": true}),
        );
        accepted(service(json!({key: ""})));
    }
    for key in ["pid", "ipc", "network_mode"] {
        never(json!({key: "service:"}), key, "service:");
        accepted(service(json!({key: "service:db"})));
    }
    for (key, value) in [
        ("network_mode", "container:other"),
        ("network_mode", "bridge"),
        ("pid", "container:other"),
        ("ipc", "container:other"),
        ("uts", "service:db"),
        ("userns_mode", "private"),
    ] {
        never(json!({key: value}), key, value);
    }
    for (key, allowed) in [
        ("network_mode", "the playground's own networks"),
        ("ipc", "`private`, `shareable`, `none`"),
        ("pid", "the container's own and `service:NAME`"),
        ("uts", "the container's own is allowed"),
    ] {
        let found = refusals(&read(service(json!({key: "host"}))), &Policy::default());
        assert!(found[0].allowed.starts_with(allowed), "{found:?}");
    }
    for (key, value) in [
        ("network_mode", "none"),
        ("ipc", "none"),
        ("ipc", "private"),
        ("ipc", "shareable"),
        ("cgroup", "private"),
    ] {
        accepted(service(json!({key: value})));
    }
}

#[test]
fn rights_of_the_host() {
    let privileged = || json!({"privileged": true});
    refused_service(
        json!({"privileged": true}),
        "privileged",
        "true",
        privileged(),
    );
    refused_service(
        json!({"oom_kill_disable": true}),
        "oom_kill_disable",
        "true",
        privileged(),
    );
    refused_service(
        json!({"oom_score_adj": -1}),
        "oom_score_adj",
        "-1",
        privileged(),
    );
    accepted(service(json!({"oom_score_adj": 0})));
    accepted(service(
        json!({"oom_score_adj": 500, "privileged": false, "oom_kill_disable": false}),
    ));
    let docker = json!({"docker_socket": true});
    refused_service(
        json!({"use_api_socket": true}),
        "use_api_socket",
        "true",
        docker,
    );
    let groups = json!({"host_namespaces": true});
    refused_service(
        json!({"cgroup_parent": "/x"}),
        "cgroup_parent",
        "/x",
        groups,
    );
    let names = json!({"container_names": true});
    refused_service(json!({"container_name": "x"}), "container_name", "x", names);
    refused_service(
        json!({"runtime": "runc"}),
        "runtime",
        "runc",
        json!({"runtimes": ["runc"]}),
    );
}

#[test]
fn capabilities() {
    for name in [
        "NET_ADMIN",
        "CAP_SYS_ADMIN",
        "sys_module",
        "ALL",
        "SYS_PTRACE",
    ] {
        refused_service(
            json!({"cap_add": [name]}),
            "cap_add",
            name,
            json!({"capabilities": [name]}),
        );
    }
    let by_prefix = policy(json!({"capabilities": ["CAP_NET_ADMIN"]}));
    assert_eq!(
        refusals(
            &read(service(json!({"cap_add": ["net_admin"]}))),
            &by_prefix
        ),
        []
    );
    let any = policy(json!({"capabilities": ["all"]}));
    assert_eq!(
        refusals(&read(service(json!({"cap_add": ["SYS_TIME"]}))), &any),
        []
    );
    accepted(service(
        json!({"cap_add": ["NET_BIND_SERVICE", "CAP_CHOWN", "mknod"], "cap_drop": ["ALL"]}),
    ));
}

#[test]
fn devices() {
    let device =
        json!({"devices": [{"source": "/dev/kvm", "target": "/dev/kvm", "permissions": "rwm"}]});
    refused_service(
        device.clone(),
        "devices",
        "/dev/kvm",
        json!({"devices": ["/dev/kvm"]}),
    );
    refused_service(device, "devices", "/dev/kvm", json!({"devices": ["*"]}));
    refused_service(
        json!({"devices": ["/dev/mem:/dev/x:r"]}),
        "devices",
        "/dev/mem",
        json!({"devices": ["/dev/mem"]}),
    );
    let rules = json!({"device_cgroup_rules": ["c 1:3 mr"]});
    refused_service(
        rules,
        "device_cgroup_rules",
        "[\"c 1:3 mr\"]",
        json!({"devices": ["*"]}),
    );
    refused_service(
        json!({"gpus": [{"count": -1}]}),
        "gpus",
        "[{\"count\":-1}]",
        json!({"gpus": true}),
    );
    let reserved = json!({"deploy": {"resources": {"reservations": {"devices": [{"capabilities": ["gpu"]}], "memory": "1"}}}});
    let value = "[{\"capabilities\":[\"gpu\"]}]";
    refused_service(
        reserved,
        "deploy.resources.reservations.devices",
        value,
        json!({"gpus": true}),
    );
    let generic = json!({"deploy": {"resources": {"reservations": {"generic_resources": [{}]}}}});
    never(
        generic,
        "deploy.resources.reservations.generic_resources",
        "[{}]",
    );
}

#[test]
fn security_options() {
    for option in [
        "seccomp:unconfined",
        "seccomp=unconfined",
        "apparmor:unconfined",
        "label:disable",
        "systempaths=unconfined",
        "no-new-privileges:false",
        "no-new-privileges=false",
    ] {
        let allowed = json!({"security_options": [option]});
        refused_service(
            json!({"security_opt": [option]}),
            "security_opt",
            option,
            allowed,
        );
    }
    let strict = [
        "no-new-privileges",
        "no-new-privileges:true",
        "no-new-privileges=true",
    ];
    accepted(service(json!({"security_opt": strict})));
}

#[test]
fn kernel_settings() {
    for (name, value) in [
        ("kernel.core_pattern", "|/x"),
        ("vm.overcommit_memory", "1"),
        ("fs.file-max", "9"),
    ] {
        let key = format!("sysctls.{name}");
        let allowed = json!({"sysctls": [name]});
        refused_service(
            json!({"sysctls": {name: value}}),
            &key,
            value,
            allowed.clone(),
        );
        refused_service(
            json!({"sysctls": [format!("{name}={value}")]}),
            &key,
            value,
            allowed,
        );
    }
    let own = json!({"net.core.somaxconn": "1", "net/ipv4/ip_forward": 1, "kernel.msgmax": "1", "kernel.sem": "1",
        "kernel.shmmax": "1", "kernel.domainname": "x", "fs.mqueue.msg_max": "1"});
    accepted(service(json!({"sysctls": own})));
}

#[test]
fn programs_beside_the_container() {
    never(
        json!({"provider": {"type": "x"}}),
        "provider",
        "{\"type\":\"x\"}",
    );
    never(
        json!({"credential_spec": {"file": "x"}}),
        "credential_spec",
        "{\"file\":\"x\"}",
    );
    never(json!({"models": {"m": null}}), "models", "{\"m\":null}");
    never(
        json!({"external_links": ["x"]}),
        "external_links",
        "[\"x\"]",
    );
    never(
        json!({"annotations": {"run.oci.hooks": "x"}}),
        "annotations",
        "{\"run.oci.hooks\":\"x\"}",
    );
    never(json!({"isolation": "process"}), "isolation", "process");
    never(json!({"cpu_rt_runtime": 5}), "cpu_rt_runtime", "5");
    never(
        json!({"blkio_config": {"weight": 1}}),
        "blkio_config",
        "{\"weight\":1}",
    );
    never(
        json!({"some_new_key": {"a": true}}),
        "some_new_key",
        "{\"a\":true}",
    );
    never(
        json!({"volumes_from": ["db", "container:other"]}),
        "volumes_from",
        "container:other",
    );
    accepted(service(
        json!({"volumes_from": ["db:ro"], "x-anything": true, "some_new_key": null}),
    ));
    let driver =
        json!({"logging": {"driver": "syslog", "options": {"syslog-address": "udp://10.0.0.1"}}});
    refused_service(
        driver,
        "logging.driver",
        "syslog",
        json!({"log_drivers": ["syslog"]}),
    );
    for driver in ["json-file", "local", "none", ""] {
        accepted(service(
            json!({"logging": {"driver": driver, "options": {"max-size": "1m"}}}),
        ));
    }
}

#[test]
fn hooks_have_no_more_rights_than_their_container() {
    for key in ["post_start", "pre_stop"] {
        let hook = |privileged: bool| json!({key: [{"command": ["x"], "privileged": privileged, "user": "root"}]});
        let place = format!("{key}.privileged");
        refused_service(hook(true), &place, "true", json!({"privileged": true}));
        accepted(service(hook(false)));
        never(
            json!({key: [{"command": ["x"], "image": "y"}]}),
            &format!("{key}.image"),
            "y",
        );
    }
}

#[test]
fn ports_of_the_host() {
    let port = |published: Value| {
        service(json!({"ports": [{"target": 80, "published": published, "mode": "ingress"}]}))
    };
    let allowed = || json!({"fixed_ports": true});
    let fixed = |published: &str| json!({"ports": [{"target": 80, "published": published}]});
    refused_service(fixed("8080"), "ports", "8080", allowed());
    refused_service(fixed("8000-8010"), "ports", "8000-8010", allowed());
    for free in [json!("0"), json!(""), json!(null)] {
        accepted(port(free));
    }
    accepted(service(json!({"ports": [{"target": 80}]})));
    // Of a routed service no port is published.
    let routed = BTreeSet::from(["web".to_owned()]);
    let document = read(port(json!("8080")));
    assert_eq!(check(&document, &Policy::default(), &places(), &routed), []);
}

#[test]
fn names_that_belong_to_the_system() {
    for label in ["playhouse.owner", "com.docker.compose.project"] {
        never(
            json!({"labels": {label: "x"}}),
            &format!("labels.{label}"),
            "x",
        );
    }
    accepted(service(
        json!({"labels": {"playgrounds.port": "80", "playhouse": "x"}}),
    ));
    for image in [
        "pg-2-other-web",
        "playhouse/web:1",
        "playhouse",
        "docker.io/library/pg-2-x",
        "index.docker.io/playhouse/x",
    ] {
        never(json!({"image": image}), "image", image);
        // The image of a build gets another name.
        accepted(service(
            json!({"image": image, "build": {"context": "/srv/pg/app"}}),
        ));
    }
    let mounted = json!({"volumes": [{"type": "image", "source": "pg-2-x-web", "target": "/x"}]});
    never(mounted, "volumes", "pg-2-x-web");
    let context = json!({"build": {"context": "/srv/pg/app", "additional_contexts": {"o": "docker-image://pg-2-x-web"}}});
    never(context, "build.additional_contexts.o", "pg-2-x-web");
    let refusal = check_image("web", "pg-2-x-web").unwrap();
    assert_eq!(
        (refusal.service.as_deref(), refusal.key.as_str()),
        (Some("web"), "image")
    );
    assert_eq!(check_image("web", "postgres:16"), None);
    for image in ["pg-admin", "pg", "postgres", "example.org/playhouse"] {
        accepted(service(json!({"image": image})));
    }
}

#[test]
fn deploy_and_networks_of_a_service() {
    let known = json!({"mode": "replicated", "replicas": 3, "placement": {}, "restart_policy": {"condition": "any"},
        "resources": {"limits": {"cpus": 1, "memory": "1", "pids": 1}}});
    accepted(service(json!({"deploy": known})));
    never(json!({"deploy": {"job": "x"}}), "deploy.job", "x");
    let network = json!({"aliases": ["a"], "ipv4_address": "10.0.0.2", "ipv6_address": "fd::2", "priority": 1,
        "gw_priority": 1, "interface_name": "eth1", "mac_address": "02:42:ac:11:00:02"});
    accepted(service(
        json!({"networks": {"front": network, "default": null}}),
    ));
    let options = json!({"networks": {"front": {"driver_opts": {"a": "b"}}}});
    never(options, "networks.front.driver_opts", "{\"a\":\"b\"}");
}

#[test]
fn a_service_sets_no_more_than_the_ceiling() {
    let most = policy(json!({"ceiling": {"memory": 1000, "cpus": 1.5, "pids": 10}}));
    let set = |keys: Value| refusals(&read(service(keys)), &most);
    let shown = |keys: Value| {
        set(keys)
            .into_iter()
            .map(|r| (r.key, r.value))
            .collect::<Vec<_>>()
    };
    let above = shown(
        json!({"deploy": {"resources": {"limits": {"memory": "1001", "cpus": 2, "pids": 11}}}}),
    );
    let expected = [("cpus", "2"), ("memory", "1001"), ("pids", "11")];
    assert_eq!(
        above,
        expected.map(|(key, value)| (format!("deploy.resources.limits.{key}"), value.to_owned()))
    );
    assert_eq!(shown(json!({"mem_limit": "2000"})).len(), 1);
    assert_eq!(
        shown(
            json!({"deploy": {"resources": {"limits": {"memory": "1000", "cpus": 1.5, "pids": 10}}}})
        ),
        []
    );
    // Without a limit of its own it gets the default.
    assert_eq!(shown(json!({"mem_limit": "0", "pids_limit": -1})), []);
    let refusal = set(json!({"mem_limit": "2000"})).remove(0);
    assert!(
        refusal.allowed.starts_with("at most 1000 is allowed"),
        "{refusal}"
    );
}

#[test]
fn a_service_has_no_more_than_ten_containers() {
    let ten = json!({"deploy": {"replicas": 10}});
    accepted(service(ten));
    refused_service(
        json!({"scale": 11}),
        "deploy.replicas",
        "11",
        json!({"replicas": 11}),
    );
    let few = policy(json!({"replicas": 2}));
    assert_eq!(refusals(&read(service(json!({"scale": 3}))), &few).len(), 1);
}

#[test]
fn what_concerns_the_container_alone_is_accepted() {
    // Too long for `json!`.
    let keys = r#"{
        "attach": true, "cap_drop": ["ALL"], "command": ["x"], "configs": [{"source": "c"}], "cpu_count": 1,
        "cpu_percent": 5, "cpu_period": "1", "cpu_quota": "1", "cpu_shares": 1, "cpus": 1, "cpuset": "0",
        "depends_on": {"db": {"condition": "service_started"}}, "develop": {"watch": []}, "dns": ["1.1.1.1"],
        "dns_opt": ["x"], "dns_search": ["x"], "domainname": "x", "entrypoint": ["x"], "environment": {"A": "b"},
        "expose": ["80"], "extra_hosts": ["a=host-gateway"], "group_add": ["x"], "healthcheck": {"test": ["NONE"]},
        "hostname": "x", "init": true, "links": ["db"], "mac_address": "x", "mem_limit": "1", "mem_reservation": "1",
        "mem_swappiness": "1", "memswap_limit": "1", "pids_limit": 1, "platform": "linux/amd64", "profiles": ["a"],
        "pull_policy": "always", "pull_refresh_after": "1h", "read_only": true, "restart": "always", "scale": 2,
        "secrets": [{"source": "s"}], "shm_size": "1", "stdin_open": true, "stop_grace_period": "1s",
        "stop_signal": "INT", "tmpfs": ["/run"], "tty": true, "ulimits": {"nofile": 1}, "user": "root",
        "working_dir": "/x"
    }"#;
    accepted(service(serde_json::from_str(keys).unwrap()));
}

#[test]
fn ports_of_the_host_that_a_playground_chooses_are_refused() {
    let ports = [8080, 9090].map(|host| HostPort {
        host,
        container: 80,
    });
    let refused = check_port_mappings("web", &ports, &Policy::default());
    let shown: Vec<String> = refused.iter().map(ToString::to_string).collect();
    assert_eq!(shown.len(), 2, "{shown:?}");
    let expected = "service `web`: `port_mappings: 8080` is refused; a route to the service is allowed; the policy of \
        the playroom can allow it with `fixed_ports: true`";
    assert_eq!(shown[0], expected);
    let allows = policy(json!({"fixed_ports": true}));
    assert_eq!(check_port_mappings("web", &ports, &allows), []);
}
