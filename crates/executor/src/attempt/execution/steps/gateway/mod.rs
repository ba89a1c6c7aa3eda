//! `gateway.*`: an Ignition 8.3 gateway, by its REST API.

mod backup;
mod connection;
mod login;
mod modules;
mod projects;
mod restart;
mod status;
mod trial;

pub(in crate::attempt::execution) use connection::Sessions;

use super::refusal;
use crate::attempt::execution::call::{Done, StepCall, StepEnd};
use connection::Gateway;

pub(super) async fn perform(call: &StepCall<'_>) -> Done {
    let gateway = Gateway::of(call)?;
    match call.kind.as_str() {
        "gateway.login" => login::log_in(&gateway, &call.parameters).await,
        "gateway.logout" => login::log_out(&gateway),
        "gateway.ping" => status::ping(&gateway).await,
        "gateway.get_info" => status::info(&gateway).await,
        "gateway.get_health" => status::health(&gateway).await,
        "gateway.list_modules" => modules::list(&gateway).await,
        "gateway.upload_module" => modules::upload(&gateway).await,
        "gateway.wait_for_module_installation" => modules::wait(&gateway).await,
        "gateway.uninstall_module" => modules::uninstall(&gateway).await,
        "gateway.list_projects" => projects::list(&gateway).await,
        "gateway.get_project" => projects::get(&gateway).await,
        "gateway.export_project" => projects::export(&gateway).await,
        "gateway.import_project" => projects::import(&gateway).await,
        "gateway.scan_projects" => projects::scan(&gateway, "projects").await,
        "gateway.scan_config" => projects::scan(&gateway, "config").await,
        "gateway.export_tags" => projects::export_tags(&gateway).await,
        "gateway.import_tags" => projects::import_tags(&gateway).await,
        "gateway.restart" => restart::restart(&gateway).await,
        "gateway.wait_for_ready" => restart::wait_for_ready(&gateway).await,
        "gateway.backup" => backup::backup(&gateway).await,
        "gateway.restore" => backup::restore(&gateway).await,
        "gateway.get_trial" => trial::get(&gateway).await,
        "gateway.reset_trial" => trial::reset(&gateway).await,
        kind => Err(StepEnd::refused(refusal(kind))),
    }
}
