use serde_json::{Value, json};

use crate::{
    decode_cells::Cell, decoders::Role, encode_rows::Table, growth::Growth, round_trip::RoundTrip,
    spread::Spread, targets::Outcome,
};

/// Everything that was measured, for other programs.
pub fn json(
    header: &str,
    cells: &[Cell],
    outcomes: &[Outcome],
    tables: &[Table],
    trips: &[RoundTrip],
    growths: &[Growth],
) -> Value {
    json!({
        "header": header.lines().collect::<Vec<_>>(),
        "decoding": cells.iter().map(cell).collect::<Vec<_>>(),
        "targets": outcomes.iter().map(|outcome| json!({
            "what": outcome.what,
            "measured": spread(outcome.measured),
            "at_least": outcome.at_least,
            "met": outcome.met,
        })).collect::<Vec<_>>(),
        "encoding": tables.iter().map(table).collect::<Vec<_>>(),
        "round_trip": trips.iter().map(|trip| json!({
            "input": trip.shape.slug,
            "name": trip.name,
            "ns_per_event": spread(trip.ns_per_event),
        })).collect::<Vec<_>>(),
        "growth": growths.iter().map(|growth| json!({
            "input": growth.input,
            "level": growth.level,
            "ns_per_kib": [spread(growth.short), spread(growth.long)],
            "ratio": growth.ratio(),
        })).collect::<Vec<_>>(),
    })
}

fn cell(cell: &Cell) -> Value {
    let rows = cell.rows.iter().map(|row| {
        let role = match row.contender.role {
            Role::Borrowed => "borrowed",
            Role::Owned => "owned",
            Role::Peer => "peer",
            Role::Limit => "limit",
        };
        let mut value = json!({
            "name": row.contender.name,
            "role": role,
            "allocations_per_event": row.allocations,
            "instructions_per_event": row.instructions,
        });
        match &row.timing {
            Ok(timing) => {
                value["gb_per_s"] = spread(timing.gb_per_s);
                value["ns_per_event"] = spread(timing.ns_per_event);
                value["by_best_peer"] = timing.by_best_peer.map_or(Value::Null, spread);
                value["by_limit"] = timing.by_limit.map_or(Value::Null, spread);
                value["reduced_to_kib"] = json!(timing.reduced_to);
            }
            Err(reason) => value["skipped"] = json!(reason),
        }
        value
    });
    json!({
        "input": cell.shape.slug,
        "chunking": cell.chunking.slug(),
        "wire_bytes_per_event": cell.event_len,
        "best_peer": cell.best_peer,
        "rows": rows.collect::<Vec<_>>(),
    })
}

fn table(table: &Table) -> Value {
    let rows = table.rows.iter().map(|row| {
        json!({
            "name": row.name,
            "build_ns": spread(row.build),
            "build_and_encode_ns": spread(row.build_and_encode),
            "delivery_ns": spread(row.delivery),
            "by_best_peer": row.by_best_peer.map_or(Value::Null, spread),
            "allocations": row.allocations.map(|a| json!({
                "build": a.build,
                "encode": a.encode,
                "second_receiver": a.second_receiver,
                "further_receiver": a.further_receiver,
            })),
        })
    });
    json!({
        "events_of": table.shape.slug,
        "rows": rows.collect::<Vec<_>>(),
        "encode_built_ns": spread(table.encode_built),
        "copy_ns": spread(table.copy),
    })
}

fn spread(spread: Spread) -> Value {
    json!({ "median": spread.median, "p10": spread.p10, "p90": spread.p90 })
}
