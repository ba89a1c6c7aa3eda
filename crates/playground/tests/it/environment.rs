//! Files of variables, secrets, and the merge with its sources.

use std::collections::{BTreeMap, BTreeSet};

use playground::environment::{
    EnvLayers, EnvSource, MASK, SecretRequest, fill_secrets, is_sensitive, mask, merge,
    parse_env_file, secret_requests, system_variables,
};
use proptest::prelude::*;

type Map = BTreeMap<String, String>;

fn map(pairs: &[(&str, &str)]) -> Map {
    let pairs = pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    pairs.collect()
}

const FILE: &str = "\u{feff}# a comment
PLAIN=value
export EXPORTED = spaced out \t
EMPTY=
  INDENTED=1
HASH=a#b
COMMENT=a # b
ONLY= # comment
SINGLE='a \\n # $b'
DOUBLE=\"a\\n\\t\\\"\\\\\\$ \\x\" # comment
LINES=\"one
two\"
AFTER=yes
WINDOWS=1\r
QUOTE_INSIDE=a\"b
URL=postgres://u:$$secret(4)@db/x?a=b
DOTTED.name-1=x
PASSED_ON
PLAIN=again";

#[test]
fn a_file_is_read_in_all_its_forms() {
    let expected = map(&[
        ("PLAIN", "again"),
        ("EXPORTED", "spaced out"),
        ("EMPTY", ""),
        ("INDENTED", "1"),
        ("HASH", "a#b"),
        ("COMMENT", "a"),
        ("ONLY", ""),
        ("SINGLE", "a \\n # $b"),
        ("DOUBLE", "a\n\t\"\\$ \\x"),
        ("LINES", "one\ntwo"),
        ("AFTER", "yes"),
        ("WINDOWS", "1"),
        ("QUOTE_INSIDE", "a\"b"),
        ("URL", "postgres://u:$$secret(4)@db/x?a=b"),
        ("DOTTED.name-1", "x"),
    ]);
    assert_eq!(parse_env_file(FILE).unwrap(), expected);
    assert_eq!(parse_env_file("").unwrap(), Map::new());
    assert_eq!(parse_env_file("A=\"\\r\"").unwrap()["A"], "\r");
}

#[test]
fn wrong_lines_are_shown_with_their_numbers() {
    let problems =
        parse_env_file("A=1\nwhat is this\n1B=2\nC=\"open\nD='a' b\nE=\"x\nno value\n=3")
            .unwrap_err();
    let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
    // The quote that line 4 opens is closed in line 6. Values are left out: they may be secret.
    let expected = [
        "line 2: expected `KEY=value`",
        "line 3: `1B` is not a name: use letters, digits, `_`, `.` and `-`",
        "line 4: there is text after the closing quote",
        "line 7: expected `KEY=value`",
        "line 8: `` is not a name: use letters, digits, `_`, `.` and `-`",
    ];
    assert_eq!(shown, expected);
    let problems = parse_env_file("A='never closed\nB=2").unwrap_err();
    assert_eq!(problems[0].to_string(), "line 1: the quote ' is not closed");
}

#[test]
fn secrets_are_asked_for_once() {
    let variables = map(&[
        ("KEY", "$$secret(64)"),
        ("TWO", "$$secret(4)-$$secret( 6 )"),
        ("PLAIN", "a$$b"),
        ("KEPT", "$$secret(8)"),
        ("SHORT", "$$secret(8)"),
    ]);
    let kept = map(&[
        ("KEPT", "0123456789"),
        ("SHORT", "0123456"),
        ("UNUSED", "x"),
    ]);
    let request = |key: &str, length| SecretRequest {
        key: key.to_owned(),
        length,
    };
    let requests = secret_requests(&variables, &kept).unwrap();
    assert_eq!(
        requests,
        [request("KEY", 64), request("SHORT", 8), request("TWO", 10)]
    );
    let kept = map(&[("KEPT", "0123456789"), ("SHORT", "01234567")]);
    let only = map(&[("KEPT", "$$secret(8)"), ("SHORT", "$$secret(8)")]);
    assert_eq!(secret_requests(&only, &kept).unwrap(), []);
}

#[test]
fn tokens_that_are_not_valid_are_refused() {
    for wrong in [
        "$$secret(0)",
        "$$secret(4097)",
        "$$secret(x)",
        "$$secret(",
        "$$secret(-1)",
        "a$$secret()b",
    ] {
        let refused = secret_requests(&map(&[("A", wrong)]), &Map::new()).unwrap_err();
        assert!(
            refused[0].starts_with("the variable `A`: expected `$$secret(N)`"),
            "{refused:?}"
        );
    }
    secret_requests(
        &map(&[("A", "$$secret(1)"), ("B", "$$secret(4096)")]),
        &Map::new(),
    )
    .unwrap();
    let refused =
        secret_requests(&map(&[("A", "$$secret(4096)$$secret(1)")]), &Map::new()).unwrap_err();
    assert!(
        refused[0].contains("asks for 4097 characters; at most 4096"),
        "{refused:?}"
    );
}

#[test]
fn tokens_are_filled_from_what_is_kept() {
    let variables = map(&[
        ("A", "x$$secret(2)y$$secret(3)z"),
        ("B", "plain"),
        ("C", "$$secret(2)"),
    ]);
    let kept = map(&[("A", "123456"), ("B", "unused"), ("C", "ab")]);
    let filled = fill_secrets(&variables, &kept).unwrap();
    assert_eq!(
        filled.variables,
        map(&[("A", "x12y345z"), ("B", "plain"), ("C", "ab")])
    );
    assert_eq!(filled.generated, ["A", "C"]);
    let missing = fill_secrets(&variables, &map(&[("A", "1234")])).unwrap_err();
    assert_eq!(missing, ["A", "C"]);
}

#[test]
fn later_layers_win_and_keep_their_source() {
    let defaults = map(&[
        ("D", "d"),
        ("G", "d"),
        ("S", "d"),
        ("C", "d"),
        ("Y", "d"),
        ("KEY", "gen"),
        ("OVER", "gen"),
    ]);
    let global = map(&[
        ("G", "g"),
        ("S", "g"),
        ("C", "g"),
        ("Y", "g"),
        ("OVER", "mine"),
        ("SAME", "c"),
    ]);
    let service = map(&[("S", "s"), ("C", "s"), ("Y", "s")]);
    let compose = map(&[("C", "c"), ("Y", "c"), ("SAME", "c")]);
    let system = map(&[("Y", "y")]);
    let generated = ["KEY".to_owned(), "OVER".to_owned(), "ABSENT".to_owned()];
    let merged = merge(EnvLayers {
        defaults: Some(&defaults),
        global_overrides: Some(&global),
        service_overrides: Some(&service),
        compose: Some(&compose),
        system: Some(&system),
        generated: &generated,
    });
    let expected = map(&[
        ("D", "d"),
        ("G", "g"),
        ("S", "s"),
        ("C", "c"),
        ("Y", "y"),
        ("KEY", "gen"),
        ("OVER", "mine"),
        ("SAME", "c"),
    ]);
    assert_eq!(merged.values(), expected);
    let source = |key: &str| merged.variables[key].source;
    assert_eq!(
        ["D", "G", "S", "C", "Y"].map(source),
        [
            EnvSource::Default,
            EnvSource::Override,
            EnvSource::Override,
            EnvSource::System,
            EnvSource::System,
        ]
    );
    assert_eq!(merged.generated, BTreeSet::from(["KEY".to_owned()]));
    assert_eq!(
        merged.ignored_overrides,
        BTreeSet::from(["C".to_owned(), "Y".to_owned()])
    );
}

#[test]
fn the_body_of_env_metadata_is_the_contract_s() {
    let global = map(&[("DATABASE_URL", "postgres://db/myapp")]);
    let defaults = map(&[("RAILS_ENV", "development"), ("SECRET_KEY_BASE", "abcdef")]);
    let system = system_variables(1);
    let merged = merge(EnvLayers {
        defaults: Some(&defaults),
        global_overrides: Some(&global),
        system: Some(&system),
        generated: &["SECRET_KEY_BASE".to_owned()],
        ..EnvLayers::default()
    });
    let body = serde_json::to_value(merged.metadata(true)).unwrap();
    let expected = serde_json::json!({
        "merged": {
            "DATABASE_URL": "postgres://db/myapp",
            "PLAYGROUND_ID": "1",
            "RAILS_ENV": "development",
            "SECRET_KEY_BASE": "abcdef",
        },
        "metadata": {
            "DATABASE_URL": {"value": "postgres://db/myapp", "source": "override"},
            "PLAYGROUND_ID": {"value": "1", "source": "system"},
            "RAILS_ENV": {"value": "development", "source": "default"},
            "SECRET_KEY_BASE": {"value": "abcdef", "source": "default"},
        },
        "system_keys": ["PLAYGROUND_ID"],
        "generated_keys": ["SECRET_KEY_BASE"],
    });
    assert_eq!(body, expected);
    let empty = serde_json::to_value(merge(EnvLayers::default()).metadata(false)).unwrap();
    assert_eq!(
        empty,
        serde_json::json!({"merged": {}, "metadata": {}, "system_keys": [], "generated_keys": []})
    );
}

#[test]
fn secrets_are_masked_wherever_they_stand() {
    let defaults = map(&[
        ("DB_PASSWORD", "hunter22"),
        ("DATABASE_URL", "postgres://u:hunter22@db?x=cafe42"),
        ("SALT", "cafe42"),
        ("PLAIN", "seen"),
        ("API_KEY", "x"),
        ("BOX", "x"),
    ]);
    let merged = merge(EnvLayers {
        defaults: Some(&defaults),
        generated: &["SALT".to_owned()],
        ..EnvLayers::default()
    });
    let hidden = merged.metadata(false);
    let url = format!("postgres://u:{MASK}@db?x={MASK}");
    let expected = map(&[
        ("DB_PASSWORD", MASK),
        ("DATABASE_URL", &url),
        ("SALT", MASK),
        ("PLAIN", "seen"),
        ("API_KEY", MASK),
        // A value of one letter is not looked for in others.
        ("BOX", "x"),
    ]);
    assert_eq!(hidden.merged, expected);
    assert_eq!(hidden.metadata["DATABASE_URL"].value, url);
    assert_eq!(merged.metadata(true).merged, defaults);
    let secrets = BTreeSet::from([
        "secret".to_owned(),
        "secret-long".to_owned(),
        "short".to_owned(),
    ]);
    assert_eq!(
        mask("a secret-long, a secret, short", &secrets),
        format!("a {MASK}, a {MASK}, short")
    );
}

#[test]
fn sensitive_names() {
    for name in [
        "PASSWORD",
        "db_password_file",
        "MY_SECRET",
        "GITHUB_TOKEN",
        "ApiKey",
    ] {
        assert!(is_sensitive(name), "{name}");
    }
    for name in ["PASS", "RAILS_ENV", "TOKE", "HOST"] {
        assert!(!is_sensitive(name), "{name}");
    }
}

fn layer() -> impl Strategy<Value = Map> {
    prop::collection::btree_map("[A-D]", "[xyz]", 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_value_is_that_of_the_highest_layer(layers in prop::array::uniform5(layer())) {
        let [defaults, global_overrides, service_overrides, compose, system] = layers.each_ref().map(Some);
        let merged = merge(EnvLayers { defaults, global_overrides, service_overrides, compose, system, generated: &[] });
        let sources = [
            EnvSource::Default, EnvSource::Override, EnvSource::Override, EnvSource::System, EnvSource::System,
        ];
        let keys: BTreeSet<&String> = layers.iter().flat_map(BTreeMap::keys).collect();
        prop_assert_eq!(merged.variables.keys().collect::<BTreeSet<_>>(), keys.clone());
        for key in keys {
            let highest = (0..5).rev().find(|layer| layers[*layer].contains_key(key)).unwrap();
            let sourced = &merged.variables[key];
            prop_assert_eq!(&sourced.value, &layers[highest][key]);
            prop_assert_eq!(sourced.source, sources[highest]);
        }
        let metadata = merged.metadata(false);
        prop_assert_eq!(metadata.merged.keys().collect::<Vec<_>>(), metadata.metadata.keys().collect::<Vec<_>>());
    }

    #[test]
    fn any_value_survives_double_quotes(value in "[ -~\n]{0,30}") {
        let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
        let read = parse_env_file(&format!("BEFORE=1\nA=\"{quoted}\"\nAFTER=1")).unwrap();
        prop_assert_eq!(&read["A"], &value);
        prop_assert_eq!(read.len(), 3);
    }

    #[test]
    fn any_file_is_read_without_a_panic(text in "[A=\"'#$ \\\\\n\r\t()]{0,40}|.{0,60}") {
        let _ = parse_env_file(&text);
    }
}
