use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri,
    header::{
        AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION,
        CONTENT_TYPE, COOKIE, HOST, LOCATION, PROXY_AUTHORIZATION, TRANSFER_ENCODING,
    },
};
use sse_core::LAST_EVENT_ID;
use url::Url;

use crate::{
    address::address,
    error::{Error, ErrorKind},
    redirects::Redirects,
    transport::{RequestBody, ResponseBody, Transport},
};

/// What is sent on each attempt, but for the last event ID and the body.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    /// Whether the body still belongs to it: a redirect may have made it a GET.
    pub(crate) with_body: bool,
}

/// How a chain of redirects ended.
pub(crate) struct Exchange {
    pub(crate) response: Result<Response<ResponseBody>, Error>,
    /// Where permanent redirects lead, if there were any: later attempts begin there if this one was answered with events.
    pub(crate) moved: Option<Target>,
}

/// Sends a request and follows redirects as a browser does ([Fetch, 4.4]); sets `redirected` at each.
///
/// [Fetch, 4.4]: https://fetch.spec.whatwg.org/#http-redirect-fetch
pub(crate) async fn exchange(
    transport: Arc<dyn Transport>,
    redirects: Redirects,
    target: Target,
    last_event_id: Option<HeaderValue>,
    body: RequestBody,
    redirected: Arc<AtomicBool>,
) -> Exchange {
    let mut moved = None;
    let follow = follow(
        &*transport,
        redirects,
        target,
        last_event_id,
        body,
        &redirected,
        &mut moved,
    );
    let response = follow.await;
    Exchange { response, moved }
}

async fn follow(
    transport: &dyn Transport,
    redirects: Redirects,
    mut target: Target,
    last_event_id: Option<HeaderValue>,
    mut body: RequestBody,
    redirected: &AtomicBool,
    moved: &mut Option<Target>,
) -> Result<Response<ResponseBody>, Error> {
    let mut permanent = true;
    let mut followed = 0;
    loop {
        let replay = body.replay();
        let request = target.request(last_event_id.as_ref(), body);
        let sent = transport.send(request).await;
        let response = sent.map_err(|error| Error::because(ErrorKind::Transport, error))?;
        if !redirects.any() {
            return Ok(response);
        }
        let next = match target.after(&response) {
            Ok(Some(next)) if redirects.admit(followed, next.same_origin) => next.target,
            Ok(None) => return Ok(response),
            Ok(Some(_)) | Err(Nowhere) => {
                let (parts, _body) = response.into_parts();
                return Err(Error::new(ErrorKind::Redirect).with_response(parts));
            }
        };
        followed += 1;
        redirected.store(true, Ordering::Relaxed);
        permanent &= is_permanent(response.status());
        target = next;
        if permanent {
            *moved = Some(target.clone());
        }
        body = match replay {
            _ if !target.with_body => RequestBody::empty(),
            Some(body) => body,
            None => return Err(Error::new(ErrorKind::Body)),
        };
    }
}

/// What a redirect asks to send.
struct Next {
    target: Target,
    same_origin: bool,
}

/// A redirect leads to no address.
struct Nowhere;

fn is_permanent(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT
    )
}

impl Target {
    fn request(
        &self,
        last_event_id: Option<&HeaderValue>,
        body: RequestBody,
    ) -> Request<RequestBody> {
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        if let Some(id) = last_event_id {
            request.headers_mut().insert(LAST_EVENT_ID, id.clone());
        }
        request
    }

    /// What to send after this response; nothing if it is no redirect.
    fn after<B>(&self, response: &Response<B>) -> Result<Option<Next>, Nowhere> {
        let as_get = match response.status().as_u16() {
            301 | 302 => self.method == Method::POST,
            303 => !matches!(self.method, Method::GET | Method::HEAD),
            307 | 308 => false,
            _ => return Ok(None),
        };
        // Without a location it is a response like any other.
        let Some(location) = response.headers().get(LOCATION) else {
            return Ok(None);
        };
        let location = String::from_utf8_lossy(location.as_bytes());
        let before = Url::parse(&self.uri.to_string()).map_err(|_| Nowhere)?;
        let url = before.join(&location).map_err(|_| Nowhere)?;
        let mut next = self.clone();
        next.uri = address(&url).ok_or(Nowhere)?;
        if as_get {
            next.method = Method::GET;
            next.with_body = false;
            next.remove(&OF_THE_BODY);
        }
        let same_origin = before.origin() == url.origin();
        if !same_origin {
            next.remove(&OF_THE_ORIGIN);
            next.remove_sensitive();
        }
        Ok(Some(Next {
            target: next,
            same_origin,
        }))
    }

    fn remove(&mut self, names: &[HeaderName]) {
        for name in names {
            self.headers.remove(name);
        }
    }

    fn remove_sensitive(&mut self) {
        let sensitive: Vec<_> = self
            .headers
            .iter()
            .filter(|(_, value)| value.is_sensitive())
            .map(|(name, _)| name.clone())
            .collect();
        self.remove(&sensitive);
    }
}

const OF_THE_BODY: [HeaderName; 6] = [
    CONTENT_TYPE,
    CONTENT_LENGTH,
    CONTENT_ENCODING,
    CONTENT_LANGUAGE,
    CONTENT_LOCATION,
    TRANSFER_ENCODING,
];

/// What another origin must not learn.
const OF_THE_ORIGIN: [HeaderName; 4] = [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION, HOST];
