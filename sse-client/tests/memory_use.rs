//! What a long life costs: nothing that grows.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a failure")]

use std::{alloc::System, time::Duration};

use http::Request;
use sse_client::{Backoff, EventSource, MemoryTransport, Reply, RequestBody, ResponseBody};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const EVENTS_A_CHUNK: usize = 100;
const CHUNKS: usize = 10_000;
const RECONNECTIONS: usize = 10_000;

/// Bytes that are held now and were not then.
fn grown(region: &Region<'_, System>) -> isize {
    let change = region.change();
    isize::try_from(change.bytes_allocated).unwrap()
        - isize::try_from(change.bytes_deallocated).unwrap()
}

/// A response without an end, of events with ids.
struct Endless;

impl sse_client::Transport for Endless {
    fn send(
        &self,
        _request: Request<RequestBody>,
    ) -> sse_client::BoxFuture<Result<http::Response<ResponseBody>, sse_client::TransportError>>
    {
        let chunk = "id: 0123456789\nevent: tick\ndata: something that happened\n\n";
        let chunk = sse_client::Bytes::from(chunk.repeat(EVENTS_A_CHUNK));
        let chunks = std::iter::repeat_with(move || Ok::<_, std::io::Error>(chunk.clone()));
        let body = ResponseBody::from_stream(tokio_stream::iter(chunks));
        let response = http::Response::builder().header("content-type", "text/event-stream");
        let response = response.body(body).unwrap();
        Box::pin(async move { Ok(response) })
    }
}

async fn a_million_events() {
    let request = Request::get("http://one.example/").body(()).unwrap();
    let mut events =
        EventSource::with_transport(Endless, request).idle_timeout(Duration::from_secs(60));
    for _ in 0..EVENTS_A_CHUNK {
        events.next().await.unwrap().unwrap();
    }
    let region = Region::new(ALLOCATOR);
    for _ in 0..(CHUNKS - 1) * EVENTS_A_CHUNK {
        events.next().await.unwrap().unwrap();
    }
    let (grown, allocations) = (grown(&region), region.change().allocations);
    println!("{allocations} allocations for a million events, {grown} bytes more are held");
    assert!(grown.abs() < 4096, "{grown} bytes more");
    // At most a few for a chunk and none for an event.
    assert!(allocations <= 4 * CHUNKS, "{allocations} allocations");
}

async fn ten_thousand_reconnections() {
    let transport = MemoryTransport::answering(|request| {
        let id: u64 = request
            .header("last-event-id")
            .map_or(0, |id| id.parse().unwrap());
        let reply = match id % 4 {
            0 => Reply::events().pause(Duration::from_secs(1)),
            1 => Reply::events().chunk("retry: 2000\n\n"),
            2 => Reply::events().chunk(":"),
            _ => Reply::events(),
        };
        let next = id + 1;
        reply
            .chunk(format!("id: {next}\ndata: x\n\ndata: half"))
            .error("reset")
    });
    let request = Request::get("http://one.example/").body(()).unwrap();
    let mut events = EventSource::with_transport(transport.clone(), request)
        .backoff(Backoff::new().max(Duration::from_secs(1)));
    let watch = events.state();
    let mut round = 0;
    let mut take = async |events: &mut EventSource, most: usize| {
        while round < most {
            events.next().await.unwrap().unwrap();
            round += 1;
        }
    };
    take(&mut events, 100).await;
    let region = Region::new(ALLOCATOR);
    take(&mut events, RECONNECTIONS).await;
    let grown = grown(&region);
    println!("{grown} bytes more are held after {RECONNECTIONS} reconnections");
    assert!(grown.abs() < 4096, "{grown} bytes more");
    assert_eq!(transport.open_exchanges(), 1);
    drop(events);
    assert_eq!(transport.open_exchanges(), 0);
    drop(watch);
}

/// One test, so that no other thread allocates meanwhile.
#[tokio::test(start_paused = true)]
async fn memory_is_flat_over_a_million_events_and_ten_thousand_reconnections() {
    a_million_events().await;
    ten_thousand_reconnections().await;
}
