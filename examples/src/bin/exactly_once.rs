#![forbid(unsafe_code)]
//! Gives each event its effect exactly once, whenever the process is killed: effect and last event ID are one transaction.
//!
//! The effect here is a row of the table `effects`, which says nothing of ids: an event applied twice would stand there twice.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Parser;
use rusqlite::Connection;
use sse_client::{Delivery, EventId, EventSource};

/// Follows an event stream and gives each event its effect in a database exactly once.
#[derive(Parser)]
#[command(name = "exactly_once", max_term_width = 80)]
struct Options {
    /// The address; the server must resume exactly, as those with a hub do.
    #[arg(default_value = "http://127.0.0.1:3000/events?start=earliest")]
    url: String,

    /// Where the effects are.
    #[arg(long, default_value = "target/exactly_once.sqlite3")]
    database: PathBuf,

    /// Print the last event ID and the effects that are there, one a line, and end.
    #[arg(long)]
    list: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let options = Options::parse();
    let mut database = open(&options.database)?;
    if options.list {
        return list(&database);
    }
    let stopped = examples::stopped()?;
    tokio::select! {
        result = follow(&options.url, &mut database) => result,
        () = stopped => Ok(()),
    }
}

async fn follow(url: &str, database: &mut Connection) -> Result<()> {
    let id = EventId::try_from(last_event_id(database)?)?;
    let mut deliveries = EventSource::get(url)?.last_event_id(id).checkpoints();
    while let Some(delivery) = deliveries.next().await {
        println!("{}", store(database, &delivery?)?);
    }
    Ok(())
}

/// Stores what a delivery causes, and its id, or neither. It blocks the thread, which has nothing else to do.
fn store(database: &mut Connection, delivery: &Delivery) -> Result<String> {
    let transaction = database.transaction()?;
    let id = delivery.last_event_id().as_str();
    let line = match delivery {
        Delivery::Event(received) => {
            transaction.execute("INSERT INTO effects (data) VALUES (?1)", [received.data()])?;
            format!("{id} {}", received.data())
        }
        // No client can have what the server no longer has.
        Delivery::Gap(received) => format!("{id} events are missing: {}", received.data()),
        // Nothing has happened, and whatever resumes after this id misses nothing.
        Delivery::Checkpoint(_) => format!("{id} checkpoint"),
    };
    transaction.execute("UPDATE place SET last_event_id = ?1", [id])?;
    transaction.commit()?;
    Ok(line)
}

fn open(path: &Path) -> Result<Connection> {
    let database = Connection::open(path).with_context(|| path.display().to_string())?;
    // A commit that does not wait for the disk may be lost with the power, but then as a whole: the event comes again.
    database.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = NORMAL;
         BEGIN IMMEDIATE;
         CREATE TABLE IF NOT EXISTS effects (number INTEGER PRIMARY KEY, data TEXT);
         CREATE TABLE IF NOT EXISTS place (one INTEGER PRIMARY KEY, last_event_id TEXT);
         INSERT OR IGNORE INTO place VALUES (1, '');
         COMMIT;",
    )?;
    Ok(database)
}

fn last_event_id(database: &Connection) -> Result<String> {
    Ok(database.query_row("SELECT last_event_id FROM place", (), |row| row.get(0))?)
}

fn list(database: &Connection) -> Result<()> {
    println!("{}", last_event_id(database)?);
    let mut effects = database.prepare("SELECT data FROM effects ORDER BY number")?;
    for data in effects.query_map((), |row| row.get::<_, String>(0))? {
        println!("{}", data?);
    }
    Ok(())
}
