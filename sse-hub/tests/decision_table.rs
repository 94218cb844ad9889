//! `decide` against the protocol's table, written row by row: any input is in exactly one.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a failure")]

use std::cell::RefCell;

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use sse_hub::{
    Epoch, EventId, Position,
    provider::Ancestor,
    resume::{Cursor, Decision, GapCause, Nonce, View, decide},
};

/// What a decision is made of, owned.
#[derive(Clone, Debug)]
struct Case {
    cursor: Option<Cursor>,
    ancestors: Vec<Ancestor>,
    head: u64,
    nonce: Nonce,
    lost: u64,
    all_of_this_epoch: bool,
    head_is_certain: bool,
    own_id_at: Option<u64>,
}

/// A row: who it is for, and what it answers, neither of which looks at another row.
struct Row {
    name: &'static str,
    applies: fn(&Case) -> bool,
    answer: fn(&Case) -> Decision,
}

const TABLE: &[Row] = &[
    row(
        "R0 no cursor",
        |it| it.cursor.is_none(),
        |_| Decision::Fresh,
    ),
    row(
        "R1 malformed",
        |it| it.cursor == Some(Cursor::Malformed),
        |_| gap(GapCause::Malformed),
    ),
    row(
        "R1 an own id that is not held",
        |it| it.is_own() && it.own_id_at.is_none(),
        |_| gap(GapCause::Unknown),
    ),
    row(
        "R2 an own id, nothing lost behind it",
        |it| it.is_own() && it.own_id_at.is_some_and(|seq| it.lost <= seq),
        |it| complete(it.own_id_at.unwrap()),
    ),
    row(
        "R8 an own id, something lost behind it",
        |it| it.is_own() && it.own_id_at.is_some_and(|seq| it.lost > seq),
        |it| expired(it.own_id_at.unwrap()),
    ),
    row(
        "R2 verified",
        |it| it.is_here() && it.is_verified() && it.keeps_all(),
        |it| complete(it.seq()),
    ),
    row(
        "R3 another entry has the number",
        |it| it.is_here() && it.is_checkable() && !it.is_verified(),
        |_| gap(GapCause::Forked),
    ),
    row(
        "R4 of an ancestor, before the fork",
        |it| it.is_shared() && it.keeps_all(),
        |it| complete(it.seq()),
    ),
    row(
        "R8 of an ancestor, something lost behind it",
        |it| it.is_shared() && !it.keeps_all(),
        |it| expired(it.seq()),
    ),
    row(
        "R5a all that is retained is new",
        |it| it.is_of_elsewhere() && !it.is_shared() && it.all_of_this_epoch,
        |_| Decision::GapThenRetained {
            cause: GapCause::Epoch,
            after: 0,
        },
    ),
    row(
        "R5b of another epoch",
        |it| it.is_of_elsewhere() && !it.is_shared() && !it.all_of_this_epoch,
        |_| gap(GapCause::Epoch),
    ),
    row(
        "R6 beyond the head",
        |it| it.is_ahead() && it.head_is_certain,
        |_| gap(GapCause::Rollback),
    ),
    row(
        "R6 beyond what the tail has brought",
        |it| it.is_ahead() && !it.head_is_certain,
        |_| Decision::AskProvider,
    ),
    row(
        "R7 not checkable",
        |it| it.is_here() && !it.is_checkable() && !it.is_verified() && it.keeps_all(),
        |it| complete(it.seq()),
    ),
    row(
        "R8 something lost behind it",
        |it| it.is_here() && (it.is_verified() || !it.is_checkable()) && !it.keeps_all(),
        |it| expired(it.seq()),
    ),
];

const fn row(name: &'static str, applies: fn(&Case) -> bool, answer: fn(&Case) -> Decision) -> Row {
    Row {
        name,
        applies,
        answer,
    }
}

fn gap(cause: GapCause) -> Decision {
    Decision::Gap { cause }
}

fn complete(after: u64) -> Decision {
    Decision::Complete { after }
}

fn expired(after: u64) -> Decision {
    Decision::GapThenRetained {
        cause: GapCause::Expired,
        after,
    }
}

impl Case {
    fn position(&self) -> Option<Position> {
        match self.cursor {
            Some(Cursor::Position(position)) => Some(position),
            _ => None,
        }
    }

    fn seq(&self) -> u64 {
        self.position().unwrap().seq
    }

    fn is_own(&self) -> bool {
        matches!(self.cursor, Some(Cursor::Own(_)))
    }

    fn is_here(&self) -> bool {
        self.position()
            .is_some_and(|it| it.epoch == present() && it.seq <= self.head)
    }

    fn is_ahead(&self) -> bool {
        self.position()
            .is_some_and(|it| it.epoch == present() && it.seq > self.head)
    }

    fn is_of_elsewhere(&self) -> bool {
        self.position().is_some_and(|it| it.epoch != present())
    }

    fn is_checkable(&self) -> bool {
        let asked = self.position().map_or(0, |it| it.nonce);
        self.seq() > 0 && asked != 0 && matches!(self.nonce, Nonce::Known(held) if held != 0)
    }

    fn is_verified(&self) -> bool {
        let asked = self.position().map_or(0, |it| it.nonce);
        self.seq() == 0 || self.is_checkable() && self.nonce == Nonce::Known(asked)
    }

    fn is_shared(&self) -> bool {
        self.position().is_some_and(|it| {
            let shares =
                |ancestor: &Ancestor| ancestor.epoch == it.epoch && ancestor.fork_at > it.seq;
            let same = it.nonce != 0 && self.nonce == Nonce::Known(it.nonce);
            it.epoch != present() && self.ancestors.iter().any(shares) && same
        })
    }

    fn keeps_all(&self) -> bool {
        self.lost <= self.seq()
    }

    fn decide(&self) -> Decision {
        let view = View {
            epoch: present(),
            ancestors: &self.ancestors,
            head: self.head,
            nonce: self.nonce,
            lost: self.lost,
            all_of_this_epoch: self.all_of_this_epoch,
            head_is_certain: self.head_is_certain,
            own_id_at: self.own_id_at,
        };
        decide(self.cursor.as_ref(), &view)
    }
}

fn present() -> Epoch {
    Epoch::from_hash(0)
}

/// Numbers near each other, where the rows meet, and some that are as large as they get.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![12 => 0..8_u64, 1 => Just(u64::MAX), 1 => any::<u64>()]
}

fn nonce() -> impl Strategy<Value = u32> {
    0..4_u32
}

fn case() -> impl Strategy<Value = Case> {
    let epoch = || (0..4_u64).prop_map(Epoch::from_hash);
    let position = (epoch(), number(), nonce())
        .prop_map(|(epoch, seq, nonce)| Some(Cursor::Position(Position { epoch, seq, nonce })));
    let cursor = prop_oneof![
        1 => Just(None),
        1 => Just(Some(Cursor::Malformed)),
        2 => Just(Some(Cursor::Own(EventId::from(7)))),
        12 => position,
    ];
    let ancestor = (epoch(), number()).prop_map(|(epoch, fork_at)| Ancestor { epoch, fork_at });
    let held = prop_oneof![3 => nonce().prop_map(Nonce::Known), 1 => Just(Nonce::Unknown)];
    (
        cursor,
        prop::collection::vec(ancestor, 0..3),
        number(),
        held,
        number(),
        any::<(bool, bool)>(),
        prop::option::of(number()),
    )
        .prop_map(
            |(cursor, ancestors, head, nonce, lost, flags, own_id_at)| Case {
                cursor,
                ancestors,
                head,
                nonce,
                lost,
                all_of_this_epoch: flags.0,
                head_is_certain: flags.1,
                own_id_at,
            },
        )
}

#[test]
fn any_cursor_is_in_exactly_one_row_and_is_answered_as_it_says() {
    let met = RefCell::new(vec![0; TABLE.len()]);
    let mut runner = TestRunner::new(Config {
        cases: 20_000,
        failure_persistence: None,
        ..Config::default()
    });
    runner
        .run(&case(), |case| {
            let rows: Vec<_> = (0..TABLE.len())
                .filter(|&index| (TABLE[index].applies)(&case))
                .collect();
            let names: Vec<_> = rows.iter().map(|&index| TABLE[index].name).collect();
            prop_assert_eq!(rows.len(), 1, "{:?}", names);
            prop_assert_eq!(case.decide(), (TABLE[rows[0]].answer)(&case), "{:?}", names);
            met.borrow_mut()[rows[0]] += 1;
            Ok(())
        })
        .unwrap();
    for (row, met) in TABLE.iter().zip(met.into_inner()) {
        assert!(met > 20, "{} was met {met} times", row.name);
    }
}
