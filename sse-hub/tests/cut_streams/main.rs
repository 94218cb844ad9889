//! A stream that is cut after any byte is resumed with what the browser then has: all of it comes, or a gap is told.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a failure")]

mod client;
mod scene;
mod scripted;
#[path = "../shared/mod.rs"]
mod shared;

use std::{
    task::{Context, Waker},
    time::{Duration, UNIX_EPOCH},
};

use sse_hub::{
    EventId, GapAs, GapReason, Ids, LagLimit, Lagging, OnGap, Position, Resume, Retention, Start,
    Subscribe, SubscribeErrorKind,
};

use client::Client;
use scene::{Scene, Then};
use scripted::Scripted;
use shared::ready_text;

/// Cuts the stream after every byte; after each cut the client comes back until it has all.
async fn check(make: impl AsyncFn() -> Scene) {
    let mut cut = 0;
    loop {
        let mut scene = make().await;
        let mut subscription = scene.connect(scene.cursor.clone()).await;
        let wire = scene.first_connection(&mut subscription).await;
        drop(subscription);
        let mut client = Client::resuming(scene.cursor.clone());
        client.read(&wire.as_bytes()[..cut.min(wire.len())]);
        scene.publish(1).await;
        for _ in 0..20 {
            let id = Some(client.last_event_id.clone()).filter(|id| !id.is_empty());
            let mut subscription = scene.connect(id).await;
            let mut text = ready_text(&mut subscription);
            if subscription.end_reason().is_none() {
                scene.publish(1).await;
                text += &ready_text(&mut subscription);
                client.read(text.as_bytes());
                break;
            }
            client.read(text.as_bytes());
        }
        scene.judge(&client, &format!("cut after {cut} of {wire:?}: {client:?}"));
        if cut >= wire.len() {
            return;
        }
        cut += 1;
    }
}

const SHOWN: [GapAs; 3] = [GapAs::Event, GapAs::Message, GapAs::Comment];

#[tokio::test]
async fn r0_a_fresh_stream_with_every_start() {
    let starts = [
        (Start::Latest, None),
        (Start::Earliest, Some(1)),
        (Start::Last(2), None),
        (Start::Since(UNIX_EPOCH), Some(1)),
    ];
    for (start, first) in starts {
        check(async || {
            let mut scene = Scene::new(|it| it);
            scene.publish(4).await;
            scene.start = start;
            scene.begins_with = first;
            scene
        })
        .await;
    }
    check(async || Scene::new(|it| it)).await;
}

#[tokio::test]
async fn r1_an_id_that_is_none() {
    for (id, reason) in [("v1.x", "malformed"), ("no-such-id", "unknown")] {
        for on_gap in [OnGap::Latest, OnGap::Earliest] {
            for shown in SHOWN {
                check(async || {
                    let mut scene = Scene::new(|it| it);
                    scene.publish(3).await;
                    scene.on_gap = on_gap;
                    scene.cursor = Some(EventId::try_from(id).unwrap());
                    scene.must_tell(shown, reason)
                })
                .await;
            }
        }
    }
}

#[tokio::test]
async fn r2_and_r7_nothing_is_missing() {
    for checkable in [true, false] {
        for from in 0..=3 {
            check(async || {
                let mut scene = Scene::new(|it| it);
                scene.publish(3).await;
                let nonce = if checkable {
                    scene.position(from).nonce
                } else {
                    0
                };
                let position = Position {
                    nonce,
                    ..scene.position(from)
                };
                scene.cursor = Some(position.to_event_id());
                scene.seen_before = Some(from as u64);
                scene
            })
            .await;
        }
    }
    // The ids of publishers go over the wire, and stand in the opening.
    check(async || {
        let mut scene = Scene::new(|it| it.ids(Ids::Publisher));
        scene.own_ids = true;
        scene.publish(3).await;
        scene.cursor = Some(EventId::try_from("own-2").unwrap());
        scene.seen_before = Some(2);
        scene
    })
    .await;
}

#[tokio::test]
async fn r3_another_entry_has_the_number() {
    for on_gap in [OnGap::Latest, OnGap::Earliest] {
        for shown in SHOWN {
            check(async || {
                let mut scene = Scene::new(|it| it);
                scene.publish(3).await;
                let position = scene.position(2);
                let nonce = position.nonce ^ 1;
                scene.cursor = Some(Position { nonce, ..position }.to_event_id());
                scene.on_gap = on_gap;
                scene.must_tell(shown, "forked")
            })
            .await;
        }
    }
}

#[tokio::test]
async fn r4_a_past_that_is_shared() {
    check(async || {
        let provider = Scripted::new();
        let mut scene = Scene::on(&provider);
        scene.publish(3).await;
        scene.cursor = Some(scene.position(2).to_event_id());
        scene.seen_before = Some(2);
        provider.fork(4);
        scene
    })
    .await;
}

#[tokio::test]
async fn r5_another_epoch() {
    for shown in SHOWN {
        check(async || {
            let mut scene = Scene::new(|it| it);
            scene.publish(3).await;
            scene.cursor = Some(EventId::from_static("zzzzzzzz-7-00000001"));
            scene.begins_with = Some(1);
            scene.must_tell(shown, "epoch")
        })
        .await;
        for on_gap in [OnGap::Latest, OnGap::Earliest] {
            check(async || {
                let provider = Scripted::new();
                let mut scene = Scene::on(&provider);
                scene.publish(5).await;
                scene.cursor = Some(scene.position(5).to_event_id());
                provider.fork(4);
                scene.rewind(4);
                scene.on_gap = on_gap;
                scene.must_tell(shown, "epoch")
            })
            .await;
        }
    }
}

#[tokio::test]
async fn r6_the_log_ends_before_the_cursor() {
    for shown in SHOWN {
        check(async || {
            let mut scene = Scene::new(|it| it);
            scene.publish(3).await;
            let seq = 9;
            scene.cursor = Some(
                Position {
                    seq,
                    ..scene.position(3)
                }
                .to_event_id(),
            );
            scene.must_tell(shown, "rollback")
        })
        .await;
    }
}

/// A subscription that resumes behind an entry which its replica does not have yet.
async fn resume_ahead(
    provider: &Scripted,
    scene: &mut Scene,
) -> <Subscribe as IntoFuture>::IntoFuture {
    scene.publish(2).await;
    provider.hold_back();
    scene.publish(1).await;
    assert_eq!(scene.hub.head().seq, 2);
    let ahead = scene.position(3).to_event_id();
    let mut subscribe = scene.hub.subscribe("a").after(ahead).into_future();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(subscribe.as_mut().poll(&mut cx).is_pending());
    subscribe
}

#[tokio::test]
async fn r6_a_replica_that_is_behind_is_waited_for() {
    let provider = Scripted::new();
    let mut scene = Scene::on(&provider);
    let subscribe = resume_ahead(&provider, &mut scene).await;
    provider.release();
    scene.wait(0);
    let resumed = tokio::time::timeout(Duration::from_secs(10), subscribe).await;
    let mut resumed = resumed.unwrap().unwrap();
    assert_eq!(*resumed.resume(), Resume::Complete);
    scene.publish(1).await;
    assert_eq!(shared::ready_data(&mut resumed), ["4"]);
}

#[tokio::test]
async fn r6_a_replica_that_stays_behind_says_neither_complete_nor_gap() {
    let provider = Scripted::new();
    let mut scene = Scene::on(&provider);
    let mut subscribe = resume_ahead(&provider, &mut scene).await;
    scene.wait(4);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(subscribe.as_mut().poll(&mut cx).is_pending());
    scene.wait(1);
    let refused = tokio::time::timeout(Duration::from_secs(10), subscribe).await;
    let error = refused.unwrap().unwrap_err();
    assert_eq!(*error.kind(), SubscribeErrorKind::Unavailable);
}

#[tokio::test]
async fn r6_an_engine_that_has_lost_its_end_is_told_as_a_rollback() {
    let provider = Scripted::new();
    let mut scene = Scene::on(&provider);
    scene.publish(2).await;
    provider.hold_back();
    scene.publish(1).await;
    provider.lose(1);
    let ahead = scene.position(3).to_event_id();
    let resumed = scene.hub.subscribe("a").after(ahead).await.unwrap();
    let rolled_back = |gap: &sse_hub::Gap| gap.reason == GapReason::Rollback;
    assert!(matches!(resumed.resume(), Resume::Gap(gap) if rolled_back(gap)));
}

#[tokio::test]
async fn r8_entries_have_expired() {
    for shown in SHOWN {
        for keep in [0, 1, 3] {
            check(async || {
                let mut scene = Scene::new(|it| it.retain(Retention::default().count(keep)));
                scene.publish(6).await;
                scene.cursor = Some(scene.position(2).to_event_id());
                scene.seen_before = Some(2);
                // What is published while the client is away pushes out more.
                scene.told_again = true;
                scene.must_tell(shown, "expired")
            })
            .await;
        }
        check(async || {
            let age = Duration::from_secs(10);
            let mut scene = Scene::new(|it| it.retain(Retention::default().age(age)));
            scene.publish(3).await;
            scene.wait(6);
            scene.publish(3).await;
            scene.wait(6);
            scene.cursor = Some(scene.position(1).to_event_id());
            scene.seen_before = Some(1);
            scene.begins_with = Some(4);
            scene.must_tell(shown, "expired")
        })
        .await;
    }
}

#[tokio::test]
async fn r9_a_replay_over_several_connections() {
    check(async || {
        let mut scene = Scene::new(|it| it.max_replay(2));
        scene.publish(5).await;
        scene.start = Start::Earliest;
        scene.begins_with = Some(1);
        scene
    })
    .await;
}

#[tokio::test]
async fn r10_a_slow_reader_skips_or_is_ended() {
    for lagging in [Lagging::Skip, Lagging::Disconnect] {
        for keep in [100, 2] {
            for shown in SHOWN {
                check(async || {
                    let limit = LagLimit::default().entries(3);
                    let mut scene = Scene::new(|it| {
                        let retention = Retention::default().count(keep);
                        it.lag_limit(limit).lagging(lagging).retain(retention)
                    });
                    scene.publish(1).await;
                    scene.bursts = 6;
                    scene.may_tell(shown, &["slow", "expired"])
                })
                .await;
            }
        }
    }
}

#[tokio::test]
async fn r11_the_provider_leaves_entries_out() {
    for shown in SHOWN {
        check(async || {
            let provider = Scripted::new();
            let mut scene = Scene::on(&provider);
            scene.publish(2).await;
            scene.cursor = Some(scene.position(1).to_event_id());
            scene.seen_before = Some(1);
            scene.skip_numbers(3);
            provider.leave_out(3);
            scene.publish(1).await;
            scene.may_tell(shown, &["provider"])
        })
        .await;
    }
}

#[tokio::test]
async fn a_close_and_a_keep_alive_can_be_cut_too() {
    check(async || {
        let mut scene = Scene::new(|it| it);
        scene.publish(2).await;
        scene.start = Start::Earliest;
        scene.then = Then::Kick;
        scene
    })
    .await;
    check(async || {
        let mut scene = Scene::new(|it| it);
        scene.publish(2).await;
        scene.start = Start::Earliest;
        scene.then = Then::Silence;
        scene
    })
    .await;
}

#[tokio::test]
async fn a_soft_rejection_leaves_the_client_its_id() {
    let mut scene = Scene::new(|it| it);
    scene.publish(3).await;
    let cursor = scene.position(2).to_event_id();
    let open = scene.connect(None).await;
    let _draining = scene.hub.shutdown(Duration::from_secs(60));
    let mut rejected = scene.connect(Some(cursor.clone())).await;
    let text = ready_text(&mut rejected);
    for cut in 0..=text.len() {
        let mut client = Client::resuming(Some(cursor.clone()));
        client.read(&text.as_bytes()[..cut]);
        assert_eq!(
            (&client.last_event_id, client.told.len()),
            (&cursor, 0),
            "{text}"
        );
    }
    drop(open);
}
