//! Compose files that reach for the host, or for what belongs to others.

/// What is refused: the keys of a service, the key of the refusal, and what is said to be allowed.
pub(super) const OF_SERVICES: &[(&str, &str, &str)] = &[
    ("privileged: true", "privileged: true", "`false` is allowed"),
    (
        "network_mode: host",
        "network_mode: host",
        "`none` and `service:NAME`",
    ),
    (
        "network_mode: 'container:other'",
        "network_mode: container:other",
        "own networks",
    ),
    ("pid: host", "pid: host", "the container's own"),
    (
        "pid: 'container:other'",
        "pid: container:other",
        "`service:NAME`",
    ),
    ("ipc: host", "ipc: host", "`private`"),
    (
        "ipc: 'container:other'",
        "ipc: container:other",
        "`service:NAME`",
    ),
    ("uts: host", "uts: host", "the container's own"),
    (
        "userns_mode: host",
        "userns_mode: host",
        "the container's own",
    ),
    ("cgroup: host", "cgroup: host", "the container's own"),
    (
        "cgroup_parent: /other",
        "cgroup_parent: /other",
        "remove the key",
    ),
    (
        "cap_add: [SYS_ADMIN]",
        "cap_add: SYS_ADMIN",
        "those that every container has",
    ),
    (
        "security_opt: ['apparmor=unconfined']",
        "security_opt: apparmor=unconfined",
        "`no-new-privileges:true`",
    ),
    (
        "security_opt: ['label:disable']",
        "security_opt: label:disable",
        "`no-new-privileges:true`",
    ),
    (
        "devices: ['/dev/sda:/dev/sda']",
        "devices: /dev/sda",
        "no device is allowed",
    ),
    (
        "devices: ['vendor.com/class=device']",
        "devices: vendor.com/class=device",
        "no device is allowed",
    ),
    (
        "device_cgroup_rules: ['a *:* rwm']",
        "device_cgroup_rules",
        "no device is allowed",
    ),
    ("gpus: all", "gpus", "no GPU is allowed"),
    (
        "deploy: {resources: {reservations: {devices: [{capabilities: [gpu]}]}}}",
        "deploy.resources.reservations.devices",
        "`cpus`, `memory` and `pids`",
    ),
    ("runtime: other", "runtime: other", "default runtime"),
    (
        "sysctls: {kernel.core_pattern: '|/x'}",
        "sysctls.kernel.core_pattern",
        "such as `net.*`",
    ),
    (
        "volumes: ['/:/host']",
        "volumes: /",
        "nothing that leads to the engine",
    ),
    (
        "volumes: ['/var/run/docker.sock:/s']",
        "volumes: /var/run/docker.sock",
        "nothing that leads to the engine",
    ),
    (
        "volumes: ['/etc:/x:ro']",
        "volumes: /etc",
        "inside the playground's own checkout",
    ),
    (
        "volumes: ['../..:/x']",
        "volumes: /",
        "inside the playground's own checkout",
    ),
    (
        "volumes: ['~/.ssh:/x']",
        "volumes: /",
        "inside the playground's own checkout",
    ),
    (
        "volumes: [{type: bind, source: /etc, target: /x, bind: {propagation: rshared}}]",
        "volumes.bind.propagation: rshared",
        "`rprivate` and `rslave`",
    ),
    (
        "volumes: [{type: cluster, source: x, target: /x}]",
        "volumes.type: cluster",
        "`volume`, `bind`",
    ),
    (
        "volumes: [{type: image, source: 'pg-2-other-web', target: /x}]",
        "volumes: pg-2-other-web",
        "`pg-`",
    ),
    (
        "volumes_from: ['container:other']",
        "volumes_from: container:other",
        "`SERVICE`",
    ),
    (
        "container_name: other",
        "container_name: other",
        "remove the key",
    ),
    ("ports: ['80:80']", "ports: 80", "a route to the service"),
    (
        "ports: ['127.0.0.1:8080-8081:80-81']",
        "ports: 808",
        "a route to the service",
    ),
    (
        "logging: {driver: syslog}",
        "logging.driver: syslog",
        "`json-file`",
    ),
    (
        "use_api_socket: true",
        "use_api_socket: true",
        "`false` is allowed",
    ),
    (
        "oom_score_adj: -900",
        "oom_score_adj: -900",
        "from 0 to 1000",
    ),
    (
        "provider: {type: other-program}",
        "provider",
        "remove the key",
    ),
    (
        "credential_spec: {file: x.json}",
        "credential_spec",
        "remove the key",
    ),
    (
        "blkio_config: {device_read_bps: [{path: /dev/sda, rate: 1k}]}",
        "blkio_config",
        "remove the key",
    ),
    (
        "post_start: [{command: [id], privileged: true}]",
        "post_start.privileged: true",
        "`false` is allowed",
    ),
    (
        "pre_stop: [{command: [id], privileged: true}]",
        "pre_stop.privileged: true",
        "`false` is allowed",
    ),
    (
        "labels: {com.docker.compose.project: other}",
        "labels.com.docker.compose.project: other",
        "remove it",
    ),
    (
        "labels: ['playhouse.owner=other']",
        "labels.playhouse.owner: other",
        "remove it",
    ),
    (
        "deploy: {replicas: 100}",
        "deploy.replicas: 100",
        "at most 10",
    ),
    (
        "env_file: /etc/passwd",
        "env_file: /etc/passwd",
        "inside the project directory",
    ),
    (
        "env_file: [{path: ../../x, required: false}]",
        "env_file: ../../x",
        "inside the project directory",
    ),
    (
        "label_file: /etc/passwd",
        "label_file: /etc/passwd",
        "inside the project directory",
    ),
    (
        "extends: {file: /etc/x.yml, service: web}",
        "extends.file: /etc/x.yml",
        "inside the project directory",
    ),
    (
        "extends: {file: ../x.yml, service: web}",
        "extends.file: ../x.yml",
        "inside the project directory",
    ),
    (
        "build: {context: /etc}",
        "build.context: /etc",
        "inside the playground's own checkout",
    ),
    (
        "build: {context: ., dockerfile: /etc/passwd}",
        "build.dockerfile: /etc/passwd",
        "own checkout",
    ),
    (
        "build: {context: 'https://example.com/x.git'}",
        "build.context: https://",
        "a directory of the checkout",
    ),
    (
        "build: {context: 'git@example.com:x/y'}",
        "build.context: git@",
        "a directory of the checkout",
    ),
    (
        "build: {context: ., network: host}",
        "build.network: host",
        "`none` and `default`",
    ),
    (
        "build: {context: ., network: 'container:other'}",
        "build.network: container:other",
        "`none` and `default`",
    ),
    (
        "build: {context: ., ssh: [default]}",
        "build.ssh",
        "remove the key",
    ),
    (
        "build: {context: ., privileged: true}",
        "build.privileged: true",
        "remove the key",
    ),
    (
        "build: {context: ., entitlements: [security.insecure]}",
        "build.entitlements",
        "remove the key",
    ),
    (
        "build: {context: ., isolation: other}",
        "build.isolation: other",
        "remove the key",
    ),
    (
        "build: {context: ., additional_contexts: {x: /etc}}",
        "build.additional_contexts.x: /etc",
        "own checkout",
    ),
    (
        "build: {context: ., additional_contexts: {x: 'docker-image://pg-2-other-web'}}",
        "build.additional_contexts.x: pg-2-other-web",
        "`pg-`",
    ),
    (
        "build: {context: ., cache_to: ['type=local,dest=/x']}",
        "build.cache_to",
        "`type=registry`",
    ),
    (
        "build: {context: ., cache_from: ['type=local,src=/etc']}",
        "build.cache_from",
        "`type=registry`",
    ),
];

/// The same of images, which stand in the place of the service's own.
pub(super) const IMAGES: &[&str] = &[
    "pg-2-other-web",
    "docker.io/library/pg-2-other-web:latest",
    "playhouse/x:1",
];

/// What is refused outside of services: text after the services, the key, and what is said to be allowed.
pub(super) const OF_DOCUMENTS: &[(&str, &str, &str)] = &[
    (
        "include: ['/etc/x.yml']",
        "include: /etc/x.yml",
        "inside the project directory",
    ),
    (
        "include: [{path: ../../x.yml}]",
        "include.path: ../../x.yml",
        "inside the project directory",
    ),
    (
        "include: ['https://example.com/x.git']",
        "include: https://",
        "inside the project directory",
    ),
    (
        "include: ['oci://example.com/x']",
        "include: oci://",
        "inside the project directory",
    ),
    (
        "include: [{path: x.yml, env_file: /etc/passwd}]",
        "include.env_file: /etc/passwd",
        "inside the project",
    ),
    (
        "include: [{path: x.yml, project_directory: /}]",
        "include.project_directory: /",
        "inside the project",
    ),
    (
        "volumes: {vol: {driver_opts: {type: none, o: bind, device: /}}}",
        "volumes.vol.driver_opts.device: /",
        "nothing that leads to the engine",
    ),
    (
        "volumes: {vol: {driver_opts: {o: bind, device: /etc}}}",
        "volumes.vol.driver_opts.device: /etc",
        "inside the playground's own checkout",
    ),
    (
        "volumes: {vol: {driver_opts: {type: ext4, device: /dev/sda1}}}",
        "volumes.vol.driver_opts",
        "a volume without options",
    ),
    (
        "volumes: {vol: {driver_opts: {type: nfs, o: 'addr=10.0.0.1,rw', device: ':/'}}}",
        "volumes.vol.driver_opts",
        "a volume without options",
    ),
    (
        "volumes: {vol: {driver_opts: {type: overlay, device: overlay, o: 'lowerdir=/etc'}}}",
        "volumes.vol.driver_opts",
        "a volume without options",
    ),
    (
        "volumes: {vol: {driver: other}}",
        "volumes.vol.driver: other",
        "`local` is allowed",
    ),
    (
        "volumes: {vol: {external: true, name: pg-2-other_data}}",
        "volumes.vol.external",
        "remove `external`",
    ),
    (
        "volumes: {vol: {labels: {playhouse.owner: other}}}",
        "volumes.vol.labels.playhouse.owner",
        "remove it",
    ),
    (
        "networks: {x: {external: true, name: host}}",
        "networks.x.external",
        "remove `external`",
    ),
    (
        "networks: {x: {driver: host}}",
        "networks.x.driver: host",
        "`bridge` is allowed",
    ),
    (
        "networks: {x: {driver: macvlan, driver_opts: {parent: eth0}}}",
        "networks.x.driver: macvlan",
        "`bridge`",
    ),
    (
        "networks: {x: {driver_opts: {parent: eth0}}}",
        "networks.x.driver_opts.parent",
        "the options",
    ),
    (
        "networks: {x: {ipam: {config: [{subnet: 10.0.0.0/8}]}}}",
        "networks.x.ipam.config",
        "the engine chooses",
    ),
    (
        "secrets: {x: {file: /etc/shadow}}",
        "secrets.x.file: /etc/shadow",
        "inside the playground's own checkout",
    ),
    (
        "configs: {x: {file: /etc/passwd}}",
        "configs.x.file: /etc/passwd",
        "inside the playground's own checkout",
    ),
    (
        "configs: {x: {file: ../../x}}",
        "configs.x.file: /",
        "inside the playground's own checkout",
    ),
    (
        "secrets: {x: {external: true}}",
        "secrets.x.external",
        "remove the key",
    ),
    ("models: {x: {model: y}}", "models", "remove the key"),
];
