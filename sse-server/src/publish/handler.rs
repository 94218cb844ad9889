use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use sse_hub::{BatchError, Draft, Publish, PublishError, PublishErrorKind, Published, Topic};

use super::{
    body::{Place, collect, read},
    media_type::MediaType,
    receipt::Receipt,
};
use crate::{
    answer::{Refusal, Reply, hook_failed, problem, scripted, unavailable},
    message::{InvalidMessage, Message},
    publications,
    remote::Client,
    script::{Hook, OrderPermit, Publication, PublishVerdict, RequestTable, Routing, Script},
    state::{App, Shared},
};

/// Publishes what a request brings.
pub(crate) async fn publish(app: Shared, client: Client, request: Request<Body>) -> Reply {
    match try_publish(&app, &client, request).await {
        Ok(reply) => reply,
        Err(refusal) => refusal.into_reply(),
    }
}

async fn try_publish(app: &App, client: &Client, request: Request<Body>) -> Result<Reply, Refusal> {
    if client.is_over_a_limit() {
        return Err(unavailable("there are too many connections").into());
    }
    let media_type = MediaType::of(request.headers())?;
    let key = idempotency_key(request.headers(), media_type)?;
    let (parts, body) = request.into_parts();
    let limits = &app.settings.limits;
    let most = app.settings.max_body_size;
    let body = collect(&parts.headers, body, most, limits.body_timeout).await?;
    let messages = read(media_type, &body)?;
    let batch = messages.len();
    let mut prepared = Vec::with_capacity(batch);
    let mut places = Vec::with_capacity(batch);
    let mut permit = None;
    let hears = |script: &&Script| script.defines(Hook::Publish) || script.defines(Hook::Message);
    let listening = app.script().filter(hears);
    for (index, (place, message)) in messages.into_iter().enumerate() {
        places.push(place);
        // In a batch each message has a key of its own, which no header can bear.
        let key = key.as_ref().map(|key| match media_type {
            MediaType::NdJson => format!("{key}\n{index}"),
            MediaType::Form | MediaType::Json => key.clone(),
        });
        let ready = match listening {
            Some(script) => {
                let request = client.request_table(&parts);
                ask(app, script, request, message, permit.take()).await?
            }
            None => Prepared::plain(app, message),
        };
        if ready.publication.message().is_empty() {
            return Err(place.refuse(&InvalidMessage::empty().to_string()));
        }
        permit.clone_from(&ready.permit);
        prepared.push((ready, key));
    }
    let mut drafts = Vec::with_capacity(prepared.len());
    let mut topics = Vec::new();
    for (ready, key) in prepared {
        for topic in listened_to(&ready.routing) {
            if !topics.contains(&topic) {
                topics.push(topic);
            }
        }
        let draft = draft(app, &ready.publication, ready.routing);
        drafts.push(match key {
            Some(key) => draft.idempotency_key(key),
            None => draft,
        });
    }
    let published = publish_all(app, drafts, &places).await?;
    drop(permit);
    let subscribers = published.iter().map(|it| it.subscribers).max();
    let subscribers = subscribers.unwrap_or(0);
    let last = published
        .last()
        .ok_or_else(|| unavailable("nothing was published"))?;
    let queued = match subscribers {
        0 => 0,
        _ => app.queued(&topics, published.len()),
    };
    let receipt = Receipt {
        queued,
        subscribers,
    };
    Ok(receipt.answer(last))
}

/// A message that may be published.
struct Prepared {
    publication: Publication,
    routing: Routing,
    permit: Option<OrderPermit>,
}

impl Prepared {
    fn plain(app: &App, message: Message) -> Self {
        let routing = routing(app, &message);
        Self {
            publication: Publication::new(RequestTable::default(), message.table),
            routing,
            permit: None,
        }
    }
}

/// Where the script routes, the topics of the body are not looked at.
fn routing(app: &App, message: &Message) -> Routing {
    let ttl = message.ttl.map(|ttl| ttl.as_millis());
    let is_asked = |topics: &Vec<String>| !topics.is_empty() && !app.script_routes();
    Routing {
        topics: Some(message.topics.clone()).filter(is_asked),
        ttl_ms: ttl.map(|ttl| u64::try_from(ttl).unwrap_or(u64::MAX)),
        key: message.key.clone(),
    }
}

/// The topics of a message; those that are none are refused elsewhere.
fn listened_to(routing: &Routing) -> Vec<Topic> {
    match &routing.topics {
        Some(topics) => topics
            .iter()
            .filter_map(|topic| Topic::try_from(topic.as_str()).ok())
            .collect(),
        None => vec![Topic::default()],
    }
}

/// Asks the script.
async fn ask(
    app: &App,
    script: &Script,
    request: RequestTable,
    message: Message,
    before: Option<OrderPermit>,
) -> Result<Prepared, Refusal> {
    let mut own = routing(app, &message);
    let verdict = match before {
        Some(permit) => script.publish_next(request, message.table, permit).await,
        None => script.publish(request, message.table).await,
    };
    match verdict.map_err(|error| Refusal::from(hook_failed(&error)))? {
        PublishVerdict::Accept {
            publication,
            routing,
            permit,
        } => {
            own.topics = routing.topics.or(own.topics);
            own.ttl_ms = routing.ttl_ms.or(own.ttl_ms);
            own.key = routing.key.or(own.key);
            Ok(Prepared {
                publication,
                routing: own,
                permit: Some(permit),
            })
        }
        PublishVerdict::Reject => {
            Err(problem(StatusCode::FORBIDDEN, "message rejected by script").into())
        }
        PublishVerdict::Answer(answer) => Err(scripted(answer).into()),
    }
}

fn draft(app: &App, publication: &Publication, routing: Routing) -> Publish {
    let topics = routing.topics.unwrap_or_default();
    let mut publish = app.hub.publish(topics, publication.message().clone());
    if let Some(ttl) = routing.ttl_ms {
        publish = publish.time_to_live(std::time::Duration::from_millis(ttl));
    }
    if let Some(key) = routing.key {
        publish = publish.key(key);
    }
    match app.script_with(Hook::Message) {
        Some(_) => publications::keep(publish, publication),
        None => publish,
    }
}

async fn publish_all(
    app: &App,
    drafts: Vec<Publish>,
    places: &[Place],
) -> Result<Vec<Published>, Refusal> {
    let mut drafts = drafts;
    if let ([place], 1) = (places, drafts.len())
        && let Some(draft) = drafts.pop()
    {
        return Ok(vec![draft.await.map_err(|error| refusal(&error, *place))?]);
    }
    let published = app.hub.publish_batch(drafts).await;
    published.map_err(|error| refused_batch(&error, places))
}

/// Publishes what a script says, without asking its hook.
pub(crate) async fn publish_one(
    app: &App,
    publication: &Publication,
    routing: Routing,
) -> Result<Published, String> {
    if publication.message().is_empty() {
        return Err(InvalidMessage::empty().to_string());
    }
    let published = draft(app, publication, routing).await;
    published.map_err(|error| {
        std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string)
    })
}

fn refused_batch(error: &BatchError, places: &[Place]) -> Refusal {
    let first = std::error::Error::source(error).and_then(|first| first.downcast_ref());
    let place = error.index().and_then(|index| places.get(index));
    match (first, place) {
        (Some(first), Some(place)) => refusal(first, *place),
        _ => unavailable(&error.to_string()).into(),
    }
}

fn refusal(error: &PublishError, place: Place) -> Refusal {
    match (error.kind(), std::error::Error::source(error)) {
        (PublishErrorKind::Invalid, Some(rule)) => place.refuse(&rule.to_string()),
        _ => unavailable(&error.to_string()).into(),
    }
}

fn idempotency_key(headers: &HeaderMap, of: MediaType) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    // Each line of a batch has its number behind the key.
    let most = match of {
        MediaType::NdJson => Draft::MAX_IDEMPOTENCY_KEY_LEN - 8,
        MediaType::Form | MediaType::Json => Draft::MAX_IDEMPOTENCY_KEY_LEN,
    };
    let text = value
        .to_str()
        .ok()
        .filter(|it| (1..=most).contains(&it.len()));
    let rule = || format!("Idempotency-Key must have 1 to {most} visible characters");
    text.map(|text| Some(text.to_owned()))
        .ok_or_else(|| problem(StatusCode::BAD_REQUEST, &rule()).into())
}
