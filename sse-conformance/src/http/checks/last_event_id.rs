use super::checks;
use crate::http::check::Trial;
use crate::http::client::Request;
use crate::http::{Failure, Route, Script};

checks! {
    a_last_event_id_comes_from_the_header(Events);
    a_last_event_id_may_be_any_utf8(Events);
    an_empty_last_event_id_is_none(Events);
    the_first_of_two_last_event_ids_counts(Events);
    a_last_event_id_may_come_from_the_query(Events);
    the_header_wins_over_the_query(Events);
}

async fn a_last_event_id_comes_from_the_header(trial: Trial) -> Result<(), Failure> {
    check(
        trial,
        &[
            ("", &["42"], Some("42")),
            ("", &["a b,c=d"], Some("a b,c=d")),
            ("", &[], None),
        ],
    )
    .await
}

async fn a_last_event_id_may_be_any_utf8(trial: Trial) -> Result<(), Failure> {
    check(
        trial,
        &[
            ("", &["naïve ☃"], Some("naïve ☃")),
            ("", &["日本"], Some("日本")),
        ],
    )
    .await
}

async fn an_empty_last_event_id_is_none(trial: Trial) -> Result<(), Failure> {
    check(trial, &[("", &[""], None), ("lastEventId=", &[], None)]).await
}

async fn the_first_of_two_last_event_ids_counts(trial: Trial) -> Result<(), Failure> {
    check(trial, &[("", &["1", "2"], Some("1"))]).await
}

async fn a_last_event_id_may_come_from_the_query(trial: Trial) -> Result<(), Failure> {
    let cases: [Case; 3] = [
        ("lastEventId=42", &[], Some("42")),
        ("topic=a&last_event_id=x%3Dy+z", &[], Some("x=y z")),
        ("lastEventId=na%C3%AFve", &[], Some("naïve")),
    ];
    check(trial, &cases).await
}

async fn the_header_wins_over_the_query(trial: Trial) -> Result<(), Failure> {
    check(
        trial,
        &[
            ("lastEventId=1", &["2"], Some("2")),
            ("lastEventId=1", &[""], Some("1")),
        ],
    )
    .await
}

/// Query, headers, and the last event ID that the server must take from them.
type Case = (&'static str, &'static [&'static str], Option<&'static str>);

async fn check(trial: Trial, cases: &[Case]) -> Result<(), Failure> {
    let play = trial.start()?;
    for (query, headers, expected) in cases {
        let scene = play.scene(Script::default());
        let mut request = Request::get(&scene, Route::Events);
        if !query.is_empty() {
            request = request.query(query);
        }
        for value in *headers {
            request = request.header("last-event-id", *value);
        }
        play.send(&request).await?.expect_status(200)?;
        let got = scene.seen().last_event_ids;
        if got.len() != 1 || got[0].as_deref() != *expected {
            let case = format!("query {query:?}, headers {headers:?}");
            return Err(Failure::new(format!(
                "{case}: {got:?} instead of {expected:?}"
            )));
        }
    }
    Ok(())
}
