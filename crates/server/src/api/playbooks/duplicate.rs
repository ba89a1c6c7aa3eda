//! A playbook is copied under another name.

use axum::extract::State;
use serde_json::Value;
use wire::playbooks::{DuplicatePlaybook, Duplicated};

use super::write::{Expected, save};
use crate::{
    app::App,
    audit::AuditContext,
    http::extract::Json,
    library::{PlaybookPath, playbook_path},
    refusal::{Refusal, RefusalKind},
};

/// The longest name of a playbook, in bytes.
const NAME_LIMIT: usize = 200;

/// Copies a playbook into its own folder. The file is named after the new name, which the copy has.
#[utoipa::path(post, path = "/api/playbooks/duplicate", tag = "playbooks",
    request_body = DuplicatePlaybook,
    responses((status = 200, description = "The copy", body = Duplicated),
        (status = 400, description = "A field is wrong, or there is such a file"),
        (status = 404, description = "No such playbook")))]
pub(crate) async fn duplicate(
    State(app): State<App>,
    audit_context: AuditContext,
    Json(request): Json<DuplicatePlaybook>,
) -> Result<axum::Json<Duplicated>, Refusal> {
    let source = app
        .library
        .get(playbook_path(&request.source_path)?)
        .await?;
    let name = request.new_name.trim();
    let file = file_name("new_name", name)?;
    let path = match source.path.split() {
        ("", _) => file,
        (folder, _) => format!("{folder}/{file}"),
    };
    let path = playbook_path(&path)?;
    source.playable()?;
    let text = renamed(&source.text, name);
    let saved = save(&app, path.clone(), text, &Expected::Absent, audit_context).await;
    saved.map_err(|refusal| exists(&path, refusal))?;
    Ok(axum::Json(Duplicated {
        message: "Playbook duplicated successfully".to_owned(),
        new_path: path.as_str().to_owned(),
    }))
}

/// A name that is taken, in the words of this contract.
pub(super) fn exists(path: &PlaybookPath, refusal: Refusal) -> Refusal {
    if refusal.kind != RefusalKind::PreconditionRequired {
        return refusal;
    }
    Refusal::bad_request(format!("Playbook '{path}' exists already")).about("path", path.as_str())
}

/// The name of a file for a playbook of this name.
pub(super) fn file_name(field: &str, name: &str) -> Result<String, Refusal> {
    if name.is_empty() || name.len() > NAME_LIMIT || name.chars().any(char::is_control) {
        let message = format!("{field} must have from 1 to {NAME_LIMIT} bytes, in one line");
        return Err(Refusal::field(field, message));
    }
    let file = kebab(name);
    if file.is_empty() {
        let message = format!("{field} must have a letter or a digit");
        return Err(Refusal::field(field, message));
    }
    Ok(format!("{file}.yaml"))
}

/// The text with another name in its line `name:`, and every comment as it was. A text whose name stands in
/// no such line keeps its name: the path tells the copy from it.
fn renamed(text: &str, name: &str) -> String {
    let after = with_line(text, "name", name);
    let is_renamed = playbook::parse(&after).is_ok_and(|loaded| loaded.playbook.name == name);
    if is_renamed { after } else { text.to_owned() }
}

/// The text with another value in the line of a key at its top, and every other line as it was. A key that has
/// no line yet gets one after the name's.
pub(super) fn with_line(text: &str, key: &str, value: &str) -> String {
    // A JSON string is a YAML string.
    let line = format!("{key}: {}", Value::from(value));
    let is_of = |old: &str, key: &str| {
        let rest = old.strip_prefix(key);
        rest.is_some_and(|rest| rest.starts_with(':'))
    };
    let has_line = text.lines().any(|old| is_of(old, key));
    let mut done = false;
    let lines = text.split_inclusive('\n').map(|old| {
        if done || !is_of(old, if has_line { key } else { "name" }) {
            return old.to_owned();
        }
        done = true;
        let end = &old[old.trim_end_matches(['\r', '\n']).len()..];
        match has_line {
            true => format!("{line}{end}"),
            false => format!("{old}{line}{end}"),
        }
    });
    lines.collect()
}

/// `My Custom Playbook` is `my-custom-playbook`.
fn kebab(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join("-").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::{kebab, renamed, with_line};

    #[test]
    fn a_copy_has_its_own_name_and_every_comment() {
        let text = "# What it is\r\nname: Old # really\r\nversion: '1'\r\nsteps:\r\n\
            - {id: a, name: A, type: utility.log}\r\n";
        let expected = text.replace("name: Old # really", "name: \"New: \\\"one\\\"\"");
        assert_eq!(renamed(text, "New: \"one\""), expected);
        let folded =
            "name: >\n  Old\n  one\nversion: '1'\nsteps: [{id: a, name: A, type: utility.log}]\n";
        assert_eq!(renamed(folded, "New"), folded);
    }

    #[test]
    fn a_description_that_is_missing_stands_after_the_name() {
        let text = "name: One\nversion: '1'\n";
        let expected = "name: One\ndescription: \"Two\"\nversion: '1'\n";
        assert_eq!(with_line(text, "description", "Two"), expected);
        let three = expected.replace("Two", "Three");
        assert_eq!(with_line(expected, "description", "Three"), three);
    }

    #[test]
    fn a_name_becomes_the_name_of_a_file() {
        assert_eq!(kebab("My Custom Playbook"), "my-custom-playbook");
        assert_eq!(kebab("  ../../etc/passwd\0 "), "etc-passwd");
        assert_eq!(kebab("Prüfung Nr. 7"), "prüfung-nr-7");
        assert_eq!(kebab("--"), "");
    }
}
