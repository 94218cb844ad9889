use std::fmt::Write as _;

use super::short;
use crate::{
    decode_cells::Cell,
    decoders::{self, Role},
    inputs::Chunking,
};

const WIDTH: f64 = 760.0;
const LABELS: f64 = 220.0;
const BARS: f64 = 420.0;
const BAR: f64 = 15.0;
const STEP: f64 = 20.0;
const GROUP: f64 = 46.0;
const TOP: f64 = 64.0;

/// Draws decoding at 16 KiB chunks as bars: ours, the best peer, the limit.
///
/// Lengths are relative within each input, since the inputs lie far apart.
pub fn svg(cells: &[Cell]) -> String {
    let groups: Vec<_> = cells
        .iter()
        .filter(|cell| cell.chunking == Chunking::K16)
        .map(|cell| (cell.shape.title, bars(cell)))
        .collect();
    let height = TOP
        + groups
            .iter()
            .map(|(_, bars)| GROUP + bars.len() as f64 * STEP)
            .sum::<f64>();

    let mut body = String::new();
    let mut y = TOP;
    for (title, bars) in &groups {
        let longest = bars.iter().map(|bar| bar.gb_per_s).fold(0.0, f64::max);
        _ = writeln!(
            body,
            r#"<text class="input" x="0" y="{:.0}">{title}</text>"#,
            y + 14.0
        );
        y += 24.0;
        for bar in bars {
            let width = (bar.gb_per_s / longest * BARS).max(2.0);
            let middle = y + BAR - 3.0;
            _ = writeln!(
                body,
                r#"<text class="name" x="{:.0}" y="{middle:.0}">{}</text><rect class="{}" x="{LABELS:.0}" y="{y:.0}" width="{width:.1}" height="{BAR:.0}" rx="2"/><text class="value" x="{:.0}" y="{middle:.0}">{}</text>"#,
                LABELS - 8.0,
                bar.name,
                bar.class,
                LABELS + width + 6.0,
                bar.label,
            );
            y += STEP;
        }
        y += GROUP - 24.0;
    }
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0} {height:.0}" role="img" aria-label="Decoding speed at 16 KiB chunks beside the best other decoder and the limit">
<style>
text {{ font: 13px system-ui, sans-serif; fill: #1f2328; }}
.title {{ font-size: 17px; font-weight: 600; }}
.input {{ font-weight: 600; }}
.name {{ text-anchor: end; }}
.note, .value {{ fill: #57606a; font-size: 12px; }}
.ours {{ fill: #0969da; }}
.owned {{ fill: #54aeff; }}
.peer {{ fill: #9a6700; }}
.limit {{ fill: #afb8c1; }}
@media (prefers-color-scheme: dark) {{
  text {{ fill: #e6edf3; }}
  .note, .value {{ fill: #9198a1; }}
  .ours {{ fill: #4493f8; }}
  .owned {{ fill: #1f4f8f; }}
  .peer {{ fill: #d29922; }}
  .limit {{ fill: #57606a; }}
}}
</style>
<text class="title" x="0" y="18">Decoding, 16 KiB chunks</text>
<text class="note" x="0" y="40">GB/s of wire input (ns per event); lengths are relative within each input</text>
{body}</svg>
"#
    )
}

struct Bar {
    name: &'static str,
    class: &'static str,
    gb_per_s: f64,
    label: String,
}

fn bars(cell: &Cell) -> Vec<Bar> {
    let rows = cell.rows.iter().filter_map(|row| {
        let class = match row.contender.role {
            Role::Borrowed => "ours",
            Role::Owned => "owned",
            Role::Peer if Some(row.contender.name) == cell.best_peer => "peer",
            Role::Limit if row.contender.name == decoders::SCAN_UTF8 => "limit",
            Role::Peer | Role::Limit => return None,
        };
        let timing = row.timing.as_ref().ok()?;
        let (gb, ns) = (timing.gb_per_s.median, timing.ns_per_event.median);
        Some(Bar {
            name: row.contender.name,
            class,
            gb_per_s: gb,
            label: format!("{} ({})", short(gb), short(ns)),
        })
    });
    rows.collect()
}
