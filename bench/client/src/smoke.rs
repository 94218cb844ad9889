//! Every contender reads the same, shown on a small input.

use anyhow::Result;

use crate::{
    contenders::{ALL, Contender},
    input::SHAPES,
    process::{Asked, Server},
    sink::Sink,
};

/// Enough for some events of 64 KiB, and for chunks that end anywhere.
const BYTES: u64 = 1_000_000;

/// Compares a hash of types and data with that of what was written.
pub(crate) fn run() -> Result<bool> {
    let server = Server::start()?;
    let (mut compared, mut wrong) = (0, 0);
    for shape in SHAPES {
        let asked = Asked::new(shape, BYTES);
        let expected = asked.input.seen.to_string();
        for contender in ALL {
            let (seen, _) = server.sample(contender, &asked, Sink::hashing())?;
            if contender == Contender::Transport {
                continue;
            }
            compared += 1;
            if seen != expected {
                wrong += 1;
                let name = contender.name();
                println!("{name}, {}: {seen} instead of {expected}", shape.name());
            }
        }
    }
    println!("{compared} outputs of clients compared, {wrong} differ");
    Ok(wrong == 0)
}
