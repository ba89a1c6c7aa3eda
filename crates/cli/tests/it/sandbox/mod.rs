//! What a job can reach: real hostile programs as root and as an ordinary user, at every level of isolation,
//! and real programs that have to work all the same.

mod machine;
mod programs;

use std::{collections::BTreeMap, fs, path::Path, thread};

use nix::unistd::Uid;

use machine::Machine;

/// The document with the table, and what stands around that.
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/security.md");
const BEGIN: &str = "<!-- The table is written by the test `sandbox` of the crate `cli`. -->\n";
const END: &str = "<!-- End of the table. -->\n";

/// Set to write the table instead of comparing it.
const UPDATE: &str = "PLAYHOUSE_UPDATE_DOCS";

const LEVELS: [&str; 3] = ["none", "standard", "strict"];

/// What each try came to, in the order of the program.
type Tries = Vec<(String, &'static str)>;

#[test]
fn what_is_held_is_what_the_document_says() {
    assert!(
        Uid::effective().is_root(),
        "this test starts executors as root and as another user: run it as root"
    );
    let columns: Vec<Tries> = thread::scope(|scope| {
        let machines: Vec<_> = [true, false]
            .into_iter()
            .flat_map(|root| LEVELS.map(|level| (root, level)))
            .map(|(root, level)| scope.spawn(move || Machine::start(root, level).attack()))
            .collect();
        machines
            .into_iter()
            .map(|machine| machine.join().expect("it is tried"))
            .collect()
    });
    let table = table(&columns);
    let document = fs::read_to_string(DOCUMENT).expect("the document is there");
    let (before, rest) = document.split_once(BEGIN).expect("the table begins");
    let (stands, after) = rest.split_once(END).expect("the table ends");
    if std::env::var_os(UPDATE).is_some() {
        let written = format!("{before}{BEGIN}{table}{END}{after}");
        fs::write(DOCUMENT, written).expect("the document is written");
    } else {
        assert_eq!(
            stands, table,
            "write it with {UPDATE}=1 once every change is meant"
        );
    }
}

fn table(columns: &[Tries]) -> String {
    let mut table = String::from(
        "\n| a job can | root, none | root, standard | root, strict | user, none | user, standard | user, strict |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for (row, (name, _)) in columns[0].iter().enumerate() {
        let cells: Vec<&str> = columns.iter().map(|column| column[row].1).collect();
        table += &format!("| {name} | {} |\n", cells.join(" | "));
    }
    table + "\n"
}

/// The lines `what<TAB>held` or `open`.
fn tries(printed: &str) -> Tries {
    let lines = printed.lines().filter_map(|line| line.split_once('\t'));
    lines
        .map(|(name, how)| {
            let how = match how {
                "held" => "no",
                "open" => "yes",
                other => panic!("`{name}`: {other}"),
            };
            (name.to_owned(), how)
        })
        .collect()
}

/// As a map, to compare what is not in an order.
fn by_name<'a>(tries: &'a [(String, &'static str)]) -> BTreeMap<&'a str, &'a str> {
    tries
        .iter()
        .map(|(name, how)| (name.as_str(), *how))
        .collect()
}

/// Makes a file that everybody may read and run.
fn make_program(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, text).expect("it is written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it may be run");
}
