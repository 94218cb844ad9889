//! Who is compared: each reads the stream of an address to its last event.

use std::{pin::pin, time::Duration};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use futures_util::StreamExt;
use launchdarkly_sdk_transport::HyperTransport;
use sse_client::{EventSource, ReqwestTransport, http::Request};
use sse_core::Decoder;

use crate::{input::END_TYPE, process::cpu_time, sink::Sink};

/// One way to read an event stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contender {
    /// `sse-client` on reqwest.
    Ours,
    /// reqwest alone: chunks are dropped.
    Transport,
    /// `sse-core` alone: only decoding counts.
    Decoding,
    ReqwestEventsource,
    EventsourceClient,
    Sseer,
}

pub(crate) const ALL: [Contender; 6] = [
    Contender::Ours,
    Contender::Transport,
    Contender::Decoding,
    Contender::ReqwestEventsource,
    Contender::EventsourceClient,
    Contender::Sseer,
];

/// What was read, and the CPU time that counts if it is not all of it.
type Read = (Sink, Option<Duration>);

/// Bytes that are read before they are decoded: few enough to be near the core still.
const BATCH: usize = 512 << 10;

impl Contender {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "sse-client",
            Self::Transport => "reqwest, dropping",
            Self::Decoding => "sse-core, owned",
            Self::ReqwestEventsource => "reqwest-eventsource 0.6",
            Self::EventsourceClient => "eventsource-client 0.18",
            Self::Sseer => "sseer 0.3",
        }
    }

    pub(crate) fn is_peer(self) -> bool {
        matches!(
            self,
            Self::ReqwestEventsource | Self::EventsourceClient | Self::Sseer
        )
    }

    pub(crate) async fn read(self, url: &str, sink: Sink) -> Result<Read> {
        match self {
            Self::Ours => ours(url, sink).await.map(|sink| (sink, None)),
            Self::Transport => transport(url).await.map(|()| (sink, None)),
            Self::Decoding => decoding(url, sink).await,
            Self::ReqwestEventsource => reqwest_eventsource(url, sink).await.map(|it| (it, None)),
            Self::EventsourceClient => eventsource_client(url, sink).await.map(|it| (it, None)),
            Self::Sseer => sseer(url, sink).await.map(|it| (it, None)),
        }
    }
}

const CUT: &str = "the stream ended before its last event";

async fn ours(url: &str, mut sink: Sink) -> Result<Sink> {
    let transport = ReqwestTransport::from(reqwest::Client::new());
    let request = Request::get(url).body(())?;
    let mut events = EventSource::with_transport(transport, request);
    while let Some(item) = events.next().await {
        // Looked at where it is: to move it out would cost as much as to decode it.
        let received = match &item {
            Ok(received) => received,
            Err(error) => bail!("{error:?}"),
        };
        if received.event_type() == END_TYPE {
            return Ok(sink);
        }
        sink.event(received.event_type(), received.data());
    }
    bail!(CUT)
}

async fn transport(url: &str) -> Result<()> {
    let response = reqwest::Client::new().get(url).send().await?;
    let mut body = response.bytes_stream();
    while let Some(chunk) = body.next().await {
        drop(chunk?);
    }
    Ok(())
}

async fn decoding(url: &str, mut sink: Sink) -> Result<Read> {
    let response = reqwest::Client::new().get(url).send().await?;
    let mut body = response.bytes_stream();
    let mut decoder = Decoder::new();
    let mut spent = Duration::ZERO;
    let mut is_over = false;
    while !is_over {
        let mut chunks = Vec::<Bytes>::new();
        let mut length = 0;
        while length < BATCH {
            let Some(chunk) = body.next().await.transpose()? else {
                is_over = true;
                break;
            };
            length += chunk.len();
            chunks.push(chunk);
        }
        let start = cpu_time();
        for chunk in chunks {
            decoder.push(chunk);
            while let Some(received) = decoder.next() {
                let received = match &received {
                    Ok(received) => received,
                    Err(error) => bail!("{error:?}"),
                };
                if received.event_type() != END_TYPE {
                    sink.event(received.event_type(), received.data());
                }
            }
        }
        spent += cpu_time().saturating_sub(start);
    }
    Ok((sink, Some(spent)))
}

async fn reqwest_eventsource(url: &str, mut sink: Sink) -> Result<Sink> {
    let request = reqwest_of_eventsource::Client::new().get(url);
    let mut events = reqwest_eventsource::EventSource::new(request)?;
    while let Some(item) = events.next().await {
        let event = match &item {
            Ok(reqwest_eventsource::Event::Message(event)) => event,
            Ok(_) => continue,
            Err(error) => bail!("{error:?}"),
        };
        if event.event == END_TYPE {
            return Ok(sink);
        }
        sink.event(&event.event, &event.data);
    }
    bail!(CUT)
}

async fn eventsource_client(url: &str, mut sink: Sink) -> Result<Sink> {
    use eventsource_client::{Client, ClientBuilder, SSE};

    let client = ClientBuilder::for_url(url).ok().context("an address")?;
    let client = client.build_with_transport(HyperTransport::new()?);
    let mut events = pin!(client.stream());
    while let Some(item) = events.next().await {
        let event = match &item {
            Ok(SSE::Event(event)) => event,
            Ok(_) => continue,
            Err(error) => bail!("{error:?}"),
        };
        if event.event_type == END_TYPE {
            return Ok(sink);
        }
        sink.event(&event.event_type, &event.data);
    }
    bail!(CUT)
}

async fn sseer(url: &str, mut sink: Sink) -> Result<Sink> {
    use sseer::{EventSource, reqwest::StreamEvent};

    let events = EventSource::new(reqwest::Client::new().get(url))?;
    let mut events = pin!(events);
    while let Some(item) = events.next().await {
        let event = match &item {
            Ok(StreamEvent::Event(event)) => event,
            Ok(_) => continue,
            Err(error) => bail!("{error:?}"),
        };
        let event_type: &str = &event.event;
        if event_type == END_TYPE {
            return Ok(sink);
        }
        sink.event(event_type, &event.data);
    }
    bail!(CUT)
}
