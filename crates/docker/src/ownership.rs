//! Whose a container, network, volume or image is: its labels say so, never its name.

use std::collections::HashMap;

use playground::project::{OWNER_LABEL, PLAYGROUND_LABEL};

const PROJECT: &str = "com.docker.compose.project";
const SERVICE: &str = "com.docker.compose.service";

/// The mark of one installation, which its containers, networks, volumes and images bear.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Owner(String);

impl Owner {
    /// An owner with this mark: 1 to 63 letters, digits, `-`, `_` or `.`.
    #[must_use]
    pub fn new(mark: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let valid = (1..=63).contains(&mark.len()) && mark.bytes().all(allowed);
        valid.then(|| Self(mark.to_owned()))
    }

    /// The mark, the value of the label.
    #[must_use]
    pub fn mark(&self) -> &str {
        &self.0
    }

    /// The id of the playground, when both our labels are there and the owner's is this one.
    #[must_use]
    pub fn playground(&self, labels: &HashMap<String, String>) -> Option<String> {
        let owned = labels.get(OWNER_LABEL).is_some_and(|mark| *mark == self.0);
        let playground = labels.get(PLAYGROUND_LABEL).filter(|_| owned)?;
        (!playground.is_empty()).then(|| playground.clone())
    }
}

/// Which containers, networks, volumes and images are meant: those with all of these labels.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Selection(Vec<String>);

impl Selection {
    /// Everything, whose ever it is.
    #[must_use]
    pub fn any() -> Self {
        Self(Vec::new())
    }

    /// Everything of an owner.
    #[must_use]
    pub fn owner(owner: &Owner) -> Self {
        Self(vec![
            format!("{OWNER_LABEL}={}", owner.mark()),
            PLAYGROUND_LABEL.to_owned(),
        ])
    }

    /// What belongs to one playground.
    #[must_use]
    pub fn playground(mut self, id: &str) -> Self {
        self.0.push(format!("{PLAYGROUND_LABEL}={id}"));
        self
    }

    /// What belongs to one project of Compose.
    #[must_use]
    pub fn project(mut self, name: &str) -> Self {
        self.0.push(format!("{PROJECT}={name}"));
        self
    }

    /// What belongs to one service of Compose.
    #[must_use]
    pub fn service(mut self, name: &str) -> Self {
        self.0.push(format!("{SERVICE}={name}"));
        self
    }

    /// As the engine's API wants it.
    pub(crate) fn filters(&self) -> HashMap<String, Vec<String>> {
        HashMap::from([("label".to_owned(), self.0.clone())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_both_labels_make_it_ours() {
        let owner = Owner::new("here").unwrap();
        let labels = |pairs: &[(&str, &str)]| {
            let pairs = pairs
                .iter()
                .map(|(key, value)| (String::from(*key), String::from(*value)));
            pairs.collect::<HashMap<_, _>>()
        };
        assert_eq!(
            owner
                .playground(&labels(&[(OWNER_LABEL, "here"), (PLAYGROUND_LABEL, "1")]))
                .as_deref(),
            Some("1")
        );
        assert_eq!(owner.playground(&labels(&[(OWNER_LABEL, "here")])), None);
        assert_eq!(
            owner.playground(&labels(&[(OWNER_LABEL, "here"), (PLAYGROUND_LABEL, "")])),
            None
        );
        assert_eq!(owner.playground(&labels(&[(PLAYGROUND_LABEL, "1")])), None);
        assert_eq!(
            owner.playground(&labels(&[(OWNER_LABEL, "there"), (PLAYGROUND_LABEL, "1")])),
            None
        );
    }

    #[test]
    fn a_mark_is_a_plain_word() {
        for wrong in ["", "a b", "a=b", "a,b", &"x".repeat(64)] {
            assert_eq!(Owner::new(wrong), None, "{wrong}");
        }
    }
}
