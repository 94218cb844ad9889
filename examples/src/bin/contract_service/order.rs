use anyhow::{Context as _, Result};
use serde::Deserialize;
use sse_client::EventType;
use tokio::sync::oneshot;

/// What a stream is told to do.
pub(crate) enum Order {
    Listen(EventType),
    Restart,
}

/// An order, and who waits until it is carried out.
pub(crate) type Ordered = (Order, oneshot::Sender<()>);

impl Order {
    pub(crate) fn read(json: &[u8]) -> Result<Self> {
        let command = serde_json::from_slice(json).context("no such command")?;
        Ok(match command {
            Command::Restart => Self::Restart,
            Command::Listen { listen } => Self::Listen(listen.event_type.parse()?),
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase", tag = "command")]
enum Command {
    Listen { listen: Listen },
    Restart,
}

#[derive(Deserialize)]
struct Listen {
    #[serde(rename = "type")]
    event_type: String,
}
