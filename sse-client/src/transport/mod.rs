//! How an event source reaches its server.

mod chunks;
mod error;
#[cfg(feature = "hyper")]
mod hyper;
mod memory;
mod reply;
mod request_body;
#[cfg(feature = "reqwest")]
mod reqwest;
mod response_body;

use std::{future::Future, pin::Pin, sync::Arc};

use http::{Request, Response};

#[cfg(feature = "hyper")]
pub use self::hyper::HyperTransport;
#[cfg(feature = "reqwest")]
pub use self::reqwest::ReqwestTransport;
pub use self::{
    error::TransportError,
    memory::{MemoryTransport, RecordedRequest},
    reply::Reply,
    request_body::RequestBody,
    response_body::ResponseBody,
};

/// A future on the heap that can be sent to another thread.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Sends a request and gives the response: one exchange, and nothing else.
///
/// What is asked of a transport:
///
/// * It follows no redirect, retries nothing, and has no limit on the time that a response may take.
///   All that is the event source's.
/// * The future gives the response as soon as its head is there, and the body gives bytes as soon as they are.
/// * The body ends without an error only if the response was complete: a connection that was cut is an error.
/// * Dropping the future or the body closes the connection, or on HTTP/2 the stream.
///
/// [Write a transport](crate::guide::transport) shows a whole one.
pub trait Transport: Send + Sync + 'static {
    /// Sends a request; its address is absolute.
    ///
    /// # Errors
    ///
    /// The future gives a [`TransportError`] if there is no response.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future abandons the exchange.
    fn send(
        &self,
        request: Request<RequestBody>,
    ) -> BoxFuture<Result<Response<ResponseBody>, TransportError>>;
}

/// A transport that is shared, or whose type is not known.
impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn send(
        &self,
        request: Request<RequestBody>,
    ) -> BoxFuture<Result<Response<ResponseBody>, TransportError>> {
        (**self).send(request)
    }
}
