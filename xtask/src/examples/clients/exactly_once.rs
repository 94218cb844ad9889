//! `exactly_once`, killed again and again.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;

use super::Test;
use crate::examples::response::Response;
use crate::examples::script::{Answer, Script};
use crate::examples::server::Server;
use crate::workspace;

pub(super) const TESTS: &[Test] = &[
    (
        "applies each event of a hub once, however often it is killed",
        survives_with_a_hub,
    ),
    (
        "keeps its place by ids without data, however often it is killed",
        survives_with_bare_ids,
    ),
];

/// How often it is killed.
const LIVES: u32 = 40;

/// Events that are published for each life.
const A_LIFE: u32 = 5;

fn survives_with_a_hub() -> Result<()> {
    let hub = Server::example_on("1", "fanout_axum", &["--listen", "127.0.0.1:0"])?;
    let url = format!("{}events?start=earliest", hub.url);
    let database = Database::new("hub")?;
    let mut published = Vec::new();
    for life in 0..LIVES {
        let mut once = database.follow(&url)?;
        for _ in 0..A_LIFE {
            let data = format!("event {}", published.len());
            let mut response = Response::post_text(&format!("{}publish", hub.url), &data)?;
            response.end()?;
            ensure!(response.head().contains(" 202 "), "{}", response.head());
            published.push(data);
        }
        die(&mut once, life)?;
    }
    database.live_until(&url, |_, effects| effects.last() == published.last())?;
    database.has(&published)
}

/// A server that resumes exactly, sends few blocks a connection, and of three ids one without data.
fn survives_with_bare_ids() -> Result<()> {
    let script = Script::serve(|asked| {
        let place = asked.header("last-event-id").parse().unwrap_or(0_u32);
        let blocks = (place + 1..=(place + 4).min(LAST)).map(|id| match id % 3 {
            1 => format!("id: {id}\n\n"),
            _ => format!("id: {id}\ndata: event {id}\n\n"),
        });
        Answer::open_events(&blocks.collect::<String>())
    })?;
    let database = Database::new("ids")?;
    for life in 0..LIVES {
        die(&mut database.follow(&script.url)?, life % 7)?;
    }
    database.live_until(&script.url, |id, _| id == LAST.to_string())?;
    let events = (1..=LAST).filter(|id| id % 3 != 1);
    let events: Vec<_> = events.map(|id| format!("event {id}")).collect();
    database.has(&events)?;
    let places = script.asked_so_far();
    let places = places.map(|asked| asked.header("last-event-id").parse().unwrap_or(0));
    let places: Vec<u32> = places.collect();
    ensure!(places.is_sorted(), "it went back: {places:?}");
    let bare = places.iter().filter(|place| **place % 3 == 1).count();
    ensure!(bare > 0, "it never resumed after a bare id: {places:?}");
    Ok(())
}

/// The id of the last block, which has no data; so many that no life comes to an end.
const LAST: u32 = 163;

/// Kills it after some lines and some time, from before it does anything to after it has done all that it can.
fn die(once: &mut Server, life: u32) -> Result<()> {
    match life % 7 {
        0 => thread::sleep(Duration::from_millis(u64::from(life))),
        lines => {
            for _ in 0..lines.min(4) {
                once.line()?;
            }
            // The next transaction may be anywhere.
            thread::sleep(Duration::from_micros(u64::from(life * 41 % 400)));
        }
    }
    once.signal(Signal::SIGKILL);
    ensure!(!once.exit()?.0.success(), "it ended before it was killed");
    Ok(())
}

struct Database(PathBuf);

impl Database {
    /// One that is not there yet.
    fn new(name: &str) -> Result<Self> {
        let path = workspace::scratch("examples")?.join(format!("{name}.sqlite3"));
        for left in ["", "-shm", "-wal"] {
            let file = format!("{}{left}", path.display());
            match fs::remove_file(&file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).context(file);
                }
                _ => {}
            }
        }
        Ok(Self(path))
    }

    fn follow(&self, url: &str) -> Result<Server> {
        self.run(url)
    }

    fn run(&self, what: &str) -> Result<Server> {
        let path = self.0.to_str().context("a path of text")?;
        Server::program("exactly_once", &["--database", path, what], &[])
    }

    /// Gives it lives until its last event ID and its effects are what is waited for.
    fn live_until(&self, url: &str, is_over: impl Fn(&str, &[String]) -> bool) -> Result<()> {
        loop {
            let lines = self.list()?;
            let (id, effects) = lines.split_first().context("a last event ID")?;
            if is_over(id, effects) {
                return Ok(());
            }
            let mut once = self.follow(url)?;
            once.line()?;
            once.signal(Signal::SIGTERM);
            once.ended()?;
        }
    }

    fn list(&self) -> Result<Vec<String>> {
        let mut list = self.run("--list")?;
        let lines = list.rest();
        list.ended()?;
        Ok(lines)
    }

    /// Each of these effects once, in this order, and nothing else.
    fn has(&self, expected: &[String]) -> Result<()> {
        let lines = self.list()?;
        let (id, effects) = lines.split_first().context("a last event ID")?;
        ensure!(
            effects == expected,
            "after {id} there is {effects:?} instead of {expected:?}"
        );
        Ok(())
    }
}
