//! The plugins that the binary serves itself, and the examples as `cargo xtask plugins` builds them:
//! called over both hosts.

use std::path::{Path, PathBuf};

use plugin::{CancellationToken, Catalogue, Context, JsonText, Plugin, Shipped, process::Plain};
use serde_json::{Value, json};

pub(crate) const PAIRS: [[&str; 2]; 2] = [
    ["text-stats", "text-stats-wasm"],
    ["web-page", "web-page-wasm"],
];

/// What a call left.
struct Left {
    metric: Value,
    output: Option<Value>,
}

/// Texts that a plugin meets, and some that it should not.
fn corpus() -> Vec<Value> {
    let mut corpus: Vec<Value> = [
        "",
        " \n\t\r\n ",
        "The quick brown fox jumps over the lazy dog. Dr. Smith saw it, and he wasn't amused!",
        "Der schnelle braune Fuchs springt über den faulen Hund.\n\nEr läuft weg, bevor es regnet.",
        "Le renard brun saute par-dessus le chien paresseux. Où va-t-il ? Nul ne le sait.",
        "La zorra rápida salta sobre el perro perezoso y después se va corriendo muy lejos.",
        "Быстрая коричневая лиса прыгает через ленивую собаку. Она убегает.",
        "敏捷的棕色狐狸跳过了懒狗。它跑开了！",
        "素早い茶色の狐がのろまな犬を飛び越えた。すぐに走り去った。",
        "الثعلب البني السريع يقفز فوق الكلب الكسول",
        "👩‍👩‍👧‍👦🇩🇪 e\u{301}\u{0}\u{feff}\u{202e}",
        "1,234.5 0x7f 3.14. 42!",
        "<title>A &amp; B</title><h1>x</h1><h3>y</h3><a href=/z>z</a><img><p>Some words here.",
        "<html lang=de><base href='https://example.org/x/'><a href=y rel=nofollow>y</a><svg><title>t",
        "<<<>>> <a <b='\"> &#x110000; &nosuch; <!-- <![CDATA[ ]]>",
    ]
    .iter()
    .map(|text| json!(text))
    .collect();
    corpus.push(json!("word ".repeat(20_000)));
    corpus.push(json!("<div><p>deep ".repeat(10_000)));
    corpus.push(json!(["a line", "another line"]));
    corpus.push(json!({"text": "Both fields.", "html": "<p>Both <b>fields</b>.", "url": "https://example.org/"}));
    corpus
}

/// The directory into which `cargo xtask plugins` builds.
pub(crate) fn built() -> PathBuf {
    let binary = Path::new(env!("CARGO_BIN_EXE_playhouse"));
    let built = binary
        .ancestors()
        .nth(2)
        .expect("the binary is in target/debug")
        .join("plugins");
    let missing = "the example plugins are not built: run `cargo xtask plugins`";
    assert!(
        built.join("text-stats-wasm/plugin.toml").is_file(),
        "{missing}"
    );
    built
}

/// The shipped plugins, and the named examples: a component takes a while to compile.
struct TestPlugins {
    shipped: Catalogue,
    examples: Vec<Plugin>,
    runtime: tokio::runtime::Runtime,
}

impl TestPlugins {
    fn new(examples: &[&str]) -> Self {
        let argvs = shipped::PLUGINS
            .each_ref()
            .map(|one| one.argv(env!("CARGO_BIN_EXE_playhouse")));
        let served: Vec<Shipped<'_>> = shipped::PLUGINS
            .iter()
            .zip(&argvs)
            .map(|(one, argv)| Shipped {
                manifest: one.manifest,
                argv,
            })
            .collect();
        let shipped = Catalogue::open(&[], None, &served);
        assert_eq!(shipped.broken(), []);
        let load =
            |name: &&str| Plugin::load(&built().join(name), None).expect("the example loads");
        Self {
            shipped,
            examples: examples.iter().map(load).collect(),
            runtime: tokio::runtime::Runtime::new().expect("a runtime starts"),
        }
    }

    fn plugins(&self) -> impl Iterator<Item = &Plugin> {
        let shipped = self.shipped.plugins().iter().map(|plugin| &**plugin);
        shipped.chain(&self.examples)
    }

    fn plugin(&self, name: &str) -> &Plugin {
        let mut plugins = self.plugins();
        let found = plugins.find(|plugin| plugin.manifest().name == name);
        found.unwrap_or_else(|| panic!("there is no plugin {name}"))
    }

    fn execute(&self, name: &str, input: &Value, output: Option<&Value>) -> Result<Left, String> {
        let context = Context {
            job_id: String::from("1"),
            input: input.clone().into(),
            output: output.cloned().map(JsonText::from),
            ..Context::default()
        };
        let plugin = self.plugin(name);
        let cancel = CancellationToken::new();
        let call = plugin.execute(&context, &plugin.manifest().limits, &Plain, &cancel);
        let called = self.runtime.block_on(call);
        let outcome = called.map_err(|failure| failure.to_string())?;
        Ok(Left {
            metric: outcome.metric.value(),
            output: outcome.output.map(|output| output.value()),
        })
    }

    fn summarize(&self, name: &str, metrics: &[Value]) -> Option<Value> {
        let plugin = self.plugin(name);
        let cancel = CancellationToken::new();
        let metrics: Vec<JsonText> = metrics.iter().cloned().map(JsonText::from).collect();
        let call = plugin.summarize(&metrics, &plugin.manifest().limits, &Plain, &cancel);
        let called = self.runtime.block_on(call);
        called
            .unwrap_or_else(|failure| panic!("{name}: {failure}"))
            .summary
            .map(|summary| summary.value())
    }
}

#[test]
fn both_hosts_give_the_same_metrics() {
    let plugins = TestPlugins::new(&PAIRS.map(|[_, component]| component));
    for [served, component] in PAIRS {
        let mut metrics = Vec::new();
        for input in corpus() {
            let call = |name| {
                let left = plugins.execute(name, &input, None);
                let left = left.unwrap_or_else(|why| panic!("{name}: {why}: {input}"));
                (left.metric, left.output)
            };
            let left = call(served);
            assert_eq!(left, call(component), "{input}");
            metrics.push(left.0);
        }
        let summary = plugins.summarize(served, &metrics);
        assert!(summary.is_some());
        assert_eq!(summary, plugins.summarize(component, &metrics));

        let declared = |name| &plugins.plugin(name).manifest().metrics;
        assert_eq!(declared(served), declared(component));
        let schema = |name| &plugins.plugin(name).manifest().input_schema;
        assert_eq!(schema(served), schema(component));
    }
}

#[test]
fn a_language_is_found_on_both_hosts() {
    let plugins = TestPlugins::new(&PAIRS[0][1..]);
    let input = json!("Das Wetter ist heute sehr schön, und wir gehen alle an den Strand.");
    for name in PAIRS[0] {
        let metric = plugins.execute(name, &input, None).unwrap().metric;
        assert_eq!(metric["language"], "deu", "{name}");
    }
}

#[test]
fn the_text_of_a_page_goes_on_to_the_next_plugin() {
    let plugins = TestPlugins::new(&PAIRS[1][1..]);
    let page = json!({"html": "<title>no</title><p>Three words here.<script>no()</script>"});
    for name in PAIRS[1] {
        let left = plugins.execute(name, &page, None).unwrap();
        let next = plugins.execute("text-stats", &page, left.output.as_ref());
        let next = next.unwrap().metric;
        assert_eq!(
            (&next["words"], &next["sentences"]),
            (&json!(3), &json!(1)),
            "{name}"
        );
    }
    // Without the text of a page there is nothing to measure.
    assert!(plugins.execute("text-stats", &page, None).is_err());
}

#[test]
fn the_others_measure_as_they_say() {
    let plugins = TestPlugins::new(&["csv-profile", "json-diff"]);
    let metric = |name: &str, input: &Value| {
        plugins
            .execute(name, input, None)
            .unwrap_or_else(|why| panic!("{name}: {why}"))
            .metric
    };
    assert_eq!(
        metric("log-lint", &json!("ERROR 1\nERROR 2\nok"))["error_percent"],
        66.67
    );
    let document = json!({"schema": {"type": "integer"}, "document": "x"});
    assert_eq!(metric("json-schema", &document)["errors"], 1);
    let closed = json!({"urls": ["http://127.0.0.1:1/"]});
    assert_eq!(metric("http-probe", &closed)["failed"], 1);

    let found = metric("csv-profile", &json!("name;age\nAda;36\nBob;\nAda;36\n"));
    assert_eq!(found["rows"], json!(3));
    assert_eq!(found["duplicate_rows"], json!(1));
    assert_eq!(
        found["profile"][1],
        json!({"name": "age", "type": "integer", "empty": 1, "distinct": 1, "min": 36.0, "max": 36.0, "mean": 36.0})
    );
    let found = metric(
        "json-diff",
        &json!({"before": {"a": [1, 2], "b": true}, "after": {"a": [1, 3, 4], "b": 1}}),
    );
    assert_eq!(
        found,
        json!({"equal": false, "added": 1, "removed": 0, "changed": 2, "changes": [
            {"path": "/a/1", "kind": "changed", "before": 2, "after": 3},
            {"path": "/a/2", "kind": "added", "after": 4},
            {"path": "/b", "kind": "changed", "before": true, "after": 1},
        ]})
    );
}

#[test]
fn what_a_plugin_cannot_work_on_is_an_error_of_that_plugin() {
    let plugins = TestPlugins::new(&["csv-profile", "text-stats-wasm"]);
    for plugin in plugins.plugins() {
        let name = &plugin.manifest().name;
        assert!(plugins.execute(name, &json!(7), None).is_err(), "{name}");
        assert!(plugins.summarize(name, &[]).is_some(), "{name}");
    }
}
