use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use sse_client::Transport;
use sse_core::ReconnectState;
use sse_hub::{Hub, Retention};
use tokio::{
    runtime::{Builder, Runtime},
    sync::watch,
    task::JoinSet,
};

use super::{
    course::Course,
    family::Family,
    faulty_transport::{FaultyTransport, Memory},
    hub_server::{HubServer, Wire},
    log::Log,
    planted::Planted,
    progress::{PATIENCE, Progress, until},
    reader::{Reader, Shape},
    tally::Tally,
    transport::transport,
    verdict::{Item, LEFT, LIVENESS, Violation, judge},
    watched::{Seen, Watched},
};
use crate::{hub::Dice, proxy::Proxy};

/// How many seeds did well, and how many did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// Seeds without a violation.
    pub passed: u64,
    /// Seeds with one; and one more if something never occurred that must.
    pub failed: u64,
}

/// Runs seeds of both families from `first` on and writes what was found; the last line is `N passed, N failed`.
///
/// # Errors
/// It cannot be written, or the machine gives no threads.
pub fn soak(first: u64, seeds: u64, out: &mut dyn io::Write) -> io::Result<Outcome> {
    let runtime = runtime()?;
    let mut outcome = Outcome::default();
    for family in Family::ALL {
        let mut tally = Tally::default();
        for (seed, result, occurred) in runtime.block_on(many(family, first, seeds)) {
            tally.merge(&occurred);
            match result {
                Ok(()) => outcome.passed += 1,
                Err(violation) => {
                    outcome.failed += 1;
                    writeln!(out, "seed {seed} ({}): {violation}", family.name())?;
                }
            }
        }
        write!(
            out,
            "{}, {seeds} seeds from {first}:\n{tally}",
            family.name()
        )?;
        let missing = tally.missing(family, seeds);
        if !missing.is_empty() {
            outcome.failed += 1;
            writeln!(out, "never occurred: {}", missing.join(", "))?;
        }
    }
    writeln!(out, "{} passed, {} failed", outcome.passed, outcome.failed)?;
    Ok(outcome)
}

/// Runs one seed, with a mistake or without, in a runtime of its own.
///
/// # Errors
/// What is wrong.
pub fn run_seed(family: Family, seed: u64, planted: Option<Planted>) -> Result<(), Violation> {
    let runtime = runtime().map_err(|error| Violation::new(LIVENESS, error.to_string()))?;
    runtime.block_on(run(family, seed, planted)).0
}

/// So many seeds run at a time; most of the time each of them waits.
const AT_A_TIME: usize = 32;

fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
}

type Judged = (Result<(), Violation>, Tally);

/// Runs seeds, and gives what was found in their order.
async fn many(family: Family, first: u64, seeds: u64) -> Vec<(u64, Result<(), Violation>, Tally)> {
    let mut left = first..first.saturating_add(seeds);
    let (mut running, mut judged) = (JoinSet::new(), Vec::new());
    loop {
        while running.len() < AT_A_TIME
            && let Some(seed) = left.next()
        {
            running.spawn(async move {
                let run = tokio::spawn(run(family, seed, None)).await;
                let panicked = |error: tokio::task::JoinError| {
                    let violation = Violation::new("panic", error.to_string());
                    (Err(violation), Tally::default())
                };
                let (result, tally) = run.unwrap_or_else(panicked);
                (seed, result, tally)
            });
        }
        match running.join_next().await {
            Some(Ok(one)) => judged.push(one),
            Some(Err(_)) => {}
            None => break,
        }
    }
    judged.sort_by_key(|(seed, ..)| *seed);
    judged
}

async fn run(family: Family, seed: u64, planted: Option<Planted>) -> Judged {
    match try_run(family, seed, planted).await {
        Ok(judged) => judged,
        Err(error) => {
            let violation = Violation::new(LIVENESS, error.to_string());
            (Err(violation), Tally::default())
        }
    }
}

async fn try_run(family: Family, number: u64, planted: Option<Planted>) -> io::Result<Judged> {
    let mut dice = Dice::new(number);
    let hub = hub(family, &mut dice);
    let wire = match number % 4 {
        0 => Wire::Chunked,
        1 => Wire::Http2,
        _ => Wire::Close,
    };
    let server = HubServer::start(hub.clone(), wire).await?;
    let proxy = Proxy::start(server.address)?;
    let progress = watch::Sender::new(Progress::default());
    let seen = Arc::new(Seen::new(progress));
    let mut way: Arc<dyn Transport> = Arc::new(Watched {
        inner: transport(wire, &mut dice),
        seen: Arc::clone(&seen),
    });
    if let Some(planted) = planted {
        let memory = Arc::<Mutex<Memory>>::default();
        way = Arc::new(FaultyTransport {
            inner: way,
            planted,
            memory,
        });
    }
    let (restarts, restarted) = watch::channel(0);
    // One who comes without an id sees what is published from then on, as the first id tells.
    let state = if dice.one_in(2) {
        ReconnectState::resume(hub.head().to_event_id())
    } else {
        ReconnectState::new()
    };
    let anew = state.last_event_id().is_none();
    let mut reader = Reader {
        url: format!("http://{}/", proxy.address()),
        transport: way,
        seen: Arc::clone(&seen),
        planted,
        idle: Duration::from_millis(dice.within(60, 90)),
        shape: if anew || dice.one_in(2) {
            Shape::Checkpoints
        } else {
            Shape::Plain
        },
        restarts: restarted,
        items: Vec::new(),
    };
    let mut course = Course {
        seed: number,
        dice,
        log: Log::new(hub.clone()),
        hub,
        server,
        proxy,
        seen: Arc::clone(&seen),
        restarts,
        tally: Tally::default(),
    };
    let reading = tokio::spawn(async move {
        let ended = reader.run(state).await;
        reader
            .seen
            .progress
            .send_modify(|progress| progress.ended = true);
        (ended, reader.items)
    });
    if anew {
        until(&seen.progress, |now| now.items > 0).await;
    }
    let finished = course.run().await;
    let mut tally = course.tally();
    tally.add(wire.name(), 1);
    // Without a sender the reader stops.
    drop(std::mem::take(&mut course.restarts));
    let (ended, items) = match reading.await {
        Ok(read) => read,
        Err(error) => return Ok((Err(Violation::new("panic", error.to_string())), tally)),
    };
    let gaps = items.iter().filter(|item| matches!(item, Item::Gap(..)));
    tally.add("gap told", gaps.count() as u64);
    let mut judged = judge(family, &course.log.entries(), &items)
        .and(ended)
        .and(finished);
    if let (Ok(()), Some(violation)) = (&judged, seen.violations().into_iter().next()) {
        judged = Err(violation);
    }
    if judged.is_ok() && !is_left(&course).await {
        judged = Err(Violation::new(
            LEFT,
            "the client is gone, and its connection is not",
        ));
    }
    Ok((judged, tally))
}

fn hub(family: Family, dice: &mut Dice) -> Hub {
    let retention = match family {
        Family::Whole => Retention::default(),
        Family::Small => {
            let entries = dice.below(6);
            Retention::default().count(usize::try_from(entries).unwrap_or(0))
        }
    };
    let reconnection = if dice.one_in(4) {
        dice.within(15, 25)
    } else {
        dice.within(1, 3)
    };
    Hub::builder()
        .retain(retention)
        .reconnection(Duration::from_millis(reconnection), u32::MAX)
        .build()
}

/// Whether the server soon sees that nobody reads.
async fn is_left(course: &Course) -> bool {
    let gone = async {
        while course.hub_count() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.is_ok()
}
