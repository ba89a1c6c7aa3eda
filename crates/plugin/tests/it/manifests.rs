//! Manifests and catalogues: what is read, and what is refused with its place.

use std::{fs, path::PathBuf, time::Duration};

use plugin::{Catalogue, Direction, Entry, JsonText, Manifest, MetricKind, Shipped};
use serde_json::json;

use crate::{
    component::simple,
    test_host::{COUNT, TestHost, load},
};

const FULL: &str = r#"
name = "full-1"
version = "1.2.0-rc.1"
description = "Everything at once"
order = -5
enabled = false
kind = "wasm"
entry = "bin/it.wasm"
network = ["API.example.com", "127.0.0.1:8080"]

[limits]
memory_bytes = 1048576
timeout_ms = 1500
fuel = 1000000
output_bytes = 2048
storage_bytes = 0

[input]
schema = "input.schema.json"

[[metrics]]
name = "count"
type = "integer"
unit = "words"
direction = "lower"
description = "How many"

[[metrics]]
name = "tags"
type = "array"
required = false
"#;

#[test]
fn a_full_manifest_is_read() {
    let host = TestHost::new();
    let schema = br#"{"type": "string"}"#;
    let folder = host.folder(
        "any",
        &[
            ("plugin.toml", FULL.as_bytes()),
            ("input.schema.json", schema),
        ],
    );
    let manifest = Manifest::read(&folder).expect("a manifest");
    assert_eq!(&*manifest.name, "full-1");
    assert_eq!(&*manifest.version, "1.2.0-rc.1");
    assert_eq!((manifest.order, manifest.enabled), (-5, false));
    let Entry::Wasm { file, network } = &manifest.entry else {
        panic!("{:?}", manifest.entry);
    };
    assert_eq!(file, "bin/it.wasm");
    assert_eq!(network, &["api.example.com", "127.0.0.1:8080"]);
    let limits = manifest.limits;
    assert_eq!(limits.timeout, Duration::from_millis(1500));
    assert_eq!((limits.fuel, limits.storage_bytes), (Some(1_000_000), 0));
    assert_eq!(manifest.input_schema, Some(json!({"type": "string"})));
    let [count, tags] = &manifest.metrics[..] else {
        panic!("{:?}", manifest.metrics);
    };
    assert_eq!(count.kind, MetricKind::Integer);
    assert_eq!(count.direction, Direction::Lower);
    assert_eq!((&*count.unit, count.required), ("words", true));
    assert_eq!((tags.kind, tags.required), (MetricKind::Array, false));
}

#[test]
fn what_the_server_would_not_take_is_refused_by_name() {
    let host = TestHost::new();
    let refusal = |text: &str, schema: &str| {
        let files = [
            ("plugin.toml", text.as_bytes()),
            ("input.schema.json", schema.as_bytes()),
        ];
        let read = Manifest::read(&host.folder("any", &files));
        read.err().map(|error| error.to_string())
    };
    let unit = |bytes: usize| FULL.replace("\"words\"", &format!("\"{}\"", "w".repeat(bytes)));
    assert_eq!(refusal(&unit(255), "{}"), None);
    let refused = refusal(&unit(256), "{}").expect("too long");
    assert!(
        refused.starts_with("plugin.toml:24:8: a unit is at most 255"),
        "{refused}"
    );

    let schema = |levels: usize| {
        format!(
            "{}{{}}{}",
            "{\"not\": ".repeat(levels - 1),
            "}".repeat(levels - 1)
        )
    };
    assert_eq!(refusal(FULL, &schema(100)), None);
    let refused = refusal(FULL, &schema(101)).expect("too deep");
    let says = "plugin.toml:19:10: the input's schema: it is nested deeper than 100 levels at /not";
    assert!(refused.starts_with(says), "{refused}");
}

/// A text in `FULL`, what stands there instead, and where and how that is refused.
const REFUSED: [(&str, &str, &str, &str); 31] = [
    ("name = \"full-1\"", "", "", "missing field `name`"),
    ("\"full-1\"", "\"Full\"", "2:8", "a-z"),
    ("\"full-1\"", "\"\"", "2:8", "1 to 64"),
    ("\"full-1\"", "\"../evil\"", "2:8", "a-z"),
    ("\"full-1\"", "7", "2:8", "string"),
    ("\"1.2.0-rc.1\"", "\"1 2\"", "3:11", "version"),
    (
        "\"Everything at once\"",
        "\"two\\nlines\"",
        "4:15",
        "one line",
    ),
    ("order = -5", "order = 1.5", "5:9", "i64"),
    ("enabled = false", "enabled = \"no\"", "6:11", "boolean"),
    (
        "enabled = false",
        "enabeld = false",
        "6:1",
        "unknown field `enabeld`",
    ),
    ("\"wasm\"", "\"python\"", "7:8", "unknown variant `python`"),
    ("\"wasm\"", "\"process\"", "8:9", "list of words"),
    (
        "\"bin/it.wasm\"",
        "\"/bin/sh\"",
        "8:9",
        "file of its folder",
    ),
    (
        "\"bin/it.wasm\"",
        "\"../it.wasm\"",
        "8:9",
        "file of its folder",
    ),
    ("\"bin/it.wasm\"", "[\"./it\"]", "8:9", "file of its folder"),
    ("\"bin/it.wasm\"", "3", "8:9", "expected a file's name"),
    ("entry = \"bin/it.wasm\"", "", "7:8", "an entry is missing"),
    ("\"127.0.0.1:8080\"", "\"http://x/\"", "9:31", "a host is"),
    ("\"127.0.0.1:8080\"", "\"x:0\"", "9:31", "a host is"),
    (
        "memory_bytes = 1048576",
        "memory_bytes = 1",
        "12:16",
        "from 1048576 to",
    ),
    ("timeout_ms = 1500", "timeout_ms = -1", "13:14", "from 1 to"),
    (
        "storage_bytes = 0",
        "storage_byte = 0",
        "16:1",
        "unknown field",
    ),
    (
        "\"input.schema.json\"",
        "\"missing.json\"",
        "19:10",
        "cannot be read",
    ),
    (
        "\"input.schema.json\"",
        "\"../other.json\"",
        "19:10",
        "inside the folder",
    ),
    (
        "\"input.schema.json\"",
        "\"plugin.toml\"",
        "19:10",
        "no JSON",
    ),
    (
        "\"input.schema.json\"",
        "{ type = \"strnig\" }",
        "19:10",
        "schema",
    ),
    (
        "\"input.schema.json\"",
        "{ \"$ref\" = \"http://127.0.0.1:9/x\" }",
        "19:10",
        "schema",
    ),
    (
        "type = \"integer\"",
        "type = \"int\"",
        "23:8",
        "unknown variant `int`",
    ),
    ("\"lower\"", "\"down\"", "25:13", "unknown variant `down`"),
    (
        "name = \"tags\"",
        "name = \"count\"",
        "29:8",
        "declared twice",
    ),
    ("required = false", "required = false x", "31:12", ""),
];

#[test]
fn what_is_wrong_with_a_manifest_is_told_with_its_place() {
    let host = TestHost::new();
    for (there, instead, place, says) in REFUSED {
        assert!(FULL.contains(there), "{there}");
        let text = FULL.replacen(there, instead, 1);
        let schema = br#"{"type": "string"}"#;
        let files: [(&str, &[u8]); 2] = [
            ("plugin.toml", text.as_bytes()),
            ("input.schema.json", schema),
        ];
        let error = Manifest::read(&host.folder("any", &files)).expect_err(instead);
        let shown = error.to_string();
        let begin = format!("plugin.toml:{place}");
        assert!(
            shown.starts_with(&begin) && shown.contains(says),
            "{instead}: {shown}"
        );
    }
}

#[test]
fn what_only_the_other_kind_has_is_refused() {
    let host = TestHost::new();
    let head = "name = \"p\"\nversion = \"1\"\nkind = \"process\"\n";
    for (text, place) in [
        ("entry = [\"sh\"]\nnetwork = [\"x\"]", "5:11"),
        ("entry = [\"sh\"]\n[limits]\nfuel = 5", "6:8"),
        ("entry = []", "4:9"),
        ("entry = [\"/bin/sh\"]", "4:9"),
        ("entry = [\"../sh\"]", "4:9"),
        ("entry = [\"./../sh\"]", "4:9"),
        ("entry = [\"sh\", \"./../x\"]", "4:9"),
    ] {
        let text = format!("{head}{text}");
        let folder = host.folder("any", &[("plugin.toml", text.as_bytes())]);
        let error = Manifest::read(&folder).expect_err("an error").to_string();
        assert!(
            error.starts_with(&format!("plugin.toml:{place}: ")),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_plugin_takes_an_input_or_what_the_one_before_it_left() {
    let host = TestHost::new();
    let head = "name = \"p\"\nversion = \"1\"\nkind = \"process\"\nentry = [\"sh\"]\n[input]\n";
    let left = "output_schema = { type = \"object\", required = [\"found\"] }\n";
    let schema = "schema = { type = \"string\", description = \"a text\" }\n";
    let plugin = |name: &str, text: &str| {
        load(&host.folder(name, &[("plugin.toml", format!("{head}{text}").as_bytes())]))
    };
    let both = plugin("both", &format!("{schema}{left}"));
    let values = [json!("x"), json!(7), json!({"found": 1})];
    let [text, number, found] = values.map(JsonText::from);
    for (input, output) in [
        (&text, None),
        (&text, Some(&number)),
        (&number, Some(&found)),
    ] {
        both.takes(input, output).await.expect("one of them fits");
    }
    for output in [None, Some(&number), Some(&text)] {
        let cause = both.takes(&number, output).await.expect_err("nothing fits");
        let says = "the input is not what the plugin takes: expected a text";
        assert_eq!(cause.to_string(), says);
    }
    plugin("any", "")
        .takes(&number, None)
        .await
        .expect("it has no schema");
    let alone = format!("{head}{left}");
    let folder = host.folder("alone", &[("plugin.toml", alone.as_bytes())]);
    let error = Manifest::read(&folder).expect_err("an error").to_string();
    let says = "plugin.toml:6:17: without a schema of the input every input is taken";
    assert_eq!(error, says);
}

const RUN: &str = "echo '{\"metric\": {}}'";

/// Plugins of which each is broken in its own way.
fn broken(host: &TestHost) {
    host.folder("empty", &[("readme.txt", b"")]);
    host.folder("not-toml", &[("plugin.toml", b"\x00\xff")]);
    host.component("no-component", COUNT, b"\0asm\x01\0\0\0");
    let other = wat::parse_str("(component)").expect("a component");
    host.component("other-world", COUNT, &other);
    host.component("wants-network", COUNT, &wat::parse_str(
        r#"(component (import "wasi:http/outgoing-handler@0.2.0" (instance (export "handle" (func)))))"#,
    ).expect("a component"));
    let process = |entry: &str| {
        format!("name = \"p\"\nversion = \"1\"\nkind = \"process\"\nentry = [{entry}]")
    };
    host.folder(
        "no-program",
        &[("plugin.toml", process("\"./run\"").as_bytes())],
    );
    host.folder(
        "no-exec",
        &[
            ("plugin.toml", process("\"./run\"").as_bytes()),
            ("run", b"text"),
        ],
    );
    host.folder(
        "not-on-path",
        &[("plugin.toml", process("\"no-such-program\"").as_bytes())],
    );
    let linked = host.script("linked", "", RUN);
    std::os::unix::fs::symlink("/etc/passwd", linked.join("data")).expect("a link");
    host.folder(".hidden", &[("plugin.toml", b"")]);
    fs::write(host.path().join("file"), "").expect("a file");
}

#[test]
fn a_broken_plugin_is_named_and_stops_no_other() {
    let host = TestHost::new();
    host.script("later", "order = 2", RUN);
    host.script("first", "order = 1", RUN);
    host.component("component", COUNT, &simple("(call $ok $0)", &["{}"]));
    host.script("same", "", RUN);
    fs::rename(host.path().join("same"), host.path().join("zz")).expect("renamed");
    host.script("same", "", RUN);
    broken(&host);
    let directories = [host.path().join("not-there"), PathBuf::from(host.path())];
    let catalogue = Catalogue::open(&directories, None, &[]);
    let names: Vec<&str> = catalogue
        .plugins()
        .iter()
        .map(|one| &*one.manifest().name)
        .collect();
    assert_eq!(names, ["first", "later", "component", "same"]);
    let mut broken: Vec<(String, &str)> = catalogue
        .broken()
        .iter()
        .map(|one| {
            let folder = one.folder.as_ref().expect("a folder");
            let folder = folder
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            (format!("{folder}: {}", one.name), &*one.reason)
        })
        .collect();
    broken.sort();
    for ((name, reason), (expected, says)) in broken.iter().zip([
        ("empty: empty", "cannot be read"),
        ("linked: linked", "data is a link"),
        ("no-component: no-component", "is no component"),
        ("no-exec: p", "not executable"),
        ("no-program: p", "not in the folder"),
        ("not-on-path: p", "not on PATH"),
        ("not-toml: not-toml", "cannot be read"),
        ("other-world: other-world", "is no plugin"),
        ("wants-network: wants-network", "is no plugin"),
        ("zz: same", "the name is taken by"),
    ]) {
        assert_eq!(name, expected);
        assert!(reason.contains(says), "{name}: {reason}");
    }
    assert_eq!(broken.len(), 10);
}

#[test]
fn shipped_plugins_come_first_and_have_no_entry() {
    let host = TestHost::new();
    host.script("text-stats", "", "true");
    let argv = [
        String::from("/bin/sh"),
        String::from("-c"),
        String::from("true"),
    ];
    let head = "name = \"text-stats\"\nversion = \"1\"\n";
    let good =
        format!("{head}kind = \"process\"\n[input]\nschema = {{ type = \"string\" }}\n{COUNT}");
    let texts = [
        good,
        format!("{head}kind = \"process\"\nentry = [\"sh\"]"),
        format!("{head}kind = \"wasm\""),
        format!("{head}kind = \"process\"\n[input]\nschema = \"x.json\""),
        String::from("name = 5"),
    ];
    let shipped: Vec<Shipped<'_>> = texts
        .iter()
        .map(|manifest| Shipped {
            manifest,
            argv: &argv,
        })
        .collect();
    let catalogue = Catalogue::open(&[PathBuf::from(host.path())], None, &shipped);
    let plugin = catalogue.get("text-stats").expect("the shipped one");
    assert_eq!(plugin.folder(), None);
    assert_eq!(
        plugin.manifest().input_schema,
        Some(json!({"type": "string"}))
    );
    let reasons: Vec<&str> = catalogue.broken().iter().map(|one| &*one.reason).collect();
    assert_eq!(reasons.len(), 5);
    for (reason, says) in reasons.iter().zip([
        "4:9: a shipped plugin has no entry",
        "3:8: a shipped plugin is a process",
        "5:10: the schema of a shipped plugin is a table",
        "1:8: ",
        "taken by a shipped plugin",
    ]) {
        assert!(reason.contains(says), "{reason}");
    }
}

#[test]
fn the_digest_is_of_the_content_alone() {
    let host = TestHost::new();
    let digest = |folder: &PathBuf| String::from(load(folder).digest());
    let one = host.script("one", "", "true");
    let before = digest(&one);
    assert_eq!(before.len(), 64);
    let other = host.path().join("elsewhere");
    fs::rename(&one, &other).expect("renamed");
    fs::create_dir_all(other.join("__pycache__")).expect("a folder");
    fs::write(other.join(".hidden"), "x").expect("a file");
    fs::write(other.join("__pycache__/x"), "x").expect("a file");
    assert_eq!(digest(&other), before);
    fs::write(other.join("data"), "x").expect("a file");
    let more = digest(&other);
    assert_ne!(more, before);
    fs::rename(other.join("data"), other.join("dat")).expect("renamed");
    assert_ne!(digest(&other), more);
}
