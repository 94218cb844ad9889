use std::sync::Arc;

use axum::body::Body;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header, request::Parts};
use sse_core::{EncodedBatch, EventStream, KeepAlive, RESPONSE_HEADERS};
use sse_hub::{Resume, Subscription};

use super::{blocks, hooked::Hooked, live::Live, opening::Opening, rules, source::Source};
use crate::{
    answer::{Refusal, Reply, hook_failed, problem, scripted, unavailable},
    registry::Full,
    remote::{Client, new_name},
    script::{Hook, Script, SubscribeVerdict, Subscriber},
    state::{App, Shared},
};

/// Answers with an event stream. For `HEAD` the script is asked as well, and the stream is dropped before it is read.
pub(crate) async fn subscribe(app: Shared, client: Client, request: Request<Body>) -> Reply {
    let (parts, _) = request.into_parts();
    if client.is_over_a_limit() || app.is_draining() {
        return come_again(&app, &parts);
    }
    let opened = match app.script() {
        Some(script) => open_scripted(&app, script, &client, &parts).await,
        None => open(&app, &client, &parts).await,
    };
    opened.unwrap_or_else(Refusal::into_reply)
}

async fn open(app: &Shared, client: &Client, parts: &Parts) -> Result<Reply, Refusal> {
    let after = rules::resume_id(parts)?;
    let topics = rules::topics(parts.uri.query());
    check_topics(app, client, &topics, parts)?;
    let name = new_name();
    let opening = Opening::new(app, name.clone());
    let subscription = if app.is_hub_wire() {
        opening.take_as_asked(parts.uri.query(), after).await?
    } else {
        opening.take(topics.clone(), after).await?
    };
    let handle = subscription.handle();
    let entered = app.registry.enter(name, topics, client, handle);
    let registration = entered.map_err(|Full| Refusal::from(come_again(app, parts)))?;
    let reply = stream_reply(app, &subscription);
    let source = Source::Hub(Box::new(subscription));
    let live = Live::new(Arc::clone(app), source, None, registration, None);
    Ok(reply.map(|()| Body::new(body(live))))
}

async fn open_scripted(
    app: &Shared,
    script: &Script,
    client: &Client,
    parts: &Parts,
) -> Result<Reply, Refusal> {
    let after = rules::resume_id(parts)?;
    let request = client.request_table(parts);
    let name = request.id.clone();
    let opening = Opening::new(app, name.clone());
    let held = opening.hold().await?;
    let verdict = script.subscribe(request).await;
    let (subscriber, topics) = match verdict.map_err(|error| Refusal::from(hook_failed(&error)))? {
        SubscribeVerdict::Accept { subscriber, topics } => (Arc::new(subscriber), topics),
        SubscribeVerdict::Reject => {
            let text = "subscribe rejected by script";
            return Err(problem(StatusCode::FORBIDDEN, text).into());
        }
        SubscribeVerdict::Answer(answer) => return Err(scripted(answer).into()),
    };
    let topics = match topics {
        Some(topics) => topics,
        None if app.script_routes() => Vec::new(),
        None => rules::topics(parts.uri.query()),
    };
    check_topics(app, client, &topics, parts)?;
    let id = after.as_ref().map(ToString::to_string);
    let subscription = opening.settle(held, topics.clone(), after).await?;
    let handle = subscription.handle();
    let entered = app.registry.enter(name, topics, client, handle);
    let registration = entered.map_err(|Full| Refusal::from(come_again(app, parts)))?;
    let catchup = if catches_up(app, id.as_deref(), &subscription) {
        opening.tell(script.catchup(&subscriber, id).await)
    } else {
        None
    };
    let reply = stream_reply(app, &subscription);
    let source = source(app, subscription, &subscriber);
    let live = Live::new(
        Arc::clone(app),
        source,
        catchup,
        registration,
        Some(subscriber),
    );
    Ok(reply.map(|()| Body::new(body(live))))
}

/// Refuses what no connection may have, and asks those to come later whose patterns are too many for now.
fn check_topics(
    app: &App,
    client: &Client,
    topics: &[String],
    parts: &Parts,
) -> Result<(), Refusal> {
    let limits = &app.settings.limits;
    rules::check_topics(topics, limits.topics)?;
    if !app.registry.has_room_for(client, topics) {
        return Err(come_again(app, parts).into());
    }
    Ok(())
}

/// Whether `catchup` is called: on the hub's wire only where the log does not go on behind what the client has.
fn catches_up(app: &App, id: Option<&str>, subscription: &Subscription) -> bool {
    let is_complete = *subscription.resume() == Resume::Complete && id.is_some();
    app.script_with(Hook::Catchup).is_some() && !(app.is_hub_wire() && is_complete)
}

fn source(app: &Shared, subscription: Subscription, subscriber: &Arc<Subscriber>) -> Source {
    if app.script_with(Hook::Message).is_none() {
        return Source::Hub(Box::new(subscription));
    }
    let hooked = Hooked::new(
        Arc::clone(app),
        subscription.entries(),
        Arc::clone(subscriber),
    );
    Source::Hooked(Box::new(hooked))
}

/// The stream itself breaks the silence: it knows the position.
fn body(live: Live) -> EventStream<Live> {
    EventStream::new(live).keep_alive(KeepAlive::off())
}

fn stream_reply(app: &App, subscription: &Subscription) -> Response<()> {
    let mut reply = event_stream();
    if app.is_hub_wire() {
        for (name, value) in subscription.resume_headers() {
            let name = HeaderName::try_from(name);
            if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
                reply.headers_mut().insert(name, value);
            }
        }
    }
    reply
}

fn event_stream() -> Response<()> {
    let mut reply = Response::new(());
    let headers = reply.headers_mut();
    headers.extend(RESPONSE_HEADERS.map(|(name, value)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    }));
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    reply
}

/// Asks a client to come again later: a browser gives up for ever on every status but 200.
fn come_again(app: &App, parts: &Parts) -> Reply {
    if rules::prefers_status(&parts.headers) {
        return unavailable("there are too many connections, or the server is about to end");
    }
    let retry = App::soft_reject();
    let text = if app.is_hub_wire() {
        EncodedBatch::new(&[blocks::opening(Some(retry)), blocks::overload()]).into_bytes()
    } else {
        let parts = [
            blocks::opening(None).into_bytes(),
            blocks::retry(retry).into_bytes(),
        ];
        parts.concat().into()
    };
    event_stream().map(|()| Body::from(text))
}
