//! Categories of failures, the texts by which they are known, and what to do about each.

use serde::{Deserialize, Serialize};

/// What kind of failure a deploy had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCategory {
    /// Its time was over.
    Timeout,
    /// A registry refuses more pulls for a while.
    RegistryRateLimited,
    /// A registry refuses the caller.
    ImagePullAuthFailed,
    /// A registry does not have the image.
    ImagePullNotFound,
    /// An image could not be pulled for another reason.
    ImagePullUnknown,
    /// An image could not be built.
    ImageBuild,
    /// A port of the host is in use.
    PortBind,
    /// The name of a container is in use.
    ContainerConflict,
    /// The engine of the host does not answer, or is not complete.
    HostInit,
    /// Something may not be read, written or called.
    Permission,
    /// A network could not be made or reached.
    Network,
    /// The document is not valid.
    InvalidCompose,
    /// A service did not become healthy.
    DependencyUnhealthy,
    /// A service ended, or did not start.
    ServiceExit,
    /// A volume or a directory could not be mounted.
    VolumeMount,
    /// The disk of the host is full.
    DiskFull,
    /// None of these.
    Unknown,
}

use FailureCategory as C;

/// Parts of lines in lower case, the surest first: a line about a full disk may also speak of a mount.
const SIGNS: [(C, &[&str]); 16] = [
    (
        C::DiskFull,
        &["no space left on device", "disk quota exceeded"],
    ),
    (
        C::RegistryRateLimited,
        &["toomanyrequests", "too many requests", "pull rate limit"],
    ),
    (
        C::HostInit,
        &[
            "cannot connect to the docker daemon",
            "is the docker daemon running",
            "unknown command: docker compose",
            "'compose' is not a docker command",
            "docker: command not found",
            "failed to connect to the docker api",
        ],
    ),
    (
        C::PortBind,
        &[
            "port is already allocated",
            "address already in use",
            "failed to bind host port",
            "ports are not available",
        ],
    ),
    (
        C::ContainerConflict,
        &["the container name", "removal of container"],
    ),
    (
        C::ImagePullAuthFailed,
        &[
            "pull access denied",
            "unauthorized",
            "authentication required",
            "no basic auth credentials",
            "requested access to the resource is denied",
            "403 forbidden",
            "401 unauthorized",
        ],
    ),
    (
        C::ImagePullNotFound,
        &[
            "manifest unknown",
            "manifest for",
            "no such image",
            "repository name not known",
            "name unknown:",
        ],
    ),
    (
        C::Network,
        &[
            "dial tcp",
            "no such host",
            "network is unreachable",
            "tls handshake timeout",
            "non-overlapping ipv4 address pool",
            "all predefined address pools have been fully subnetted",
            "pool overlaps with other one",
            "failed to create network",
        ],
    ),
    (
        C::ImagePullUnknown,
        &[
            "failed to pull",
            "error pulling image",
            "failed to resolve reference",
            "failed to copy:",
            "unexpected http status",
            "unexpected status from",
        ],
    ),
    (
        C::ImageBuild,
        &[
            "failed to solve",
            "failed to build",
            "failed to read dockerfile",
            "returned a non-zero code",
            "dockerfile parse error",
        ],
    ),
    (
        C::VolumeMount,
        &[
            "bind source path does not exist",
            "invalid mount config",
            "error while mounting volume",
            "failed to mount",
            "error mounting",
            "not a directory: are you trying to mount",
        ],
    ),
    (C::DependencyUnhealthy, &["is unhealthy"]),
    (
        C::ServiceExit,
        &[
            "didn't complete successfully",
            "executable file not found",
            "exec format error",
            "no such file or directory: unknown",
            "exited (",
            "its container exited with code",
            "its container ends again and again",
            "its container was started again",
            "oci runtime create failed",
            "failed to create task",
        ],
    ),
    (
        C::InvalidCompose,
        &[
            "invalid compose project",
            "additional properties",
            "additional property",
            "validating ",
            "yaml: ",
            "has neither an image nor a build context",
            "undefined volume",
            "undefined network",
            "undefined service",
            "undefined config",
            "undefined secret",
            "invalid interpolation format",
            "dependency cycle",
            "required variable",
        ],
    ),
    (
        C::Permission,
        &[
            "permission denied",
            "operation not permitted",
            "access denied",
        ],
    ),
    (
        C::Timeout,
        &[
            "deadline exceeded",
            "timed out",
            "timeout exceeded",
            "i/o timeout",
        ],
    ),
];

impl FailureCategory {
    /// The category that a line speaks of.
    #[must_use]
    pub fn of_line(line: &str) -> Option<Self> {
        let line = line.to_lowercase();
        // The order of the table decides, not that of the line.
        if line.contains("permission denied") && line.contains("docker daemon socket") {
            return Some(C::Permission);
        }
        let mut signs = SIGNS.iter();
        signs
            .find(|(_, signs)| signs.iter().any(|sign| line.contains(sign)))
            .map(|(category, _)| *category)
    }

    /// What to do, the likeliest first.
    #[must_use]
    pub fn next_actions(self) -> &'static [&'static str] {
        match self {
            C::Timeout => &[
                "look at the logs of the services that are not healthy",
                "try again",
            ],
            C::RegistryRateLimited => &[
                "wait until the registry's limit is over and try again",
                "add a registry credential to the playspec",
            ],
            C::ImagePullAuthFailed => &[
                "check the name of the image",
                "add a registry credential for a private image to the playspec",
            ],
            C::ImagePullNotFound => &["check the name and the tag of the image"],
            C::ImagePullUnknown => &["check that the host reaches the registry", "try again"],
            C::ImageBuild => {
                &["read the log of the build and correct the Dockerfile or the source"]
            }
            C::PortBind => &[
                "remove the fixed host port and use a route",
                "stop what uses the port on the host",
            ],
            C::ContainerConflict => &[
                "remove `container_name` from the blueprint",
                "remove the other container",
                "hard restart the playground",
            ],
            C::HostInit => &[
                "start the Docker engine of the playroom",
                "install the compose plugin",
            ],
            C::Permission => &[
                "let the executor's user use the Docker engine",
                "check the owner of the mounted files",
            ],
            C::Network => &[
                "check names and network of the host",
                "remove networks that are not used any more",
                "try again",
            ],
            C::InvalidCompose => &["correct the Compose text of the playspec"],
            C::DependencyUnhealthy => &[
                "look at the logs of the service",
                "check its health check, and give it a longer `start_period`",
            ],
            C::ServiceExit => &[
                "look at the logs of the service",
                "check its command and its environment",
            ],
            C::VolumeMount => &[
                "check that the mounted path exists in the checkout",
                "check the options of the volume",
            ],
            C::DiskFull => {
                &["free space on the playroom's disk: remove images and volumes that are not used"]
            }
            C::Unknown => &["read the output of the compose tool", "try again"],
        }
    }
}
