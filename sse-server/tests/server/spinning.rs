//! While hooks keep Lua busy, everything that needs no Lua goes on.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use crate::{client::PATIENCE, running::Running};

/// Each call takes its time without ever giving way.
const SPINNING: &str = r#"
local time = require "time"
function publish(pub)
  local over = time.monotonic() + 300
  while time.monotonic() < over do end
  return pub
end
"#;

#[test]
fn spinning_hooks_hold_up_neither_keep_alives_nor_files_nor_health() {
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("script.lua");
    fs::write(&script, SPINNING).unwrap();
    let files = directory.path().join("files");
    fs::create_dir(&files).unwrap();
    fs::write(files.join("a.txt"), "a file").unwrap();
    let server = Running::with(&[
        "--script",
        script.to_str().unwrap(),
        "--script-timeout",
        "1m",
        "--serve-static-dir",
        files.to_str().unwrap(),
        "--keep-alive",
        "50ms",
    ]);
    let mut streams: Vec<_> = (0..3).map(|_| server.subscribe()).collect();
    let (start, server) = (Instant::now(), &server);
    let (rounds, slowest) = thread::scope(|scope| {
        let publishers: Vec<_> = (0..PUBLISHERS)
            .map(|number| scope.spawn(move || server.publish(&number.to_string())))
            .collect();
        let (mut rounds, mut slowest) = (0, Duration::ZERO);
        while publishers.iter().any(|publisher| !publisher.is_finished()) {
            assert!(start.elapsed() < PATIENCE * 2);
            let round = Instant::now();
            assert_eq!(server.get("/a.txt").text(), "a file");
            assert_eq!(server.get("/health/live").status, 200);
            assert_eq!(server.get("/health/ready").status, 200);
            slowest = slowest.max(round.elapsed());
            rounds += 1;
        }
        (rounds, slowest)
    });
    let spun = start.elapsed();
    assert!(spun >= Duration::from_millis(300) * PUBLISHERS, "{spun:?}");
    // Behind the hooks there would be a round for each of them at best.
    assert!(
        rounds > 4 * PUBLISHERS,
        "{rounds} rounds in {spun:?}, the slowest took {slowest:?}"
    );
    for stream in &mut streams {
        let (mut events, mut keep_alives) = (Vec::new(), 0);
        while events.len() < PUBLISHERS as usize {
            match stream.next().unwrap().as_str() {
                ": keep-alive\n\n" => keep_alives += 1,
                event => events.push(event.to_owned()),
            }
        }
        events.sort();
        let all: Vec<_> = (0..PUBLISHERS)
            .map(|it| format!("data: {it}\n\n"))
            .collect();
        assert_eq!(events, all);
        // There is room for five between two events.
        assert!(
            keep_alives >= PUBLISHERS,
            "{keep_alives} keep-alives in {spun:?}"
        );
    }
}

const PUBLISHERS: u32 = 8;
