//! Where a Docker engine listens.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

/// Where the engine of this machine listens.
const LOCAL: &str = "/var/run/docker.sock";

/// The address of an engine, as in `DOCKER_HOST`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Endpoint {
    /// `unix:///path/to/socket`
    Unix(PathBuf),
    /// `tcp://host:port`, with TLS and a certificate of the client, or on loopback.
    Tcp {
        /// `host:port`.
        address: String,
        /// A directory with `ca.pem`, `cert.pem` and `key.pem`. Without it there is no TLS.
        certificates: Option<PathBuf>,
    },
}

/// Why a text is not the address of an engine.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EndpointError {
    /// SSH is not spoken.
    #[error(
        "engine address {0}: ssh:// is not supported; forward the socket with `ssh -nNT -L /path/to/docker.sock:/var/run/docker.sock HOST` and use unix:///path/to/docker.sock"
    )]
    Ssh(String),
    /// Without TLS any program that reaches the port would be root on the host.
    #[error(
        "engine address {0}: without TLS only a loopback address is allowed; name a directory with ca.pem, cert.pem and key.pem"
    )]
    Insecure(String),
    /// Neither of them.
    #[error("engine address {0:?} is not valid: use unix:///path/to/socket or tcp://host:port")]
    Invalid(String),
}

impl Endpoint {
    /// The engine of this machine.
    #[must_use]
    pub fn local() -> Self {
        Self::Unix(LOCAL.into())
    }

    /// Whether it is on this machine, as far as its address tells.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Self::Unix(_) => true,
            Self::Tcp { address, .. } => {
                let host = address.rsplit_once(':').map(|(host, _)| host);
                host.is_some_and(is_loopback)
            }
        }
    }

    /// Reads an address. `certificates` is a directory with `ca.pem`, `cert.pem` and `key.pem`, for `tcp://`.
    ///
    /// # Errors
    /// When the scheme is another one, or plain TCP would leave the machine.
    pub fn parse(text: &str, certificates: Option<&Path>) -> Result<Self, EndpointError> {
        let invalid = || EndpointError::Invalid(text.to_owned());
        let (scheme, rest) = text.split_once("://").ok_or_else(invalid)?;
        match scheme {
            "unix" if rest.starts_with('/') => Ok(Self::Unix(rest.into())),
            "ssh" => Err(EndpointError::Ssh(text.to_owned())),
            "tcp" => {
                let (host, port) = rest.rsplit_once(':').ok_or_else(invalid)?;
                if host.is_empty() || port.parse::<u16>().is_err() {
                    return Err(invalid());
                }
                if certificates.is_none() && !is_loopback(host) {
                    return Err(EndpointError::Insecure(text.to_owned()));
                }
                Ok(Self::Tcp {
                    address: rest.to_owned(),
                    certificates: certificates.map(Path::to_path_buf),
                })
            }
            _ => Err(invalid()),
        }
    }

    /// What tells other programs of Docker how to reach it.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![("DOCKER_HOST", self.to_string())];
        if let Self::Tcp {
            certificates: Some(directory),
            ..
        } = self
        {
            variables.push(("DOCKER_TLS_VERIFY", "1".into()));
            variables.push(("DOCKER_CERT_PATH", directory.display().to_string()));
        }
        variables
    }
}

fn is_loopback(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "localhost" | "[::1]")
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text, None)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(formatter, "unix://{}", path.display()),
            Self::Tcp { address, .. } => write!(formatter, "tcp://{address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_whether_the_engine_is_here() {
        let certificates = Some(Path::new("/certs"));
        for (text, here) in [
            ("unix:///run/docker.sock", true),
            ("tcp://127.0.0.1:2376", true),
            ("tcp://[::1]:2376", true),
            ("tcp://host:2376", false),
        ] {
            let endpoint = Endpoint::parse(text, certificates).unwrap();
            assert_eq!(endpoint.is_local(), here, "{text}");
        }
    }

    #[test]
    fn an_address_is_read_and_shown_alike() {
        for text in ["unix:///run/docker.sock", "tcp://127.0.0.1:2375"] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), text);
        }
        let secure = Endpoint::parse("tcp://host:2376", Some(Path::new("/certs"))).unwrap();
        assert_eq!(
            secure.variables(),
            [
                ("DOCKER_HOST", String::from("tcp://host:2376")),
                ("DOCKER_TLS_VERIFY", String::from("1")),
                ("DOCKER_CERT_PATH", String::from("/certs")),
            ]
        );
    }

    #[test]
    fn what_is_not_supported_is_refused_with_a_reason() {
        let error = |text: &str| text.parse::<Endpoint>().unwrap_err();
        assert!(matches!(error("ssh://me@host"), EndpointError::Ssh(_)));
        assert!(matches!(
            error("tcp://10.0.0.1:2375"),
            EndpointError::Insecure(_)
        ));
        for text in [
            "docker.sock",
            "unix://docker.sock",
            "http://host:1",
            "tcp://host",
            "tcp://:1",
            "",
        ] {
            assert!(matches!(error(text), EndpointError::Invalid(_)), "{text}");
        }
    }
}
