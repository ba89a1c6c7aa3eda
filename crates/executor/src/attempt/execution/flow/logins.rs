//! Logins at gateways end with the attempt: they are made again when the execution goes on in another one.

use std::{collections::BTreeMap, sync::Arc};

use playbook::{Step, StepKey};

use super::{Flow, begin::Rendered};
use crate::attempt::execution::call::{EarlierLogin, Parameters};

/// The logins of earlier attempts.
#[derive(Default)]
pub(super) struct Logins {
    /// Steps that logged in or out, in their order, which were not looked at yet.
    steps: Vec<StepKey>,
    /// The parameters with which to log in, by the address of the gateway.
    known: BTreeMap<String, Arc<Parameters>>,
    /// There were logins whose parameters are not known any more.
    lost: bool,
}

impl Logins {
    pub(super) fn new(steps: Vec<StepKey>) -> Self {
        Self {
            steps,
            ..Self::default()
        }
    }
}

impl Flow<'_> {
    /// The login of an earlier attempt that a step relies on.
    pub(super) fn earlier_login(&mut self, step: &Step, parameters: &Parameters) -> EarlierLogin {
        if !step.kind.starts_with("gateway.") {
            return EarlierLogin::None;
        }
        for key in std::mem::take(&mut self.logins.steps) {
            self.read_login(&key);
        }
        let Some(url) = self.gateway_url(parameters) else {
            return EarlierLogin::None;
        };
        if matches!(step.kind.as_str(), "gateway.login" | "gateway.logout") {
            self.logins.known.remove(&url);
            return EarlierLogin::None;
        }
        match self.logins.known.get(&url) {
            Some(known) => EarlierLogin::Known(Arc::clone(known)),
            None if self.logins.lost => EarlierLogin::Lost,
            None => EarlierLogin::None,
        }
    }

    /// What a step that has ended logged in with. Where that cannot be rendered any more, the login is lost.
    fn read_login(&mut self, key: &StepKey) {
        let step = self.progress.step(key);
        let rendered = step.and_then(|step| {
            let known = self.context.reopened.get();
            match self.parameters(key, &step, known).ok()? {
                Rendered::Parameters(parameters) => {
                    Some((step.kind == "gateway.login", parameters))
                }
                Rendered::Needs(_) => None,
            }
        });
        let url = rendered
            .as_ref()
            .and_then(|(_, parameters)| self.gateway_url(parameters));
        match (rendered, url) {
            (Some((true, parameters)), Some(url)) => {
                self.logins.known.insert(url, Arc::new(parameters));
            }
            (Some((false, _)), Some(url)) => {
                self.logins.known.remove(&url);
            }
            _ => self.logins.lost = true,
        }
    }

    fn gateway_url(&self, parameters: &Parameters) -> Option<String> {
        let given = parameters.optional_text("gateway_url");
        let url = given.or_else(|| self.context.input.gateway_url.clone())?;
        Some(url.trim_end_matches('/').to_owned())
    }
}
