//! The table of contents of the whole API: method, path, scope, what the audit calls it, handler; one
//! line each.

mod playbooks;
mod playgrounds;

use axum::{Router, middleware, routing::MethodRouter};
use utoipa::openapi::{InfoBuilder, OpenApiBuilder, path::HttpMethod};
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouter},
    routes,
};

use tower::ServiceExt;

use crate::{
    access::{Scope, scope_checked},
    api::{
        self, approvals, artifacts, audit, events, executors, hooks, jobs, join, keys, plugin_jobs,
        probes, reference, runs, setup, tickets, vault, ws,
    },
    app::App,
    audit::{Action, audited},
    document,
    http::cors,
    http::origin_check,
    http::query,
    http::requests,
    metrics,
};

type Route = (
    HttpMethod,
    &'static str,
    Scope,
    Action,
    UtoipaMethodRouter<App>,
);

/// Every route. It is checked against what its handler says of itself.
fn table() -> Vec<Route> {
    let mut routes = run_routes();
    routes.extend(playbooks::routes());
    routes.extend(playgrounds::routes());
    routes.extend(own_routes());
    routes
}

/// The routes of the contracts, of runs and of executors.
#[rustfmt::skip]
fn run_routes() -> Vec<Route> {
    use HttpMethod::{Delete, Get, Post, Put};
    vec![
        // The contract of the job queue.
        (Get,    "/api/v1/health",              Scope::Open,        None,                  routes!(jobs::health::health)),
        (Get,    "/api/v1/metrics",             Scope::Open,        None,                  routes!(jobs::health::metrics)),
        (Post,   "/api/v1/jobs",                Scope::JobsWrite,   Some("job.submit"),    routes!(jobs::submit::submit)),
        (Get,    "/api/v1/jobs",                Scope::JobsRead,    None,                  routes!(jobs::find::list)),
        (Get,    "/api/v1/jobs/{id}",           Scope::JobsRead,    None,                  routes!(jobs::find::get)),
        (Delete, "/api/v1/jobs/{id}",           Scope::JobsCancel,  Some("job.cancel"),    routes!(jobs::cancel::pending)),
        (Post,   "/api/v1/jobs/claim",          Scope::RunsPerform, None,                  routes!(jobs::claim::claim)),
        (Put,    "/api/v1/jobs/{id}/heartbeat", Scope::RunsPerform, None,                  routes!(jobs::heartbeat::heartbeat)),
        (Put,    "/api/v1/jobs/{id}/complete",  Scope::RunsPerform, None,                  routes!(jobs::finish::complete)),
        (Put,    "/api/v1/jobs/{id}/fail",      Scope::RunsPerform, None,                  routes!(jobs::finish::fail)),
        (Get,    "/api/v1/admin/stats",         Scope::StatsRead,   None,                  routes!(jobs::admin::stats)),
        (Get,    "/api/v1/admin/executors",     Scope::StatsRead,   None,                  routes!(jobs::admin::executors)),
        (Post,   "/api/v1/jobs/bulk",           Scope::JobsWrite,   Some("job.submit"),    routes!(jobs::bulk::submit)),
        (Post,   "/api/v1/jobs/bulk/cancel",    Scope::JobsCancel,  Some("job.cancel"),    routes!(jobs::bulk::cancel)),

        // Whether the server is well, and what it serves.
        (Get,    "/",                           Scope::Open,        None,                  routes!(reference::front)),
        (Get,    "/livez",                      Scope::Open,        None,                  routes!(probes::live)),
        (Get,    "/readyz",                     Scope::Open,        None,                  routes!(probes::ready)),
        (Get,    "/api/openapi.json",           Scope::Open,        None,                  routes!(reference::document)),
        (Get,    "/api/reference",              Scope::Open,        None,                  routes!(reference::page)),
        (Get,    "/api/reference/{file}",       Scope::Open,        None,                  routes!(reference::file)),

        // Additions to it.
        (Post,   "/api/v1/jobs/{id}/cancel",    Scope::JobsCancel,  Some("job.cancel"),    routes!(jobs::cancel::anywhere)),
        (Post,   "/api/v1/jobs/{id}/retry",     Scope::JobsWrite,   Some("job.retry"),     routes!(jobs::retry::retry)),
        (Get,    "/api/v1/jobs/{id}/logs",      Scope::JobsRead,    None,                  routes!(jobs::logs::read)),
        (Get,    "/api/v1/jobs/{id}/deliveries", Scope::JobsRead,   None,                  routes!(hooks::of_jobs::of_job)),
        (Get,    "/api/v1/jobs/{id}/artifacts", Scope::JobsRead,    None,                  routes!(artifacts::list_of_job)),
        (Get,    "/api/v1/jobs/{id}/artifacts/{*name}", Scope::JobsRead, None,             routes!(artifacts::get_of_job)),
        (Post,   "/api/v1/binaries",            Scope::JobsWrite,   Some("binary.upload"), routes!(jobs::binaries::upload)),
        (Get,    "/api/v1/binaries/{sha256}",   Scope::RunsPerform, None,                  routes!(jobs::binaries::download)),

        // What executors of ours say, for runs of every kind.
        (Put,    "/api/executors/{executor}",          Scope::RunsPerform, None,                  routes!(executors::register::register)),
        (Post,   "/api/executors/{executor}/exchange", Scope::RunsPerform, None,                  routes!(executors::exchange::exchange)),
        (Post,   "/api/executors/{executor}/leases",   Scope::RunsPerform, None,                  routes!(executors::leases::renew)),
        (Post,   "/api/executors/{executor}/answers/{question}", Scope::RunsPerform, None,        routes!(executors::answers::answer)),
        (Post,   "/api/executors/{executor}/playgrounds", Scope::RunsPerform, None,               routes!(executors::operations::observe)),
        (Get,    "/api/executors/{executor}/doctor",   Scope::StatsRead,   None,                  routes!(executors::doctor::doctor)),
        (Post,   "/api/runs/{id}/output",              Scope::RunsPerform, None,                  routes!(executors::output::append)),
        (Post,   "/api/runs/{id}/parts",               Scope::RunsPerform, None,                  routes!(executors::parts::advance)),
        (Put,    "/api/runs/{id}/state",               Scope::RunsPerform, None,                  routes!(executors::parts::put_state)),
        (Post,   "/api/runs/{id}/approvals",           Scope::RunsPerform, None,                  routes!(executors::approvals::ask)),
        (Post,   "/api/runs/{id}/children",            Scope::RunsPerform, Some("child.submit"),  routes!(executors::children::submit)),
        (Post,   "/api/runs/{id}/playgrounds",         Scope::RunsPerform, Some("playground.step"), routes!(executors::playgrounds::ask)),
        (Post,   "/api/runs/{id}/gates",               Scope::RunsPerform, None,                  routes!(executors::gates::compare)),
        (Post,   "/api/runs/{id}/park",                Scope::RunsPerform, None,                  routes!(executors::parts::park)),
        (Put,    "/api/runs/{id}/frame",               Scope::RunsPerform, None,                  routes!(executors::frame::show)),
        (Put,    "/api/runs/{id}/browser-states/{name}", Scope::RunsPerform, Some("browser-state.save"), routes!(executors::browser_states::save)),
        (Get,    "/api/runs/{id}/browser-states/{name}", Scope::RunsPerform, Some("browser-state.load"), routes!(executors::browser_states::load)),
        (Get,    "/api/runs/{id}/baselines/{name}",    Scope::RunsPerform, None,                  routes!(executors::baselines::get)),
        (Put,    "/api/runs/{id}/artifacts/{*name}",   Scope::RunsPerform, None,                  routes!(executors::artifacts::put)),
        (Post,   "/api/runs/{id}/credentials",         Scope::RunsPerform, Some("credential.use"), routes!(executors::credentials::open)),
        (Post,   "/api/runs/{id}/generated",           Scope::RunsPerform, None,                  routes!(executors::operations::generated)),
        (Put,    "/api/runs/{id}/outcome",             Scope::RunsPerform, None,                  routes!(executors::operations::outcome)),
        (Post,   "/api/runs/{id}/release",             Scope::RunsPerform, None,                  routes!(executors::release::release)),


        // What runs of every kind leave; which of them may be read depends on the scopes of their kind.
        (Get,    "/api/runs/{id}/artifacts",    Scope::Known,       None,                  routes!(artifacts::list)),
        (Get,    "/api/runs/{id}/artifacts/{*name}", Scope::Known,  None,                  routes!(artifacts::get)),

        // The contract of plugin jobs, and additions to it.
        (Post,   "/playground/jobs",               Scope::PluginJobsWrite,  Some("plugin-job.create"), routes!(plugin_jobs::create::create)),
        (Post,   "/playground/jobs/{id}/start",    Scope::PluginJobsWrite,  Some("plugin-job.start"), routes!(plugin_jobs::start::start)),
        (Get,    "/playground/jobs/{id}",          Scope::PluginJobsRead,   None,                  routes!(plugin_jobs::find::get)),
        (Get,    "/playground/jobs/{id}/progress", Scope::PluginJobsRead,   None,                  routes!(plugin_jobs::find::progress)),
        (Get,    "/playground/jobs",               Scope::PluginJobsRead,   None,                  routes!(plugin_jobs::list::list)),
        (Get,    "/playground/jobs/{id}/events",   Scope::PluginJobsRead,   None,                  routes!(plugin_jobs::events::follow)),
        (Post,   "/playground/jobs/{id}/cancel",   Scope::PluginJobsCancel, Some("plugin-job.cancel"), routes!(plugin_jobs::cancel::cancel)),
        (Get,    "/playground/jobs/{id}/deliveries", Scope::PluginJobsRead, None,                  routes!(hooks::of_jobs::of_plugin_job)),
        (Delete, "/playground/jobs/{id}",          Scope::PluginJobsDelete, Some("plugin-job.delete"), routes!(plugin_jobs::cancel::delete)),
        (Get,    "/playground/plugins",            Scope::PluginJobsRead,   None,                  routes!(plugin_jobs::plugins::list)),
    ]
}

/// The routes of our own, beside those of runs and executors.
#[rustfmt::skip]
fn own_routes() -> Vec<Route> {
    use HttpMethod::{Delete, Get, Patch, Post};
    vec![
        // Who may do what.
        (Post,   "/api/keys",                   Scope::KeysWrite,   Some("key.create"),    routes!(keys::create)),
        (Get,    "/api/keys",                   Scope::KeysRead,    None,                  routes!(keys::list)),
        (Delete, "/api/keys/{id}",              Scope::KeysWrite,   Some("key.revoke"),    routes!(keys::revoke)),
        (Get,    "/api/setup",                  Scope::Open,        None,                  routes!(setup::page)),
        (Post,   "/api/setup",                  Scope::Secret,      Some("key.setup"),     routes!(setup::setup)),
        (Post,   "/api/join-tokens",            Scope::KeysWrite,   Some("join-token.create"), routes!(join::token)),
        (Post,   "/api/join",                   Scope::Secret,      Some("key.join"),      routes!(join::join)),
        (Post,   "/api/tickets",                Scope::Known,       None,                  routes!(tickets::issue)),
        (Post,   "/api/vault/rotate",           Scope::KeysWrite,   Some("vault.rotate"),  routes!(vault::rotate)),

        // Who did what.
        (Get,    "/api/audit",                  Scope::AuditRead,   None,                  routes!(audit::list)),
        (Get,    "/api/audit/verify",           Scope::AuditRead,   None,                  routes!(audit::verify)),

        // The live stream of every kind.
        (Get,    "/api/events",                 Scope::EventsRead,  None,                  routes!(events::follow)),

        // Runs of every kind: which, and what may be asked of each, depends on the scopes of its kind.
        (Get,    "/api/runs",                   Scope::Known,       None,                  routes!(runs::list::list)),
        (Get,    "/api/runs/{id}",              Scope::Known,       None,                  routes!(runs::details::get)),
        (Get,    "/api/runs/{id}/children",     Scope::Known,       None,                  routes!(runs::list::children)),
        (Get,    "/api/runs/{id}/parts",        Scope::Known,       None,                  routes!(runs::parts::list)),
        (Get,    "/api/runs/{id}/logs",         Scope::Known,       None,                  routes!(runs::logs::read)),
        (Get,    "/api/runs/{id}/events",       Scope::Known,       None,                  routes!(runs::events::follow)),
        (Post,   "/api/runs/{id}/pause",        Scope::Known,       Some("run.pause"),     routes!(runs::control::pause)),
        (Post,   "/api/runs/{id}/resume",       Scope::Known,       Some("run.resume"),    routes!(runs::control::resume)),
        (Post,   "/api/runs/{id}/skip",         Scope::Known,       Some("run.skip"),      routes!(runs::control::skip)),
        (Post,   "/api/runs/{id}/cancel",       Scope::Known,       Some("run.cancel"),    routes!(runs::control::cancel)),
        (Post,   "/api/runs/{id}/retry",        Scope::Known,       Some("run.retry"),     routes!(runs::control::retry)),
        (Post,   "/api/runs/{id}/browser",      Scope::Known,       Some("run.browser"),   routes!(runs::browser::steer)),

        // What steps of executions ask people; who may answer depends on the playbook.
        (Get,    "/api/approvals",              Scope::ExecutionsRead, None,               routes!(approvals::find::list)),
        (Get,    "/api/approvals/{id}",         Scope::ExecutionsRead, None,               routes!(approvals::find::get)),
        (Post,   "/api/approvals/{id}",         Scope::Known,       Some("approval.answer"), routes!(approvals::answer::answer)),

        // Webhooks.
        (Post,   "/api/hooks",                  Scope::HooksWrite,  Some("hook.create"),   routes!(hooks::hook::create)),
        (Get,    "/api/hooks",                  Scope::HooksRead,   None,                  routes!(hooks::hook::list)),
        (Get,    "/api/hooks/{id}",             Scope::HooksRead,   None,                  routes!(hooks::hook::get)),
        (Patch,  "/api/hooks/{id}",             Scope::HooksWrite,  Some("hook.change"),   routes!(hooks::hook::change)),
        (Delete, "/api/hooks/{id}",             Scope::HooksWrite,  Some("hook.delete"),   routes!(hooks::hook::delete)),
        (Post,   "/api/hooks/{id}/test",        Scope::HooksWrite,  Some("hook.test"),     routes!(hooks::deliveries::test)),
        (Get,    "/api/hooks/{id}/deliveries",  Scope::HooksRead,   None,                  routes!(hooks::deliveries::list)),
        (Get,    "/api/hooks/{id}/deliveries/{delivery}",        Scope::HooksRead,  None,                  routes!(hooks::deliveries::get)),
        (Post,   "/api/hooks/{id}/deliveries/{delivery}/replay", Scope::HooksWrite, Some("hook.replay"),   routes!(hooks::deliveries::replay)),
        (Get,    "/ws/events",                  Scope::EventsRead,  None,                  routes!(ws::events::follow)),
        (Get,    "/ws/executions",              Scope::ExecutionsRead, None,                  routes!(ws::executions::follow)),
        (Get,    "/ws/runs/{id}/frames",        Scope::Known,       None,                  routes!(ws::frames::follow)),
    ]
}

/// The router of a running server.
pub(crate) fn router(app: App) -> Router {
    let layers = |path, scope, action, queries, routes| {
        let routes = match queries {
            Some(names) => query::only(names, routes),
            None => routes,
        };
        audited(
            &app,
            (api::contract_of(path), action),
            scope_checked(&app, (scope, needs_room(action)), routes),
        )
    };
    let (router, _) = documented(layers).split_for_parts();
    let router = router
        .method_not_allowed_fallback(api::method_not_allowed)
        .fallback(api::not_found)
        .layer(middleware::from_fn_with_state(
            app.clone(),
            origin_check::check,
        ));
    let router = match cors::layer(&app.settings.cors_origins) {
        Some(cors) => router.layer(cors),
        None => router,
    };
    let router = router
        .layer(middleware::from_fn_with_state(
            app.metrics.requests(),
            metrics::measure,
        ))
        .layer(middleware::from_fn_with_state(
            api::contract_of as requests::ContractOf,
            requests::name,
        ))
        .with_state(app);
    // In front of the router, which knows each path in one form.
    Router::new().fallback_service(router.map_request(requests::without_slash))
}

/// Whether an action stores a run, or something long.
fn needs_room(action: Action) -> bool {
    let (noun, verb) = action
        .and_then(|one| one.split_once('.'))
        .unwrap_or_default();
    match noun {
        "job" | "plugin-job" | "execution" | "playground" | "run" | "schedule" | "child" => {
            matches!(
                verb,
                "submit" | "create" | "start" | "retry" | "run" | "rollout"
            )
        }
        "binary" | "browser-state" => matches!(verb, "upload" | "save"),
        "playspec" => matches!(verb, "launch" | "add-file" | "change-file"),
        "playbook" => matches!(verb, "write" | "duplicate" | "baseline"),
        _ => false,
    }
}

/// The OpenAPI document of all routes, as the code has them.
#[must_use]
pub fn openapi_json() -> String {
    let (_, document) = documented(|_, _, _, _, routes| routes).split_for_parts();
    // A document of strings and maps has a JSON form.
    document.to_pretty_json().unwrap_or_default() + "\n"
}

/// Every route with its `layers`, and the document that they make together.
fn documented(
    layers: impl Fn(
        &'static str,
        Scope,
        Action,
        Option<Vec<String>>,
        MethodRouter<App>,
    ) -> MethodRouter<App>,
) -> OpenApiRouter<App> {
    let info = InfoBuilder::new()
        .title("Playhouse")
        .version(env!("CARGO_PKG_VERSION"))
        .build();
    let document = OpenApiBuilder::new().info(info).build();
    let routes = table();
    let mut named = Vec::with_capacity(routes.len());
    let mut router = OpenApiRouter::with_openapi(document);
    for (method, path, scope, action, handler) in routes {
        let (schemas, paths, routes) = handler;
        let queries = document::queries(&paths, path, &method);
        assert!(
            queries.is_some(),
            "{path}: its handler names another path or method"
        );
        // Clients of the contracts, and those that ask whether the server is well, may send what they like.
        let is_strict = api::is_own(path) && scope != Scope::Open;
        let queries = queries.filter(|_| is_strict);
        named.push((method, path, scope, action));
        let routes = layers(path, scope, action, queries, routes);
        router = router.routes((schemas, paths, routes));
    }
    document::complete(router.get_openapi_mut(), &named);
    router
}
