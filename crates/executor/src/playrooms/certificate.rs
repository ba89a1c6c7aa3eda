//! The files of the certificate with which the router serves HTTPS. Whatever renews them, an ACME client for
//! instance, need not know of the router.

use std::{fs, io, path::Path, time::SystemTime};

use router::Certificate;

use crate::RouterHttps;

/// The files, and when what is in use was written.
pub(super) struct CertificateFiles {
    files: RouterHttps,
    written: [Option<SystemTime>; 2],
}

impl CertificateFiles {
    /// Reads them for the first time.
    pub(super) fn read(files: &RouterHttps) -> Result<(Self, Certificate), String> {
        let written = written(files);
        let certificate = certificate(files)?;
        let files = files.clone();
        Ok((Self { files, written }, certificate))
    }

    /// What is in them, if that was written since the last look.
    pub(super) fn changed(&mut self) -> Option<Result<Certificate, String>> {
        let now = written(&self.files);
        if now == self.written {
            return None;
        }
        self.written = now;
        Some(certificate(&self.files))
    }
}

fn written(files: &RouterHttps) -> [Option<SystemTime>; 2] {
    let written = |path: &Path| fs::metadata(path).and_then(|there| there.modified()).ok();
    [written(&files.certificate), written(&files.key)]
}

fn certificate(files: &RouterHttps) -> Result<Certificate, String> {
    let read = |path: &Path| {
        let wrong = |error: io::Error| {
            format!("the certificate of the router: {}: {error}", path.display())
        };
        fs::read(path).map_err(wrong)
    };
    Ok(Certificate {
        chain_pem: read(&files.certificate)?,
        key_pem: read(&files.key)?,
    })
}
