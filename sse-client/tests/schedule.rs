//! What holds of every schedule, and of every event source that keeps to one.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a failure")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use http::{Request, StatusCode, header::RETRY_AFTER};
use proptest::{collection::vec, option, prelude::*};
use sse_client::{Asked, Backoff, EventSource, Jitter, MemoryTransport, Reply, Retry, Schedule};
use tokio::time::Instant;

/// No delay is longer.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The formula, written down once more and naively: failures are counted, and growth is one product after another.
#[derive(Debug)]
struct Oracle {
    backoff: Backoff,
    failures: u32,
    opened: Option<Duration>,
}

impl Oracle {
    fn new(backoff: Backoff) -> Self {
        Self {
            backoff,
            failures: 0,
            opened: None,
        }
    }

    /// The delay in seconds, and the least that it may be.
    fn failed(&mut self, now: Duration, asked: Asked, random: f64) -> (f64, Duration) {
        let backoff = self.backoff;
        let opened = self.opened.take();
        if opened.is_some_and(|opened| now.saturating_sub(opened) >= backoff.healthy_after) {
            self.failures = 0;
        }
        self.failures += 1;
        let wish = asked.retry.map_or(backoff.initial, Retry::as_duration);
        let base = wish.max(backoff.floor).min(LONGEST);
        let least = base.max(asked.retry_after.unwrap_or_default()).min(LONGEST);
        let times = match backoff.jitter {
            Jitter::None => self.failures - 1,
            _ => self.failures,
        };
        let most = backoff.max.min(LONGEST).as_secs_f64();
        let mut grown = base.as_secs_f64();
        for _ in 0..times {
            if backoff.multiplier > 1.0 {
                grown = (grown * backoff.multiplier.min(f64::MAX)).min(most.max(grown));
            }
        }
        let bound = grown.min(most).max(least.as_secs_f64());
        let delay = match backoff.jitter {
            Jitter::None => bound,
            _ => least.as_secs_f64() + random * (bound - least.as_secs_f64()),
        };
        (delay, least)
    }
}

fn any_duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (0_u64..100_000).prop_map(Duration::from_millis),
        any::<u64>().prop_map(Duration::from_millis),
        Just(Duration::MAX),
    ]
}

fn any_jitter() -> impl Strategy<Value = Jitter> {
    prop_oneof![Just(Jitter::None), Just(Jitter::Full)]
}

fn any_backoff() -> impl Strategy<Value = Backoff> {
    let durations = (
        any_duration(),
        any_duration(),
        any_duration(),
        (0_u64..100_000).prop_map(Duration::from_millis),
    );
    let multiplier = prop_oneof![1.0..4.0, any::<f64>()];
    (durations, multiplier, any_jitter()).prop_map(
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

fn any_happening() -> impl Strategy<Value = (u64, Happening)> {
    let retry = option::of(prop_oneof![0_u64..100_000, any::<u64>()]);
    let failed = (retry, option::of(any_duration()), 0.0..=1.0);
    let happening = prop_oneof![
        Just(Happening::Opened),
        failed.prop_map(|(retry, after, random)| Happening::Failed(retry, after, random)),
    ];
    (0_u64..100_000, happening)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_delay_is_what_the_formula_says_and_never_sooner_than_asked(
        backoff in any_backoff(),
        happenings in vec(any_happening(), 1..40),
    ) {
        let (mut schedule, mut oracle) = (Schedule::new(backoff), Oracle::new(backoff));
        let mut now = Duration::ZERO;
        for (passed, happening) in happenings {
            now += Duration::from_millis(passed);
            let Happening::Failed(retry, retry_after, random) = happening else {
                schedule.opened(now);
                oracle.opened = Some(now);
                continue;
            };
            let mut asked = Asked::default();
            asked.retry = retry.map(Retry::from_millis);
            asked.retry_after = retry_after;
            let delay = schedule.failed(now, asked, || random).unwrap();
            let (expected, least) = oracle.failed(now, asked, random);
            prop_assert!(delay >= least, "{delay:?} is sooner than {least:?}");
            prop_assert!((delay.as_secs_f64() - expected).abs() < 1e-6, "{delay:?}, not {expected}");
        }
    }

    #[test]
    fn a_random_number_that_is_none_keeps_within_the_bounds(random in any::<f64>()) {
        let backoff = Backoff::new();
        let delay = Schedule::new(backoff).failed(Duration::ZERO, Asked::default(), || random);
        let delay = delay.unwrap();
        prop_assert!(backoff.initial <= delay && delay <= backoff.initial * 2, "{delay:?}");
    }
}

/// How a connection or an attempt goes.
#[derive(Clone, Debug)]
enum Exchange {
    Refused,
    Busy(Option<u32>),
    /// A stream that says a reconnection time or none, in a block without data, and ends after a while, in tenths of a second.
    Open(Option<u64>, u64),
}

impl Exchange {
    fn reply(&self) -> Reply {
        match self {
            Self::Refused => Reply::refused("refused"),
            Self::Busy(None) => Reply::status(StatusCode::SERVICE_UNAVAILABLE),
            Self::Busy(Some(seconds)) => {
                Reply::status(StatusCode::TOO_MANY_REQUESTS).header(RETRY_AFTER, (*seconds).into())
            }
            Self::Open(retry, tenths) => {
                let reply = match retry {
                    Some(retry) => Reply::events().chunk(format!("retry: {retry}\n\n")),
                    None => Reply::events().chunk(":\n\n"),
                };
                reply.pause(Duration::from_millis(100 * tenths))
            }
        }
    }
}

fn any_exchange() -> impl Strategy<Value = Exchange> {
    prop_oneof![
        Just(Exchange::Refused),
        option::of(0_u32..100).prop_map(Exchange::Busy),
        (option::of(0_u64..100_000), 0_u64..200)
            .prop_map(|(retry, tenths)| Exchange::Open(retry, tenths)),
    ]
}

/// When an event source, whose chance is always the same, sends its requests on a paused clock.
fn requests(backoff: Backoff, random: f64, exchanges: &[Exchange]) -> Vec<Duration> {
    let clock = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let sent = Arc::new(Mutex::new(Vec::new()));
    let (log, script) = (Arc::clone(&sent), exchanges.to_vec());
    clock.block_on(async move {
        let begin = Instant::now();
        let transport = MemoryTransport::answering(move |_| {
            let mut log = log.lock().unwrap();
            log.push(begin.elapsed());
            script
                .get(log.len() - 1)
                .map_or_else(|| Reply::status(StatusCode::NO_CONTENT), Exchange::reply)
        });
        let request = Request::get("http://one.example/").body(()).unwrap();
        let mut events = EventSource::with_transport(transport, request)
            .backoff(backoff)
            .random(move || random);
        assert!(events.next().await.is_none());
    });
    Arc::into_inner(sent).unwrap().into_inner().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_event_source_comes_again_as_the_formula_says_and_a_reconnection_time_persists(
        multiplier in 1.0..4.0,
        jitter in any_jitter(),
        healthy_after in 0_u64..200,
        random in 0.0..=1.0,
        exchanges in vec(any_exchange(), 1..20),
    ) {
        // No stream is open for just so long.
        let healthy_after = Duration::from_millis(100 * healthy_after + 50);
        let backoff = Backoff::new().multiplier(multiplier).jitter(jitter).healthy_after(healthy_after);
        let sent = requests(backoff, random, &exchanges);
        prop_assert_eq!(sent.len(), exchanges.len() + 1);
        let (mut oracle, mut asked) = (Oracle::new(backoff), Asked::default());
        for (exchange, sent) in exchanges.iter().zip(sent.windows(2)) {
            let (mut ended, mut retry_after) = (sent[0], None);
            match exchange {
                Exchange::Refused => {}
                Exchange::Busy(seconds) => retry_after = seconds.map(|it| Duration::from_secs(it.into())),
                Exchange::Open(retry, tenths) => {
                    asked.retry = retry.map(Retry::from_millis).or(asked.retry);
                    oracle.opened = Some(ended);
                    ended += Duration::from_millis(100 * tenths);
                }
            }
            asked.retry_after = retry_after;
            let (expected, least) = oracle.failed(ended, asked, random);
            let delay = sent[1].saturating_sub(ended);
            prop_assert!(delay >= least, "{delay:?} is sooner than {least:?}");
            // The timer's ticks are milliseconds: of the stream, and of the delay.
            let late = delay.as_secs_f64() - expected;
            prop_assert!((-1e-6..0.003).contains(&late), "{delay:?}, not {expected} s");
        }
    }
}
