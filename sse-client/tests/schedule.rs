//! What holds of every schedule.

use std::time::Duration;

use proptest::prelude::*;
use sse_client::{Asked, Backoff, Jitter, Retry, Schedule};

/// No delay is longer.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

fn any_duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (0_u64..100_000).prop_map(Duration::from_millis),
        any::<u64>().prop_map(Duration::from_millis),
        Just(Duration::MAX),
    ]
}

fn any_backoff() -> impl Strategy<Value = Backoff> {
    let durations = (
        any_duration(),
        any_duration(),
        any_duration(),
        any_duration(),
    );
    let jitter = prop_oneof![Just(Jitter::None), Just(Jitter::Full)];
    (durations, any::<f64>(), jitter).prop_map(
        |((initial, max, floor, healthy_after), multiplier, jitter)| {
            Backoff::new()
                .initial(initial)
                .max(max)
                .floor(floor)
                .healthy_after(healthy_after)
                .multiplier(multiplier)
                .jitter(jitter)
        },
    )
}

#[derive(Clone, Debug)]
enum Happening {
    Opened,
    Failed(Option<u64>, Option<Duration>, f64),
}

fn any_happening() -> impl Strategy<Value = (Duration, Happening)> {
    let retry = proptest::option::of(prop_oneof![0_u64..100_000, any::<u64>()]);
    let failed = (retry, proptest::option::of(any_duration()), any::<f64>());
    let happening = prop_oneof![
        Just(Happening::Opened),
        failed.prop_map(|(retry, after, random)| Happening::Failed(retry, after, random)),
    ];
    (any_duration(), happening)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_delay_is_never_sooner_than_asked_and_never_beyond_its_bound(
        backoff in any_backoff(),
        happenings in proptest::collection::vec(any_happening(), 1..40),
    ) {
        let mut schedule = Schedule::new(backoff);
        let mut now = Duration::ZERO;
        for (passed, happening) in happenings {
            now = now.saturating_add(passed);
            let Happening::Failed(retry, retry_after, random) = happening else {
                schedule.opened(now);
                continue;
            };
            let mut asked = Asked::default();
            asked.retry = retry.map(Retry::from_millis);
            asked.retry_after = retry_after;
            let delay = schedule.failed(now, asked, || random).unwrap();
            let wish = retry.map_or(backoff.initial, Duration::from_millis);
            let least = wish.max(backoff.floor).max(retry_after.unwrap_or_default()).min(LONGEST);
            prop_assert!(delay >= least, "{delay:?} is sooner than {least:?}");
            let bound = least.max(backoff.max);
            prop_assert!(delay <= bound, "{delay:?} is beyond {bound:?}");
        }
    }

    #[test]
    fn more_failures_never_shorten_the_delay(
        backoff in any_backoff(),
        random in 0.0..=1.0,
    ) {
        let mut schedule = Schedule::new(backoff);
        let mut before = Duration::ZERO;
        for _ in 0..50 {
            let delay = schedule.failed(Duration::ZERO, Asked::default(), || random).unwrap();
            // Sums of seconds as numbers with a point are a nanosecond off.
            prop_assert!(delay + Duration::from_nanos(1) >= before, "{delay:?} after {before:?}");
            before = delay;
        }
    }
}
