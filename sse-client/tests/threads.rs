//! What can go from thread to thread, as the documentation says.

#![cfg(all(feature = "json", feature = "reqwest", feature = "hyper"))]

use std::rc::Rc;

use sse_client::{
    Asked, Backoff, Checkpoints, Closer, Delivery, Error, EventSource, Failure, HyperTransport,
    Jitter, Listener, Listeners, MemoryTransport, RecordedRequest, Redirects, RequestBody,
    ReqwestTransport, ResponseBody, Schedule, State, StateWatch, TransportError, Typed,
    TypedEvents, Verdict,
};

fn is_send<T: Send + Unpin>() {}
fn is_shareable<T: Send + Sync>() {}

macro_rules! each {
    ($check:ident: $($type:ty)*) => {
        $($check::<$type>();)*
    };
}

#[test]
fn threads_may_have_what_they_are_promised() {
    // What is decoded needs not to be `Send` for its stream to be.
    each!(is_send: EventSource Checkpoints TypedEvents<Rc<u8>> StateWatch ResponseBody RequestBody);
    each!(is_shareable: Asked Backoff Closer Delivery Error Failure HyperTransport Jitter Listener);
    each!(is_shareable: Listeners MemoryTransport RecordedRequest RequestBody ReqwestTransport);
    each!(is_shareable: Redirects ResponseBody Schedule State StateWatch TransportError Typed<u8> Verdict);
}
