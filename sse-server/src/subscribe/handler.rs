use std::sync::Arc;

use axum::body::Body;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header, request::Parts};
use sse_core::{EncodedBatch, EventStream, KeepAlive, RESPONSE_HEADERS};
use sse_hub::{Resume, Subscription};

use super::{
    blocks,
    hooked::Hooked,
    live::Live,
    opening::{Opening, Told},
    rules,
    source::Source,
};
use crate::{
    answer::{Refusal, Reply, hook_failed, problem, scripted, unavailable},
    registry::Full,
    remote::{Client, new_name},
    script::{Hook, RequestTable, Script, SubscribeVerdict, Subscriber},
    state::{App, Shared},
};

/// Answers with an event stream. For `HEAD` the script is asked as well, and the stream is dropped before it is read.
pub(crate) async fn subscribe(app: Shared, client: Client, request: Request<Body>) -> Reply {
    let (parts, _) = request.into_parts();
    if client.is_over_a_limit() || app.is_draining() {
        return come_again(&app, &parts);
    }
    let opened = open(&app, &client, &parts).await;
    opened.unwrap_or_else(Refusal::into_reply)
}

async fn open(app: &Shared, client: &Client, parts: &Parts) -> Result<Reply, Refusal> {
    let after = rules::resume_id(parts)?;
    let query = parts.uri.query();
    let request = app.script().map(|_| client.request_table(parts));
    let name = request
        .as_ref()
        .map_or_else(new_name, |request| request.id.clone());
    let opening = Opening::new(app, name.clone(), query);
    // Nothing that is published while a hook runs is missed.
    let held = match app
        .script_with(Hook::Subscribe)
        .or(app.script_with(Hook::Catchup))
    {
        Some(_) => Some(opening.hold().await?),
        None => None,
    };
    let (subscriber, topics) = match app.script().zip(request) {
        Some((script, request)) => {
            let (subscriber, topics) = ask(script, request).await?;
            (Some(Arc::new(subscriber)), topics)
        }
        None => (None, None),
    };
    let topics = match topics {
        Some(topics) => topics,
        None if app.script_routes() => Vec::new(),
        None => rules::topics(query),
    };
    check_topics(app, client, &topics, parts)?;
    let id = after.as_ref().map(ToString::to_string);
    let subscription = match held {
        Some(held) => opening.settle(held, topics.clone(), after).await?,
        None => opening.take(topics.clone(), after).await?,
    };
    let handle = subscription.handle();
    let entered = app.registry.enter(name, topics, client, handle);
    let registration = entered.map_err(|Full| Refusal::from(come_again(app, parts)))?;
    let catchup = match (app.script_with(Hook::Catchup), &subscriber) {
        (Some(script), Some(subscriber)) if catches_up(app, id.as_deref(), &subscription) => {
            let messages = script.catchup(subscriber, id).await;
            opening.tell(messages.map_err(|error| Refusal::from(hook_failed(&error)))?)
        }
        _ => None,
    };
    let reply = stream_reply(app, &subscription);
    let source = source(app, subscription, subscriber.as_ref(), opening.told());
    let live = Live::new(Arc::clone(app), source, catchup, registration, subscriber);
    Ok(reply.map(|()| Body::new(body(live))))
}

/// Asks the script whether it takes the connection, and for what.
async fn ask(
    script: &Script,
    request: RequestTable,
) -> Result<(Subscriber, Option<Vec<String>>), Refusal> {
    let verdict = script.subscribe(request).await;
    match verdict.map_err(|error| Refusal::from(hook_failed(&error)))? {
        SubscribeVerdict::Accept { subscriber, topics } => Ok((subscriber, topics)),
        SubscribeVerdict::Reject => {
            let text = "subscribe rejected by script";
            Err(problem(StatusCode::FORBIDDEN, text).into())
        }
        SubscribeVerdict::Answer(answer) => Err(scripted(answer).into()),
    }
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
    !(app.is_hub_wire() && is_complete)
}

fn source(
    app: &Shared,
    subscription: Subscription,
    subscriber: Option<&Arc<Subscriber>>,
    told: Option<Told>,
) -> Source {
    match subscriber.filter(|_| app.script_with(Hook::Message).is_some()) {
        Some(subscriber) => {
            let entries = subscription.entries();
            let hooked = Hooked::new(Arc::clone(app), entries, Arc::clone(subscriber), told);
            Source::Hooked(Box::new(hooked))
        }
        None => Source::Hub(Box::new(subscription)),
    }
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
