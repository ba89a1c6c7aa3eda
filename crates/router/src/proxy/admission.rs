//! Whether a request may go to a target now, has to wait, or gets a page.

use std::{
    future::pending,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use http::header;
use tokio::time::{Instant, sleep_until};

use super::{Checked, Proxy, pages::StatusPage, waking::WakeResult};
use crate::{
    live::{InFlight, OpenRequest, RouteCounters, Upstream},
    routes::ActiveRoute,
    table::RouteState,
};

/// What becomes of a request.
pub(super) enum Admission {
    Page(StatusPage),
    Forward(Box<Admitted>),
}

/// A request that a target can take.
pub(super) struct Admitted {
    pub(super) route: Arc<ActiveRoute>,
    pub(super) in_flight: InFlight,
    pub(super) request: OpenRequest,
}

/// What one look at a route says.
enum Look {
    Page(StatusPage),
    Target(InFlight),
    Hold,
}

impl Proxy {
    /// Waits until a target of the route takes the request, within the route's limits.
    pub(super) async fn admit(&self, route: &Arc<ActiveRoute>, checked: &Checked) -> Admission {
        // Before anything counts it: who has no password keeps nothing awake.
        if let Some(page) = refuse(route, checked) {
            return Admission::Page(page);
        }
        let request = route.owner.open();
        match look(route) {
            Look::Page(page) => Admission::Page(page),
            Look::Target(in_flight) => Admission::Forward(Box::new(Admitted {
                route: Arc::clone(route),
                in_flight,
                request,
            })),
            // Boxed: the rare case would make every request's future large.
            Look::Hold => Box::pin(self.hold(route, checked, request)).await,
        }
    }

    async fn hold(
        &self,
        first: &Arc<ActiveRoute>,
        checked: &Checked,
        mut request: OpenRequest,
    ) -> Admission {
        let counters = &first.counters;
        counters.held.fetch_add(1, Relaxed);
        let Some(_held) = Held::begin(counters, first.hold.requests) else {
            counters.hold_refused.fetch_add(1, Relaxed);
            return Admission::Page(StatusPage::unavailable(first.state));
        };
        let deadline = Instant::now() + first.hold.wait();
        let mut changes = self.registry.subscribe();
        loop {
            let routes = Arc::clone(&changes.borrow_and_update());
            let (host, path) = (checked.host(), checked.request.uri().path());
            let Some(route) = routes.find(&host, path).cloned() else {
                return Admission::Page(StatusPage::unknown_host(&host));
            };
            drop(routes);
            // The route may be another one by now.
            if let Some(page) = refuse(&route, checked) {
                return Admission::Page(page);
            }
            if !Arc::ptr_eq(request.owner(), &route.owner) {
                request = route.owner.open();
            }
            match look(&route) {
                Look::Page(page) => return Admission::Page(page),
                Look::Target(in_flight) => {
                    return Admission::Forward(Box::new(Admitted {
                        route,
                        in_flight,
                        request,
                    }));
                }
                Look::Hold => {}
            }
            let state = route.state;
            let hook = self.settings.wake.as_ref();
            let hook = hook.filter(|_| state == RouteState::Asleep);
            let wake = hook.map(|hook| self.waking.wake(hook, &route.owner.name, &changes));
            tokio::select! {
                _ = changes.changed() => {}
                _ = failure(wake.flatten()) => {
                    counters.hold_refused.fetch_add(1, Relaxed);
                    return Admission::Page(StatusPage::wake_failed());
                }
                () = sleep_until(deadline) => {
                    counters.hold_refused.fetch_add(1, Relaxed);
                    return Admission::Page(StatusPage::unavailable(state));
                }
            }
        }
    }
}

/// Why waking failed; never ends if it did not.
async fn failure(wake: Option<WakeResult>) -> String {
    match wake {
        Some(wake) => match wake.failure().await {
            Some(reason) => reason,
            None => pending().await,
        },
        None => pending().await,
    }
}

/// The page for a caller without the password.
fn refuse(route: &ActiveRoute, checked: &Checked) -> Option<StatusPage> {
    let auth = route.auth.as_ref()?;
    let sent = checked.request.headers().get(header::AUTHORIZATION);
    (!auth.admits(sent)).then(StatusPage::unauthorized)
}

fn look(route: &ActiveRoute) -> Look {
    match route.state {
        RouteState::Maintenance => Look::Page(StatusPage::maintenance()),
        RouteState::Starting | RouteState::Asleep => Look::Hold,
        RouteState::Serving => choose(&route.targets, &[]).map_or(Look::Hold, Look::Target),
    }
}

/// The target with the fewest requests, of those that were not tried. One that refused a connection a moment ago
/// comes last.
pub(super) fn choose(targets: &[Arc<Upstream>], tried: &[Arc<Upstream>]) -> Option<InFlight> {
    if let ([only], []) = (targets, tried) {
        return only.begin();
    }
    let untried = |target: &&Arc<Upstream>| !tried.iter().any(|tried| Arc::ptr_eq(tried, target));
    let mut untried: Vec<_> = targets.iter().filter(untried).collect();
    // Those with equally many take turns by chance.
    untried.sort_by_cached_key(|target| {
        (
            target.refused_lately(),
            target.load(),
            rand::random::<u32>(),
        )
    });
    untried.into_iter().find_map(Upstream::begin)
}

/// A request that waits.
struct Held<'a>(&'a RouteCounters);

impl<'a> Held<'a> {
    fn begin(counters: &'a RouteCounters, limit: u64) -> Option<Self> {
        let held = Self(counters);
        (counters.holding.fetch_add(1, Relaxed) < limit).then_some(held)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.holding.fetch_sub(1, Relaxed);
    }
}
