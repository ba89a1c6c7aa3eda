//! How much work a template may cost, and how long what it gives may be.

use playbook::{Playbook, Scope, render, render_text};
use serde_json::json;

use super::templates::{fails, with_scope};

#[test]
fn work_and_size_have_limits() {
    let too_long =
        "{{ s | replace('t', s * 99999) | replace('e', s * 99999) | replace('x', s * 99999) }}";
    fails(too_long, &format!("`{too_long}`: it takes too long"));
    let endless =
        "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}";
    let error = with_scope(|scope| render_text(endless, scope)).unwrap_err();
    assert_eq!(error.to_string(), "it takes too long");
    let parameters = json!({"big": "x".repeat(1 << 20)});
    let playbook = Playbook::default();
    let scope = Scope::new(&playbook, parameters.as_object().unwrap());
    assert!(
        render(
            &json!(["{{ big }}", "{{ big }}", "{{ big }}", "{{ big }}"]),
            &scope
        )
        .is_ok()
    );
    assert!(render(&json!("{{ big }} {{ big }} {{ big }}"), &scope).is_ok());
    for value in [
        json!(vec!["{{ big }}"; 5]),
        json!("{{ big }}{{ big }}{{ big }}{{ big }}{{ big }}"),
    ] {
        let error = render(&value, &scope).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the rendered value is longer than 4194304 bytes"
        );
    }
    // What counts is the whole, not how many pieces it has.
    let parameters = json!({"many": vec!["x".repeat(1 << 10); 100], "map": {"k".repeat(100): "x".repeat(1 << 16)}});
    let scope = Scope::new(&playbook, parameters.as_object().unwrap());
    assert!(render(&json!(["{{ many }}", "{{ map }}"]), &scope).is_ok());
}
