//! HTML documents that an execution leaves: one file each, which opens without a network. Everything in them is
//! escaped, and no script is in them.

mod trace;

use std::sync::LazyLock;

use minijinja::{Environment, Value, context, value::Serde};

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    for (name, text) in [
        ("trace.html", include_str!("trace.html")),
        ("report.html", include_str!("report.html")),
    ] {
        let added = templates.add_template(name, text);
        added.expect("a test renders every template");
    }
    templates
});

/// A document of a template. What ends with `.html` escapes its values.
pub(super) fn rendered(template: &str, values: &serde_json::Value) -> Result<String, String> {
    let template = TEMPLATES.get_template(template);
    let rendered = template.and_then(|template| {
        let values = context! { style => include_str!("style.css"), ..Value::from(Serde(values)) };
        template.render(values)
    });
    rendered.map_err(|error| format!("the document cannot be written: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_template_renders_and_escapes() {
        let evil = "<script>alert(1)</script>";
        let step = json!({"key": evil, "name": evil, "kind": evil, "target": evil, "url": evil,
            "error": evil, "console": [evil], "failed_requests": [evil], "took_ms": 5, "answers": 1});
        let result = json!({"component_id": evil, "action": evil, "expected": evil, "actual": evil,
            "status": "failed", "error": evil});
        let values = json!({"title": evil, "execution": evil, "steps": [step], "results": [result],
            "metadata": [[evil, evil]], "findings": [evil], "metrics": [[evil, evil]],
            "totals": {"total": 1, "passed": 0, "failed": 1, "skipped": 0}, "pictures": []});
        for template in ["trace.html", "report.html"] {
            let html = rendered(template, &values).expect("a document");
            assert!(!html.contains("<script"), "{template}: {html}");
            assert!(html.contains("&lt;script&gt;"), "{template}");
            assert!(html.contains("font-family"), "the style is in {template}");
        }
    }
}
