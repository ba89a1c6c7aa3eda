//! Output while it is printed: in order, each byte once, the middle dropped when it is too much.

use engine::{Command, NewRun, Run};
use store::{
    Error, Store,
    logs::{self, Append, Chunk, LOG_LIMIT_BYTES},
};

use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    bytes_are_stored_once,
    streams_and_attempts_are_told_apart,
    only_the_holder_appends,
    positions_at_the_ends_of_numbers,
    the_middle_is_dropped,
    a_chunk_of_any_size_leaves_its_beginning_and_its_end,
    every_byte_survives,
    a_parent_gets_what_its_child_prints,
);

async fn append(
    store: &Store,
    run: &Run,
    stream: &'static str,
    position: i64,
    body: &[u8],
) -> Result<(), Error> {
    let chunk = Append {
        id: run.id,
        holder: holder(run),
        stream,
        position,
        body: body.to_vec(),
    };
    store.write(move |batch| logs::append(batch, &chunk)).await
}

async fn chunks(store: &Store, run: &Run) -> Vec<Chunk> {
    let id = run.id;
    read(store, move |read| {
        logs::after(read, id, 0, None, None, 100_000)
    })
    .await
}

fn places(chunks: &[Chunk]) -> Vec<(i64, String)> {
    let text = |chunk: &Chunk| String::from_utf8_lossy(&chunk.body).into_owned();
    chunks
        .iter()
        .map(|chunk| (chunk.position, text(chunk)))
        .collect()
}

async fn bytes_are_stored_once(db: &Database) {
    let store = db.open();
    let run = running(&store, job()).await;
    let steps: [(i64, &[u8]); 7] = [
        (0, b"abc"),
        // Again, a part of it, one that overlaps, nothing, one that leaves a gap, one before it.
        (0, b"abc"),
        (1, b"b"),
        (2, b"cde"),
        (5, b""),
        (9, b"xyz"),
        (6, b"lost!xyz."),
    ];
    for (position, body) in steps {
        append(&store, &run, "stdout", position, body)
            .await
            .unwrap();
    }
    let found = chunks(&store, &run).await;
    let expected = [(0, "abc"), (3, "de"), (9, "xyz"), (12, "yz.")];
    let expected: Vec<_> = expected.map(|(at, text)| (at, text.to_owned())).into();
    // What comes late into a gap is not known to be new: the stream only goes on.
    assert_eq!(places(&found), expected);
    let numbers: Vec<_> = found.iter().map(|chunk| chunk.seq).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    let id = run.id;
    let rest = read(&store, move |read| logs::after(read, id, 2, None, None, 1)).await;
    assert_eq!(rest, [found[2].clone()]);
}

async fn streams_and_attempts_are_told_apart(db: &Database) {
    let store = db.open();
    let first = running(&store, job()).await;
    let id = first.id;
    append(&store, &first, "stdout", 0, b"out").await.unwrap();
    append(&store, &first, "stderr", 0, b"err").await.unwrap();
    apply(
        &store,
        id,
        Command::Release {
            holder: holder(&first),
            reason: None,
        },
        NOW,
    )
    .await;
    let second = claimed(&store, "b").await;
    append(&store, &second, "stdout", 0, b"again")
        .await
        .unwrap();
    let of = async |stream: Option<&'static str>, attempt| {
        let found = store
            .read(move |read| logs::after(read, id, 0, stream, attempt, 10))
            .await;
        places(&found.unwrap())
            .into_iter()
            .map(|(_, text)| text)
            .collect::<Vec<_>>()
    };
    assert_eq!(of(None, None).await, ["out", "err", "again"]);
    assert_eq!(of(Some("stdout"), None).await, ["out", "again"]);
    assert_eq!(of(None, Some(1)).await, ["out", "err"]);
    assert_eq!(of(Some("stdout"), Some(2)).await, ["again"]);
    assert!(of(Some("stderr"), Some(2)).await.is_empty());
}

async fn only_the_holder_appends(db: &Database) {
    let store = db.open();
    let first = running(&store, job()).await;
    apply(
        &store,
        first.id,
        Command::Release {
            holder: holder(&first),
            reason: None,
        },
        NOW,
    )
    .await;
    let refused = append(&store, &first, "stdout", 0, b"late").await;
    assert!(matches!(refused, Err(Error::Rejected(_))));
    let second = claimed(&store, "b").await;
    let refused = append(&store, &first, "stdout", 0, b"late").await;
    assert!(matches!(refused, Err(Error::Rejected(rejected)) if rejected.not_holder));
    let missing = Run {
        id: id_at(NOW),
        ..second.clone()
    };
    let refused = append(&store, &missing, "stdout", 0, b"lost").await;
    assert!(matches!(refused, Err(Error::NotFound(_))));
    assert!(chunks(&store, &second).await.is_empty());
}

/// Positions come from outside: an odd one is refused or cut, and the writer lives on.
async fn positions_at_the_ends_of_numbers(db: &Database) {
    let store = db.open();
    let run = running(&store, job()).await;
    for position in [i64::MIN, -1, i64::MAX, i64::MAX - 1] {
        let _ = append(&store, &run, "stdout", position, b"text").await;
        let _ = append(&store, &run, "stderr", position, b"text").await;
    }
    for chunk in chunks(&store, &run).await {
        assert!(chunk.position >= 0 && !chunk.body.is_empty());
    }
    submitted(&store, job()).await;
}

async fn the_middle_is_dropped(db: &Database) {
    const MIB: i64 = 1 << 20;
    let store = db.open();
    let run = running(&store, job()).await;
    let id = run.id;
    let total = 40;
    for number in 0..total {
        let body = vec![u8::try_from(number).unwrap(); usize::try_from(MIB).unwrap()];
        append(&store, &run, "stdout", number * MIB, &body)
            .await
            .unwrap();
    }
    let found = chunks(&store, &run).await;
    let kept: i64 = found
        .iter()
        .map(|chunk| i64::try_from(chunk.body.len()).unwrap())
        .sum();
    assert_eq!(kept, LOG_LIMIT_BYTES);
    let mut positions: Vec<_> = found.iter().map(|chunk| chunk.position / MIB).collect();
    positions.dedup();
    let expected: Vec<_> = (0..8).chain(total - 8..total).collect();
    assert_eq!(positions, expected, "the beginning and the end");
    assert!(
        found
            .iter()
            .all(|chunk| i64::from(chunk.body[0]) == chunk.position / MIB)
    );
    let numbers: Vec<_> = found.iter().map(|chunk| chunk.seq).collect();
    assert!(numbers.is_sorted());
    // Many small chunks push the end out, never the beginning.
    append(&store, &run, "stderr", 0, b"last").await.unwrap();
    let first = read(&store, move |read| logs::after(read, id, 0, None, None, 1)).await;
    assert_eq!(first[0].position, 0);
    let stored = db.rows("SELECT stored_bytes FROM log_sizes");
    assert_eq!(stored, [[(LOG_LIMIT_BYTES - MIB / 4 + 4).to_string()]]);
}

async fn a_chunk_of_any_size_leaves_its_beginning_and_its_end(db: &Database) {
    const MIB: usize = 1 << 20;
    let store = db.open();
    let half = LOG_LIMIT_BYTES / 2;
    // A single one that is longer than the beginning, than everything, and one across the middle.
    for sizes in [
        &[9 * MIB][..],
        &[20 * MIB],
        &[7 * MIB, 3 * MIB, 9 * MIB + 5],
    ] {
        let run = running(&store, job()).await;
        let mut total = 0;
        for (number, size) in (1..).zip(sizes) {
            let body = vec![number; *size];
            append(&store, &run, "stdout", total, &body).await.unwrap();
            total += i64::try_from(*size).unwrap();
        }
        let mut at = 0;
        let mut gaps = Vec::new();
        let mut kept = 0;
        for chunk in chunks(&store, &run).await {
            if chunk.position != at {
                gaps.push((at, chunk.position));
            }
            let length = i64::try_from(chunk.body.len()).unwrap();
            at = chunk.position + length;
            kept += length;
        }
        assert_eq!(at, total, "the end is there");
        assert!(kept <= LOG_LIMIT_BYTES, "{kept} of {total}");
        if total <= LOG_LIMIT_BYTES {
            assert_eq!(gaps, []);
        } else {
            assert!(kept > LOG_LIMIT_BYTES - (256 << 10), "{kept} of {total}");
            assert_eq!(gaps, [(half, half + total - kept)]);
        }
    }
}

async fn every_byte_survives(db: &Database) {
    let store = db.open();
    let run = running(&store, job()).await;
    let every: Vec<u8> = (0..=255).collect();
    append(&store, &run, "stdout", 0, &every).await.unwrap();
    assert_eq!(chunks(&store, &run).await[0].body, every);
}

async fn a_parent_gets_what_its_child_prints(db: &Database) {
    let store = db.open();
    let parent = running(&store, job()).await;
    let child = running(
        &store,
        NewRun {
            parent: Some(parent.id),
            ..job()
        },
    )
    .await;
    append(&store, &parent, "stdout", 0, b"begins ")
        .await
        .unwrap();
    append(&store, &child, "stdout", 0, b"child").await.unwrap();
    // What comes again is not shown again, neither of the child nor of the parent.
    append(&store, &child, "stdout", 0, b"child!")
        .await
        .unwrap();
    append(&store, &parent, "stdout", 3, b"ins and goes on")
        .await
        .unwrap();
    let expected = [(0, "begins "), (7, "child"), (12, "!"), (13, "and goes on")];
    let expected: Vec<_> = expected.map(|(at, text)| (at, text.to_owned())).into();
    assert_eq!(places(&chunks(&store, &parent).await), expected);
    assert_eq!(places(&chunks(&store, &child).await).len(), 2);
}
