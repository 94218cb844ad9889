use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Parser;
use sse_client::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use sse_client::http::{Method, Request};
use sse_client::{EventId, RequestBody};

/// Follows an event stream: prints its events, reconnects, resumes.
///
/// It ends with status 0 when the server wants no more connections (204) and at Ctrl-C, and with 1 and a message at an error that
/// another connection would not mend.
#[derive(Parser)]
#[command(name = "tail", max_term_width = 80)]
pub(crate) struct Options {
    /// The address, of http or https.
    pub(crate) url: String,

    /// Print an object of JSON a line: `event`, `data`, `last_event_id`.
    #[arg(long)]
    pub(crate) json: bool,

    /// Send a header, too; repeatable.
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header)]
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,

    /// Resume after this event.
    #[arg(long, value_name = "ID")]
    pub(crate) last_event_id: Option<EventId>,

    /// Post this file instead of getting; JSON, unless a header says otherwise.
    #[arg(long, value_name = "FILE")]
    pub(crate) post: Option<PathBuf>,
}

impl Options {
    /// What is asked for.
    pub(crate) fn request(&self) -> Result<Request<RequestBody>> {
        let mut request = Request::new(RequestBody::empty());
        *request.uri_mut() = self.url.parse().context("that is no address")?;
        for (name, value) in &self.headers {
            request.headers_mut().append(name, value.clone());
        }
        if let Some(path) = &self.post {
            let file = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            *request.body_mut() = file.into();
            *request.method_mut() = Method::POST;
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().entry(CONTENT_TYPE).or_insert(json);
        }
        Ok(request)
    }
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue)> {
    let (name, value) = text.split_once(':').context("a header is NAME: VALUE")?;
    Ok((name.trim().parse()?, value.trim().parse()?))
}
