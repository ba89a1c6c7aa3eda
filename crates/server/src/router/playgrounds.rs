//! The routes of the contract of playgrounds, and what was added to them.

use utoipa::openapi::path::HttpMethod;
use utoipa_axum::routes;

use super::Route;
use crate::{
    access::Scope,
    api::playgrounds::{
        change, create, destroy, extend, find, history, inspect, launch, logs, operate,
        playrooms::{self, marquees},
        playspecs::{self, files, registries, validate},
        stats,
    },
};

/// The contract of playgrounds, and additions to it.
#[rustfmt::skip]
pub(super) fn routes() -> Vec<Route> {
    use HttpMethod::{Delete, Get, Patch, Post};
    vec![
        (Get,    "/api/playgrounds",                        Scope::PlaygroundsRead,   None,                            routes!(find::list)),
        (Post,   "/api/playgrounds",                        Scope::PlaygroundsWrite,  Some("playground.create"),       routes!(create::create)),
        (Get,    "/api/playgrounds/{id}",                   Scope::PlaygroundsRead,   None,                            routes!(find::get)),
        (Patch,  "/api/playgrounds/{id}",                   Scope::PlaygroundsWrite,  Some("playground.change"),       routes!(change::change)),
        (Delete, "/api/playgrounds/{id}",                   Scope::PlaygroundsDelete, Some("playground.destroy"),      routes!(destroy::destroy)),
        (Get,    "/api/playgrounds/{id}/status",            Scope::PlaygroundsRead,   None,                            routes!(find::status)),
        (Post,   "/api/playgrounds/{id}/rollout",           Scope::PlaygroundsWrite,  Some("playground.rollout"),      routes!(operate::rollout)),
        (Post,   "/api/playgrounds/{id}/hard_restart",      Scope::PlaygroundsWrite,  Some("playground.hard-restart"), routes!(operate::hard_restart)),
        (Post,   "/api/playgrounds/{id}/extend_expiration", Scope::PlaygroundsWrite,  Some("playground.extend"),       routes!(extend::extend)),
        (Get,    "/api/playgrounds/{id}/compose",           Scope::PlaygroundsRead,   None,                            routes!(inspect::compose)),
        (Get,    "/api/playgrounds/{id}/logs/{service}",    Scope::PlaygroundsRead,   None,                            routes!(logs::read)),
        (Get,    "/api/playgrounds/{id}/env_metadata",      Scope::PlaygroundsRead,   None,                            routes!(inspect::env_metadata)),
        (Get,    "/api/playgrounds/{id}/debug",             Scope::PlaygroundsRead,   None,                            routes!(inspect::debug)),

        // Additions to it.
        (Post,   "/api/playgrounds/{id}/retry_compose",     Scope::PlaygroundsWrite,  Some("playground.retry"),        routes!(operate::retry_compose)),
        (Post,   "/api/playgrounds/{id}/stop",              Scope::PlaygroundsWrite,  Some("playground.stop"),         routes!(operate::stop)),
        (Post,   "/api/playgrounds/{id}/start",             Scope::PlaygroundsWrite,  Some("playground.start"),        routes!(operate::start_again)),
        (Post,   "/api/playgrounds/{id}/rollback",          Scope::PlaygroundsWrite,  Some("playground.rollback"),     routes!(operate::rollback)),
        (Get,    "/api/playgrounds/{id}/revisions",         Scope::PlaygroundsRead,   None,                            routes!(history::revisions)),
        (Get,    "/api/playgrounds/{id}/operations",        Scope::PlaygroundsRead,   None,                            routes!(history::operations)),
        (Get,    "/api/playgrounds/{id}/job_result",        Scope::PlaygroundsRead,   None,                            routes!(history::job_result)),
        (Get,    "/api/playgrounds/{id}/stats",             Scope::PlaygroundsRead,   None,                            routes!(stats::stats)),
        (Post,   "/api/launch",                             Scope::LaunchWrite,       Some("playspec.launch"),         routes!(launch::launch)),

        // What playgrounds are made from.
        (Get,    "/api/playspecs",                          Scope::PlayspecsRead,     None,                            routes!(playspecs::find::list)),
        (Post,   "/api/playspecs",                          Scope::PlayspecsWrite,    Some("playspec.create"),         routes!(playspecs::change::create)),
        (Post,   "/api/playspecs/validate_compose",         Scope::PlayspecsRead,     None,                            routes!(validate::validate)),
        (Get,    "/api/playspecs/{id}",                     Scope::PlayspecsRead,     None,                            routes!(playspecs::find::get)),
        (Patch,  "/api/playspecs/{id}",                     Scope::PlayspecsWrite,    Some("playspec.change"),         routes!(playspecs::change::change)),
        (Delete, "/api/playspecs/{id}",                     Scope::PlayspecsDelete,   Some("playspec.delete"),         routes!(playspecs::change::delete)),
        (Get,    "/api/playspecs/{id}/services",            Scope::PlayspecsRead,     None,                            routes!(playspecs::find::services)),
        (Post,   "/api/playspecs/{id}/add_mounted_file",    Scope::PlayspecsWrite,    Some("playspec.add-file"),       routes!(files::add)),
        (Patch,  "/api/playspecs/{id}/update_mounted_file", Scope::PlayspecsWrite,    Some("playspec.change-file"),    routes!(files::change)),
        (Delete, "/api/playspecs/{id}/remove_mounted_file", Scope::PlayspecsWrite,    Some("playspec.remove-file"),    routes!(files::remove)),
        (Post,   "/api/playspecs/{id}/add_registry_credential",    Scope::PlayspecsWrite, Some("playspec.add-registry"),    routes!(registries::add)),
        (Delete, "/api/playspecs/{id}/remove_registry_credential", Scope::PlayspecsWrite, Some("playspec.remove-registry"), routes!(registries::remove)),

        // Docker hosts, under both of their names.
        (Get,    "/api/playrooms",                          Scope::PlayroomsRead,     None,                            routes!(playrooms::find::list)),
        (Post,   "/api/playrooms",                          Scope::PlayroomsWrite,    Some("playroom.create"),         routes!(playrooms::change::create)),
        (Get,    "/api/playrooms/{id}",                     Scope::PlayroomsRead,     None,                            routes!(playrooms::find::get)),
        (Patch,  "/api/playrooms/{id}",                     Scope::PlayroomsWrite,    Some("playroom.change"),         routes!(playrooms::change::change)),
        (Delete, "/api/playrooms/{id}",                     Scope::PlayroomsDelete,   Some("playroom.delete"),         routes!(playrooms::change::delete)),
        (Post,   "/api/playrooms/{id}/test_connection",     Scope::PlayroomsRead,     None,                            routes!(playrooms::test::test)),
        (Get,    "/api/marquees",                           Scope::PlayroomsRead,     None,                            routes!(marquees::list)),
        (Post,   "/api/marquees",                           Scope::PlayroomsWrite,    Some("playroom.create"),         routes!(marquees::create)),
        (Get,    "/api/marquees/{id}",                      Scope::PlayroomsRead,     None,                            routes!(marquees::get)),
        (Patch,  "/api/marquees/{id}",                      Scope::PlayroomsWrite,    Some("playroom.change"),         routes!(marquees::change)),
        (Delete, "/api/marquees/{id}",                      Scope::PlayroomsDelete,   Some("playroom.delete"),         routes!(marquees::delete)),
        (Post,   "/api/marquees/{id}/test_connection",      Scope::PlayroomsRead,     None,                            routes!(marquees::test_connection)),
    ]
}
