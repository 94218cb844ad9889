use actix_web::{Route, guard, web};

/// Returns a route for `GET` and `HEAD`, where actix' own `web::get()` answers 404 or 405 to `HEAD`.
///
/// ```
/// use actix_web::App;
/// use sse_actix::{Event, Sse};
///
/// async fn events() -> Sse<tokio_stream::Once<Event>> {
///     Sse::new(tokio_stream::once(Event::new("hello")))
/// }
///
/// let app = App::new().route("/events", sse_actix::route().to(events));
/// ```
pub fn route() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, HttpResponse};

    use super::*;

    #[actix_web::test]
    async fn get_and_head_are_answered_and_post_is_not() {
        let handler = async || HttpResponse::Ok();
        let app = init_service(App::new().route("/", route().to(handler))).await;
        for (method, status) in [(Method::GET, 200), (Method::HEAD, 200), (Method::POST, 404)] {
            let request = TestRequest::default().method(method).to_request();
            assert_eq!(call_service(&app, request).await.status(), status);
        }
    }
}
