use std::time::Duration;

use super::checks;
use crate::http::check::Trial;
use crate::http::{Failure, Item, KeepAlive, Script, Shape};

checks! {
    an_event_has_exactly_its_bytes(Events);
    an_id_is_sent(Events);
    every_line_of_data_is_kept(Events);
    an_encoded_event_has_exactly_its_bytes(Events);
    an_encoded_batch_has_exactly_its_bytes(Events);
    ready_events_come_complete_and_in_order(Events);
    no_frame_is_empty(Events);
}

async fn an_event_has_exactly_its_bytes(trial: Trial) -> Result<(), Failure> {
    one_by_one(trial, Shape::Event, fields()).await
}

async fn an_id_is_sent(trial: Trial) -> Result<(), Failure> {
    let cases = vec![
        (Item::new("x").id("7"), "id: 7\ndata: x\n\n"),
        (Item::new("x").id("a b é"), "id: a b é\ndata: x\n\n"),
        (Item::new("x").id(""), "id: \ndata: x\n\n"),
        (Item::default().id("8"), "id: 8\n\n"),
    ];
    one_by_one(trial, Shape::Event, cases).await
}

async fn every_line_of_data_is_kept(trial: Trial) -> Result<(), Failure> {
    one_by_one(trial, Shape::Event, lines()).await
}

async fn an_encoded_event_has_exactly_its_bytes(trial: Trial) -> Result<(), Failure> {
    let cases = fields().into_iter().chain(lines()).collect();
    one_by_one(trial, Shape::Encoded, cases).await
}

async fn an_encoded_batch_has_exactly_its_bytes(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let scene = play.scene(Script {
        shape: Shape::Batch,
        ..Script::default()
    });
    let mut reply = play.open_idle(&scene).await?;
    let cases: Vec<_> = fields().into_iter().chain(lines()).collect();
    let expected: String = cases.iter().map(|(_, wire)| *wire).collect();
    scene.send_batch(cases.into_iter().map(|(item, _)| item));
    reply.expect(expected, play.patience()).await?;
    scene.send_batch([]);
    scene.send_batch([Item::new("after none")]);
    scene.finish();
    reply
        .expect_end("data: after none\n\n", play.patience())
        .await
}

async fn ready_events_come_complete_and_in_order(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let scene = play.scene(Script::default());
    let mut expected = String::new();
    for number in 0..2000 {
        // Every size around the bounds at which bodies start to copy or to split.
        let data = match number % 500 {
            200 => "x".repeat(4096),
            300 => "y".repeat(16 * 1024),
            400 => "z".repeat(256 * 1024),
            _ => format!("event {number}"),
        };
        expected.extend(["id: ", &number.to_string(), "\ndata: ", &data, "\n\n"]);
        scene.send(Item::new(data).id(number.to_string()));
    }
    scene.finish();
    let mut reply = play.open(&scene).await?;
    reply.expect_end(expected, play.patience()).await
}

async fn no_frame_is_empty(trial: Trial) -> Result<(), Failure> {
    let play = trial.start()?;
    let keep_alive = KeepAlive::Every(Duration::from_millis(20));
    let scene = play.scene(Script {
        keep_alive,
        ..Script::default()
    });
    let mut reply = play.open(&scene).await?;
    scene.send(Item::default());
    scene.send(Item::new(""));
    let watch = async {
        let mut frames = 0;
        while reply.frame().await?.is_some() {
            frames += 1;
            match frames {
                5 => scene.send(Item::default()),
                10 => scene.finish(),
                _ => {}
            }
        }
        match (frames, reply.empty_frames()) {
            (10.., 0) => Ok(()),
            (10.., empty) => Err(Failure::new(format!("{empty} frames are empty"))),
            _ => Err(Failure::new(format!(
                "the body ended after {frames} frames"
            ))),
        }
    };
    let timeout = tokio::time::timeout(play.patience(), watch).await;
    timeout.map_err(|_| Failure::new("too few frames in time"))?
}

/// Demands that each event comes alone, with its bytes.
async fn one_by_one(
    trial: Trial,
    shape: Shape,
    cases: Vec<(Item, &'static str)>,
) -> Result<(), Failure> {
    let play = trial.start()?;
    let scene = play.scene(Script {
        shape,
        ..Script::default()
    });
    let mut reply = play.open_idle(&scene).await?;
    for (item, wire) in cases {
        scene.send(item);
        reply.expect(wire, play.patience()).await?;
    }
    scene.finish();
    reply.expect_end("", play.patience()).await
}

fn fields() -> Vec<(Item, &'static str)> {
    vec![
        (Item::new("x").event("tick"), "event: tick\ndata: x\n\n"),
        (Item::default().comment("hello"), ": hello\n\n"),
        (Item::default().comment(""), ":\n\n"),
        (Item::default().comment("a\ndata: b"), ": a\n: data: b\n\n"),
        (
            Item::default().retry(Duration::from_millis(1500)),
            "retry: 1500\n\n",
        ),
        (Item::default().event("tick"), "event: tick\n\n"),
        (
            Item::new("x")
                .event("tick")
                .retry(Duration::ZERO)
                .comment("note"),
            "event: tick\nretry: 0\ndata: x\n: note\n\n",
        ),
    ]
}

fn lines() -> Vec<(Item, &'static str)> {
    vec![
        (Item::new(""), "data: \n\n"),
        (Item::new("a\nb"), "data: a\ndata: b\n\n"),
        (Item::new("a\rb\r\nc"), "data: a\ndata: b\ndata: c\n\n"),
        (Item::new(" a "), "data:  a \n\n"),
        (Item::new("a\n"), "data: a\ndata: \n\n"),
        (
            Item::new("a\n\ndata: b"),
            "data: a\ndata: \ndata: data: b\n\n",
        ),
        (
            Item::new("é☃\u{2028}\u{feff}"),
            "data: é☃\u{2028}\u{feff}\n\n",
        ),
    ]
}
