//! `role=button[name="Save"][disabled=false]`: an ARIA role with conditions.

use serde::Serialize;

use super::pattern::{TextPattern, quoted, regex};

/// An element's role, with what else has to hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct RoleQuery {
    role: String,
    name: Option<NameQuery>,
    checked: Option<Tristate>,
    pressed: Option<Tristate>,
    selected: Option<bool>,
    expanded: Option<bool>,
    disabled: Option<bool>,
    level: Option<u32>,
    include_hidden: bool,
}

/// How the accessible name is compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct NameQuery {
    /// `=`, `*=`, `^=`, `$=` or, for a regular expression, `~`.
    operator: &'static str,
    text: String,
    /// Of a regular expression.
    flags: String,
    any_case: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Tristate {
    True,
    False,
    Mixed,
}

const CONDITIONS: &str =
    "name, checked, disabled, expanded, include-hidden, level, pressed, selected";
/// The roles for which ARIA defines a state.
const CHECKABLE: &str = "checkbox menuitemcheckbox option radio switch menuitemradio treeitem";
const SELECTABLE: &str = "gridcell option row tab rowheader columnheader treeitem";
const EXPANDABLE: &str = "application button checkbox combobox gridcell link listbox menuitem row rowheader tab treeitem \
    columnheader menuitemcheckbox menuitemradio switch";
const OPERATORS: [&str; 4] = ["*=", "^=", "$=", "="];

impl RoleQuery {
    pub(super) fn read(body: &str) -> Result<Self, String> {
        let end = body.find('[').unwrap_or(body.len());
        let role = body[..end].trim();
        if role.is_empty() || !role.chars().all(|c| c.is_ascii_alphabetic() || c == '-') {
            return Err(format!(
                "`role={body}` begins with the name of a role, such as `button`"
            ));
        }
        let mut query = Self {
            role: role.to_ascii_lowercase(),
            ..Self::default()
        };
        let mut rest = body[end..].trim_start();
        while let Some(inner) = rest.strip_prefix('[') {
            rest = query.condition(inner)?.trim_start();
        }
        query.check_states()?;
        match rest.is_empty() {
            true => Ok(query),
            false => Err(format!("`{rest}` stands behind the conditions of the role")),
        }
    }

    /// Reads what stands between `[` and `]`; answers with what follows.
    fn condition<'a>(&mut self, inner: &'a str) -> Result<&'a str, String> {
        let end = inner
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
            .ok_or("a `]` is missing")?;
        let (name, rest) = (&inner[..end], inner[end..].trim_start());
        if let Some(rest) = rest.strip_prefix(']') {
            self.set(name, "true")?;
            return Ok(rest);
        }
        let operator = OPERATORS
            .into_iter()
            .find(|operator| rest.starts_with(operator))
            .ok_or_else(|| format!("`{rest}` needs one of = *= ^= $="))?;
        let value = rest[operator.len()..].trim_start();
        if name == "name" {
            let (query, rest) = NameQuery::read(operator, value)?;
            self.name = Some(query);
            return Ok(rest);
        }
        if operator != "=" {
            return Err(format!("`{name}` can only be compared with `=`"));
        }
        let (value, rest) = match value.starts_with(['"', '\'']) {
            true => quoted(value)?,
            false => {
                let end = value.find(']').ok_or("a `]` is missing")?;
                (value[..end].trim().to_owned(), &value[end..])
            }
        };
        self.set(name, &value)?;
        closed(rest)
    }

    /// A condition that no element with the role can fulfil is a mistake.
    fn check_states(&self) -> Result<(), String> {
        let asked = [
            ("checked", self.checked.is_some(), CHECKABLE),
            ("pressed", self.pressed.is_some(), "button"),
            ("selected", self.selected.is_some(), SELECTABLE),
            ("expanded", self.expanded.is_some(), EXPANDABLE),
            (
                "level",
                self.level.is_some(),
                "heading listitem row treeitem",
            ),
        ];
        for (name, is_asked, roles) in asked {
            if is_asked && !roles.split(' ').any(|role| role == self.role) {
                return Err(format!("the role `{}` is never `{name}`", self.role));
            }
        }
        Ok(())
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let wrong = || format!("`{name}` cannot be `{value}`");
        let boolean = || value.parse::<bool>().map_err(|_| wrong());
        let tristate = || match value {
            "true" => Ok(Tristate::True),
            "false" => Ok(Tristate::False),
            "mixed" => Ok(Tristate::Mixed),
            _ => Err(wrong()),
        };
        match name {
            "checked" => self.checked = Some(tristate()?),
            "pressed" => self.pressed = Some(tristate()?),
            "selected" => self.selected = Some(boolean()?),
            "expanded" => self.expanded = Some(boolean()?),
            "disabled" => self.disabled = Some(boolean()?),
            "include-hidden" => self.include_hidden = boolean()?,
            "level" => self.level = Some(value.parse().map_err(|_| wrong())?),
            "name" => return Err(String::from("`name` needs a value, such as name=\"Save\"")),
            _ => {
                return Err(format!(
                    "a role has no condition `{name}`; there are {CONDITIONS}"
                ));
            }
        }
        Ok(())
    }
}

impl NameQuery {
    fn read<'a>(operator: &'static str, value: &'a str) -> Result<(Self, &'a str), String> {
        if value.starts_with('/') {
            let end = value.find(']').ok_or("a `]` is missing")?;
            // A bracket may stand in the expression: the last one that leaves a whole expression counts.
            for (at, _) in value[end..].match_indices(']') {
                if let Some(pattern) = regex(value[..end + at].trim()) {
                    let TextPattern::Regex { source, flags } = pattern? else {
                        continue;
                    };
                    let query = Self {
                        operator: "~",
                        text: source,
                        flags,
                        any_case: false,
                    };
                    return Ok((query, &value[end + at + 1..]));
                }
            }
            return Err(format!("the regular expression in `{value}` is not closed"));
        }
        let (text, rest) = match value.starts_with(['"', '\'']) {
            true => quoted(value)?,
            false => {
                let end = value.find(']').ok_or("a `]` is missing")?;
                let text = value[..end].trim();
                if text.contains(['"', '\'', '=']) || text.is_empty() {
                    return Err(format!("the name `{text}` needs quotes around all of it"));
                }
                (String::from(text), &value[end..])
            }
        };
        let rest = rest.trim_start();
        let (any_case, rest) = match rest.strip_prefix(['i', 'I']) {
            Some(rest) => (true, rest),
            None => (false, rest.strip_prefix(['s', 'S']).unwrap_or(rest)),
        };
        let query = Self {
            operator,
            text,
            flags: String::new(),
            any_case,
        };
        Ok((query, closed(rest)?))
    }
}

fn closed(rest: &str) -> Result<&str, String> {
    let rest = rest.trim_start();
    rest.strip_prefix(']')
        .ok_or_else(|| format!("`{rest}` stands where `]` is expected"))
}
