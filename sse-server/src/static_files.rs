//! A directory of files.

use axum::{
    Router,
    body::Body,
    extract::Request,
    middleware::{Next, from_fn},
};
use http::StatusCode;
use tower_http::services::ServeDir;

use crate::{
    answer::{Reply, empty},
    settings::Files,
    state::Shared,
};

/// Adds the directory under its path; what has a route of its own stays.
pub(crate) fn serve(router: Router<Shared>, files: &Files) -> Router<Shared> {
    // A redirect to a directory keeps the path in front of it.
    let directory = ServeDir::new(&files.directory).redirect_path_prefix(&files.path);
    let guarded = Router::new()
        .fallback_service(directory)
        .layer(from_fn(only_names));
    if files.path.is_empty() {
        return router.fallback_service(guarded);
    }
    router.nest_service(&files.path, guarded)
}

/// A name with a NUL is no file's.
async fn only_names(request: Request<Body>, next: Next) -> Reply {
    let mut bytes = percent_encoding::percent_decode_str(request.uri().path());
    if bytes.any(|byte| byte == 0) {
        return empty(StatusCode::NOT_FOUND);
    }
    next.run(request).await
}
