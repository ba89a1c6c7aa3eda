//! Paths of the host: mounts, builds, links, and the way to the engine.

use std::collections::{BTreeMap, BTreeSet};

use playground::policy::{HostPath, PlaygroundPaths, Policy, check, host_paths};
use serde_json::{Value, json};

use super::{
    PROJECT, accepted, joined, places, policy, read, refusals, refused_service, service, under,
};

fn bind(source: &str) -> Value {
    json!({"volumes": [{"type": "bind", "source": source, "target": "/x", "bind": {"create_host_path": true}}]})
}

fn build(keys: Value) -> Value {
    let build = json!({"context": PROJECT, "dockerfile": "Dockerfile"});
    under("build", joined(build, keys))
}

/// Refused though the playroom allows these roots.
fn still_refused(keys: Value, roots: &[&str]) {
    let allowed = policy(json!({"allowed_roots": roots}));
    let document = read(service(keys));
    assert_eq!(refusals(&document, &allowed).len(), 1, "{document:?}");
}

#[test]
fn mounts_stay_in_the_checkout() {
    for path in [
        "/srv/pg/app",
        "/srv/pg/app/",
        "/srv/pg/app/src",
        "/srv/pg/app/./a/../b",
        "//srv//pg/app/x",
    ] {
        accepted(service(bind(path)));
    }
    for path in [
        "/etc",
        "/srv/pg",
        "/srv/pg/app2",
        "/srv/pg/app/../other",
        "/home",
    ] {
        refused_service(
            bind(path),
            "volumes",
            path,
            json!({"allowed_roots": ["/etc", "/srv", "/home", "/"]}),
        );
    }
    for path in ["", "relative", "~/x"] {
        let found = refusals(
            &read(service(bind(path))),
            &policy(json!({"allowed_roots": ["/"]})),
        );
        assert!(found[0].allowed.contains("an absolute path"), "{found:?}");
    }
    still_refused(bind("/srv/datax"), &["/srv/data"]);
    let roots = policy(json!({"allowed_roots": ["/srv/data/"]}));
    assert_eq!(refusals(&read(service(bind("/srv/data/x"))), &roots), []);
    let found = refusals(&read(service(bind("/etc"))), &roots);
    assert!(
        found[0]
            .allowed
            .contains("and below /srv/data/ are allowed"),
        "{found:?}"
    );
}

#[test]
fn a_dollar_sign_of_a_path_is_one() {
    let place = PlaygroundPaths {
        own: vec!["/srv/a$b".to_owned()],
        ..PlaygroundPaths::default()
    };
    let document = read(service(bind("/srv/a$$b/c")));
    assert_eq!(
        check(&document, &Policy::default(), &place, &BTreeSet::new()),
        []
    );
    assert_eq!(host_paths(&document)[0].path, "/srv/a$b/c");
}

#[test]
fn links_are_followed() {
    let resolved = |real: &str| PlaygroundPaths {
        resolved: BTreeMap::from([("/srv/pg/app/link".to_owned(), real.to_owned())]),
        ..places()
    };
    let document = read(service(bind("/srv/pg/app/link")));
    let check =
        |places: &PlaygroundPaths| check(&document, &Policy::default(), places, &BTreeSet::new());
    assert_eq!(check(&resolved("/etc")).len(), 1);
    assert_eq!(check(&resolved("/run/docker.sock")).len(), 1);
    assert_eq!(check(&resolved("/srv/pg/app/real")), []);
}

#[test]
fn nothing_leads_to_the_engine() {
    for path in [
        "/var/run/docker.sock",
        "/run/docker.sock",
        "/var/run",
        "/run",
        "/var/run/../run/docker.sock",
        "/var/run/docker",
        "/var/lib/docker",
        "/var/lib/docker/volumes/x",
        "/run/containerd/containerd.sock",
        "/run/podman/podman.sock",
        "/run/user/1000/docker.sock",
        "/home/me/.colima/docker.sock",
        "/x/containerd.sock",
        "/x/podman.sock",
        "/var",
        "/",
    ] {
        still_refused(bind(path), &["/"]);
        let open = policy(json!({"allowed_roots": ["/"], "docker_socket": true}));
        assert_eq!(refusals(&read(service(bind(path))), &open), [], "{path}");
    }
    let allowed = json!({"docker_socket": true});
    refused_service(
        bind("/var/run/docker.sock"),
        "volumes",
        "/var/run/docker.sock",
        allowed.clone(),
    );
    // That alone allows no other path.
    let open = policy(allowed);
    assert_eq!(
        refusals(&read(service(bind("/var/lib/docker"))), &open).len(),
        1
    );
    assert_eq!(refusals(&read(service(bind("/"))), &open).len(), 1);
    for path in ["/variable", "/runner", "/var/running", "/var/lib/dockerx"] {
        let roots = policy(json!({"allowed_roots": ["/"]}));
        assert_eq!(refusals(&read(service(bind(path))), &roots), [], "{path}");
    }
}

#[test]
fn kinds_of_mounts() {
    let mount = |mount: Value| json!({"volumes": [mount]});
    accepted(service(mount(
        json!({"type": "volume", "source": "v", "target": "/v", "volume": {"nocopy": true}}),
    )));
    accepted(service(mount(
        json!({"type": "tmpfs", "target": "/v", "tmpfs": {"size": 1}}),
    )));
    accepted(service(mount(
        json!({"type": "image", "source": "x", "target": "/v", "image": {}}),
    )));
    for (kind, value) in [("npipe", "npipe"), ("cluster", "cluster")] {
        refused_service(
            mount(json!({"type": kind, "source": "x", "target": "/v"})),
            "volumes.type",
            value,
            Value::Null,
        );
    }
    refused_service(
        mount(json!({"target": "/v"})),
        "volumes.type",
        "null",
        Value::Null,
    );
    refused_service(
        mount(json!({"type": "volume", "target": "/v", "new": 1})),
        "volumes.new",
        "1",
        Value::Null,
    );
    let propagated = |how: &str| {
        mount(
            json!({"type": "bind", "source": PROJECT, "target": "/x", "bind": {"propagation": how}}),
        )
    };
    for how in ["shared", "rshared"] {
        refused_service(
            propagated(how),
            "volumes.bind.propagation",
            how,
            json!({"privileged": true}),
        );
    }
    for how in ["", "private", "rprivate", "slave", "rslave"] {
        accepted(service(propagated(how)));
    }
    accepted(service(mount(
        json!({"type": "bind", "source": PROJECT, "target": "/x", "bind": {"selinux": "z", "recursive": "enabled"}}),
    )));
    let odd =
        mount(json!({"type": "bind", "source": PROJECT, "target": "/x", "bind": {"new": true}}));
    refused_service(odd, "volumes.bind.new", "true", Value::Null);
}

#[test]
fn builds_read_the_checkout_alone() {
    let roots = || json!({"allowed_roots": ["/etc", "/srv"]});
    accepted(service(build(json!({}))));
    refused_service(
        json!({"build": {"context": "/etc"}}),
        "build.context",
        "/etc",
        roots(),
    );
    let outside = build(json!({"dockerfile": "../other/Dockerfile"}));
    refused_service(
        outside,
        "build.dockerfile",
        "/srv/pg/app/../other/Dockerfile",
        roots(),
    );
    refused_service(
        build(json!({"dockerfile": "/etc/x"})),
        "build.dockerfile",
        "/etc/x",
        roots(),
    );
    let more = |value: &str| build(json!({"additional_contexts": {"o": value}}));
    refused_service(more("/etc"), "build.additional_contexts.o", "/etc", roots());
    for value in ["/srv/pg/app/lib", "service:db", "docker-image://alpine"] {
        accepted(service(more(value)));
    }
    let remote = || json!({"remote_sources": true});
    for context in [
        "https://example.org/a.git#main",
        "git@example.org:a.git",
        "ssh://x/y",
        "github.com/a/b",
        "user@host:x/y",
    ] {
        refused_service(
            json!({"build": {"context": context}}),
            "build.context",
            context,
            remote(),
        );
        refused_service(
            more(context),
            "build.additional_contexts.o",
            context,
            remote(),
        );
    }
}

#[test]
fn builds_have_no_rights_of_the_host() {
    refused_service(
        build(json!({"network": "host"})),
        "build.network",
        "host",
        json!({"host_namespaces": true}),
    );
    for network in ["none", "default", ""] {
        accepted(service(build(json!({"network": network}))));
    }
    refused_service(
        build(json!({"ssh": ["default"]})),
        "build.ssh",
        "[\"default\"]",
        json!({"build_ssh": true}),
    );
    refused_service(
        build(json!({"privileged": true})),
        "build.privileged",
        "true",
        json!({"privileged": true}),
    );
    let entitlements = build(json!({"entitlements": ["security.insecure"]}));
    refused_service(
        entitlements,
        "build.entitlements",
        "[\"security.insecure\"]",
        json!({"privileged": true}),
    );
    refused_service(
        build(json!({"isolation": "x"})),
        "build.isolation",
        "x",
        Value::Null,
    );
    refused_service(build(json!({"new": "x"})), "build.new", "x", Value::Null);
    for key in ["cache_from", "cache_to"] {
        let cached = |cache: &str| build(json!({key: [cache]}));
        for cache in [
            "type=local,dest=/etc",
            "src=/etc,type=local",
            "type=s3,bucket=x",
            "dest=/x",
        ] {
            refused_service(cached(cache), &format!("build.{key}"), cache, Value::Null);
        }
        for cache in ["alpine:3", "type=registry,ref=x", "mode=max, type=inline"] {
            accepted(service(cached(cache)));
        }
    }
    accepted(service(build(json!({
        "args": {"A": "b"}, "dockerfile_inline": "FROM x", "extra_hosts": ["a=1"], "labels": {"a": "b"},
        "no_cache": true, "platforms": ["linux/amd64"], "pull": true, "secrets": [{"source": "s"}], "shm_size": "1",
        "tags": ["x"], "target": "dev", "ulimits": {"nofile": 1}, "x-a": 1,
    }))));
}

#[test]
fn every_path_is_listed_for_who_resolves_it() {
    let document = read(json!({
        "services": {"web": {
            "build": {"context": "/c", "dockerfile": "d", "additional_contexts": {"a": "/e", "b": "service:x", "i": "docker-image://x"}},
            "volumes": [{"type": "bind", "source": "/f", "target": "/x"}, {"type": "volume", "source": "v", "target": "/x"}],
        }, "remote": {"build": {"context": "https://example.org/x.git", "dockerfile": "d"}}},
        "configs": {"c": {"file": "/g"}, "d": {"content": "x"}},
        "secrets": {"s": {"file": "/h"}},
        "volumes": {"v": {"driver_opts": {"type": "none", "o": "bind", "device": "/i"}}, "w": null},
    }));
    let path = |service: Option<&str>, key: &str, path: &str| HostPath {
        service: service.map(str::to_owned),
        key: key.to_owned(),
        path: path.to_owned(),
    };
    let expected = [
        path(Some("web"), "volumes", "/f"),
        path(Some("web"), "build.context", "/c"),
        path(Some("web"), "build.dockerfile", "/c/d"),
        path(Some("web"), "build.additional_contexts.a", "/e"),
        path(None, "configs.c.file", "/g"),
        path(None, "secrets.s.file", "/h"),
        path(None, "volumes.v.driver_opts.device", "/i"),
    ];
    assert_eq!(host_paths(&document), expected);
}

#[test]
fn nothing_is_mounted_below_what_a_container_may_replace() {
    let mount = |source: &str, read_only: bool| json!({"type": "bind", "source": source, "target": "/x", "read_only": read_only});
    let two = |outer: bool, inner: &str| {
        json!({"services": {
            "app": {"image": "x", "volumes": [mount(PROJECT, outer)]},
            "web": {"image": "x", "volumes": [mount(inner, true)]},
        }})
    };
    let inner = "/srv/pg/app/data";
    let allowed = || json!({"nested_mounts": true});
    super::refused(two(false, inner), Some("web"), "volumes", inner, allowed());
    accepted(two(true, inner));
    accepted(two(false, PROJECT));
    accepted(two(false, "/srv/pg/app/../app/"));
    let one = json!({"volumes": [mount(PROJECT, false), mount(inner, false)]});
    refused_service(one, "volumes", inner, allowed());
    for (kind, key, file) in [
        ("configs", "configs.x.file", json!({"file": inner})),
        ("secrets", "secrets.x.file", json!({"file": inner})),
        (
            "volumes",
            "volumes.x.driver_opts.device",
            json!({"driver_opts": {"type": "none", "o": "bind", "device": inner}}),
        ),
    ] {
        let document = joined(two(false, PROJECT), under(kind, under("x", file)));
        super::refused(document, None, key, inner, allowed());
    }
    // A checkout that is mounted as a source is written to as well, and links are followed.
    let places = PlaygroundPaths {
        written: vec![PROJECT.to_owned()],
        resolved: BTreeMap::from([("/srv/pg/app/link".to_owned(), inner.to_owned())]),
        ..places()
    };
    let document = read(service(bind("/srv/pg/app/link")));
    assert_eq!(
        check(&document, &Policy::default(), &places, &BTreeSet::new()).len(),
        1
    );
}
