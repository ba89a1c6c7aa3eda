//! Installation: what comes in, what is refused, and what is left when it is.

use std::{
    fs::{self, File},
    io::{Read, Write},
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use plugin::{Catalogue, InstallError, Installed, Plugin, check, install, process::Plain};
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

use crate::{
    component::simple,
    test_host::{COUNT, TestHost, execute, input, load},
};

const MANIFEST: &str =
    "name = \"packed\"\nversion = \"2\"\nkind = \"process\"\nentry = [\"./bin/run\"]\n";
const RUN: &str = "#!/bin/sh\necho '{\"metric\": {}}'\n";

type Writer = GzEncoder<File>;

/// An archive with what `fill` writes.
fn archive(host: &TestHost, name: &str, fill: impl FnOnce(&mut Builder<Writer>)) -> PathBuf {
    let path = host.path().join(name);
    let file = File::create(&path).expect("a file");
    let mut builder = Builder::new(GzEncoder::new(file, Compression::fast()));
    fill(&mut builder);
    let writer = builder.into_inner().expect("an archive");
    writer.finish().expect("an archive");
    path
}

/// An entry whose name is written as it is, whatever it is.
fn entry(kind: EntryType, name: &str, link: &str, mode: u32, size: u64) -> Header {
    let mut header = Header::new_ustar();
    let raw = header.as_mut_bytes();
    raw[..name.len()].copy_from_slice(name.as_bytes());
    raw[157..157 + link.len()].copy_from_slice(link.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_cksum();
    header
}

fn file(builder: &mut Builder<Writer>, name: &str, mode: u32, content: &str) {
    let header = entry(EntryType::Regular, name, "", mode, content.len() as u64);
    builder
        .append(&header, content.as_bytes())
        .expect("an entry");
}

fn good(builder: &mut Builder<Writer>, prefix: &str) {
    file(builder, &format!("{prefix}plugin.toml"), 0o600, MANIFEST);
    file(builder, &format!("{prefix}bin/run"), 0o777, RUN);
}

fn into(host: &TestHost, source: &Path, expected: Option<&str>) -> Result<Installed, InstallError> {
    install(
        source,
        expected,
        &host.path().join("plugins"),
        None,
        &["taken"],
    )
}

/// The names in the directory of plugins, hidden ones too.
fn installed(host: &TestHost) -> Vec<String> {
    let entries = fs::read_dir(host.path().join("plugins")).expect("a directory");
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let mut names: Vec<String> = entries
        .map(|entry| name(entry.expect("an entry")))
        .collect();
    names.sort();
    names
}

#[test]
fn a_name_that_is_taken_is_refused() {
    let host = TestHost::new();
    let taken = archive(&host, "taken.tar.gz", |builder| {
        let manifest = MANIFEST.replace("packed", "taken");
        file(builder, "plugin.toml", 0o600, &manifest);
        file(builder, "bin/run", 0o777, RUN);
    });
    let refused = into(&host, &taken, None);
    assert!(
        matches!(refused, Err(InstallError::Taken { .. })),
        "{refused:?}"
    );
    assert_eq!(installed(&host), [""; 0]);
}

#[tokio::test]
async fn archives_and_folders_are_installed_and_replaced() {
    let host = TestHost::new();
    let flat = archive(&host, "flat.tar.gz", |builder| good(builder, ""));
    let first = into(&host, &flat, None).expect("installed");
    assert_eq!(&*first.name, "packed");
    assert_eq!(&*first.version, "2");
    assert_eq!(first.replaced, None);

    let nested = archive(&host, "nested.tgz", |builder| {
        let folder = entry(EntryType::Directory, "packed-2/", "", 0o700, 0);
        builder.append(&folder, &[][..]).expect("an entry");
        good(builder, "./packed-2/");
        file(builder, "packed-2/.git/config", 0o600, "no part of it");
    });
    let hash: String = Sha256::digest(fs::read(&nested).expect("read"))
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    let again = into(&host, &nested, Some(&hash)).expect("installed");
    assert_eq!(again.replaced.as_deref(), Some("2"));
    // The same content, however it was packed.
    assert_eq!(again.digest, first.digest);
    let plugin = load(&again.folder);
    assert_eq!(plugin.digest(), first.digest);
    execute(&plugin, &input(serde_json::json!(1)))
        .await
        .expect("an outcome");

    let folder = host.script("newer", "", "true");
    let text = fs::read_to_string(folder.join("plugin.toml")).expect("read");
    let renamed = text.replace("\"newer\"", "\"packed\"");
    fs::write(folder.join("plugin.toml"), renamed).expect("written");
    let digest = String::from(load(&folder).digest());
    let newer = into(&host, &folder, Some(&digest)).expect("installed");
    assert_eq!(newer.replaced.as_deref(), Some("2"));
    assert_eq!(newer.digest, digest);
    assert!(
        !newer.folder.join("bin").exists(),
        "nothing of the old one is left"
    );
    assert_eq!(installed(&host), ["packed"]);
}

/// The file's name does not fit into a header: it comes before it, as an entry of its own.
#[test]
fn a_long_name_is_unpacked_and_one_of_megabytes_is_not() {
    let host = TestHost::new();
    let long = format!("{}/file", "folder/".repeat(30));
    let packed = archive(&host, "long.tar.gz", |builder| {
        good(builder, "");
        let header = &mut entry(EntryType::Regular, "", "", 0o600, 1);
        let appended = builder.append_data(header, &long, &b"x"[..]);
        appended.expect("an entry");
    });
    let installed = into(&host, &packed, None).expect("installed");
    assert!(installed.folder.join(long).is_file());
    for kind in [
        EntryType::GNULongName,
        EntryType::GNULongLink,
        EntryType::XHeader,
        EntryType::XGlobalHeader,
    ] {
        let packed = archive(&host, "longer.tar.gz", |builder| {
            good(builder, "");
            let size = 64 << 20;
            let header = entry(kind, "././@LongLink", "", 0o600, size);
            let content = std::io::repeat(b'x').take(size);
            builder.append(&header, content).expect("an entry");
            file(builder, "file", 0o600, "x");
        });
        let refused = into(&host, &packed, None).expect_err("refused").to_string();
        assert!(
            refused.contains("bytes about one file"),
            "{kind:?}: {refused}"
        );
    }
}

/// Fills an archive.
type Fill = Box<dyn FnOnce(&mut Builder<Writer>)>;

/// A name, a part of the refusal, and what is in the archive.
type Case = (&'static str, &'static str, Fill);

/// Paths that lead out or meet others.
fn paths() -> Vec<Case> {
    let named = |name: &'static str| -> Fill {
        Box::new(move |builder| {
            good(builder, "");
            file(builder, name, 0o600, "changed");
        })
    };
    vec![
        ("up", "leads out", named("../outside")),
        ("up-inside", "leads out", named("bin/../../outside")),
        ("absolute", "leads out", named("/tmp/playhouse-outside")),
        ("twice", "failed to create", named("bin/run")),
        ("file-as-folder", "failed to create", named("plugin.toml/x")),
    ]
}

/// What is neither file nor folder, and then a file through it.
fn kinds() -> Vec<Case> {
    let link = |kind, name: &'static str| -> Fill {
        Box::new(move |builder| {
            let header = entry(kind, name, "../../../outside", 0o777, 0);
            builder.append(&header, &[][..]).expect("an entry");
            file(builder, name, 0o600, "through the link");
            good(builder, "");
        })
    };
    let says = "no file and no folder";
    vec![
        ("symbolic", says, link(EntryType::Symlink, "link")),
        ("hard", says, link(EntryType::Link, "link")),
        ("device", says, link(EntryType::Char, "dev")),
        ("pipe", says, link(EntryType::Fifo, "pipe")),
    ]
}

/// What is no plugin, or far too much.
fn contents() -> Vec<Case> {
    let no_manifest = |builder: &mut Builder<Writer>| file(builder, "bin/run", 0o700, RUN);
    let two_folders = |builder: &mut Builder<Writer>| {
        good(builder, "a/");
        good(builder, "b/");
    };
    let not_executable = |builder: &mut Builder<Writer>| {
        file(builder, "plugin.toml", 0o600, MANIFEST);
        file(builder, "bin/run", 0o600, RUN);
    };
    let bad_manifest = |builder: &mut Builder<Writer>| {
        file(builder, "plugin.toml", 0o600, "name = \"../evil\"");
    };
    let bomb = |builder: &mut Builder<Writer>| {
        good(builder, "");
        let header = entry(EntryType::Regular, "zeros", "", 0o600, 4 << 30);
        // Far too large, whatever follows.
        builder.append(&header, &[0; 1024][..]).expect("an entry");
    };
    let many = |builder: &mut Builder<Writer>| {
        good(builder, "");
        for number in 0..10_000 {
            file(builder, &format!("f{number}"), 0o600, "");
        }
    };
    vec![
        ("no-manifest", "no plugin.toml", Box::new(no_manifest)),
        ("two-folders", "no plugin.toml", Box::new(two_folders)),
        ("not-executable", "not executable", Box::new(not_executable)),
        ("bad-manifest", "plugin.toml:1:8", Box::new(bad_manifest)),
        ("bomb", "more than", Box::new(bomb)),
        ("many", "more than", Box::new(many)),
    ]
}

#[test]
fn what_is_hostile_or_wrong_changes_nothing() {
    let host = TestHost::new();
    let first = archive(&host, "first.tar.gz", |builder| good(builder, ""));
    into(&host, &first, None).expect("installed");
    let before = load(&host.path().join("plugins/packed"));
    let outside = host.path().join("outside");
    fs::write(&outside, "as it was").expect("written");
    for (name, says, fill) in paths().into_iter().chain(kinds()).chain(contents()) {
        let path = archive(&host, &format!("{name}.tar.gz"), fill);
        let error = into(&host, &path, None).expect_err(name).to_string();
        assert!(error.contains(says), "{name}: {error}");
        assert_eq!(installed(&host), ["packed"], "{name}");
    }
    let after = load(&host.path().join("plugins/packed"));
    assert_eq!(after.digest(), before.digest());
    assert_eq!(fs::read_to_string(&outside).expect("read"), "as it was");
    assert!(!Path::new("/tmp/playhouse-outside").exists());
}

#[test]
fn what_is_not_as_expected_is_not_installed() {
    let host = TestHost::new();
    let whole = archive(&host, "whole.tar.gz", |builder| good(builder, ""));
    let content = fs::read(&whole).expect("read");
    let cut = host.path().join("cut.tar.gz");
    fs::write(&cut, &content[..content.len() / 2]).expect("written");
    let text = host.path().join("text.tar.gz");
    let mut file = File::create(&text).expect("a file");
    file.write_all(b"text").expect("written");
    let (zip, gone) = (host.path().join("plugin.zip"), host.path().join("gone.tgz"));
    for source in [cut, text, zip, gone] {
        into(&host, &source, None).expect_err("an error");
    }
    let folder = host.script("folder", "", "true");
    let wrong = "0".repeat(64);
    for source in [&whole, &folder] {
        let error = into(&host, source, Some(&wrong)).expect_err("an error");
        assert!(matches!(error, InstallError::Digest { .. }), "{error}");
    }
    std::os::unix::fs::symlink("/etc/passwd", folder.join("data")).expect("a link");
    let error = into(&host, &folder, None).expect_err("an error");
    assert!(error.to_string().contains("data is a link"), "{error}");
    assert_eq!(installed(&host), [""; 0]);
}

#[tokio::test]
async fn compiled_code_is_kept_and_only_ours_is_loaded() {
    let host = TestHost::new();
    let code = host.path().join("compiled");
    let component = simple("(call $ok $0)", &["{\"count\": 1}"]);
    let folder = host.component("quick", COUNT, &component);
    // Whatever an archive brings along is data.
    fs::write(folder.join("it.cwasm"), "not ours").expect("written");
    let plugins = host.path().join("plugins");
    let installed = install(&folder, None, &plugins, Some(&code), &[]).expect("installed");
    let kept = |code: &Path| -> PathBuf {
        let mut files = fs::read_dir(code)
            .expect("a directory")
            .map(|one| one.expect("one").path());
        let first = files.next().expect("compiled code");
        assert_eq!(files.next(), None);
        first
    };
    let file = kept(&code);
    let written = fs::metadata(&file)
        .expect("there")
        .modified()
        .expect("a time");
    let run = async || {
        let plugin = Plugin::load(&installed.folder, Some(&code)).expect("a plugin");
        let outcome = execute(&plugin, &input(serde_json::json!(1))).await;
        assert_eq!(outcome.expect("an outcome").metric.value()["count"], 1);
    };
    run().await;
    assert_eq!(
        fs::metadata(&file)
            .expect("there")
            .modified()
            .expect("a time"),
        written
    );

    // Spoilt, or writable for others: compiled again.
    fs::write(&file, "spoilt").expect("written");
    run().await;
    assert!(fs::metadata(&file).expect("there").len() > 1000);
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    fs::set_permissions(&file, open).expect("changed");
    run().await;
    let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(kept(&code)).expect("there"));
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn compiled_code_goes_with_its_component() {
    let host = TestHost::new();
    let (code, plugins) = (host.path().join("compiled"), host.path().join("plugins"));
    for name in ["stays", "goes"] {
        let component = simple("(call $ok $0)", &[name]);
        let folder = host.component(name, COUNT, &component);
        install(&folder, None, &plugins, Some(&code), &[]).expect("installed");
    }
    let files = || {
        let entries = fs::read_dir(&code).expect("a directory").flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
        names.sort();
        names
    };
    let sweep = || {
        let catalogue = Catalogue::open(std::slice::from_ref(&plugins), Some(&code), &[]);
        catalogue.sweep(&code);
    };
    fs::write(code.join("0-0.cwasm"), "of an engine before").expect("written");
    fs::write(code.join(".new-x"), "half").expect("written");
    fs::write(code.join("other"), "not ours").expect("written");
    assert_eq!(files().len(), 5);
    sweep();
    assert_eq!(files().len(), 3);
    fs::remove_dir_all(plugins.join("goes")).expect("removed");
    sweep();
    let left = files();
    assert!(left.len() == 2 && left[1] == "other", "{left:?}");
    assert!(left[0].to_string_lossy().ends_with(".cwasm"));
}

#[tokio::test]
async fn a_check_tells_authors_what_is_wrong() {
    let host = TestHost::new();
    let component = simple("(call $ok $0)", &["{}"]);
    let good = host.component(
        "it",
        "description = \"d\"\n[input]\nschema = true\n[[metrics]]\nname = \"x\"\ntype = \"number\"",
        &component,
    );
    let report = check(&good, &Plain).await;
    // `true` is no table, but a schema all the same.
    assert_eq!((report.errors, report.warnings), (vec![], vec![]));
    assert_eq!(report.loaded.expect("loaded").version, "1");

    let other = host.component("other", "", &component);
    let report = check(&other, &Plain).await;
    assert_eq!(report.errors, ["it describes itself as `it`"]);
    assert_eq!(report.warnings.len(), 3);

    let silent = host.script("silent", "", "exit 9");
    let report = check(&silent, &Plain).await;
    assert!(
        report.errors[0].contains("exited with code 9"),
        "{:?}",
        report.errors
    );

    let report = check(&host.folder("none", &[("x", b"")]), &Plain).await;
    assert_eq!((report.errors.len(), report.loaded), (1, None));
}
