//! A private engine comes again after a crash, and leaves nothing when it ends.

use std::{fs, path::Path};

use private_docker::Engine;

/// What of an engine stands outside its directory: links, routes, control groups.
fn traces(number: &str) -> Vec<String> {
    let link = format!("phd{number}");
    let links = fs::read_dir("/sys/class/net").unwrap();
    let links = links
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.ends_with(&link));
    let groups = fs::read_dir("/sys/fs/cgroup")
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let group = format!("playhouse-docker-{number}");
    let groups = groups.flat_map(|path| [path.with_file_name(&group), path.join(&group)]);
    let groups = groups.filter(|path| path.exists());
    links
        .chain(groups)
        .map(|path| path.display().to_string())
        .collect()
}

/// Processes whose arguments name a path below the directory.
fn processes(directory: &Path) -> usize {
    let directory = format!("{}/", directory.display());
    let names = |path: &Path| {
        let line = fs::read(path.join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(&directory)
    };
    let all = fs::read_dir("/proc").unwrap();
    all.filter(|entry| names(&entry.as_ref().unwrap().path()))
        .count()
}

#[test]
fn an_engine_ends_with_everything_that_it_made() {
    let mut engine = Engine::start_another().unwrap();
    let directory = engine.location().directory().to_path_buf();
    let gateway = engine.location().gateway();
    let number = gateway.split('.').nth(1).unwrap();
    assert!(processes(&directory) >= 2);
    assert!(!traces(number).is_empty());
    engine.stop().unwrap();
    assert_eq!((processes(&directory), traces(number)), (0, Vec::new()));
    assert!(!engine.location().socket().exists());
    engine.start_again().unwrap();
    assert_eq!(engine.location().gateway(), gateway);
    drop(engine);
    assert_eq!((processes(&directory), traces(number)), (0, Vec::new()));
    assert!(!directory.exists());
    let mounts = fs::read_to_string("/proc/mounts").unwrap();
    assert!(!mounts.contains(directory.to_str().unwrap()));
}
