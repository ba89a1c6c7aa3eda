//! Manifests and archives that nobody should hand over.

use std::{fs, io::Write};

use flate2::{Compression, write::GzEncoder};
use fuzz::{nearly, try_inputs};
use plugin::{Manifest, install};
use tar::{Builder, Header};

use crate::test_host::TestHost;

const MANIFEST: &str = "name = \"packed\"\nversion = \"2\"\nkind = \"process\"\n\
    description = \"d\"\n[limits]\ntimeout_seconds = 30\nmemory_mb = 64\n\
    [[metrics]]\nname = \"m\"\nkind = \"number\"\ndirection = \"higher\"\n";

#[test]
fn fuzz_manifests() {
    try_inputs(&nearly(MANIFEST.as_bytes()), |bytes| {
        let text = String::from_utf8_lossy(&bytes);
        if let Err(error) = Manifest::shipped(&text, vec!["run".to_owned()]) {
            assert!(!error.to_string().is_empty());
        }
    });
}

/// A tape of a small plugin.
fn tape() -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    let manifest = "name = \"packed\"\nversion = \"2\"\nkind = \"process\"\nentry = [\"./run\"]\n";
    for (name, text, mode) in [
        ("plugin.toml", manifest, 0o600),
        ("run", "#!/bin/sh\n", 0o755),
    ] {
        let mut header = Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(mode);
        let added = builder.append_data(&mut header, name, text.as_bytes());
        added.expect("an entry");
    }
    builder.into_inner().expect("a tape")
}

#[test]
fn fuzz_archives() {
    let host = TestHost::new();
    let tape: &'static [u8] = tape().leak();
    let (archive, plugins) = (host.path().join("a.tar.gz"), host.path().join("plugins"));
    try_inputs(&nearly(tape), |bytes| {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&bytes).expect("packed");
        fs::write(&archive, packed.finish().expect("packed")).expect("written");
        let installed = install(&archive, None, &plugins, None, &[]);
        if let Ok(installed) = installed {
            assert!(
                installed.folder.starts_with(&plugins),
                "{:?}",
                installed.folder
            );
        }
        // Nothing lies beside the folder of plugins, and nothing half unpacked in it.
        let names = |dir| {
            let entries = fs::read_dir(dir).expect("a directory").flatten();
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned())
        };
        assert!(names(host.path()).all(|name| ["a.tar.gz", "plugins"].contains(&&*name)));
        assert!(names(&plugins).all(|name| !name.starts_with('.')));
    });
}
