//! Which hosts, and ports of the machine, the services of a playground want, and whether another playground of the
//! playroom has them.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use playground::{
    blueprint,
    labels::{PathRule, ServiceLabels, Visibility},
    routes::{Exposure, RouteSettings, ServiceRoute, conflicts, routes},
};
use store::{Batch, Read, playgrounds};
use wire::playgrounds::ExposureSettings;

use super::{
    FieldErrors, PlaygroundStatus as P, SpecBody, Wanted, described_services, loaded,
    service_settings::exposed,
};
use crate::{app::App, refusal::Refusal};

const FIELD: &str = "service_subdomains";
/// The field of what services set, ports of the machine among it.
const PORTS_FIELD: &str = "services";

/// The hosts and ports that the services of a playground want in a playroom.
#[derive(Clone, Debug)]
pub(crate) struct WantedHosts {
    /// The playground, once it has an id: it takes nothing from itself.
    pub(crate) id: Option<i64>,
    pub(crate) playroom_id: i64,
    routes: Vec<ServiceRoute>,
    ports: BTreeSet<u16>,
}

impl WantedHosts {
    /// Reads them from what is wanted; what is wrong about them is noted.
    pub(crate) fn of(
        (id, playroom_id): (Option<i64>, i64),
        (spec, wanted, job_mode): (&SpecBody, &Wanted, bool),
        errors: &mut FieldErrors,
    ) -> Self {
        let routes = of(spec, wanted, job_mode).unwrap_or_else(|problems| {
            for (service, message) in problems {
                errors.add(FIELD, format!("`{service}`: {message}"));
            }
            Vec::new()
        });
        Self {
            id,
            playroom_id,
            routes,
            ports: ports(wanted),
        }
    }

    /// Notes which of them other playgrounds have now. That may change until the playground is written.
    pub(crate) async fn note_conflicts(
        &self,
        app: &App,
        errors: &mut FieldErrors,
    ) -> Result<(), Refusal> {
        let own = self.clone();
        let read = move |read: &mut Read<'_, '_>| own.conflicts(read);
        for (field, conflict) in app.store.read(read).await? {
            errors.add(field, conflict);
        }
        Ok(())
    }

    /// Refuses in the transaction that writes the playground: no other one can take a host until its end.
    pub(crate) fn refused(
        &self,
        batch: &mut Batch<'_, '_>,
    ) -> Result<Option<Refusal>, store::Error> {
        if self.is_empty() {
            return Ok(None);
        }
        playgrounds::lock_playroom(batch, self.playroom_id)?;
        let mut errors = FieldErrors::default();
        for (field, conflict) in self.conflicts(&mut batch.read())? {
            errors.add(field, conflict);
        }
        Ok(errors.refuse().err())
    }

    fn is_empty(&self) -> bool {
        self.routes.is_empty() && self.ports.is_empty()
    }

    /// What of it other playgrounds have, with its field. One that failed, or that is on its way out, keeps nothing.
    fn conflicts(
        &self,
        read: &mut Read<'_, '_>,
    ) -> Result<Vec<(&'static str, String)>, store::Error> {
        if self.is_empty() {
            return Ok(Vec::new());
        }
        let rows = playgrounds::in_playrooms(read, &[self.playroom_id])?;
        let others = rows.into_iter().filter(|row| Some(row.id) != self.id);
        let mut specs: BTreeMap<i64, SpecBody> = BTreeMap::new();
        let (mut found, mut problems) = (Vec::new(), Vec::new());
        for row in others {
            let (status, _) = loaded::status(&row)?;
            if matches!(status, P::Error | P::Completed | P::Destroying) {
                continue;
            }
            let wanted = Wanted::of(&row)?;
            problems.extend(ports(&wanted).intersection(&self.ports).map(|port| {
                let message = format!(
                    "the host's port {port} is that of the playground `{}`",
                    row.name
                );
                (PORTS_FIELD, message)
            }));
            let spec = match specs.entry(row.playspec_id) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => {
                    let spec = playgrounds::playspec(read, Some(row.playspec_id), "")?;
                    let body = spec.as_ref().map(SpecBody::of).transpose()?;
                    place.insert(body.unwrap_or_default())
                }
            };
            let routes = of(spec, &wanted, row.job_mode).ok();
            found.extend(routes.map(|routes| (row.name.clone(), routes)));
        }
        let routes = conflicts(&self.routes, &found);
        problems.extend(routes.iter().map(|one| (FIELD, one.to_string())));
        Ok(problems)
    }
}

/// The ports of the machine that services are to be published at.
fn ports(wanted: &Wanted) -> BTreeSet<u16> {
    let mappings = wanted.services.values().flat_map(|one| &one.port_mappings);
    mappings.map(|mapping| mapping.host).collect()
}

/// The routes of a playground's services, as far as the playspec's own file says them; or what is wrong, by service.
fn of(
    spec: &SpecBody,
    wanted: &Wanted,
    job_mode: bool,
) -> Result<Vec<ServiceRoute>, Vec<(String, String)>> {
    if job_mode {
        return Ok(Vec::new());
    }
    let found = blueprint::read(&spec.base_compose_yaml)
        .services
        .into_iter();
    let labels: BTreeMap<String, ServiceLabels> = found
        .filter_map(|service| Some((service.name, service.settings?)))
        .collect();
    let services = described_services(spec);
    let exposures: Vec<Option<Exposure>> = services
        .iter()
        .map(|service| {
            let set = wanted.services.get(&service.name).map(exposed);
            exposure(service.exposure.as_ref(), set.as_ref())
        })
        .collect();
    let none = ServiceLabels::default();
    let settings: Vec<RouteSettings<'_>> = services
        .iter()
        .zip(&exposures)
        .map(|(service, exposure)| RouteSettings {
            service: &service.name,
            labels: labels.get(&service.name).unwrap_or(&none),
            exposure: exposure.as_ref(),
            subdomain: wanted
                .service_subdomains
                .get(&service.name)
                .map(String::as_str),
        })
        .collect();
    routes(&settings).map_err(|problems| {
        let problems = problems.into_iter();
        problems.map(|one| (one.service, one.message)).collect()
    })
}

/// What playspec and playground say together; the playground goes first.
fn exposure(spec: Option<&ExposureSettings>, set: Option<&ExposureSettings>) -> Option<Exposure> {
    let nothing = ExposureSettings::default();
    let (spec, set) = (spec.unwrap_or(&nothing), set.unwrap_or(&nothing));
    if *spec == nothing && *set == nothing {
        return None;
    }
    let port = set.port.or(spec.port);
    let visibility = set.visibility.as_ref().or(spec.visibility.as_ref());
    let rule = set.path_rule.as_ref().or(spec.path_rule.as_ref());
    Some(Exposure {
        enabled: set.enabled.or(spec.enabled).unwrap_or(port.is_some()),
        port: port.unwrap_or(80),
        subdomain: set.subdomain.clone().or_else(|| spec.subdomain.clone()),
        visibility: match visibility.map(String::as_str) {
            Some("internal") => Visibility::Internal,
            _ => Visibility::External,
        },
        // One that is wrong was refused when it was set.
        path_rule: rule.and_then(|rule| PathRule::parse(rule).ok()),
    })
}
