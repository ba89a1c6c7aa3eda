//! Links in documents: a relative link leads to a file that is there, an anchor to a heading.

use std::path::Path;

use super::{Finding, files::File};

/// Checks the links of every document.
pub(super) fn check(root: &Path, files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".md")) {
        for link in links(&file.text) {
            if let Err(why) = resolve(root, files, file, link) {
                findings.push(format!("{}: link `{link}`: {why}", file.path));
            }
        }
    }
    findings
}

/// Targets of `[text](target)`, outside of code.
fn links(text: &str) -> Vec<&str> {
    let mut links = Vec::new();
    for line in prose(text) {
        // Every second part of a line stands between backticks.
        for part in line.split('`').step_by(2) {
            for after in part.split("](").skip(1) {
                links.extend(after.split([')', ' ']).next());
            }
        }
    }
    links
}

/// The lines that are not inside a fenced block.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

fn resolve(root: &Path, files: &[File], from: &File, link: &str) -> Result<(), &'static str> {
    if link.contains("://") || link.starts_with("mailto:") {
        return Ok(());
    }
    let (target, anchor) = link.split_once('#').unwrap_or((link, ""));
    let path = if target.is_empty() {
        from.path.clone()
    } else {
        joined(&from.path, target).ok_or("it leads out of the project")?
    };
    if !root.join(&path).exists() && !files.iter().any(|file| file.path == path) {
        return Err("there is no such file");
    }
    match files.iter().find(|file| file.path == path) {
        Some(file) if !anchor.is_empty() && !anchors(&file.text).any(|known| known == anchor) => {
            Err("there is no such heading")
        }
        _ => Ok(()),
    }
}

/// `target` as seen from the file `from`, relative to the root.
fn joined(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The anchors of a document's headings, as they are commonly made.
fn anchors(text: &str) -> impl Iterator<Item = String> {
    prose(text)
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title
                .chars()
                .filter(|one| one.is_alphanumeric() || " -_".contains(*one));
            kept.map(|one| if one == ' ' { '-' } else { one }).collect()
        })
}

#[cfg(test)]
mod tests {
    use super::{super::files::sample, *};

    fn found(text: &str) -> Vec<Finding> {
        let files = [
            sample("docs/a.md", text),
            sample("README.md", "# The first heading!\n"),
        ];
        check(Path::new("/nonexistent"), &files)
    }

    #[test]
    fn links_that_lead_somewhere_pass() {
        assert!(found("[up](../README.md) and [there](../README.md#the-first-heading)").is_empty());
        assert!(found("# Here\n[here](#here) [web](https://example.org/x)").is_empty());
        assert!(found("`[code](gone.md)`\n```\n[code](gone.md)\n```").is_empty());
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        assert_eq!(
            found("[x](gone.md)"),
            ["docs/a.md: link `gone.md`: there is no such file"]
        );
        assert!(found("[x](../README.md#gone)")[0].contains("no such heading"));
        assert!(found("[x](../../etc/passwd)")[0].contains("out of the project"));
    }
}
