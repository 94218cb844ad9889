//! What a hook decides about a subscription.

mod shared;

use shared::{data, ready, ready_data};
use sse_hub::{Event, GapReason, Hub, LagLimit, Lagging, Session, SessionRequest};

#[tokio::test]
async fn a_session_says_what_is_delivered_and_how_far_it_may_fall_behind() {
    let hub = Hub::new();
    let request = SessionRequest::new(None, None, &|_| None);
    let session = hub.session(request, |_| {
        let mut session = Session::topics(["a"]);
        session.lagging = Some(Lagging::Skip);
        session.lag_limit = Some(LagLimit::default().entries(2));
        Ok(session.filter(|entry| entry.key() != Some("hidden")))
    });
    let mut reader = session.await.unwrap();
    for key in ["hidden", "shown"] {
        let event = Event::new(key);
        hub.publish("a", event).key(key).await.unwrap();
    }
    assert_eq!(ready_data(&mut reader), ["shown"]);
    for number in 0..3 {
        let event = Event::new(number.to_string());
        hub.publish("a", event).await.unwrap();
    }
    let received = ready(&mut reader);
    assert_eq!(received[0].gap().unwrap().reason, GapReason::Slow);
    assert_eq!(data(&received), [""; 0]);
}
