//! Puts a new table in the place of the old one, and keeps what both have.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use super::{
    Activity, DrainLimits, Drained, OwnerActivity, RouteCounters, RouterMetrics, Upstream, drain,
};
use crate::{
    error::Error,
    routes::{ActiveRoute, Routes, normalize},
    table::{PathRule, RouteEntry, RouteTable},
};

/// The table in use, and everything that is counted by its names.
pub(crate) struct Registry {
    routes: watch::Sender<Arc<Routes>>,
    known: Mutex<Inventory>,
}

#[derive(Default)]
struct Inventory {
    targets: HashMap<SocketAddr, Arc<Upstream>>,
    /// Targets that no table has any more, while something is in flight.
    retired: HashMap<SocketAddr, Arc<Upstream>>,
    owners: HashMap<String, Arc<OwnerActivity>>,
    counters: BTreeMap<String, Arc<RouteCounters>>,
}

impl Registry {
    pub(crate) fn new() -> Self {
        Self {
            routes: watch::Sender::new(Arc::default()),
            known: Mutex::default(),
        }
    }

    /// The routes as they are now.
    pub(crate) fn routes(&self) -> Arc<Routes> {
        Arc::clone(&self.routes.borrow())
    }

    /// The routes as they are now, and when they change.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Arc<Routes>> {
        self.routes.subscribe()
    }

    /// Replaces the table. A wrong one changes nothing.
    pub(crate) fn replace(&self, table: &RouteTable) -> Result<(), Error> {
        check(table)?;
        let mut known = self.known();
        let mut next = Inventory::default();
        let mut routes = Routes::default();
        for entry in &table.routes {
            let route = next.route(&known, entry)?;
            let host = normalize(&entry.host).unwrap_or_default().into_owned();
            routes.add(host, route);
        }
        routes.order();
        next.readmit(&known);
        // Published before old targets are withdrawn, so that no request finds only withdrawn ones.
        self.routes.send_replace(Arc::new(routes));
        next.retire(&mut known);
        *known = next;
        Ok(())
    }

    /// Withdraws a target and waits until what it has ended. Lasts until a table came that has not got the target.
    pub(crate) async fn drain(&self, target: SocketAddr, limits: DrainLimits) -> Drained {
        let upstream = {
            let known = self.known();
            let found = known.targets.get(&target).or(known.retired.get(&target));
            found.map(Arc::clone)
        };
        match upstream {
            Some(upstream) => drain::drain(&upstream, limits).await,
            None => Drained::default(),
        }
    }

    pub(crate) fn touch(&self, owner: &str) {
        if let Some(owner) = self.known().owners.get(owner) {
            owner.touch();
        }
    }

    pub(crate) fn activity(&self, owner: &str) -> Option<Activity> {
        self.known().owners.get(owner).map(|owner| owner.read())
    }

    pub(crate) fn metrics(&self) -> RouterMetrics {
        let known = self.known();
        let routes = known.counters.iter();
        RouterMetrics {
            routes: routes
                .map(|(id, counters)| (id.clone(), counters.read()))
                .collect(),
        }
    }

    /// Closes connections that were idle for too long.
    pub(crate) fn sweep(&self) {
        let mut known = self.known();
        known.targets.values().for_each(|target| target.sweep());
        known.retired.retain(|_, target| !target.is_unused());
    }

    fn known(&self) -> MutexGuard<'_, Inventory> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inventory {
    /// The active route of an entry, with what `before` has of it.
    fn route(&mut self, before: &Self, entry: &RouteEntry) -> Result<ActiveRoute, Error> {
        let owner = self.owners.entry(entry.owner.clone()).or_insert_with(|| {
            let owner = before.owners.get(&entry.owner);
            owner.map_or_else(
                || Arc::new(OwnerActivity::new(entry.owner.clone())),
                Arc::clone,
            )
        });
        let owner = Arc::clone(owner);
        let counters = before.counters.get(&entry.id);
        let counters = counters.map_or_else(Arc::default, Arc::clone);
        self.counters
            .insert(entry.id.clone(), Arc::clone(&counters));
        let targets = entry.targets.iter().map(|address| {
            let target = self.targets.entry(*address).or_insert_with(|| {
                let target = before.targets.get(address);
                let target = target.or(before.retired.get(address));
                target.map_or_else(|| Arc::new(Upstream::new(*address)), Arc::clone)
            });
            Arc::clone(target)
        });
        let targets = targets.collect();
        ActiveRoute::new(entry, owner, counters, targets)
    }

    /// Admits the retired targets that came back.
    fn readmit(&self, before: &Self) {
        let back = before.retired.iter();
        let back = back.filter(|(address, _)| self.targets.contains_key(address));
        back.for_each(|(_, target)| target.admit());
    }

    /// Withdraws the targets that only `before` has.
    fn retire(&mut self, before: &mut Self) {
        for (address, target) in before.targets.drain().chain(before.retired.drain()) {
            if !self.targets.contains_key(&address) {
                target.withdraw();
                if !target.is_unused() {
                    self.retired.insert(address, target);
                }
            }
        }
    }
}

fn check(table: &RouteTable) -> Result<(), Error> {
    let mut ids = HashSet::new();
    let mut places: HashMap<(String, Option<&PathRule>), &str> = HashMap::new();
    for entry in &table.routes {
        if !ids.insert(entry.id.as_str()) {
            return Err(Error::DuplicateId(entry.id.clone()));
        }
        let host = normalize(&entry.host).ok_or_else(|| Error::Host {
            route: entry.id.clone(),
            host: entry.host.clone(),
        })?;
        if let Some(PathRule::Path(path) | PathRule::PathPrefix(path)) = &entry.path
            && !path.starts_with('/')
        {
            return Err(Error::Path {
                route: entry.id.clone(),
                path: path.clone(),
            });
        }
        let place = (host.into_owned(), entry.path.as_ref());
        if let Some(first) = places.insert(place, &entry.id) {
            return Err(Error::Conflict {
                first: first.to_owned(),
                second: entry.id.clone(),
            });
        }
    }
    Ok(())
}
