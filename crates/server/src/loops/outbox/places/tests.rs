//! How places are shared.

use store::hooks::Lane;

use super::{LANE_PLACES, PLACES, share};

fn lane(owner: &str, name: &str, due_at: i64) -> Lane {
    Lane {
        owner: owner.to_owned(),
        name: name.to_owned(),
        due_at,
        interrupted: false,
    }
}

/// A thousand lanes of one owner.
fn thousand(owner: &str) -> Vec<Lane> {
    let names = (0..1_000).map(|number| number.to_string());
    names.map(|name| lane(owner, &name, 0)).collect()
}

/// Takes until nothing more is given; of what is taken there is one entry for each place.
fn fill(taken: &mut Vec<(String, String)>, lanes: &[Lane]) {
    loop {
        let pairs = taken.iter().map(|(owner, lane)| (&**owner, &**lane));
        let picks = share(pairs, lanes, 0);
        if picks.is_empty() {
            return;
        }
        for (lane, count) in picks {
            for _ in 0..count {
                taken.push((lane.owner.clone(), lane.name.clone()));
            }
        }
    }
}

#[test]
fn a_lane_and_an_owner_have_their_bounds() {
    let mut taken = Vec::new();
    fill(&mut taken, &[lane("a", "x", 0)]);
    assert_eq!(taken.len(), LANE_PLACES);
    fill(&mut taken, &thousand("a"));
    assert_eq!(taken.len(), PLACES / 2);
}

#[test]
fn another_owner_finds_a_place() {
    let mut taken = Vec::new();
    for owner in ["a", "b", "c", "d", "e"] {
        let before = taken.len();
        fill(&mut taken, &thousand(owner));
        assert!(taken.len() > before, "{owner} finds no place");
        assert!(taken.len() < PLACES);
    }
}

#[test]
fn another_hook_of_an_owner_of_slow_ones_finds_a_place() {
    let mut taken = Vec::new();
    for name in ["1", "2", "3", "4", "5", "6", "7", "8", "9"] {
        let before = taken.len();
        fill(&mut taken, &[lane("a", name, 0)]);
        assert!(taken.len() > before, "{name} finds no place");
    }
}

#[test]
fn the_longest_due_come_first_and_what_is_not_due_does_not_come() {
    let lanes = [
        lane("a", "late", -1),
        lane("a", "later", 1),
        lane("b", "early", -2),
    ];
    let picks = share(std::iter::empty(), &lanes, 0);
    let names: Vec<&str> = picks.iter().map(|(lane, _)| lane.name.as_str()).collect();
    assert_eq!(names, ["early", "late"]);
    // What was cut off comes first, and takes no more places than it would otherwise.
    let cut_off = Lane {
        interrupted: true,
        ..lane("c", "cut off", 0)
    };
    let lanes = [lane("a", "late", -1), cut_off];
    let picks = share(std::iter::empty(), &lanes, 0);
    assert_eq!((picks[0].0.name.as_str(), picks[0].1), ("cut off", 8));
    assert_eq!(picks[1].1, 8);
    // Who has none under way comes before who has some.
    let all = thousand("a");
    let picks = share(std::iter::once(("a", "0")), &all, 0);
    let once = |(lane, count): &(Lane, i64)| lane.name != "0" && *count == 1;
    assert!(picks.iter().all(once), "{picks:?}");
    assert_eq!(picks.len(), PLACES / 2 - 1);
}
