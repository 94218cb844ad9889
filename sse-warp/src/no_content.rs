use http::StatusCode;

/// Returns the one answer that stops a browser from reconnecting: status 204.
///
/// Every end of an event stream makes it reconnect. Once it asks again and there is nothing more to come, return this.
pub fn no_content() -> StatusCode {
    StatusCode::NO_CONTENT
}
