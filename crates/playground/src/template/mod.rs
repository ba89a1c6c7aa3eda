//! The template of a Compose text: a block that declares variables, and tokens that stand for values.
//!
//! The block is a map under one of the keys [`BLOCKS`], at the top of the text. `$$var__NAME` is the value of a variable
//! that it declares, `$$random__NAME` hex characters that are drawn once for a playground, `$$root_domain` the domain
//! below which its services are reached. Tokens become references to variables, which the compose tool replaces: no
//! value is read as YAML, whatever it is.

mod block;
mod token;

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

pub use block::{BLOCKS, TemplateVariable};
use token::Token;

use crate::{
    blueprint::{
        BlueprintProblem,
        yaml::{self, YamlNode},
    },
    suggest::did_you_mean,
    variables::each_text,
};

/// How many hex characters are drawn for one token.
pub const RANDOM_LENGTH: usize = 16;
/// What a variable of the template is called where the compose tool looks for it.
const VARIABLE: &str = "var__";
/// The same of one that is secret: its name says so, as everywhere in an environment.
const SECRET: &str = "secret_var__";
/// The same of a drawn value.
const RANDOM: &str = "random__";
/// The same of the domain.
pub const ROOT_DOMAIN: &str = "root_domain";

/// The template of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// The text as the compose tool reads it: without the block, with references in the place of tokens. Lines stay.
    pub text: String,
    /// The variables that are declared.
    pub variables: BTreeMap<String, TemplateVariable>,
    /// The names of `$$random__NAME`.
    pub randoms: BTreeSet<String>,
    /// Whether `$$root_domain` is used.
    pub root_domain: bool,
    /// Variables that are declared and not used, or used and not declared, and mistakes of the block.
    pub problems: Vec<BlueprintProblem>,
}

/// Reads the template of a text; a text that is not YAML has none.
#[must_use]
pub fn read(text: &str) -> Template {
    let mut template = Template {
        text: text.to_owned(),
        ..Template::default()
    };
    // Most texts have none.
    if !text.contains("$$") && !BLOCKS.iter().any(|key| text.contains(key)) {
        return template;
    }
    let Ok(root) = yaml::read(text) else {
        return template;
    };
    let block = block::of(&root);
    if let Some((key, node)) = block {
        match block::without(text, &root, key.at.line) {
            Some(rest) => template.text = rest,
            None => template.problems.push(BlueprintProblem::error(
                key.at,
                format!("`{}` has to stand on lines of its own", key.text),
            )),
        }
        template.variables = block::variables(node, &mut template.problems);
    }
    template.note_use(&root, block.map(|(key, _)| key.text.as_str()));
    template.text = token::replaced(&template.text, |name| template.key(name));
    template
}

impl Template {
    /// What a variable is called where the compose tool looks for it.
    fn key(&self, name: &str) -> String {
        let is_secret = self.variables.get(name).is_some_and(|one| one.secret);
        format!("{}{name}", if is_secret { SECRET } else { VARIABLE })
    }

    /// Notes the tokens of a text, and where they do not fit what is declared.
    fn note_use(&mut self, root: &YamlNode, block: Option<&str>) {
        let (mut used, mut undeclared) = (BTreeSet::new(), Vec::new());
        for (key, value) in root.entries() {
            if Some(key.text.as_str()) == block {
                continue;
            }
            each_text(value, &mut |node, text| {
                for token in token::tokens(text) {
                    match token {
                        Token::RootDomain => self.root_domain = true,
                        Token::Random(name) => {
                            self.randoms.insert(name.to_owned());
                        }
                        Token::Variable(name) => {
                            if used.insert(name.to_owned()) && !self.variables.contains_key(name) {
                                undeclared.push((node.at, name.to_owned()));
                            }
                        }
                    }
                }
            });
        }
        for (at, name) in undeclared {
            let hint = did_you_mean(&name, self.variables.keys().map(String::as_str));
            let block = block.unwrap_or(BLOCKS[0]);
            let message =
                format!("`$$var__{name}` is not declared in the `variables` of `{block}`{hint}");
            self.problems.push(BlueprintProblem::error(at, message));
        }
        for (name, variable) in &self.variables {
            if !used.contains(name) {
                let message =
                    format!("the variable `{name}` is declared and `$$var__{name}` is not used");
                self.problems
                    .push(BlueprintProblem::error(variable.at, message));
            }
        }
    }

    /// The values that are given, or the defaults, by the names that the compose tool looks for. What is to be drawn is
    /// not among them.
    ///
    /// # Errors
    /// What is wrong with the values, each as a sentence that begins with the name of the variable.
    pub fn values(
        &self,
        given: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, Vec<String>> {
        let mut wrong = Vec::new();
        for name in given
            .keys()
            .filter(|name| !self.variables.contains_key(*name))
        {
            let hint = did_you_mean(name, self.variables.keys().map(String::as_str));
            wrong.push(format!("`{name}` is not a variable of the template{hint}"));
        }
        let mut values = BTreeMap::new();
        for (name, variable) in &self.variables {
            let given = given.get(name).or(variable.default.as_ref());
            let value = match given {
                Some(value) => value.as_str(),
                None if variable.random => continue,
                None if variable.required => {
                    wrong.push(format!("`{name}`{} has no value", variable.described()));
                    continue;
                }
                None => "",
            };
            let pattern = variable.validation.as_deref().map(Regex::new);
            if let (Some(_), Some(Ok(pattern))) = (given, pattern)
                && !pattern.is_match(value)
            {
                wrong.push(format!(
                    "`{name}`{} does not match /{pattern}/",
                    variable.described()
                ));
            }
            values.insert(self.key(name), value.to_owned());
        }
        match wrong.is_empty() {
            true => Ok(values),
            false => Err(wrong),
        }
    }

    /// What is to be drawn for a playground, by the names that the compose tool looks for.
    #[must_use]
    pub fn drawn(&self, given: &BTreeMap<String, String>) -> BTreeSet<String> {
        let randoms = self.randoms.iter().map(|name| format!("{RANDOM}{name}"));
        let variables = self.variables.iter().filter(|(name, variable)| {
            variable.random && variable.default.is_none() && !given.contains_key(*name)
        });
        let variables = variables.map(|(name, _)| self.key(name));
        randoms.chain(variables).collect()
    }
}
