//! The operator's proof before there are keys: a token in a file of the data directory.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    net::{IpAddr, SocketAddr},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use url::{Host, Url};

use super::secret::{self, Secret};

/// The file in the data directory: the token, and below it the address at which it is good.
const FILE: &str = "operator.token";
/// What tokens begin with.
const WORD: &str = "operator";

/// What is known of the token. It is another one with each start.
pub(crate) struct OperatorToken {
    hash: Vec<u8>,
}

impl OperatorToken {
    /// Makes a token, and writes it in place of an earlier one if the server has `no_keys`; else it is of no
    /// use to anyone.
    pub(crate) fn make(data_dir: &Path, address: SocketAddr, no_keys: bool) -> io::Result<Self> {
        let token = Secret::ticket(WORD);
        let hash = token.hash();
        let file = data_dir.join(FILE);
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        if no_keys {
            let mut options = OpenOptions::new();
            let mut made = options
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(file)?;
            made.write_all(format!("{}\n{address}\n", token.reveal()).as_bytes())?;
        }
        Ok(Self { hash })
    }

    /// Whether this is the token.
    pub(super) fn is(&self, text: &str) -> bool {
        secret::is_hash_of(&self.hash, text)
    }
}

/// Whether a text is meant as such a token. One of an earlier start proves nothing, and is no wrong key.
pub(super) fn has_form(text: &str) -> bool {
    text.strip_prefix(WORD)
        .is_some_and(|rest| rest.starts_with('_'))
}

/// The token of the server at `url`, if it is in this data directory. Only that server is to see it.
#[must_use]
pub fn operator_token(data_dir: &Path, url: &str) -> Option<String> {
    let text = fs::read_to_string(data_dir.join(FILE)).ok()?;
    let (token, address) = text.trim().split_once('\n')?;
    let address: SocketAddr = address.parse().ok()?;
    let url = Url::parse(url).ok()?;
    let is_there = match url.host()? {
        // Another program may listen at another address of that name.
        Host::Domain(_) => false,
        Host::Ipv4(ip) => IpAddr::from(ip) == address.ip(),
        Host::Ipv6(ip) => IpAddr::from(ip) == address.ip(),
    };
    let is_it =
        is_there && url.scheme() == "http" && url.port_or_known_default()? == address.port();
    is_it.then(|| token.to_owned())
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::{FILE, OperatorToken, has_form, operator_token};

    #[test]
    fn the_token_is_for_its_owner_and_its_server_alone_and_new_with_each_start() {
        let dir = tempfile::tempdir().expect("a directory");
        let dir = dir.path();
        let address = "127.0.0.1:8080".parse().expect("an address");
        let first = OperatorToken::make(dir, address, true).expect("made");
        let mode = fs::metadata(dir.join(FILE)).expect("a file").permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
        for url in ["http://127.0.0.1:8080", "http://127.0.0.1:8080/"] {
            let token = operator_token(dir, url).expect(url);
            assert!(first.is(&token) && has_form(&token), "{url}");
        }
        for url in [
            "http://127.0.0.1:8081",
            "http://127.0.0.2:8080",
            "http://192.0.2.1:8080",
            "https://127.0.0.1:8080",
            "http://localhost:8080",
            "http://play.example:8080",
            "nonsense",
        ] {
            assert_eq!(operator_token(dir, url), None, "{url}");
        }
        let old = operator_token(dir, "http://127.0.0.1:8080").expect("a token");
        let second = OperatorToken::make(dir, address, true).expect("made");
        assert!(!second.is(&old));
        OperatorToken::make(dir, address, false).expect("made");
        assert!(!dir.join(FILE).exists());
        assert!(!has_form("itk_operator_1") && !has_form("operators"));
    }
}
