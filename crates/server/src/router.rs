//! The table of contents of the whole API: method, path, scope, handler, one line each.

use axum::{Router, middleware, routing::MethodRouter};
use utoipa::openapi::{
    InfoBuilder, OpenApi, OpenApiBuilder,
    extensions::ExtensionsBuilder,
    path::{HttpMethod, PathItem},
};
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouter},
    routes,
};

use crate::{
    access::{Scope, guarded},
    api::{self, events, hooks, jobs, keys, plugin_jobs, probes, reference, setup, tickets, ws},
    app::App,
    guard, metrics,
};

type Route = (HttpMethod, &'static str, Scope, UtoipaMethodRouter<App>);

/// Every route. What stands here is checked against what its handler says of itself.
#[rustfmt::skip]
fn table() -> Vec<Route> {
    use HttpMethod::{Delete, Get, Patch, Post, Put};
    vec![
        // The contract of the job queue.
        (Get,    "/api/v1/health",              Scope::Open,        routes!(jobs::health::health)),
        (Get,    "/api/v1/metrics",             Scope::Open,        routes!(jobs::health::metrics)),
        (Post,   "/api/v1/jobs",                Scope::JobsWrite,   routes!(jobs::submit::submit)),
        (Get,    "/api/v1/jobs",                Scope::JobsRead,    routes!(jobs::find::list)),
        (Get,    "/api/v1/jobs/{id}",           Scope::JobsRead,    routes!(jobs::find::get)),
        (Delete, "/api/v1/jobs/{id}",           Scope::JobsCancel,  routes!(jobs::cancel::pending)),
        (Post,   "/api/v1/jobs/claim",          Scope::RunsPerform, routes!(jobs::claim::claim)),
        (Put,    "/api/v1/jobs/{id}/heartbeat", Scope::RunsPerform, routes!(jobs::heartbeat::heartbeat)),
        (Put,    "/api/v1/jobs/{id}/complete",  Scope::RunsPerform, routes!(jobs::finish::complete)),
        (Put,    "/api/v1/jobs/{id}/fail",      Scope::RunsPerform, routes!(jobs::finish::fail)),
        (Get,    "/api/v1/admin/stats",         Scope::StatsRead,   routes!(jobs::admin::stats)),
        (Get,    "/api/v1/admin/executors",     Scope::StatsRead,   routes!(jobs::admin::executors)),
        (Post,   "/api/v1/jobs/bulk",           Scope::JobsWrite,   routes!(jobs::bulk::submit)),
        (Post,   "/api/v1/jobs/bulk/cancel",    Scope::JobsCancel,  routes!(jobs::bulk::cancel)),

        // Whether the server is well, and what it serves.
        (Get,    "/livez",                      Scope::Open,        routes!(probes::live)),
        (Get,    "/readyz",                     Scope::Open,        routes!(probes::ready)),
        (Get,    "/api/openapi.json",           Scope::Open,        routes!(reference::document)),
        (Get,    "/api/reference",              Scope::Open,        routes!(reference::page)),
        (Get,    "/api/reference/{file}",       Scope::Open,        routes!(reference::file)),

        // Additions to it.
        (Post,   "/api/v1/jobs/{id}/cancel",    Scope::JobsCancel,  routes!(jobs::cancel::anywhere)),
        (Post,   "/api/v1/jobs/{id}/retry",     Scope::JobsWrite,   routes!(jobs::retry::retry)),
        (Get,    "/api/v1/jobs/{id}/logs",      Scope::JobsRead,    routes!(jobs::logs::read)),
        (Post,   "/api/v1/binaries",            Scope::JobsWrite,   routes!(jobs::binaries::upload)),
        (Get,    "/api/v1/binaries/{sha256}",   Scope::RunsPerform, routes!(jobs::binaries::download)),

        // What executors of ours say beyond it.
        (Put,    "/api/v1/executors/{executor_id}",         Scope::RunsPerform, routes!(jobs::executors::register)),
        (Post,   "/api/v1/executors/{executor_id}/leases",  Scope::RunsPerform, routes!(jobs::executors::renew)),
        (Post,   "/api/v1/executors/{executor_id}/results", Scope::RunsPerform, routes!(jobs::executors::results)),
        (Post,   "/api/v1/jobs/{id}/release",               Scope::RunsPerform, routes!(jobs::heartbeat::release)),
        (Post,   "/api/v1/jobs/{id}/logs",                  Scope::RunsPerform, routes!(jobs::logs::append)),
        (Put,    "/api/v1/jobs/{id}/frame",                 Scope::RunsPerform, routes!(jobs::frame::show)),

        (Post,   "/api/v1/executors/{executor_id}/claims",  Scope::RunsPerform, routes!(jobs::claims::claim)),
        (Put,    "/api/v1/jobs/{id}/progress",              Scope::RunsPerform, routes!(jobs::progress::note)),

        // The contract of plugin jobs, and additions to it.
        (Post,   "/playground/jobs",               Scope::PluginJobsWrite,  routes!(plugin_jobs::create::create)),
        (Post,   "/playground/jobs/{id}/start",    Scope::PluginJobsWrite,  routes!(plugin_jobs::start::start)),
        (Get,    "/playground/jobs/{id}",          Scope::PluginJobsRead,   routes!(plugin_jobs::find::get)),
        (Get,    "/playground/jobs/{id}/progress", Scope::PluginJobsRead,   routes!(plugin_jobs::find::progress)),
        (Get,    "/playground/jobs",               Scope::PluginJobsRead,   routes!(plugin_jobs::list::list)),
        (Get,    "/playground/jobs/{id}/events",   Scope::PluginJobsRead,   routes!(plugin_jobs::events::follow)),
        (Post,   "/playground/jobs/{id}/cancel",   Scope::PluginJobsCancel, routes!(plugin_jobs::cancel::cancel)),
        (Delete, "/playground/jobs/{id}",          Scope::PluginJobsCancel, routes!(plugin_jobs::cancel::delete)),
        (Get,    "/playground/plugins",            Scope::PluginJobsRead,   routes!(plugin_jobs::plugins::list)),

        // Who may do what.
        (Post,   "/api/keys",                   Scope::KeysWrite,   routes!(keys::create)),
        (Get,    "/api/keys",                   Scope::KeysRead,    routes!(keys::list)),
        (Delete, "/api/keys/{id}",              Scope::KeysWrite,   routes!(keys::revoke)),
        (Post,   "/api/setup",                  Scope::Open,        routes!(setup::setup)),
        (Post,   "/api/tickets",                Scope::Known,       routes!(tickets::issue)),

        // The live stream of every kind.
        (Get,    "/api/events",                 Scope::EventsRead,  routes!(events::follow)),

        // Webhooks.
        (Post,   "/api/hooks",                  Scope::HooksWrite,  routes!(hooks::hook::create)),
        (Get,    "/api/hooks",                  Scope::HooksRead,   routes!(hooks::hook::list)),
        (Get,    "/api/hooks/{id}",             Scope::HooksRead,   routes!(hooks::hook::get)),
        (Patch,  "/api/hooks/{id}",             Scope::HooksWrite,  routes!(hooks::hook::change)),
        (Delete, "/api/hooks/{id}",             Scope::HooksWrite,  routes!(hooks::hook::delete)),
        (Post,   "/api/hooks/{id}/test",        Scope::HooksWrite,  routes!(hooks::deliveries::test)),
        (Get,    "/api/hooks/{id}/deliveries",  Scope::HooksRead,   routes!(hooks::deliveries::list)),
        (Get,    "/api/hooks/{id}/deliveries/{delivery}",        Scope::HooksRead,  routes!(hooks::deliveries::get)),
        (Post,   "/api/hooks/{id}/deliveries/{delivery}/replay", Scope::HooksWrite, routes!(hooks::deliveries::replay)),
        (Get,    "/ws/events",                  Scope::EventsRead,  routes!(ws::events::follow)),
        (Get,    "/ws/executions",              Scope::ExecutionsRead, routes!(ws::executions::follow)),
    ]
}

/// The router of a running server.
pub(crate) fn router(app: App) -> Router {
    let (router, _) = documented(|scope, routes| guarded(&app, scope, routes)).split_for_parts();
    router
        .method_not_allowed_fallback(api::method_not_allowed)
        .fallback(api::not_found)
        .layer(middleware::from_fn_with_state(app.clone(), guard::check))
        .layer(middleware::from_fn_with_state(
            app.clone(),
            metrics::measure,
        ))
        .with_state(app)
}

/// The OpenAPI document of all routes, as the code has them.
#[must_use]
pub fn openapi_json() -> String {
    let (_, document) = documented(|_, routes| routes).split_for_parts();
    // A document of strings and maps has a JSON form.
    document.to_pretty_json().unwrap_or_default() + "\n"
}

/// Every route, behind what `guard` puts in front of it, with the document that they make together.
fn documented(guard: impl Fn(Scope, MethodRouter<App>) -> MethodRouter<App>) -> OpenApiRouter<App> {
    let info = InfoBuilder::new()
        .title("Playhouse")
        .version(env!("CARGO_PKG_VERSION"))
        .build();
    let document = OpenApiBuilder::new().info(info).build();
    let routes = table();
    let mut scopes = Vec::with_capacity(routes.len());
    let mut router = OpenApiRouter::with_openapi(document);
    for (method, path, scope, handler) in routes {
        assert!(
            has(&handler.1, path, &method),
            "{path}: its handler names another path or method"
        );
        scopes.push((method, path, scope));
        let (schemas, paths, routes) = handler;
        router = router.routes((schemas, paths, guard(scope, routes)));
    }
    name_scopes(router.get_openapi_mut(), &scopes);
    router
}

/// Whether a handler documents itself as this method of this path.
fn has(paths: &utoipa::openapi::Paths, path: &str, method: &HttpMethod) -> bool {
    paths
        .paths
        .get(path)
        .is_some_and(|item| operation(item, method))
}

fn operation(item: &PathItem, method: &HttpMethod) -> bool {
    match method {
        HttpMethod::Get => item.get.is_some(),
        HttpMethod::Put => item.put.is_some(),
        HttpMethod::Post => item.post.is_some(),
        HttpMethod::Delete => item.delete.is_some(),
        HttpMethod::Patch => item.patch.is_some(),
        _ => false,
    }
}

/// Writes each route's scope into the document.
fn name_scopes(document: &mut OpenApi, scopes: &[(HttpMethod, &'static str, Scope)]) {
    for (method, path, scope) in scopes {
        let Some(item) = document.paths.paths.get_mut(*path) else {
            continue;
        };
        let operation = match method {
            HttpMethod::Get => item.get.as_mut(),
            HttpMethod::Put => item.put.as_mut(),
            HttpMethod::Post => item.post.as_mut(),
            HttpMethod::Delete => item.delete.as_mut(),
            HttpMethod::Patch => item.patch.as_mut(),
            _ => None,
        };
        if let Some(operation) = operation {
            operation.extensions = Some(
                ExtensionsBuilder::new()
                    .add("x-scope", scope.as_str())
                    .build(),
            );
        }
    }
}
