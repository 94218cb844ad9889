use super::checks;
use crate::http::check::Trial;
use crate::http::client::Request;
use crate::http::{Failure, Route, Script};

checks! {
    no_content_stops_reconnection(NoContent);
    accept_is_negotiated_on_request(Negotiated);
    accept_is_ignored_by_default(Events);
}

async fn no_content_stops_reconnection(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let mut reply = play
        .send(&Request::new("GET", Route::NoContent.path()))
        .await?;
    reply.expect_status(204)?;
    if let Some(value) = reply.headers.all("content-type").next() {
        return Err(Failure::new(format!("content-type of nothing: {value}")));
    }
    reply.expect_end("", play.patience()).await
}

async fn accept_is_negotiated_on_request(trial: Trial) -> Result<(), Failure> {
    let cases: [(Option<&'static str>, u16); 9] = [
        (None, 200),
        (Some("text/event-stream"), 200),
        (Some("*/*"), 200),
        (Some("text/*"), 200),
        (Some("application/json, text/event-stream;q=0.5"), 200),
        (Some("application/json"), 406),
        (Some("text/html, application/xml;q=0.9"), 406),
        (Some("text/event-stream;q=0"), 406),
        (Some("text/event-stream;q=0, */*"), 406),
    ];
    accept(trial, Route::Negotiated, &cases).await
}

async fn accept_is_ignored_by_default(trial: Trial) -> Result<(), Failure> {
    let cases = [
        (None, 200),
        (Some("application/json"), 200),
        (Some("text/event-stream;q=0"), 200),
    ];
    accept(trial, Route::Events, &cases).await
}

async fn accept(
    trial: Trial,
    route: Route,
    cases: &[(Option<&'static str>, u16)],
) -> Result<(), Failure> {
    let play = trial.start()?;
    for (accept, status) in cases {
        let mut request = Request::get(&play.scene(Script::default()), route);
        if let Some(accept) = accept {
            request = request.header("accept", *accept);
        }
        let reply = play.send(&request).await?;
        reply
            .expect_status(*status)
            .map_err(|failure| failure.within(format!("{accept:?}")))?;
    }
    Ok(())
}
