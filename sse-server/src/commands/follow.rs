//! An event stream that goes on over connections.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::{Client, Response, StatusCode};
use sse_core::{Decoder, DecoderOptions, EventId, Received, ReconnectState};
use tokio::time::sleep;

/// Events of a URL, one after the other; it comes back behind the last one when the connection ends.
#[derive(Debug)]
pub(super) struct Follow {
    client: Client,
    url: String,
    state: ReconnectState,
    reconnecting: Reconnecting,
    connection: Option<Connection>,
    failures: u32,
}

/// Whether the end of a connection is the end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reconnecting {
    Always,
    Never,
}

#[derive(Debug)]
struct Connection {
    response: Response,
    decoder: Decoder,
}

/// The longest wait between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

impl Follow {
    pub(super) fn new(
        client: Client,
        url: String,
        after: Option<EventId>,
        reconnecting: Reconnecting,
    ) -> Self {
        let state = after.map_or_else(ReconnectState::new, ReconnectState::resume);
        Self {
            client,
            url,
            state,
            reconnecting,
            connection: None,
            failures: 0,
        }
    }

    /// Waits for the next event; `None` at an end that is one.
    pub(super) async fn next(&mut self) -> Result<Option<Received>> {
        loop {
            let Some(connection) = &mut self.connection else {
                match self.connect().await {
                    Ok(Some(connection)) => self.connection = Some(connection),
                    Ok(None) => return Ok(None),
                    Err(error) => self.wait_or(error).await?,
                }
                continue;
            };
            match connection.decoder.next() {
                Some(Ok(received)) => {
                    self.failures = 0;
                    self.state.observe_decoder(&connection.decoder);
                    return Ok(Some(received));
                }
                Some(Err(error)) => return Err(error).context("this is no event stream"),
                None => {}
            }
            match connection.response.chunk().await {
                Ok(Some(chunk)) => connection.decoder.push(chunk),
                ended => {
                    self.state.observe_decoder(&connection.decoder);
                    self.connection = None;
                    match (self.reconnecting, ended) {
                        (Reconnecting::Always, _) => sleep(self.state.delay()).await,
                        (Reconnecting::Never, Ok(_)) => return Ok(None),
                        (Reconnecting::Never, Err(error)) => {
                            return Err(error).context("the stream broke off");
                        }
                    }
                }
            }
        }
    }

    /// `None` if the server says never to come back.
    async fn connect(&self) -> Result<Option<Connection>, reqwest::Error> {
        let mut request = self.client.get(&self.url);
        request = request.header("accept", "text/event-stream");
        if let Some((name, value)) = self.state.header() {
            request = request.header(name, value);
        }
        let response = request.send().await?.error_for_status()?;
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        let decoder = self.state.decoder(DecoderOptions::new());
        Ok(Some(Connection { response, decoder }))
    }

    /// Waits after what may pass, longer each time, and gives up after the rest.
    async fn wait_or(&mut self, error: reqwest::Error) -> Result<()> {
        let passes = |status: StatusCode| {
            status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
        };
        let may_pass = error.status().is_none_or(passes) && !error.is_builder();
        if self.reconnecting == Reconnecting::Never || !may_pass {
            bail!("{}: {error}", self.url);
        }
        eprintln!("{error}");
        let longer = self.state.delay().saturating_mul(1 << self.failures.min(6));
        self.failures += 1;
        sleep(longer.min(LONGEST_WAIT)).await;
        Ok(())
    }
}
