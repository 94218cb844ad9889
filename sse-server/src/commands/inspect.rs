use std::{fmt::Write as _, process::ExitCode};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use sse_hub::provider::file::Inspection;

use crate::cli::InspectOptions;

/// Prints what lies in a log's directory; if any of it is damaged, the exit code says so.
pub(super) fn inspect(options: &InspectOptions) -> Result<ExitCode> {
    let found = Inspection::of(&options.path);
    let found = found.with_context(|| options.path.display().to_string())?;
    if options.json {
        println!("{}", to_json(&found));
    } else {
        print!("{}", to_text(&found));
    }
    Ok(if found.damage.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn to_text(found: &Inspection) -> String {
    let epoch = found
        .epoch
        .map_or_else(|| "unknown".to_owned(), |it| it.to_string());
    let mut text = format!(
        "epoch    {epoch}\nrange    {} to {}\nentries  {}\nbytes    {}\n",
        found.first(),
        found.head(),
        found.entries(),
        found.bytes(),
    );
    for ancestor in &found.ancestors {
        let _ = writeln!(
            text,
            "before   {} up to {}",
            ancestor.epoch,
            ancestor.fork_at - 1
        );
    }
    for segment in &found.segments {
        let _ = write!(
            text,
            "segment  {} {} to {}, {} entries, {} bytes",
            segment.name, segment.first, segment.last, segment.entries, segment.bytes,
        );
        if segment.incomplete_bytes > 0 {
            let _ = write!(text, ", {} of them incomplete", segment.incomplete_bytes);
        }
        text.push('\n');
        for (from, to) in &segment.holes {
            let _ = writeln!(text, "hole     {from} to {to}");
        }
    }
    for (file, offset) in &found.damage {
        let _ = writeln!(text, "DAMAGE   {file} at byte {offset}");
    }
    text
}

fn to_json(found: &Inspection) -> Value {
    let ancestors = found
        .ancestors
        .iter()
        .map(|it| json!({"epoch": it.epoch.as_str(), "fork_at": it.fork_at}));
    let segments = found.segments.iter().map(|it| {
        json!({
            "file": it.name,
            "first": it.first,
            "last": it.last,
            "entries": it.entries,
            "bytes": it.bytes,
            "incomplete_bytes": it.incomplete_bytes,
            "holes": it.holes,
        })
    });
    let damage = found.damage.iter();
    let damage = damage.map(|(file, offset)| json!({"file": file, "offset": offset}));
    json!({
        "epoch": found.epoch.as_ref().map(sse_hub::Epoch::as_str),
        "ancestors": ancestors.collect::<Vec<_>>(),
        "first": found.first(),
        "head": found.head(),
        "entries": found.entries(),
        "bytes": found.bytes(),
        "segments": segments.collect::<Vec<_>>(),
        "damage": damage.collect::<Vec<_>>(),
    })
}
