use sse_conformance::http::{Opening, Route, Scene, Stage, Stopping};

use crate::body::Body;
use crate::fault::Fault;

/// A request as either protocol brings it.
pub(crate) struct Asked {
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) method: String,
    pub(crate) target: String,
}

/// A response for either protocol to send.
pub(crate) struct Answer {
    pub(crate) body: Option<Body>,
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    pub(crate) status: u16,
}

/// The server's application.
#[derive(Clone)]
pub(crate) struct Application {
    pub(crate) fault: Fault,
    pub(crate) stage: Stage,
    pub(crate) stopping: Stopping,
}

impl Application {
    pub(crate) async fn answer(&self, asked: &Asked) -> Answer {
        let (path, query) = asked.target.split_once('?').unwrap_or((&asked.target, ""));
        let (path, number) = match path.rsplit_once('/') {
            Some((path, number)) if number.parse::<usize>().is_ok() => (path, number),
            _ => (path, ""),
        };
        let routes = [
            Route::Compressed,
            Route::Events,
            Route::Forced,
            Route::Negotiated,
            Route::NoContent,
        ];
        let route = routes.into_iter().find(|route| route.path() == path);
        let scene = number
            .parse()
            .ok()
            .and_then(|number| self.stage.find(number));
        match (route, scene) {
            (Some(Route::NoContent), _) if self.fault == Fault::NoContentIsOk => bare(200),
            (Some(Route::NoContent), _) => bare(204),
            (Some(route), Some(scene)) => self.play(asked, query, route, scene).await,
            _ => bare(404),
        }
    }

    async fn play(&self, asked: &Asked, query: &str, route: Route, scene: Scene) -> Answer {
        scene.requested(self.last_event_id(asked, query).as_deref());
        let negotiates = match self.fault {
            Fault::AcceptNeverNegotiated => false,
            Fault::AcceptAlwaysNegotiated => true,
            _ => route == Route::Negotiated,
        };
        if negotiates && !accepts(asked) {
            return bare(406);
        }
        let mut body = Body::new(scene.clone(), route, self.stopping.clone(), self.fault);
        let opening = scene.script().opening;
        if opening != Opening::Lazy || self.fault == Fault::LazyStreamBuiltAtOnce {
            body.build();
        }
        let head = asked.method == "HEAD";
        let awaits = opening == Opening::AwaitFirst
            && self.fault != Fault::FirstErrorNotAwaited
            && !(head && self.fault == Fault::HeadNeverAwaits);
        if awaits && body.first_is_error().await {
            return bare(503);
        }

        let mut headers = self.headers(head);
        let compresses = route == Route::Forced
            || route == Route::Compressed && self.fault == Fault::CompressesByDefault;
        if compresses && asked.all("accept-encoding").any(|value| value == b"gzip") {
            headers.push(("content-encoding", "gzip"));
            body.compress();
        }
        if head && self.fault == Fault::HeadPolls {
            body.poll().await;
        }
        let no_body = head && self.fault != Fault::HeadSendsABody;
        Answer {
            body: (!no_body).then_some(body),
            headers,
            status: 200,
        }
    }

    fn headers(&self, head: bool) -> Vec<(&'static str, &'static str)> {
        let mut headers = Vec::new();
        if head && self.fault == Fault::HeadWithoutHeaders {
            return headers;
        }
        match self.fault {
            Fault::ContentTypeMissing => {}
            Fault::ContentTypeWithCharset => {
                headers.push(("content-type", "text/event-stream; charset=utf-8"));
            }
            _ => headers.push(("content-type", "text/event-stream")),
        }
        match self.fault {
            Fault::CacheControlMissing => {}
            Fault::CacheControlAllowsTransforms => headers.push(("cache-control", "no-cache")),
            _ => headers.push(("cache-control", "no-cache, no-transform")),
        }
        if self.fault != Fault::AccelBufferingMissing {
            headers.push(("x-accel-buffering", "no"));
        }
        headers
    }

    fn last_event_id(&self, asked: &Asked, query: &str) -> Option<String> {
        let from_query = ["lastEventId", "last_event_id"]
            .into_iter()
            .find_map(|name| {
                query
                    .split('&')
                    .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
            });
        let from_query = from_query
            .map(decoded)
            .filter(|_| self.fault != Fault::QueryIgnored);
        let mut values = asked.all("last-event-id");
        let from_header = match self.fault {
            Fault::LastOfTwoIdsTaken => values.last(),
            Fault::LastEventIdIgnored => None,
            _ => values.next(),
        };
        let from_header = from_header.and_then(|value| {
            let ascii_only = self.fault == Fault::LastEventIdAsciiOnly;
            String::from_utf8(value.clone())
                .ok()
                .filter(|id| !ascii_only || id.is_ascii())
        });
        let present = |id: &String| !id.is_empty() || self.fault == Fault::EmptyLastEventIdKept;
        match self.fault {
            Fault::QueryWins => from_query.filter(present).or(from_header.filter(present)),
            _ => from_header.filter(present).or(from_query.filter(present)),
        }
    }
}

impl Asked {
    fn all(&self, name: &str) -> impl Iterator<Item = &Vec<u8>> {
        self.headers
            .iter()
            .filter(move |(field, _)| field == name)
            .map(|(_, value)| value)
    }
}

fn bare(status: u16) -> Answer {
    Answer {
        body: None,
        headers: Vec::new(),
        status,
    }
}

fn accepts(asked: &Asked) -> bool {
    let Some(accept) = asked.all("accept").next() else {
        return true;
    };
    let accept = String::from_utf8_lossy(accept);
    let quality = |wanted: &str| {
        accept.split(',').find_map(|range| {
            let (media, quality) = range
                .trim()
                .split_once(";q=")
                .unwrap_or((range.trim(), "1"));
            (media == wanted).then(|| quality.parse::<f32>().unwrap_or(1.0))
        })
    };
    let ranges = ["text/event-stream", "text/*", "*/*"];
    ranges
        .into_iter()
        .find_map(quality)
        .is_some_and(|quality| quality > 0.0)
}

fn decoded(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.as_bytes();
    loop {
        rest = match rest {
            [] => return String::from_utf8_lossy(&bytes).into_owned(),
            [b'%', high, low, rest @ ..] => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).unwrap();
                bytes.push(u8::from_str_radix(digits, 16).unwrap());
                rest
            }
            [byte, rest @ ..] => {
                bytes.push(if *byte == b'+' { b' ' } else { *byte });
                rest
            }
        };
    }
}
