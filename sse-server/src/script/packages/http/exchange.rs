//! One request and what came back.

use std::error::Error as _;
use std::time::Duration;

use http::{Method, Version};
use mlua::{Error, Lua, Result, Table, Value};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use url::Url;

use super::options::Options;
use crate::script::packages::argument;

/// A client that keeps connections open this long.
///
/// # Errors
///
/// No random numbers, no certificates.
pub(super) fn client(idle: Duration) -> Result<Client> {
    let builder = Client::builder()
        .user_agent(concat!("sse-server/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::limited(REDIRECTS))
        .pool_idle_timeout(idle);
    let builder = match idle {
        NO_IDLE => builder.pool_max_idle_per_host(0),
        _ => builder,
    };
    builder.build().map_err(|error| raised(&error))
}

/// Sends the request, follows redirects and reads the whole body.
///
/// # Errors
///
/// What is no method or no URL; no connection; too slow, too many redirects, too long.
pub(super) async fn exchange(
    lua: &Lua,
    client: &Client,
    method: &Value,
    url: &Value,
    options: Options,
) -> Result<Table> {
    let method = argument::text(method, "http.request", 1)?;
    let method = Method::from_bytes(&method.as_bytes())
        .map_err(|_| Error::runtime(format_args!("'{}' is no method", method.display())))?;
    let url = argument::utf8(url, "http.request", 2)?;
    let url = Url::parse(&url);
    let mut url = url.map_err(|error| Error::runtime(format_args!("no URL: {error}")))?;
    options.append(&mut url);

    let mut request = client.request(method, url).headers(options.headers);
    request = request.version(options.version.unwrap_or(Version::HTTP_11));
    if let Some(time) = options.timeout {
        request = request.timeout(time);
    }
    if let Some(body) = options.body {
        request = request.body(body);
    }
    let response = request.send().await.map_err(|error| raised(&error))?;

    let result = lua.create_table()?;
    result.raw_set("status", response.status().as_u16())?;
    let headers = lua.create_table()?;
    for (name, value) in response.headers() {
        headers.raw_set(name.as_str(), lua.create_string(value)?)?;
    }
    result.raw_set("headers", headers)?;
    result.raw_set("body", lua.create_string(body(response).await?)?)?;
    Ok(result)
}

async fn body(mut response: Response) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| raised(&error))? {
        if body.len() + chunk.len() > LONGEST {
            return Err(Error::runtime(format_args!(
                "the body is longer than {} MiB",
                LONGEST >> 20
            )));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The error and its causes; not the URL, which may hold what logs must not.
fn raised(error: &reqwest::Error) -> Error {
    let mut text = match error {
        error if error.is_timeout() => "timeout".to_owned(),
        error if error.is_redirect() => format!("too many redirects, or a bad one ({REDIRECTS})"),
        error if error.is_connect() => "no connection".to_owned(),
        error if error.is_builder() => "no such request".to_owned(),
        _ => "no answer".to_owned(),
    };
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    Error::runtime(text)
}

/// No connection is kept.
pub(super) const NO_IDLE: Duration = Duration::ZERO;

/// How long an agent keeps a connection that it does not use.
pub(super) const IDLE: Duration = Duration::from_secs(90);

const REDIRECTS: usize = 9;

/// A quarter of what the state may hold.
const LONGEST: usize = 64 << 20;
