//! Networks, volumes, configs and secrets of a document.

use serde_json::{Value, json};

use super::{PROJECT, accepted, policy, read, refusals, refused, under};

fn network(keys: Value) -> Value {
    under("networks", under("n", keys))
}

fn volume(keys: Value) -> Value {
    under("volumes", under("v", keys))
}

fn refused_outside(document: Value, key: &str, value: &str, allowed: Value) {
    refused(document, None, key, value, allowed);
}

#[test]
fn what_exists_outside_is_not_used() {
    let external = json!({"external": true, "name": "shared"});
    let networks = json!({"external_networks": ["shared"]});
    refused_outside(
        network(external.clone()),
        "networks.n.external",
        "shared",
        networks.clone(),
    );
    refused_outside(
        volume(external.clone()),
        "volumes.v.external",
        "shared",
        json!({"external_volumes": ["shared"]}),
    );
    refused_outside(
        network(json!({"external": true})),
        "networks.n.external",
        "n",
        json!({"external_networks": ["*"]}),
    );
    assert_eq!(
        refusals(&read(volume(external)), &policy(networks)).len(),
        1
    );
    accepted(network(json!({"external": false, "name": "x"})));
    for kind in ["configs", "secrets"] {
        let document = json!({kind: {"c": {"external": true, "name": "x"}}});
        refused_outside(document, &format!("{kind}.c.external"), "true", Value::Null);
    }
}

#[test]
fn networks_are_bridges_of_their_own() {
    for driver in ["host", "macvlan", "ipvlan", "overlay"] {
        refused_outside(
            network(json!({"driver": driver})),
            "networks.n.driver",
            driver,
            json!({"network_drivers": [driver]}),
        );
    }
    accepted(network(
        json!({"driver": "bridge", "internal": true, "attachable": true, "enable_ipv6": true, "enable_ipv4": false}),
    ));
    accepted(json!({"networks": {"n": null}}));
    let option = |key: &str, value: &str| network(json!({"driver_opts": {key: value}}));
    let name = "com.docker.network.bridge.name";
    refused_outside(
        option(name, "docker0"),
        &format!("networks.n.driver_opts.{name}"),
        "docker0",
        Value::Null,
    );
    accepted(option("com.docker.network.driver.mtu", "1400"));
    accepted(option("com.docker.network.bridge.enable_icc", "false"));
    refused_outside(
        network(json!({"new": "x"})),
        "networks.n.new",
        "x",
        Value::Null,
    );
    accepted(network(json!({"x-new": "x", "labels": {"a": "b"}})));
}

#[test]
fn subnets_are_chosen_by_the_engine() {
    let subnet = json!([{"subnet": "1.1.1.0/24"}]);
    let allowed = || json!({"fixed_subnets": true});
    let config = network(json!({"ipam": {"driver": "default", "config": subnet}}));
    refused_outside(
        config,
        "networks.n.ipam.config",
        &subnet.to_string(),
        allowed(),
    );
    refused_outside(
        network(json!({"ipam": {"driver": "x"}})),
        "networks.n.ipam.driver",
        "x",
        allowed(),
    );
    accepted(network(json!({"ipam": {}})));
    accepted(network(
        json!({"ipam": {"driver": "default", "config": []}}),
    ));
}

#[test]
fn volumes_are_the_engine_s_own() {
    refused_outside(
        volume(json!({"driver": "sshfs"})),
        "volumes.v.driver",
        "sshfs",
        json!({"volume_drivers": ["sshfs"]}),
    );
    accepted(volume(
        json!({"driver": "local", "name": "any", "labels": {"a": "b"}}),
    ));
    accepted(json!({"volumes": {"v": null}}));
    let bound = |device: &str, o: &str| {
        volume(json!({"driver_opts": {"type": "none", "o": o, "device": device}}))
    };
    let roots = || json!({"allowed_roots": ["/etc"]});
    for flags in ["bind", "rbind", "bind,ro", "rw,bind"] {
        refused_outside(
            bound("/etc", flags),
            "volumes.v.driver_opts.device",
            "/etc",
            roots(),
        );
        accepted(bound(&format!("{PROJECT}/data"), flags));
    }
    refused_outside(
        bound("/run/docker.sock", "bind"),
        "volumes.v.driver_opts.device",
        "/run/docker.sock",
        json!({"docker_socket": true}),
    );
    for options in [
        json!({"type": "none", "o": "bind,suid", "device": PROJECT}),
        json!({"type": "none", "o": "ro", "device": PROJECT}),
        json!({"type": "none", "o": "bind", "device": PROJECT, "new": "x"}),
        json!({"type": "nfs", "o": "addr=10.0.0.1,rw", "device": ":/x"}),
        json!({"type": "ext4", "o": "bind", "device": "/dev/sda1"}),
        json!({"type": "overlay", "o": "lowerdir=/", "device": "overlay"}),
        json!({"type": "tmpfs", "device": "/dev/sda1"}),
        json!({"device": "tmpfs"}),
        json!({"mountpoint": "/etc"}),
    ] {
        let text = options.to_string();
        refused_outside(
            volume(json!({"driver_opts": options})),
            "volumes.v.driver_opts",
            &text,
            Value::Null,
        );
    }
    accepted(volume(
        json!({"driver_opts": {"type": "tmpfs", "device": "tmpfs", "o": "size=1m"}}),
    ));
    refused_outside(
        volume(json!({"new": "x"})),
        "volumes.v.new",
        "x",
        Value::Null,
    );
}

#[test]
fn configs_and_secrets_are_files_of_the_checkout() {
    for kind in ["configs", "secrets"] {
        let of = |keys: Value| json!({kind: {"c": keys}});
        refused_outside(
            of(json!({"file": "/etc/shadow"})),
            &format!("{kind}.c.file"),
            "/etc/shadow",
            json!({"allowed_roots": ["/etc"]}),
        );
        accepted(of(json!({"file": format!("{PROJECT}/x"), "name": "y"})));
        accepted(of(json!({"environment": "X"})));
        accepted(of(json!({"content": "x"})));
        refused_outside(
            of(json!({"driver": "x"})),
            &format!("{kind}.c.driver"),
            "x",
            Value::Null,
        );
        refused_outside(
            of(json!({"template_driver": "x"})),
            &format!("{kind}.c.template_driver"),
            "x",
            Value::Null,
        );
    }
}

#[test]
fn labels_of_the_system_are_not_the_blueprint_s() {
    for kind in ["networks", "volumes", "configs", "secrets"] {
        let document = json!({kind: {"c": {"labels": {"playhouse.owner": "x", "a": "b"}}}});
        refused_outside(
            document,
            &format!("{kind}.c.labels.playhouse.owner"),
            "x",
            Value::Null,
        );
    }
}

#[test]
fn what_else_stands_in_a_document() {
    refused_outside(
        json!({"models": {"m": {"model": "x"}}}),
        "models",
        "{\"m\":{\"model\":\"x\"}}",
        Value::Null,
    );
    refused_outside(json!({"include": ["x"]}), "include", "[\"x\"]", Value::Null);
    accepted(json!({"name": "x", "version": "3", "x-a": {"b": 1}, "models": {}}));
}
