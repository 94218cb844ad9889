use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use h2::client::SendRequest;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderValue, Uri};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::reply::{Body, Headers};
use super::tap::Tap;
use super::{Leave, Reply, Request};
use crate::http::Failure;

/// An HTTP/2 connection; clones ask on the same one, which closes with the last.
#[derive(Clone)]
pub(crate) struct Http2 {
    driver: Arc<Driver>,
    empty_frames: Arc<AtomicUsize>,
    requests: SendRequest<bytes::Bytes>,
}

/// The response's side of a stream.
pub(crate) struct Http2Body {
    connection: Http2,
    received: RecvStream,
    sent: SendStream<bytes::Bytes>,
}

/// The task that reads and writes the connection.
struct Driver(AbortHandle);

impl Http2 {
    pub(crate) async fn new(stream: TcpStream, patience: Duration) -> Result<Self, Failure> {
        let tap = Tap::new(stream);
        let empty_frames = tap.empty_frames();
        let handshake = timeout(patience, h2::client::handshake(tap)).await;
        let (requests, connection) =
            handshake.map_err(|_| Failure::new("no HTTP/2 handshake in time"))??;
        let task = tokio::spawn(async move {
            // Its end shows in every stream.
            let _ = connection.await;
        });
        Ok(Self {
            driver: Arc::new(Driver(task.abort_handle())),
            empty_frames,
            requests,
        })
    }

    pub(crate) async fn send(self, request: &Request) -> Result<Reply, Failure> {
        let uri: Uri = format!("http://localhost{}", request.target)
            .parse()
            .map_err(Failure::new)?;
        let mut head = http::Request::builder().method(request.method).uri(uri);
        for (name, value) in &request.headers {
            head = head.header(*name, HeaderValue::from_bytes(value).map_err(Failure::new)?);
        }
        let head = head.body(()).map_err(Failure::new)?;

        let mut requests = self.requests.clone().ready().await?;
        let (response, sent) = requests.send_request(head, true)?;
        let (head, received) = response.await?.into_parts();
        let headers = head.headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        });
        let headers = Headers(headers.collect());
        let body = Http2Body {
            connection: self,
            received,
            sent,
        };
        Ok(Reply::new(head.status.as_u16(), headers, Body::Http2(body)))
    }
}

impl Http2Body {
    /// Reads one DATA frame, `None` at the proper end of the body.
    ///
    /// May be cancelled.
    pub(crate) async fn frame(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let Some(data) = self.received.data().await else {
            return Ok(None);
        };
        let data = data?;
        self.received.flow_control().release_capacity(data.len())?;
        if data.is_empty() && self.received.is_end_stream() {
            return Ok(None);
        }
        Ok(Some(data.to_vec()))
    }

    pub(crate) fn leave(mut self, leave: Leave) {
        match leave {
            Leave::Close => self.connection.driver.0.abort(),
            Leave::Reset => self.sent.send_reset(Reason::CANCEL),
        }
    }

    /// How many empty DATA frames the connection has brought that end nothing.
    pub(crate) fn empty_frames(&self) -> usize {
        self.connection.empty_frames.load(Ordering::Relaxed)
    }

    /// The connection, on which more can be asked while this response goes on.
    pub(crate) fn connection(&self) -> Http2 {
        self.connection.clone()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl fmt::Debug for Http2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http2").finish_non_exhaustive()
    }
}

impl fmt::Debug for Http2Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http2Body").finish_non_exhaustive()
    }
}
