//! Templates of Compose texts.

use std::collections::{BTreeMap, BTreeSet};

use playground::{
    blueprint,
    template::{self, Template},
    variables,
};

const TEXT: &str = "\
# Ours
name: x
x-fibe.gg:
  variables:
    HOST: {name: Host name, validation: '/^[a-z]+$/'}
    TONE: {default: loud}
    EMPTY: {required: false}
    PIN: {random: true, secret: true}
    CODE: {sensitive: true, validation: '^[0-9]+$'}

services:
  web:
    image: a:$$var__TONE
    command: echo $$HOME $$$$var__X $var__Y $$var__ $$random__ $$root_domains
    environment:
      - A=$$var__HOST.$$root_domain
      - B=${X:-$$random__A_1}$$random__A_1$$var__EMPTY
      - C=$$var__PIN$$var__CODE
";

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let pairs = pairs.iter();
    pairs
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

fn messages(template: &Template) -> Vec<String> {
    template.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn tokens_become_references_and_the_block_goes() {
    let template = template::read(TEXT);
    assert_eq!(messages(&template), Vec::<String>::new());
    let services = TEXT.split_once("services:").unwrap().1;
    let services = services
        .replace("a:$$var__TONE", "a:$var__TONE")
        .replace("$$var__HOST.$$root_domain", "$var__HOST.$root_domain")
        .replace("$$random__A_1", "$random__A_1")
        .replace("$$var__EMPTY", "$var__EMPTY")
        .replace("$$var__PIN$$var__CODE", "$secret_var__PIN$secret_var__CODE");
    let expected = format!("# Ours\nname: x\n{}services:{services}", "\n".repeat(8));
    assert_eq!(template.text, expected);
    assert_eq!(template.randoms, BTreeSet::from(["A_1".to_owned()]));
    assert!(template.root_domain);
    // It is what the rest is looked at.
    let blueprint = blueprint::read(TEXT);
    assert!(blueprint.is_valid(), "{:?}", blueprint.problems);
    assert_eq!(blueprint.services[0].at.line, 12);
    assert_eq!(
        variables::missing(&template.text, &map(&[]))[0].line,
        Some(13)
    );
}

#[test]
fn values_are_given_drawn_or_defaults() {
    let template = template::read(TEXT);
    let given = map(&[("HOST", "web"), ("CODE", "12")]);
    let values = map(&[
        ("secret_var__CODE", "12"),
        ("var__EMPTY", ""),
        ("var__HOST", "web"),
        ("var__TONE", "loud"),
    ]);
    assert_eq!(template.values(&given), Ok(values));
    let drawn = ["random__A_1", "secret_var__PIN"].map(str::to_owned);
    assert_eq!(template.drawn(&given), drawn.into());
    let given = map(&[
        ("HOST", "a"),
        ("CODE", "1"),
        ("PIN", "own"),
        ("TONE", "low"),
    ]);
    let values = template.values(&given).unwrap();
    assert_eq!(
        (&*values["secret_var__PIN"], &*values["var__TONE"]),
        ("own", "low")
    );
    assert_eq!(template.drawn(&given).len(), 1);
    let wrong = template.values(&map(&[("HOST", "A1"), ("TONES", "x")]));
    let expected = [
        "`TONES` is not a variable of the template (did you mean `TONE`?)",
        "`CODE` has no value",
        "`HOST` (Host name) does not match /^[a-z]+$/",
    ];
    assert_eq!(wrong.unwrap_err(), expected);
}

#[test]
fn what_is_declared_is_used_and_the_other_way_round() {
    for (text, expected) in [
        (
            "services: {web: {image: 'a:$$var__TAG$$var__TAG'}}",
            &["1:25: `$$var__TAG` is not declared in the `variables` of `x-playgrounds.dev`"][..],
        ),
        (
            "fibe.gg:\n  variables:\n    TAG: {}\n    LEFT: {}\nservices: {web: {image: 'a:$$var__TAGS$$var__TAG'}}",
            &[
                "5:25: `$$var__TAGS` is not declared in the `variables` of `fibe.gg` (did you mean `TAG`?)",
                "4:5: the variable `LEFT` is declared and `$$var__LEFT` is not used",
            ],
        ),
        (
            "playgrounds.dev:\n  variables:\n    A-B: {}\n    A: {defualt: x, random: 1, validation: '/(/', path: x}\nservices: {web: {image: 'a:$$var__A'}}",
            &[
                "3:5: `A-B` cannot be the name of a variable: use letters, digits and `_`",
                "4:9: the variable `A` has no `defualt` (did you mean `default`?)",
                "4:5: `random` of the variable `A` is true or false",
                "4:5: `validation` of the variable `A`: regex parse error:\n    (\n    ^\nerror: unclosed group",
            ],
        ),
        (
            "{x-playgrounds.dev: {variables: {A: {}}}, services: {web: {image: 'a:$$var__A'}}}",
            &["1:2: `x-playgrounds.dev` has to stand on lines of its own"],
        ),
    ] {
        let found = messages(&template::read(text));
        assert_eq!(found, expected, "{text}");
        let errors = blueprint::read(text).errors().count();
        assert!(errors >= expected.len(), "{text}");
    }
}

#[test]
fn texts_without_a_template_stay_as_they_are() {
    for text in [
        "",
        "services: [",
        "services: {web: {image: a, command: 'echo $$HOME $$var $$$var__A'}}",
        "services: {web: {image: a}}\nx-other: {variables: {A: {}}}",
    ] {
        let template = template::read(text);
        assert_eq!(template.text, text);
        assert_eq!(
            template,
            Template {
                text: text.to_owned(),
                ..Template::default()
            }
        );
    }
    // The last key of a text, and one of another document.
    let text = "services:\n  web: {image: a}\nx-fibe.gg:\n  variables: {}\n---\nname: x\n";
    let rest = "services:\n  web: {image: a}\n\n\n---\nname: x\n";
    assert_eq!(template::read(text).text, rest);
    let text = "services:\n  web: {image: 'a:$$root_domain'}\nfibe.gg: {variables: {}}\n";
    let rest = "services:\n  web: {image: 'a:$root_domain'}\n\n";
    assert_eq!(template::read(text).text, rest);
}
