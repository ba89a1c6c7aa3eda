//! The shim itself: ends, trees, isolation.

use std::{collections::BTreeMap, time::Duration};

use executor::shim::{End, Order, Part, Spec};

use crate::bed::{Bed, eventually, exists, run, run_until};

/// The ways in which a tree is watched: by descent, and by a PID namespace.
const WAYS: [&[Part]; 2] = [&[], &[Part::UserNamespace, Part::PidNamespace]];

const ALL: [Part; 6] = [
    Part::ResourceLimits,
    Part::NoNewPrivileges,
    Part::Landlock,
    Part::UserNamespace,
    Part::PidNamespace,
    Part::NetworkNamespace,
];

#[tokio::test]
async fn reports_exit_codes_and_signals() {
    for parts in WAYS {
        let bed = Bed::new();
        assert_eq!(*run(&bed.spec("exit 0", parts)).await.end(), End::Exited(0));
        assert_eq!(*run(&bed.spec("exit 3", parts)).await.end(), End::Exited(3));
        assert_eq!(
            *run(&bed.spec("kill -SEGV $$", parts)).await.end(),
            End::Signalled(11)
        );
        assert_eq!(
            *run(&bed.spec("kill -40 $$", parts)).await.end(),
            End::Signalled(40)
        );
    }
}

#[tokio::test]
async fn every_part_works_on_this_machine() {
    let bed = Bed::new();
    for part in ALL {
        let parts = match part {
            Part::PidNamespace | Part::NetworkNamespace => vec![Part::UserNamespace, part],
            _ => vec![part],
        };
        let spec = Spec {
            program: None,
            ..bed.spec("", &parts)
        };
        assert_eq!(*run(&spec).await.end(), End::Ready, "{}", part.name());
    }
    let run = run(&bed.spec("echo fine", &ALL)).await;
    assert_eq!(
        (run.end(), run.text().as_str()),
        (&End::Exited(0), "fine\n")
    );
}
