//! What an executor has of plugins, and tells the server: no manifest, and not all of them together, keep
//! the others from it.

use serde_json::json;

use super::{PluginRegistry, execute};

/// What the server takes of a registration.
const REGISTRATION_BYTES: usize = 1 << 20;

#[tokio::test]
async fn a_manifest_that_the_server_would_refuse_is_a_broken_plugin_beside_good_ones() {
    let plugin_registry = PluginRegistry::new();
    plugin_registry.counter("good", 1);
    let unit = format!(
        "[[metrics]]\nname = \"m\"\ntype = \"integer\"\nunit = \"{}\"\n",
        "u".repeat(300)
    );
    plugin_registry.script("long-unit", &unit, "");
    let deep = "{\"not\": ".repeat(125) + "{}" + &"}".repeat(125);
    plugin_registry.script("deep-schema", "[input]\nschema = \"deep.json\"\n", "");
    std::fs::write(plugin_registry.0.path().join("deep-schema/deep.json"), deep).expect("a schema");
    let executor = plugin_registry.executor(|_| {}).await;
    let told = executor.registration().await.plugins;
    let told: Vec<(&str, Option<&str>)> = told
        .iter()
        .map(|one| (one.name.as_str(), one.error.as_deref()))
        .collect();
    let [
        ("good", None),
        ("deep-schema", Some(deep)),
        ("long-unit", Some(long)),
    ] = told[..]
    else {
        panic!("{told:?}");
    };
    assert!(deep.contains("nested deeper than 100 levels"), "{deep}");
    assert!(long.contains("a unit is at most 255 bytes"), "{long}");
    executor.submit_plugins("job", &["good"], &json!({}));
    assert!(executor.result("job").await.completed());
    executor.end().await;
}

#[tokio::test]
async fn many_large_schemas_are_left_out_and_no_plugin_is() {
    let plugin_registry = PluginRegistry::new();
    let schema = format!("[input.schema]\ndescription = \"{}\"\n", "s".repeat(60_000));
    let script = execute("echo '{\"metric\": {\"n\": 1}}'");
    for number in 0..24 {
        plugin_registry.script(&format!("large-{number:02}"), &schema, &script);
    }
    let executor = plugin_registry.executor(|_| {}).await;
    let told = executor.registration().await;
    let bytes = serde_json::to_vec(&told).expect("JSON").len();
    assert!(bytes < REGISTRATION_BYTES, "{bytes}");
    assert_eq!(told.plugins.len(), 24);
    assert!(told.plugins.iter().all(|one| one.error.is_none()));
    let with = told.plugins.iter().filter(|one| one.input_schema.is_some());
    assert!((10..24).contains(&with.count()), "as many as fit");
    executor.submit_plugins("job", &["large-23"], &json!({}));
    assert!(executor.result("job").await.completed());
    executor.end().await;
}

#[tokio::test]
async fn compiled_code_that_nobody_needs_is_removed_at_the_start() {
    let plugin_registry = PluginRegistry::new();
    plugin_registry.component("one", "", "");
    let executor = plugin_registry.executor(|settings| {
        let plugins = settings.plugins.as_mut().expect("it has some");
        // Code that is left out here stays: it would be compiled at each start.
        plugins.without = vec!["one".to_owned()];
        let compiled = plugins.compiled.as_ref().expect("a directory");
        std::fs::create_dir_all(compiled).expect("a directory");
        std::fs::write(compiled.join("0-0.cwasm"), "old").expect("a file");
    });
    let executor = executor.await;
    executor.registration().await;
    let compiled = std::fs::read_dir(executor.dir.path("data/compiled")).expect("it is there");
    let names: Vec<_> = compiled.flatten().map(|entry| entry.file_name()).collect();
    assert!(names.len() == 1 && names[0] != "0-0.cwasm", "{names:?}");
    executor.end().await;
}
