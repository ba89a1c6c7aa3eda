//! Programs: fetched, checked, kept, removed.

use std::{
    fs,
    os::unix::fs::FileExt,
    path::Path,
    time::{Duration, Instant},
};

use executor::{
    AddressFilter, FetchRule, Isolation,
    binaries::{Binaries, Digest, Error, FetchLimits},
};
use sha2::{Digest as _, Sha256};

use crate::{
    programs::Programs,
    test_dir::{DEADLINE, TestDir, eventually},
};

pub(crate) fn digest(bytes: &[u8]) -> Digest {
    let hex: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    hex.parse().expect("a digest")
}

fn limits() -> FetchLimits {
    FetchLimits::new(1 << 20)
}

fn open(dir: &Path, limit_bytes: u64) -> Binaries {
    Binaries::open(dir, limit_bytes, limits()).expect("the cache opens")
}

fn incoming(dir: &Path) -> usize {
    let names = fs::read_dir(dir).expect("the cache").flatten();
    names
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(".incoming"))
        .count()
}

#[tokio::test]
async fn a_program_is_fetched_once_and_again_when_it_was_changed() {
    let (dir, programs) = (TestDir::new(), Programs::serve().await);
    let cache = open(&dir.path("cache"), 1 << 20);
    let url = programs.put("file", "a", "program a");
    let expected = digest(b"program a");
    for _ in 0..3 {
        let program = cache.get(expected, &url).await.expect("it is fetched");
        assert_eq!(fs::read(program.path()).expect("it is there"), b"program a");
    }
    assert_eq!(programs.requests("a"), 1);
    let path = cache
        .get(expected, &url)
        .await
        .expect("it is there")
        .path()
        .to_owned();
    fs::remove_file(&path).expect("it is removed");
    fs::write(&path, "something else").expect("it is changed");
    let program = cache
        .get(expected, &url)
        .await
        .expect("it is fetched again");
    assert_eq!(fs::read(program.path()).expect("it is there"), b"program a");
    assert_eq!(programs.requests("a"), 2);
    assert_eq!(incoming(&dir.path("cache")), 0);
}

#[tokio::test]
async fn a_program_that_changes_on_its_way_into_the_cache_does_not_run() {
    let (dir, programs) = (TestDir::new(), Programs::serve().await);
    let dir = dir.path("cache");
    let cache = open(&dir, 1 << 20);
    let url = programs.put("half", "a", "program a");
    let expected = digest(b"program a");
    let spoil = async {
        let path = dir.join(".incoming-0");
        let began = Instant::now();
        while fs::metadata(&path).map_or(0, |data| data.len()) == 0 {
            assert!(began.elapsed() < DEADLINE, "the first half comes");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let file = fs::OpenOptions::new().write(true).open(&path);
        let written = file.and_then(|file| file.write_at(b"P", 0));
        written.expect("it is changed");
        programs.open_gate();
    };
    let (got, ()) = tokio::join!(cache.get(expected, &url), spoil);
    let error = got.err().expect("it is not given out");
    assert!(
        error.to_string().contains("was changed on its way"),
        "{error}"
    );
    assert_eq!((cache.size_bytes(), incoming(&dir)), (0, 0));
    let again = programs.put("file", "a", "program a");
    let program = cache.get(expected, &again).await.expect("it is fetched");
    assert_eq!(fs::read(program.path()).expect("it is there"), b"program a");
}

#[tokio::test]
async fn what_is_wrong_with_a_download_is_said_and_nothing_is_kept() {
    let (dir, programs) = (TestDir::new(), Programs::serve().await);
    let dir = dir.path("cache");
    let cache = open(&dir, 1 << 20);
    let wanted = digest(b"wanted");
    let other = programs.put("file", "other", "other");
    let large = programs.put("file", "large", vec![b'x'; (1 << 20) + 1]);
    let announced = programs.put("gate", "announced", vec![b'x'; (1 << 20) + 1]);
    programs.open_gate();
    let too_large = "it is larger than the limit of 1048576 bytes";
    let mismatch = format!(
        "the SHA-256 is wrong: expected {wanted}, got {}",
        digest(b"other")
    );
    for (url, reason) in [
        (other, mismatch.as_str()),
        (large, too_large),
        (announced, too_large),
        (
            programs.url("file", "missing"),
            "the server answered 404 Not Found",
        ),
        (programs.url("loop", "x"), "more than 5 redirects"),
        (
            programs.url("scheme", "x"),
            "it is redirected to something that is not http or https",
        ),
        (
            "http://127.0.0.1:1/x".to_owned(),
            "Connection refused (os error 111) (tried 6 times)",
        ),
        (
            "ftp://127.0.0.1/x".to_owned(),
            "`ftp://127.0.0.1/x` is not an http or https URL",
        ),
        (
            "nonsense".to_owned(),
            "`nonsense`: relative URL without a base",
        ),
    ] {
        let error = cache.get(wanted, &url).await.err().expect("it fails");
        assert_eq!(error.to_string(), reason, "{url}");
    }
    assert_eq!((cache.size_bytes(), incoming(&dir)), (0, 0));
    let error = cache
        .get(wanted, &programs.url("file", "other"))
        .await
        .err();
    let Some(Error::Mismatch { expected, got }) = error else {
        panic!("{error:?}")
    };
    assert_eq!((expected, got), (wanted, Some(digest(b"other"))));
}

#[tokio::test]
async fn what_an_executor_may_not_reach_is_not_asked_and_hashes_may_stay_untold() {
    let (dir, programs) = (TestDir::new(), Programs::serve().await);
    programs.put("file", "inner", "secret");
    let inner = programs.url("file", "inner");
    let open = |name: &str, rules: &[FetchRule]| {
        let limits = FetchLimits {
            addresses: AddressFilter::of_fetches(rules, Isolation::Strict),
            tells_hash: false,
            ..limits()
        };
        Binaries::open(&dir.path(name), 1 << 20, limits).expect("the cache opens")
    };
    let wanted = digest(b"wanted");
    let strict = open("strict", &[]);
    for url in [&inner, &inner.replace("127.0.0.1", "localhost")] {
        let error = strict.get(wanted, url).await.err().expect("it fails");
        assert!(error.to_string().contains("does not let reach"), "{error}");
    }
    assert_eq!(programs.requests("inner"), 0);
    let open = open("open", &[FetchRule::Any]);
    let error = open
        .get(wanted, &inner)
        .await
        .err()
        .expect("it fails")
        .to_string();
    assert!(
        error.contains("the SHA-256 is wrong") && !error.contains("got"),
        "{error}"
    );
}

#[tokio::test]
async fn five_redirects_are_followed_and_six_are_not() {
    let (dir, programs) = (TestDir::new(), Programs::serve().await);
    let cache = open(&dir.path("cache"), 1 << 20);
    programs.put("file", "a", "program a");
    let six = cache
        .get(digest(b"program a"), &programs.url("hops/6", "a"))
        .await;
    assert!(
        six.err()
            .expect("too many")
            .to_string()
            .contains("more than 5 redirects")
    );
    assert!(
        cache
            .get(digest(b"program a"), &programs.url("hops/5", "a"))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_download_that_stands_still_or_takes_too_long_is_given_up() {
    let (dir, programs) = (TestDir::new(), Programs::serve().await);
    let slow_read = FetchLimits {
        read: Duration::from_millis(200),
        ..limits()
    };
    let slow_total = FetchLimits {
        total: Duration::from_millis(200),
        ..limits()
    };
    for (number, limits) in [slow_read, slow_total].into_iter().enumerate() {
        let dir = dir.path(&format!("cache-{number}"));
        let cache = Binaries::open(&dir, 1 << 20, limits).expect("the cache opens");
        let error = cache
            .get(digest(b"x"), &programs.url("hang", "x"))
            .await
            .err();
        assert!(
            error
                .expect("it fails")
                .to_string()
                .starts_with("timed out"),
            "{number}"
        );
        assert_eq!(incoming(&dir), 0);
    }
}

#[tokio::test]
async fn the_same_program_is_fetched_once_and_others_do_not_wait_for_it() {
    let (dir, programs) = (TestDir::new(), Programs::serve().await);
    let cache = open(&dir.path("cache"), 1 << 20);
    let slow = programs.put("gate", "slow", "slow");
    let quick = programs.put("file", "quick", "quick");
    let waiting: Vec<_> = (0..8)
        .map(|_| {
            let (cache, url) = (cache.clone(), slow.clone());
            tokio::spawn(async move { cache.get(digest(b"slow"), &url).await.map(drop) })
        })
        .collect();
    while programs.requests("slow") == 0 {
        tokio::task::yield_now().await;
    }
    cache
        .get(digest(b"quick"), &quick)
        .await
        .expect("it does not wait");
    programs.open_gate();
    for one in waiting {
        one.await.expect("it runs").expect("it is served");
    }
    assert_eq!(programs.requests("slow"), 1);
}

#[tokio::test]
async fn those_who_waited_for_a_failure_share_it() {
    let (dir, programs) = (TestDir::new(), Programs::serve().await);
    let cache = open(&dir.path("cache"), 1 << 20);
    let url = programs.put("gate", "wrong", "something else");
    let get = || async { cache.get(digest(b"right"), &url).await.map(drop) };
    let open = async {
        while programs.requests("wrong") == 0 {
            tokio::task::yield_now().await;
        }
        programs.open_gate();
    };
    let (a, b, c, ()) = tokio::join!(get(), get(), get(), open);
    assert!(
        [a, b, c]
            .iter()
            .all(|one| matches!(one, Err(Error::Mismatch { .. })))
    );
    assert_eq!(programs.requests("wrong"), 1);
    // Later it is tried again.
    programs.put("gate", "wrong", "right");
    programs.open_gate();
    get().await.expect("now it is right");
}

#[tokio::test]
async fn a_download_that_is_given_up_leaves_nothing_and_hinders_nobody() {
    let (dir, programs) = (TestDir::new(), Programs::serve().await);
    let dir = dir.path("cache");
    let cache = open(&dir, 1 << 20);
    programs.put("file", "a", "program a");
    let get = {
        let (cache, url) = (cache.clone(), programs.url("hang", "a"));
        tokio::spawn(async move { cache.get(digest(b"program a"), &url).await.map(drop) })
    };
    while incoming(&dir) == 0 {
        tokio::task::yield_now().await;
    }
    get.abort();
    let _ = get.await;
    cache
        .get(digest(b"program a"), &programs.url("file", "a"))
        .await
        .expect("it is fetched");
    eventually("nothing is left", || incoming(&dir) == 0);
}

#[tokio::test]
async fn the_longest_unused_goes_first_and_what_runs_stays() {
    let (dir, programs) = (TestDir::new(), Programs::serve().await);
    let dir = dir.path("cache");
    let cache = open(&dir, 25);
    let put = |name: &str| {
        (
            digest(&[name.as_bytes(), b"........."].concat()),
            programs.put("file", name, format!("{name}.........")),
        )
    };
    let [a, b, c, d] = ["a", "b", "c", "d"].map(put);
    let there = |one: &(Digest, String)| dir.join(one.0.to_string()).exists();
    let running = cache.get(a.0, &a.1).await.expect("a");
    cache.get(b.0, &b.1).await.expect("b");
    cache.get(c.0, &c.1).await.expect("c");
    assert!(
        there(&a) && !there(&b) && there(&c),
        "b was unused for longest, a runs"
    );
    let others = [cache.get(c.0, &c.1).await, cache.get(d.0, &d.1).await];
    assert!(there(&a) && there(&c) && there(&d), "all three run");
    assert_eq!(cache.size_bytes(), 30);
    drop(running);
    assert!(!there(&a), "it goes as soon as it may");
    drop(others);
    assert_eq!(cache.size_bytes(), 20);
}

#[tokio::test]
async fn what_a_crash_left_is_removed_and_what_was_whole_is_kept() {
    let (dir, programs) = (TestDir::new(), Programs::serve().await);
    let dir = dir.path("cache");
    let url = programs.put("file", "a", "program a");
    drop(
        open(&dir, 1 << 20)
            .get(digest(b"program a"), &url)
            .await
            .expect("it is fetched"),
    );
    fs::write(dir.join(".incoming-7"), "half").expect("a leftover");
    let cache = open(&dir, 1 << 20);
    assert_eq!((incoming(&dir), cache.size_bytes()), (0, 9));
    cache
        .get(digest(b"program a"), &url)
        .await
        .expect("it is there");
    assert_eq!(programs.requests("a"), 1);
    let second = Binaries::open(&dir, 1, limits())
        .err()
        .expect("the directory is taken");
    assert!(second.to_string().contains("another executor"), "{second}");
}
