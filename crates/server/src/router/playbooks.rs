//! The routes of the contract of playbooks, and what was added to them.

use utoipa::openapi::path::HttpMethod;
use utoipa_axum::routes;

use super::Route;
use crate::{
    access::Scope,
    api::{
        browser_states,
        playbooks::{self, credentials, executions},
        schedules,
    },
};

/// The contract of playbooks, and additions to it.
#[rustfmt::skip]
pub(super) fn routes() -> Vec<Route> {
    use HttpMethod::{Delete, Get, Patch, Post, Put};
    vec![
        (Get,    "/api/playbooks",              Scope::PlaybooksRead,    None,                       routes!(playbooks::find::list)),
        (Get,    "/api/playbooks/schema",       Scope::PlaybooksRead,    None,                       routes!(playbooks::validate::schema)),
        (Post,   "/api/playbooks/validate",     Scope::PlaybooksRead,    None,                       routes!(playbooks::validate::validate)),
        (Post,   "/api/playbooks/duplicate",    Scope::PlaybooksWrite,   Some("playbook.duplicate"), routes!(playbooks::duplicate::duplicate)),
        (Put,    "/api/playbooks/update",       Scope::PlaybooksWrite,   Some("playbook.write"),     routes!(playbooks::imports::update)),
        (Patch,  "/api/playbooks/metadata",     Scope::PlaybooksWrite,   Some("playbook.write"),     routes!(playbooks::imports::rename)),
        (Post,   "/api/playbooks/create",       Scope::PlaybooksWrite,   Some("playbook.write"),     routes!(playbooks::imports::create)),
        (Post,   "/api/playbooks/import",       Scope::PlaybooksWrite,   Some("playbook.write"),     routes!(playbooks::imports::import)),
        (Post,   "/api/playbooks/metadata/reset-all", Scope::PlaybooksWrite, Some("playbook.mark"),  routes!(playbooks::marks::reset)),
        (Get,    "/api/playbooks/{*path}",      Scope::PlaybooksRead,    None,                       routes!(playbooks::find::get)),
        (Put,    "/api/playbooks/{*path}",      Scope::PlaybooksWrite,   Some("playbook.write"),     routes!(playbooks::write::put)),
        (Post,   "/api/playbooks/{*path}",      Scope::PlaybooksWrite,   Some("playbook.mark"),      routes!(playbooks::marks::mark)),
        (Delete, "/api/playbooks/{*path}",      Scope::PlaybooksDelete,  Some("playbook.delete"),    routes!(playbooks::write::delete)),
        (Post,   "/api/executions",             Scope::PlaybooksExecute, Some("execution.start"),    routes!(executions::start::start)),
        (Get,    "/api/executions",             Scope::ExecutionsRead,   None,                       routes!(executions::find::list)),
        (Get,    "/api/executions/{id}",        Scope::ExecutionsRead,   None,                       routes!(executions::find::get)),
        (Get,    "/api/executions/{id}/status", Scope::ExecutionsRead,   None,                       routes!(executions::find::status)),
        (Post,   "/api/executions/{id}/pause",  Scope::ExecutionsWrite,  Some("execution.pause"),    routes!(executions::control::pause)),
        (Post,   "/api/executions/{id}/resume", Scope::ExecutionsWrite,  Some("execution.resume"),   routes!(executions::control::resume)),
        (Post,   "/api/executions/{id}/skip",   Scope::ExecutionsWrite,  Some("execution.skip"),     routes!(executions::control::skip)),
        (Post,   "/api/executions/{id}/cancel", Scope::ExecutionsCancel, Some("execution.cancel"),   routes!(executions::control::cancel)),
        (Post,   "/api/executions/{id}/retry",  Scope::ExecutionsWrite,  Some("execution.retry"),    routes!(executions::retry::retry)),
        (Post,   "/api/executions/{id}/browser/click", Scope::ExecutionsWrite, Some("execution.browser"), routes!(executions::browser::click)),
        (Post,   "/api/executions/{id}/baselines/{name}", Scope::PlaybooksWrite, Some("playbook.baseline"), routes!(executions::baselines::accept)),
        (Get,    "/api/browser-states",         Scope::CredentialsRead,   None,                       routes!(browser_states::list)),
        (Delete, "/api/browser-states/{name}",  Scope::CredentialsDelete, Some("browser-state.delete"), routes!(browser_states::delete)),
        (Post,   "/api/executions/{id}/skip_back", Scope::ExecutionsWrite, Some("execution.skip-back"), routes!(executions::retry::skip_back)),
        (Delete, "/api/executions/{id}",        Scope::ExecutionsDelete, Some("execution.delete"),   routes!(executions::delete::delete)),
        (Get,    "/api/credentials",            Scope::CredentialsRead,   None,                      routes!(credentials::list::list)),
        (Get,    "/api/credentials/{name}/uses", Scope::CredentialsRead,  None,                      routes!(credentials::uses::uses)),
        (Post,   "/api/credentials",            Scope::CredentialsWrite,  Some("credential.create"), routes!(credentials::change::create)),
        (Put,    "/api/credentials/{name}",     Scope::CredentialsWrite,  Some("credential.change"), routes!(credentials::change::replace)),
        (Delete, "/api/credentials/{name}",     Scope::CredentialsDelete, Some("credential.delete"), routes!(credentials::change::delete)),
        (Get,    "/api/schedules",              Scope::SchedulesRead,    None,                       routes!(schedules::find::list)),
        (Post,   "/api/schedules",              Scope::SchedulesWrite,   Some("schedule.create"),    routes!(schedules::change::create)),
        (Get,    "/api/schedules/{id}",         Scope::SchedulesRead,    None,                       routes!(schedules::find::get)),
        (Put,    "/api/schedules/{id}",         Scope::SchedulesWrite,   Some("schedule.change"),    routes!(schedules::change::replace)),
        (Patch,  "/api/schedules/{id}",         Scope::SchedulesWrite,   Some("schedule.change"),    routes!(schedules::change::change)),
        (Delete, "/api/schedules/{id}",         Scope::SchedulesDelete,  Some("schedule.delete"),    routes!(schedules::change::delete)),
        (Post,   "/api/schedules/{id}/toggle",  Scope::SchedulesWrite,   Some("schedule.change"),    routes!(schedules::change::toggle)),
        (Post,   "/api/schedules/{id}/run",     Scope::PlaybooksExecute, Some("schedule.run"),       routes!(schedules::run::run)),
        (Get,    "/api/schedules/{id}/history", Scope::SchedulesRead,    None,                       routes!(schedules::find::history)),
        (Get,    "/api/playbooks/step-types",   Scope::PlaybooksRead,    None,                       routes!(playbooks::original::step_types)),
        (Get,    "/api/executions/{id}/playbook/code", Scope::ExecutionsRead, None,                   routes!(executions::code::get)),
        (Post,   "/api/executions/{id}/debug/enable", Scope::ExecutionsWrite, Some("execution.debug"), routes!(executions::code::enable_debug)),
        (Post,   "/api/executions/{id}/debug/disable", Scope::ExecutionsWrite, Some("execution.debug"), routes!(executions::code::disable_debug)),
        (Get,    "/health",                     Scope::Open,             None,                       routes!(playbooks::original::health)),
        (Get,    "/health/live",                Scope::Open,             None,                       routes!(playbooks::original::live)),
        (Get,    "/health/ready",               Scope::Open,             None,                       routes!(playbooks::original::ready)),
        (Get,    "/health/detailed",            Scope::Open,             None,                       routes!(playbooks::original::detailed)),
        (Get,    "/api/config",                 Scope::Known,            None,                       routes!(playbooks::original::config)),
        (Get,    "/api/logs",                   Scope::ExecutionsRead,   None,                       routes!(playbooks::original::logs)),
        (Get,    "/api/logs/execution/{id}",    Scope::ExecutionsRead,   None,                       routes!(playbooks::original::logs_of)),
        (Get,    "/api/health",                 Scope::Open,             None,                       routes!(playbooks::health::health)),
    ]
}
