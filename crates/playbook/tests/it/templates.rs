//! Templates: what they render to, what stays literal, and how they fail.

use std::collections::BTreeMap;

use playbook::{
    NoSecrets, Playbook, Scope, Secrets, credential_marker, evaluate, references, render,
    render_text,
};
use serde_json::{Map, Value, json};

use super::loaded;

/// A vault in memory.
struct Vault(BTreeMap<&'static str, Value>);

impl Secrets for Vault {
    fn credential(&self, name: &str) -> Option<Map<String, Value>> {
        self.0.get(name).and_then(Value::as_object).cloned()
    }
}

fn playbook() -> Playbook {
    loaded(
        "name: T\nversion: 1\nparameters:\n- {name: login, type: credential}\nsteps:\n\
         - {id: a, name: A, type: utility.sleep}\n",
    )
}

/// A scope with some of everything.
pub(crate) fn with_scope<T>(look: impl FnOnce(&Scope<'_>) -> T) -> T {
    let parameters = json!({
        "s": "text", "i": 3, "f": 1.5, "t": true, "n": null, "l": [1, "a"], "e": "",
        "d": {"k": "v", "deep": {"x": [10, {"y": 2}]}}, "a-b": "hyphen", "step": "a parameter",
        "template": "{{ s }}", "größe": 7, "login": "vault",
        "user": credential_marker("vault", Some("username")), "whole": credential_marker("vault", None),
    });
    let variables = json!({"v": "val", "list": [1, 2]});
    let outputs = json!({"one": {"out": "o", "num": 2, "m": {"z": 9}}, "a-b": {"x": 1}});
    let values = json!({"item": {"name": "n"}, "index": 4, "host": "h1"});
    let vault = Vault(BTreeMap::from([
        (
            "vault",
            json!({"username": "u", "password": "p", "gateway_url": null}),
        ),
        ("other", json!({"password": "q"})),
    ]));
    let playbook = playbook();
    let scope = Scope::new(&playbook, parameters.as_object().unwrap())
        .with_variables(variables.as_object().unwrap())
        .with_outputs(outputs.as_object().unwrap())
        .with_values(values.as_object().unwrap())
        .with_secrets(&vault);
    look(&scope)
}

/// What a value renders to, or the error.
pub(crate) fn rendered(value: &Value) -> Result<Value, String> {
    with_scope(|scope| render(value, scope).map_err(|problem| problem.to_string()))
}

#[track_caller]
fn gives(template: &str, expected: &Value) {
    assert_eq!(
        rendered(&json!(template)).as_ref(),
        Ok(expected),
        "{template}"
    );
}

#[track_caller]
pub(crate) fn fails(template: &str, expected: &str) {
    assert_eq!(
        rendered(&json!(template)),
        Err(expected.to_owned()),
        "{template}"
    );
}

#[test]
fn one_reference_keeps_the_type_of_its_value() {
    gives("{{ s }}", &json!("text"));
    gives("{{s}}", &json!("text"));
    gives("{{  s\n}}", &json!("text"));
    gives("{{ parameter.i }}", &json!(3));
    gives("{{ f }}", &json!(1.5));
    gives("{{ t }}", &json!(true));
    gives("{{ n }}", &json!(null));
    gives("{{ l }}", &json!([1, "a"]));
    gives(
        "{{ parameter.d }}",
        &json!({"k": "v", "deep": {"x": [10, {"y": 2}]}}),
    );
    gives("{{ variable.list }}", &json!([1, 2]));
    gives(
        "{{ step.one }}",
        &json!({"out": "o", "num": 2, "m": {"z": 9}}),
    );
    gives("{{ größe }}", &json!(7));
}

#[test]
fn paths_have_any_depth() {
    gives("{{ parameter.d.deep.x.1.y }}", &json!(2));
    gives("{{ d.deep.x.0 }}", &json!(10));
    gives("{{ step.one.m.z }}", &json!(9));
    gives("{{ item.name }}", &json!("n"));
    gives("{{ index }}", &json!(4));
    gives("{{ host }}", &json!("h1"));
    gives("{{ variable.v }}", &json!("val"));
    // A single name is a parameter, whatever it is called.
    gives("{{ step }}", &json!("a parameter"));
}

#[test]
fn within_text_values_are_text_or_json() {
    gives("a{{ s }}b", &json!("atextb"));
    gives("x{{ i }}{{ t }}{{ n }}", &json!("x3truenull"));
    gives("{{ l }} {{ d.k }}", &json!("[1,\"a\"] v"));
    gives("{{{ s }}}", &json!("{text}"));
    gives("\\{{ s }}", &json!("\\text"));
    gives("{{ e }}{{ e }}", &json!(""));
    // What a value holds is not rendered again.
    gives("{{ template }}", &json!("{{ s }}"));
    gives("a {{ template }}", &json!("a {{ s }}"));
}

#[test]
fn what_is_no_template_stays() {
    let literal = [
        "plain",
        "",
        "{{}}",
        "{{ }}",
        "{ s }",
        "{{ s",
        "s }}",
        "{{ s }",
        "{{ a-b }}",
        "{{ parameter.a-b }}",
        "{{ 1 + 1 }}",
        "{{ \"lit\" }}",
        "{{ s + 's' }}",
        "{% if s %}x{% endif %}",
        "{# s #}",
        "{{ font-family: Arial; }}",
        "{{ color: red }}",
        "{{ s. }}",
        "{{ .s }}",
        "{{ s . d }}",
        "{{ s s }}",
        "{{ x[0] }}",
        "{{ s || t }}",
        "{{ x if y else z }}",
        "{{ s | }}",
        "{{ s | upper",
        "{{ s | upper } }}",
        "{{ s is }}",
        "{{ s isnt x }}",
        "{{ s | replace('}}') ",
        "{{ 1x | upper }}",
    ];
    for text in literal {
        gives(text, &json!(text));
    }
}

#[test]
fn filters_and_tests() {
    gives("{{ s | upper }}", &json!("TEXT"));
    gives("{{s|upper}}", &json!("TEXT"));
    gives("a {{ l | length }} b", &json!("a 2 b"));
    gives("{{ l | first }}", &json!(1));
    gives("{{ nope | default('x') }}", &json!("x"));
    gives("{{ step.nope.out | default(5) }}", &json!(5));
    gives(
        "{{ step.one.nope | default({'a': {'b': 1}}) }}",
        &json!({"a": {"b": 1}}),
    );
    gives("{{ i is odd }}", &json!(true));
    gives("{{ nope is defined }}", &json!(false));
    gives("{{ parameter['a-b'] }}", &json!("hyphen"));
    gives("{{ step['a-b'].x }}", &json!(1));
    gives(
        "{{ parameter.s if parameter.t else parameter.e }}",
        &json!("text"),
    );
    gives(
        "{{ step.two.x if step.two is defined else 'none' }}",
        &json!("none"),
    );
    gives("{{ s | replace('t', '}}') }}", &json!("}}ex}}"));
    gives("{{ s | replace('t', 'a}}') }}", &json!("a}}exa}}"));
    gives("{{ s | replace('t', \"\\\"\") }}", &json!("\"ex\""));
    gives(
        "{{ d | tojson }}",
        &json!("{\"deep\": {\"x\": [10, {\"y\": 2}]}, \"k\": \"v\"}"),
    );
    gives("{{ variable.list | sum }}", &json!(3));
    gives("{{ item | items | first | last }}", &json!("n"));
}

#[test]
fn errors_say_which_reference_and_what_is_near() {
    fails("{{ nope }}", "`{{ nope }}`: there is no parameter `nope`");
    fails(
        "{{ S }}",
        "`{{ S }}`: there is no parameter `S` (did you mean `s`?)",
    );
    fails(
        "x {{ parameter.grösse }}",
        "`{{ parameter.grösse }}`: there is no parameter `grösse` (did you mean `größe`?)",
    );
    fails(
        "{{ templat }}",
        "`{{ templat }}`: there is no parameter `templat` (did you mean `template`?)",
    );
    fails(
        "{{ hos }}",
        "`{{ hos }}`: there is no parameter `hos` (did you mean `host`?)",
    );
    fails(
        "{{ variable.lst }}",
        "`{{ variable.lst }}`: no variable `lst` is set (did you mean `list`?)",
    );
    fails(
        "{{ d.kk }}",
        "`{{ d.kk }}`: parameter `d` has no `kk` (did you mean `k`?)",
    );
    fails(
        "{{ d.deep.x.5 }}",
        "`{{ d.deep.x.5 }}`: parameter `d` has no `5` at `.deep.x`",
    );
    fails(
        "{{ s.upper }}",
        "`{{ s.upper }}`: parameter `s` has no `upper`",
    );
    fails(
        "{{ step.one.nmu }}",
        "`{{ step.one.nmu }}`: step `one` has no `nmu` (did you mean `num`?)",
    );
    fails(
        "{{ step.on.out }}",
        "`{{ step.on.out }}`: step `on` has no output yet, or does not exist (did you mean `one`?)",
    );
    fails(
        "{{ status.one }}",
        "`{{ status.one }}`: step `one` has not ended yet, or does not exist",
    );
    fails(
        "{{ env.HOME }}",
        "`{{ env.HOME }}`: `env` is neither a parameter nor one of parameter, variable, step, credential, status",
    );
    fails(
        "{{ steps.one.out }}",
        "`{{ steps.one.out }}`: `steps` is neither a parameter nor one of parameter, variable, step, credential, \
         status (did you mean `step`?)",
    );
    fails(
        "{{ item.nam }}",
        "`{{ item.nam }}`: item has no `nam` (did you mean `name`?)",
    );
}

#[test]
fn expressions_fail_with_what_is_wrong() {
    fails(
        "{{ nope | upper }}",
        "`{{ nope | upper }}`: there is no parameter `nope`",
    );
    fails(
        "{{ step.two.x | upper }}",
        "`{{ step.two.x | upper }}`: step `two` has no output yet, or does not exist",
    );
    fails(
        "{{ d.nope | upper }}",
        "`{{ d.nope | upper }}`: undefined value",
    );
    fails("{{ s | uper }}", "`{{ s | uper }}`: filter uper is unknown");
    fails(
        "{{ nope | default(1) | uper }}",
        "`{{ nope | default(1) | uper }}`: filter uper is unknown",
    );
    fails(
        "{{ parameter[credential] }}",
        "`{{ parameter[credential] }}`: a credential must be named: `credential.NAME.field`",
    );
    fails(
        "{{ parameter['no'] }}",
        "`{{ parameter['no'] }}`: it has no value",
    );
    fails(
        "{{ parameter[s] }}",
        "`{{ parameter[s] }}`: it has no value",
    );
}

#[test]
fn an_index_may_be_computed() {
    gives("{{ step[parameter.key | default('one')].num }}", &json!(2));
    gives("{{ variable[s | replace('text', 'v')] }}", &json!("val"));
    gives("{{ status[s] | default('none') }}", &json!("none"));
    gives(
        "{{ parameter[variable.v | replace('val', 'i')] }}",
        &json!(3),
    );
}

#[test]
fn a_credential_is_followed_and_never_stands_in_text() {
    gives("{{ credential.vault.password }}", &json!("p"));
    gives(
        "{{ credential.vault }}",
        &json!({"username": "u", "password": "p", "gateway_url": null}),
    );
    gives("{{ login.password }}", &json!("p"));
    gives(
        "{{ parameter.login }}",
        &json!({"username": "u", "password": "p", "gateway_url": null}),
    );
    gives("{{ user }}", &json!("u"));
    gives("{{ whole.username }}-{{ user | upper }}", &json!("u-U"));
    gives("{{ login.password | length }}", &json!(1));
    fails(
        "x{{ login }}",
        "`{{ login }}`: a credential cannot stand within text: name one of its fields",
    );
    fails(
        "{{ login.pasword }}",
        "`{{ login.pasword }}`: credential `vault` has no `pasword` (did you mean `password`?)",
    );
    fails(
        "{{ login.gateway_url }}",
        "`{{ login.gateway_url }}`: credential `vault` has no `gateway_url` (did you mean `gateway_url`?)",
    );
    fails(
        "{{ user.more }}",
        "`{{ user.more }}`: credential `vault` has no `more`",
    );
    fails(
        "{{ credential.nope.x }}",
        "`{{ credential.nope.x }}`: there is no credential `nope`",
    );
}

#[test]
fn a_credential_that_was_not_fetched_is_named() {
    let playbook = playbook();
    let parameters = json!({"login": "vault", "which": "b"});
    let scope = Scope::new(&playbook, parameters.as_object().unwrap()).with_secrets(&NoSecrets);
    let missing = |template: &str| {
        render(&json!(template), &scope)
            .unwrap_err()
            .missing_credential
    };
    assert_eq!(missing("{{ login.password }}").as_deref(), Some("vault"));
    assert_eq!(missing("{{ credential.c }}").as_deref(), Some("c"));
    // A default must not take the place of a secret.
    assert_eq!(
        missing("{{ credential.c.x | default('y') }}").as_deref(),
        Some("c")
    );
    assert_eq!(missing("{{ nope }}"), None);
}

#[test]
fn keys_of_maps_stay_and_other_values_too() {
    let value = json!({"{{ s }}": ["{{ i }}", {"k": "{{ t }}"}], "n": null, "b": true, "f": 1.5});
    let expected = json!({"{{ s }}": [3, {"k": true}], "n": null, "b": true, "f": 1.5});
    assert_eq!(rendered(&value), Ok(expected));
}

#[test]
fn references_are_known_before_rendering() {
    let value = json!({
        "a": "{{ s }} and {{ credential.c.password }}",
        "b": ["{{ login.password }}", {"c": "{{ step.one.out | default(variable.v) }}"}],
        "d": "{{ a-b }}", "e": 5, "f": "{{ step }}", "g": "{{ step[parameter.x] }}",
    });
    let found: Vec<String> = references(&value).iter().map(ToString::to_string).collect();
    let expected = [
        "s",
        "credential.c.password",
        "login.password",
        "step.one.out",
        "variable.v",
        "step",
        "parameter.x",
        "step",
    ];
    assert_eq!(found, expected);
    let roots: Vec<String> = references(&value)
        .into_iter()
        .map(|reference| reference.root)
        .collect();
    assert_eq!(
        roots,
        [
            "",
            "credential",
            "",
            "step",
            "variable",
            "",
            "parameter",
            "step"
        ]
    );
}

#[test]
fn conditions() {
    let holds = |expression: &str| {
        with_scope(|scope| evaluate(expression, scope).map_err(|p| p.to_string()))
    };
    for expression in [
        "i > 2",
        "parameter.s == 'text' and not e",
        "{{ t }}",
        " {{ i is odd }} ",
        "true",
        "item.name in ['n']",
        "nope is undefined",
        "step.one.num * 2 == 4",
        "l",
        "index == 4",
    ] {
        assert_eq!(holds(expression), Ok(true), "{expression}");
    }
    for expression in [
        "e",
        "n",
        "false",
        "i < 3",
        "step.two is defined",
        "0",
        "[]",
        "{{ e }}",
    ] {
        assert_eq!(holds(expression), Ok(false), "{expression}");
    }
    assert_eq!(
        holds("nope > 3"),
        Err("`nope > 3`: there is no parameter `nope`".to_owned())
    );
    let error = holds("i >").unwrap_err();
    assert!(
        error.starts_with("`i >`: unexpected end of input"),
        "{error}"
    );
    // Two templates are not one expression.
    assert!(holds("{{ t }} {{ t }}").is_err());
}

#[test]
fn a_text_of_full_jinja() {
    let template = "{% for x in l %}{{ loop.index }}={{ x }};{% endfor %}{% if step.one.num == 2 %} two{% endif %}";
    assert_eq!(
        with_scope(|scope| render_text(template, scope)).unwrap(),
        "1=1;2=a; two"
    );
    let error = with_scope(|scope| render_text("{% for %}", scope)).unwrap_err();
    assert!(error.message.contains("unexpected"), "{error}");
    let error = with_scope(|scope| render_text("{{ nope.x }}", scope)).unwrap_err();
    assert_eq!(error.to_string(), "there is no parameter `nope`");
}
