//! The first look at Compose text, without the compose tool.

use playground::{blueprint, labels::Visibility};

const STACK: &str = "
x-base: &base
  restart: always
services:
  web:
    <<: *base
    build: .
    ports:
      - '8080:80'
      - target: 53
        published: '5353'
        protocol: udp
      - 9000
    profiles: [debug]
    depends_on:
      db:
        condition: service_healthy
    healthcheck: {test: 'true'}
    labels:
      - playgrounds.expose=internal:3000
      - other=1
  db:
    image: postgres:${TAG:-16}
    command: !override [postgres]
    environment: !reset null
";

#[test]
fn services_ports_profiles_and_labels_are_read() {
    let read = blueprint::read(STACK);
    assert_eq!(read.problems, []);
    let [web, db] = read.services.as_slice() else {
        panic!("{:?}", read.services)
    };
    assert_eq!(web.name, "web");
    assert_eq!((web.at.line, web.at.column), (5, 3));
    assert_eq!(web.ports, ["8080:80", "5353:53/udp", "9000"]);
    assert_eq!(web.profiles, ["debug"]);
    assert_eq!(read.profiles, ["debug"]);
    assert_eq!(web.depends_on, ["db"]);
    assert!(web.is_dynamic() && !db.is_dynamic());
    let settings = web.settings.as_ref().unwrap();
    assert_eq!(settings.port, Some(3000));
    assert_eq!(settings.visibility, Visibility::Internal);
    assert_eq!(db.image.as_deref(), Some("postgres:${TAG:-16}"));
    assert!(read.is_valid());
}

fn shown(text: &str) -> Vec<String> {
    let read = blueprint::read(text);
    let shown = read.problems.iter();
    shown
        .map(|problem| format!("{}{problem}", if problem.warning { "warning " } else { "" }))
        .collect()
}

#[test]
fn mistakes_are_shown_with_line_and_column() {
    let cases = [
        (
            "services:\n  web:\n    imge: x\n    build: .\n",
            "3:5: service `web`: the key `imge` does not exist (did you mean `image`?)",
        ),
        (
            "service:\n  a: {image: x}\nservices: {a: {image: x}}\n",
            "1:1: the key `service` does not exist (did you mean `services`?)",
        ),
        (
            "services:\n  web: [a]\n",
            "2:8: service `web`: a service is a map, not a list",
        ),
        (
            "services: [web]\n",
            "1:11: `services` is a map of names to services, not a list",
        ),
        ("services: {}\n", "1:11: there is no service"),
        ("volumes: {}\n", "1:1: the key `services` is missing"),
        (
            "- a\n",
            "1:1: a Compose file is a map with the key `services`, not a list",
        ),
        (
            "just text",
            "1:1: a Compose file is a map with the key `services`, not text",
        ),
        (
            "",
            "a Compose file is a map with the key `services`, not nothing",
        ),
        ("5", "a number or boolean"),
        (
            "services:\n  web:\n    image: x\n    depends_on: [bd]\n  db: {image: x}\n",
            "4:17: service `web`: `depends_on` names the service `bd`, which does not exist",
        ),
        (
            "services:\n  web:\n    image: x\n    labels:\n      playgrounds.expse: '80'\n",
            "5:7: service `web`: label `playgrounds.expse: `: the key `expse` does not exist (did you mean `expose`?)",
        ),
        (
            "services:\n  web:\n    image: x\n    labels:\n      - a=b\n      - playgrounds.port=x\n",
            "6:9: service `web`: label `playgrounds.port: x`: expected a port",
        ),
        (
            "services:\n  web:\n    image: a${\n",
            "3:12: service `web`: a name is missing after `${`",
        ),
        (
            "name: ${\nservices: {a: {image: x}}\n",
            "1:7: a name is missing after `${`",
        ),
        (
            "services:\n  web:\n    image: x\n  web:\n    image: y\n",
            "4:3: the YAML is not valid",
        ),
        ("services: {a: {image: x}\n", "the YAML is not valid"),
    ];
    for (text, expected) in cases {
        let shown = shown(text);
        assert!(
            shown.iter().any(|problem| problem.contains(expected)),
            "{text}\n{shown:?}"
        );
        assert!(!blueprint::read(text).is_valid(), "{text}");
    }
}

#[test]
fn a_mistake_without_a_place_is_shown_without_one() {
    let expected = "a Compose file is a map with the key `services`, not nothing";
    assert_eq!(shown(""), [expected]);
}

#[test]
fn warnings_do_not_make_it_invalid() {
    let text = "version: '3'\nservices:\n  web: {}\n  b:\n";
    let expected = [
        "warning 1:10: `version` has no effect and can be removed",
        "warning 3:3: service `web`: there is neither `image` nor `build`",
        "warning 4:3: service `b`: there is neither `image` nor `build`",
    ];
    assert_eq!(shown(text), expected);
    let read = blueprint::read(text);
    assert!(read.is_valid());
    assert_eq!((read.errors().count(), read.warnings().count()), (0, 3));
}

#[test]
fn other_files_may_have_the_rest() {
    let text = "
include:
  - a.yaml
  - path: [b.yaml, c.yaml]
services:
  web:
    extends: {file: base.yaml, service: web}
    depends_on: [elsewhere]
    labels: {playgrounds.visibility: internal}
";
    let read = blueprint::read(text);
    assert_eq!(read.problems, []);
    assert_eq!(
        read.other_files,
        ["a.yaml", "b.yaml", "c.yaml", "base.yaml"]
    );
    assert_eq!(read.services[0].settings, None);
    assert_eq!(blueprint::read("include: [a.yaml]\n").problems, []);
    assert_eq!(
        blueprint::read("include: [a.yaml]\nservices: {}\n").problems,
        []
    );
}

#[test]
fn dependencies_that_may_be_missing_are_no_problems() {
    let text = "
services:
  web:
    image: x
    depends_on:
      maybe: {condition: service_started, required: false}
  a:
    image: x
    depends_on: ['$NAME']
  b:
    image: x
    depends_on: [a, web]
";
    assert_eq!(shown(text), Vec::<String>::new());
}

#[test]
fn labels_with_variables_are_judged_later() {
    let text = "
services:
  web:
    image: x
    labels:
      playgrounds.port: ${PORT}
      playgrounds.visibility: nonsense
";
    let read = blueprint::read(text);
    assert_eq!(
        (read.problems.len(), read.services[0].settings.clone()),
        (0, None)
    );
    let unknown = text.replace("visibility", "visiblity");
    assert!(shown(&unknown)[0].contains("did you mean `visibility`?"));
}

#[test]
fn labels_say_what_is_built() {
    let of = |label: &str| {
        let text = format!("services:\n  web:\n    image: x\n    labels: ['{label}']\n");
        blueprint::read(&text).services[0].is_dynamic()
    };
    assert!(
        of("playgrounds.repo_url=x") && of("fibe.gg/dockerfile=x") && of("fibe.gg/source_mount=/x")
    );
    assert!(!of("fibe.gg/port=80") && !of("repo_url=x"));
}

#[test]
fn values_keep_their_spelling() {
    let text = "services:\n  web:\n    image: x\n    ports: [8000-8010, '127.0.0.1::80', {target: 80, host_ip: 1.2.3.4, published: 90, protocol: tcp}, {}, {target: 1}]\n    labels: {a: true, b: 1.5, c: , d: yes, e: -1}\n";
    let read = blueprint::read(text);
    assert_eq!(
        read.services[0].ports,
        ["8000-8010", "127.0.0.1::80", "1.2.3.4:90:80", "1"]
    );
    let labels: Vec<&str> = read.services[0]
        .labels
        .values()
        .map(String::as_str)
        .collect();
    assert_eq!(labels, ["true", "1.5", "", "yes", "-1"]);
}

#[test]
fn text_made_to_harm_is_refused_and_read_in_no_time() {
    let deep = "[".repeat(100_000);
    assert!(!blueprint::read(&deep).is_valid());
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = level - 1;
        let items = vec![format!("*a{before}"); 10].join(", ");
        laughs += &format!("a{level}: &a{level} [{items}]\n");
    }
    assert!(!blueprint::read(&laughs).is_valid());
    let circle = "a: &a\n  b: *a\nservices: {a: {image: x}}\n";
    assert!(!blueprint::read(circle).is_valid());
}

#[test]
fn problems_without_number_are_cut_off() {
    let keys: String = (0..5_000).map(|n| format!("    key{n}: x\n")).collect();
    let text = format!("services:\n  web:\n    image: x\n{keys}");
    assert_eq!(blueprint::read(&text).problems.len(), 100);
    let gone: Vec<String> = (0..5_000).map(|n| format!("gone{n}")).collect();
    let text = format!(
        "services:\n  web: {{image: x, depends_on: [{}]}}\n",
        gone.join(", ")
    );
    assert_eq!(blueprint::read(&text).problems.len(), 100);
    let long = format!(
        "services: {{a: {{image: x, {}: y}}}}",
        "image".repeat(1_000)
    );
    assert!(!shown(&long)[0].contains("did you mean"));
}

#[test]
fn documents_of_one_text_are_laid_over_each_other() {
    let text = "services: {a: {image: x, ports: [1]}}\n---\nservices: {b: {image: y}, a: {image: z}}\n---\n";
    let read = blueprint::read(text);
    assert_eq!(read.problems, []);
    let images = read.services.iter().map(|service| service.image.as_deref());
    assert_eq!(images.collect::<Vec<_>>(), [Some("z"), Some("y")]);
    assert_eq!(read.services[0].ports, ["1"]);
    assert!(!blueprint::read("services: {a: {image: x}}\n---\nservices: [a]\n").is_valid());
}

#[test]
fn a_hint_names_what_is_near_and_not_too_long() {
    let hint = |name: &str, wanted: &str| {
        let text = format!(
            "services:\n  web: {{image: x, depends_on: [{wanted}]}}\n  {name}: {{image: x}}\n"
        );
        shown(&text).join("\n").contains("did you mean")
    };
    assert!(hint("database", "databse") && hint("database", "databasee"));
    // What only stands within a longer name is far from it, in both directions.
    assert!(!hint("database", "dtbs") && !hint("dtbs", "database") && !hint("dba", "xydba"));
    // A third of the letters may differ.
    assert!(hint("databases", "dxtxbxses") && !hint("databases", "dxtxbxsxs"));
    let name = |letters: usize| format!("{}a", "b".repeat(letters - 1));
    let wanted = |letters: usize| "b".repeat(letters);
    assert!(hint(&name(64), &wanted(64)));
    assert!(!hint(&name(65), &wanted(65)));
}

#[test]
fn labels_are_judged_with_the_rest_of_their_service() {
    let judged = |keys: &str| {
        let labels = "labels: {playgrounds.port: '80', playgrounds.zerodowntime: 'true'}";
        shown(&format!(
            "services:\n  web:\n    image: x\n    {labels}\n    healthcheck: {{}}\n{keys}"
        ))
    };
    assert_eq!(judged(""), Vec::<String>::new());
    assert_eq!(judged("    ports: []\n"), Vec::<String>::new());
    let with_ports = judged("    ports: ['80']\n");
    assert!(
        with_ports[0].contains("it excludes `ports`"),
        "{with_ports:?}"
    );
    let named = judged("    container_name: x\n");
    assert!(
        named[0].contains("it excludes `container_name`"),
        "{named:?}"
    );
}
