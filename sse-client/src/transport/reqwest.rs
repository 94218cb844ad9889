use std::{
    error::Error,
    fmt,
    sync::{Arc, OnceLock},
};

use http::{Request, Response};
use reqwest::{Client, redirect::Policy};

use super::{BoxFuture, RequestBody, ResponseBody, Transport, TransportError};

/// Sends requests with `reqwest`.
///
/// The client of [`new`](Self::new) is made at the first request: HTTP/1.1 and HTTP/2, no redirects, no limits of time,
/// and no idle HTTP/1.1 connections kept, so that nothing is left when the event source is dropped.
/// With feature `rustls` it speaks TLS and trusts what the platform trusts.
///
/// A client of your own, with its proxy, TLS, cookies and headers, is taken with `From`.
/// Give it `redirect(Policy::none())`, so that redirects are followed as an event source does, and no `timeout`,
/// which would be one for the whole response.
/// Its `default_headers` go with every request, to whatever origin a redirect leads: credentials belong in the event source's
/// request, whose headers stay with their origin, or else set [`Redirects::same_origin`](crate::Redirects::same_origin).
/// If it speaks HTTP/2, give it `pool_max_idle_per_host(0)` or `http2_keep_alive_interval`, too: it asks all its requests on one
/// connection, and one that has fallen silent would be asked again after each idle timeout.
///
/// A clone uses the same client.
#[derive(Clone, Default)]
pub struct ReqwestTransport {
    client: Arc<OnceLock<Client>>,
}

impl ReqwestTransport {
    /// Makes a transport with a client of its own.
    pub fn new() -> Self {
        Self::default()
    }

    fn client(&self) -> Result<&Client, TransportError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = Client::builder()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .pool_max_idle_per_host(0)
            // Another crate may have turned them on: compression is the event source's.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .build()
            .map_err(TransportError::lasting)?;
        Ok(self.client.get_or_init(|| client))
    }
}

impl From<Client> for ReqwestTransport {
    fn from(client: Client) -> Self {
        Self {
            client: Arc::new(client.into()),
        }
    }
}

impl Transport for ReqwestTransport {
    fn send(
        &self,
        request: Request<RequestBody>,
    ) -> BoxFuture<Result<Response<ResponseBody>, TransportError>> {
        let client = self.client().cloned();
        Box::pin(async move {
            let request = request.map(|body| match body.try_into_bytes() {
                Ok(bytes) => reqwest::Body::from(bytes),
                Err(body) => reqwest::Body::wrap(body),
            });
            let mut request = reqwest::Request::try_from(request).map_err(refused)?;
            // An empty body would be announced with `content-length: 0`.
            if request.body().and_then(reqwest::Body::as_bytes) == Some(&[]) {
                *request.body_mut() = None;
            }
            let response = client?.execute(request).await.map_err(refused)?;
            Ok(Response::<reqwest::Body>::from(response).map(ResponseBody::from_body))
        })
    }
}

/// It shows nothing of the client, whose headers may be secrets.
impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestTransport").finish_non_exhaustive()
    }
}

fn refused(error: reqwest::Error) -> TransportError {
    // The query of an address may be a secret, and errors are logged.
    let error = error.without_url();
    if error.is_builder() || lacks_tls(&error) {
        TransportError::lasting(error)
    } else {
        TransportError::new(error)
    }
}

/// Whether the client was built without TLS, for which it has no kind of its own: any crate in the program may have turned it on.
fn lacks_tls(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(error) = source {
        if error.to_string().contains("scheme is not http") {
            return true;
        }
        source = error.source();
    }
    false
}
