//! The table of step types and the JSON Schema that comes from it.

use std::collections::BTreeSet;

use insta::{assert_json_snapshot, assert_snapshot};
use playbook::{schema, step_type, step_types, with_defaults};
use serde_json::{Map, json};

#[test]
fn the_table_as_people_read_it() {
    let mut text = String::new();
    for step_type in step_types() {
        let open = if step_type.open {
            ", any further parameter"
        } else {
            ""
        };
        text.push_str(&format!(
            "{} ({}{open})\n",
            step_type.name,
            step_type.domain()
        ));
        text.push_str(
            &step_type
                .note
                .map(|note| format!("  never: {note}\n"))
                .unwrap_or_default(),
        );
        for parameter in step_type.parameters {
            let required = if parameter.required { ", required" } else { "" };
            let default = parameter
                .default
                .map(|json| format!(" = {json}"))
                .unwrap_or_default();
            let unit = parameter
                .unit
                .map(|unit| format!(" {unit}"))
                .unwrap_or_default();
            let options = parameter.options.join("|");
            text.push_str(&format!(
                "  {}: {}{default}{unit}{required} {options}\n",
                parameter.name, parameter.kind
            ));
        }
        let outputs: Vec<&str> = step_type.outputs.iter().map(|output| output.name).collect();
        text.push_str(&format!("  -> {}\n", outputs.join(" ")));
    }
    assert_snapshot!(text);
}

#[test]
fn the_table_is_sound() {
    let names: Vec<&str> = step_types()
        .iter()
        .map(|step_type| step_type.name)
        .collect();
    assert!(names.is_sorted() && names.iter().collect::<BTreeSet<_>>().len() == names.len());
    for step_type in step_types() {
        let parameters: BTreeSet<&str> = step_type.parameters.iter().map(|p| p.name).collect();
        assert_eq!(
            parameters.len(),
            step_type.parameters.len(),
            "{}",
            step_type.name
        );
        for parameter in step_type.parameters {
            // It panics when a default is no JSON.
            let default = parameter.default_value();
            let options = parameter.options;
            let fits = options.is_empty()
                || default.is_none_or(|default| options.contains(&default.as_str().unwrap()));
            assert!(fits, "{} {}", step_type.name, parameter.name);
            assert!(
                !(parameter.required && parameter.default.is_some()),
                "{} {}",
                step_type.name,
                parameter.name
            );
        }
    }
}

#[test]
fn a_step_type_is_found_by_its_name() {
    assert_eq!(step_type("utility.sleep").unwrap().name, "utility.sleep");
    assert_eq!(
        step_type("gateway.ping")
            .unwrap()
            .parameter("gateway_url")
            .unwrap()
            .kind,
        "string"
    );
    assert!(step_type("utility.slep").is_none());
    assert!(
        step_type("utility.sleep")
            .unwrap()
            .parameter("second")
            .is_none()
    );
    assert_eq!(step_type("approval").unwrap().domain(), "control");
}

#[test]
fn defaults_are_added_to_what_is_given() {
    let given = json!({"selector": "a", "timeout": 7});
    let filled = with_defaults("browser.click", given.as_object().unwrap().clone());
    assert_eq!(
        json!(filled),
        json!({"selector": "a", "timeout": 7, "button": "left", "force": false})
    );
    assert_eq!(with_defaults("unknown", Map::new()), Map::new());
}

#[test]
fn the_schema_of_the_language() {
    let mut schema = schema();
    // The step types are in the table's snapshot; two of them stand for all here.
    let parameters = schema["$defs"]["step"]["allOf"].as_array().unwrap().clone();
    assert_eq!(parameters.len(), step_types().len());
    let of = |name: &str| {
        parameters
            .iter()
            .find(|rule| rule["if"]["properties"]["type"]["const"] == name)
            .unwrap()
    };
    assert_json_snapshot!(
        "schema_of_two_step_types",
        [
            of("browser.verify"),
            of("utility.sleep"),
            of("http.request")
        ]
    );
    schema["$defs"]["step"]["allOf"] = json!("see above");
    schema["$defs"]["step"]["properties"]["type"]["anyOf"][0] = json!("one for each step type");
    assert_json_snapshot!("schema_of_the_language", schema);
}
