#![forbid(unsafe_code)]
//! The least that a server can do: one thread, one `send` per delivery, and nothing else.

use std::io::Write as _;

use anyhow::Result;
use fanout::{
    arguments::Arguments,
    floor::{Server, Writes},
};

fn main() -> Result<()> {
    let arguments = Arguments::of_process(&["--log"])?;
    let writes = if arguments.has("--log") {
        Writes::Log
    } else {
        Writes::Each
    };
    let mut server = Server::bind(&arguments, writes)?;
    println!("http://{}", server.address()?);
    std::io::stdout().flush()?;
    server.run()
}
