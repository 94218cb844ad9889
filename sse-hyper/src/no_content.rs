use http::{Response, StatusCode};

/// Returns the one answer that stops a browser from reconnecting: status 204.
///
/// Every end of an event stream makes it reconnect. Once it asks again and there is nothing more to come, return this.
pub fn no_content<B: Default>() -> Response<B> {
    let mut response = Response::new(B::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
