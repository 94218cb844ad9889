use std::{any::TypeId, future::ready, time::Duration};

use http::{Request, Response, uri::Scheme};
use hyper_util::{
    client::legacy::{
        Builder, Client,
        connect::{Connect, HttpConnector},
    },
    rt::TokioExecutor,
};

use super::{BoxFuture, RequestBody, ResponseBody, Transport, TransportError};

/// Sends requests with `hyper-util`'s client.
///
/// [`new`](Self::new) speaks HTTP/1.1 without TLS.
/// For TLS, and HTTP/2 where TLS negotiates it, make a client with a connector such as that of `hyper-rustls` and take it with `From`.
/// A client of your own should keep no idle connections (`pool_max_idle_per_host(0)`) if nothing is to be left
/// when the event source is dropped, and if no HTTP/2 connection that has fallen silent is to be asked again.
///
/// A clone uses the same client.
#[derive(Clone, Debug)]
pub struct HyperTransport<C = HttpConnector> {
    client: Client<C, RequestBody>,
}

impl HyperTransport {
    /// Makes a transport that speaks HTTP/1.1 without TLS.
    pub fn new() -> Self {
        builder().build(connector()).into()
    }

    /// Makes a transport that speaks HTTP/2 without TLS, to servers that are known to.
    pub fn http2() -> Self {
        builder().http2_only(true).build(connector()).into()
    }
}

fn builder() -> Builder {
    let mut builder = Client::builder(TokioExecutor::new());
    builder
        .retry_canceled_requests(false)
        .pool_max_idle_per_host(0);
    builder
}

fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    // A peer that is gone without a word is noticed after a minute, also without an idle timeout.
    connector.set_keepalive(Some(KEEP_ALIVE));
    connector.set_keepalive_interval(Some(KEEP_ALIVE));
    connector.set_keepalive_retries(Some(3));
    connector
}

/// As long as `reqwest` waits.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

impl Default for HyperTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl<C> From<Client<C, RequestBody>> for HyperTransport<C> {
    fn from(client: Client<C, RequestBody>) -> Self {
        Self { client }
    }
}

impl<C> Transport for HyperTransport<C>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    fn send(
        &self,
        request: Request<RequestBody>,
    ) -> BoxFuture<Result<Response<ResponseBody>, TransportError>> {
        // A connector without TLS refuses it each time, as if the network did.
        let is_plain = TypeId::of::<C>() == TypeId::of::<HttpConnector>();
        if is_plain && request.uri().scheme() == Some(&Scheme::HTTPS) {
            let error = "a client without TLS cannot speak https";
            return Box::pin(ready(Err(TransportError::lasting(error))));
        }
        let exchange = self.client.request(request);
        Box::pin(async move {
            let response = exchange.await.map_err(TransportError::new)?;
            Ok(response.map(ResponseBody::from_body))
        })
    }
}
