//! What pages of other origins may do.

use http::{HeaderName, header};
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer};

use crate::settings::Cors;

/// Headers of answers that pages may read.
const EXPOSED: [&str; 5] = [
    "sse-event-id",
    "sse-sequence",
    "sse-resume",
    "sse-resume-reason",
    "sse-resume-from",
];

/// Returns the layer that answers every `OPTIONS`, and says in each answer who may read it.
pub(crate) fn layer(cors: &Cors) -> CorsLayer {
    let origin = cors
        .origins
        .clone()
        .map_or_else(AllowOrigin::any, AllowOrigin::list);
    let methods = cors
        .methods
        .clone()
        .map_or_else(AllowMethods::any, AllowMethods::list);
    let headers = cors
        .headers
        .clone()
        .map_or_else(AllowHeaders::any, AllowHeaders::list);
    // The answer is the same for all origins unless there is a list of them.
    let vary: Vec<_> = cors.origins.iter().map(|_| header::ORIGIN).collect();
    CorsLayer::new()
        .allow_origin(origin)
        .allow_methods(methods)
        .allow_headers(headers)
        .allow_credentials(cors.credentials)
        .max_age(cors.max_age)
        .expose_headers(EXPOSED.map(HeaderName::from_static))
        .vary(vary)
}
