#![forbid(unsafe_code)]
//! What is left of a client that was dropped, on a socket: no task and no file descriptor.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a panic is the report of a failure")]

use std::{
    future::pending,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Waker},
    time::Duration,
};

use futures_core::Stream;
use http::Request;
use sse_client::{Backoff, EventSource, HyperTransport, ReqwestTransport, State, Transport};
use sse_conformance::client::{Answer, Scripted};
use tokio::{
    runtime::{Builder, Handle},
    time::{sleep, timeout},
};

/// Where in its life a client is dropped.
#[derive(Clone, Copy, Debug)]
enum Place {
    BeforeAResponse,
    BehindARedirect,
    InAnEvent,
    Waiting,
}

impl Place {
    const ALL: [Self; 4] = [
        Self::BeforeAResponse,
        Self::BehindARedirect,
        Self::InAnEvent,
        Self::Waiting,
    ];

    fn script(self) -> Vec<Answer> {
        let silence = Answer::nothing().silence();
        match self {
            Self::BeforeAResponse => vec![silence],
            Self::BehindARedirect => vec![Answer::redirect(302, "/there"), silence],
            Self::InAnEvent => vec![Answer::events("data: 1\n\ndata: ha").silence()],
            Self::Waiting => vec![Answer::status(503)],
        }
    }

    /// Reads until a client is there.
    async fn reach(self, events: &mut EventSource, server: &Scripted) {
        let mut state = events.state();
        let there = async {
            match self {
                Self::BeforeAResponse => drop(server.asked_times(1).await),
                Self::BehindARedirect => drop(server.asked_times(2).await),
                Self::InAnEvent => pending().await,
                Self::Waiting => {
                    while !matches!(state.changed().await, Some(State::Waiting { .. })) {}
                }
            }
        };
        tokio::select! {
            item = events.next() => assert_eq!(item.unwrap().unwrap().data(), "1", "{self:?}"),
            () = there => {}
        }
        let mut context = Context::from_waker(Waker::noop());
        assert!(Pin::new(events).poll_next(&mut context).is_pending());
    }
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

async fn nothing_is_left(place: Place, server: &Scripted, transport: Arc<dyn Transport>) {
    let before = descriptors();
    let request = Request::get(server.url("/")).body(()).unwrap();
    let mut events = EventSource::with_transport(transport, request)
        .backoff(Backoff::new().initial(Duration::from_secs(3600)));
    let reached = timeout(LONG, place.reach(&mut events, server)).await;
    reached.expect("it comes there");
    assert!(descriptors() > before || matches!(place, Place::Waiting));
    drop(events);
    let gone = async {
        while tasks() > 0 || descriptors() > before {
            sleep(Duration::from_millis(1)).await;
        }
    };
    let gone = timeout(LONG, gone).await;
    assert!(
        gone.is_ok(),
        "{place:?}: {} tasks, {} descriptors, {before} before",
        tasks(),
        descriptors()
    );
}

type Start = fn(Vec<Answer>) -> io::Result<Scripted>;
type Connect = fn() -> Arc<dyn Transport>;

/// Nothing here takes long.
const LONG: Duration = Duration::from_secs(30);

fn reqwest_of_http2() -> Arc<dyn Transport> {
    let client = reqwest::Client::builder()
        .http2_prior_knowledge()
        .redirect(reqwest::redirect::Policy::none());
    Arc::new(ReqwestTransport::from(client.build().unwrap()))
}

/// One test, so that no other one opens anything meanwhile.
#[test]
fn dropping_a_client_on_a_socket_leaves_no_task_and_no_descriptor() {
    let servers = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let client = Builder::new_current_thread().enable_all().build().unwrap();
    let http1 = |script: Vec<Answer>| Scripted::start(script);
    let http2 = |script: Vec<Answer>| Scripted::start_http2(script);
    let ways: [(Start, Connect); 4] = [
        (http1, || Arc::new(ReqwestTransport::new())),
        (http1, || Arc::new(HyperTransport::new())),
        (http2, reqwest_of_http2),
        (http2, || Arc::new(HyperTransport::http2())),
    ];
    // A server that went would take descriptors with it.
    let mut kept = Vec::new();
    client.block_on(async {
        for (start, connect) in ways {
            for place in Place::ALL {
                let server = {
                    // Its tasks are not the client's.
                    let _entered = servers.enter();
                    start(place.script()).unwrap()
                };
                nothing_is_left(place, &server, connect()).await;
                kept.push(server);
            }
        }
    });
}
