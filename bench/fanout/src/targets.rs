//! What our servers have to reach, and whether they do.

use crate::{
    figures::Figure,
    results::{Row, Table},
    servers::{FLOOR, HOOKED, HUB_AXUM, PLAIN_AXUM, PLAIN_HYPER, STANDALONE},
    spread::Spread,
};

/// A target beside what was measured.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub what: String,
    pub measured: Spread,
    pub at_most: f64,
    pub met: bool,
}

/// What a server's figure is divided by.
#[derive(Clone, Copy, Debug)]
enum Against {
    Itself,
    Of(&'static str),
    /// What it has beyond the one without a hub on the same framework, if there is one.
    BeyondPeer,
}

#[derive(Clone, Copy, Debug)]
struct Target {
    scenario: &'static str,
    figure: Figure,
    against: Against,
    at_most: f64,
}

const FLOORED: Against = Against::Of(FLOOR);

const TARGETS: &[Target] = &[
    target("lockstep", Figure::CpuPerDelivery, FLOORED, 1.4),
    target("lockstep", Figure::Allocations, Against::Itself, 0.1),
    target("flat", Figure::CpuPerDelivery, FLOORED, 0.2),
    target("flat", Figure::P50, Against::Of(PLAIN_AXUM), 0.5),
    target("flat", Figure::Allocations, Against::Itself, 0.1),
    target(
        "idle",
        Figure::BytesPerConnection,
        Against::Itself,
        12.0 * 1024.0,
    ),
    target("idle", Figure::DroppedSyns, Against::Itself, 0.0),
    target("resume", Figure::CpuPerClient, FLOORED, 2.0),
    target("single", Figure::Allocations, Against::BeyondPeer, 12.0),
    target("slow", Figure::Unhandled, Against::Itself, 0.0),
    target("slow", Figure::NamedDifference, Against::Itself, 0.0),
    target("slow", Figure::PinnedLeft, Against::Itself, 0.0),
    target("slow", Figure::HeldDifference, Against::Itself, 0.0),
    target("reconnect", Figure::ReconnectRate, Against::Itself, 1.2),
    target("reconnect", Figure::Unserved, Against::Itself, 0.0),
    target("slow", Figure::CpuRatio, Against::Itself, 1.1),
    target("slow", Figure::P99Ratio, Against::Itself, 1.5),
];

/// What the server may cost that stands alone, as a multiple of the hub on axum.
///
/// A call of a hook for each delivery is compared where each delivery is a write of its own: flat out the hub's
/// batches make one cheaper than any call.
const STANDALONE_TARGETS: &[(&str, &str, f64)] = &[
    ("lockstep", STANDALONE, 1.2),
    ("flat", STANDALONE, 1.2),
    ("lockstep", HOOKED, 4.0),
];

const fn target(scenario: &'static str, figure: Figure, against: Against, at_most: f64) -> Target {
    Target {
        scenario,
        figure,
        against,
        at_most,
    }
}

/// Every target of every server of ours that was measured; `--stock` has none.
pub fn outcomes(tables: &[Table]) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for target in TARGETS {
        let Some(table) = tables
            .iter()
            .find(|table| table.scenario == target.scenario)
        else {
            continue;
        };
        let ours = |row: &&Row| row.server.starts_with("fanout_") && !row.server.ends_with("stock");
        for row in table.rows.iter().filter(ours) {
            outcomes.extend(target.outcome(table, row));
        }
    }
    for &(scenario, server, at_most) in STANDALONE_TARGETS {
        let against = Against::Of(HUB_AXUM);
        let target = target(scenario, Figure::CpuPerDelivery, against, at_most);
        let table = tables.iter().find(|table| table.scenario == scenario);
        let found = table.and_then(|table| Some((table, table.row(server)?)));
        outcomes.extend(found.and_then(|(table, row)| target.outcome(table, row)));
    }
    outcomes
}

impl Target {
    /// Returns nothing if it was not measured.
    fn outcome(&self, table: &Table, row: &Row) -> Option<Outcome> {
        let (measured, base) = match self.against {
            Against::Itself => (row.spread(self.figure)?, String::new()),
            Against::Of(base) => (
                table.ratio(row.server, base, self.figure)?,
                format!(" ÷ {base}"),
            ),
            Against::BeyondPeer => {
                let peer = match row.server {
                    "fanout_hyper" => PLAIN_HYPER,
                    "fanout_axum" => PLAIN_AXUM,
                    _ => return None,
                };
                let (own, base) = (
                    row.spread(self.figure)?,
                    table.row(peer)?.spread(self.figure)?,
                );
                (own.beyond(base), format!(" − {peer}"))
            }
        };
        let at_most = match (self.scenario, row.server, self.figure) {
            // actix writes flat by itself.
            ("lockstep", "fanout_actix", Figure::CpuPerDelivery) => 1.35,
            _ => self.at_most,
        };
        Some(Outcome {
            what: format!(
                "{:<9} {:<15} {}{base}",
                self.scenario,
                row.server,
                self.figure.title()
            ),
            measured,
            at_most,
            met: measured.median <= at_most,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Sample;

    #[test]
    fn what_http_itself_asks_for_is_taken_off() {
        let row = |server, allocations| Row {
            server,
            counted: Sample::from([(Figure::Allocations, allocations)]),
            ..Row::default()
        };
        let table = Table {
            scenario: "single",
            title: "",
            rows: vec![
                row(PLAIN_HYPER, 40.0),
                row("fanout_hyper", 52.0),
                row("fanout_axum", 90.0),
                row("fanout_actix", 90.0),
            ],
        };
        let outcomes = outcomes(&[table]);
        assert_eq!(
            outcomes.len(),
            1,
            "the others have nothing to be compared with"
        );
        assert!(outcomes[0].met && (outcomes[0].measured.median - 12.0).abs() < 1e-9);
    }

    #[test]
    fn the_server_that_stands_alone_is_compared_with_the_hub_on_axum() {
        let row = |server, cpu| Row {
            server,
            rounds: vec![Sample::from([(Figure::CpuPerDelivery, cpu)])],
            ..Row::default()
        };
        let table = |scenario| Table {
            scenario,
            title: "",
            rows: vec![row(HUB_AXUM, 2.0), row(STANDALONE, 2.5), row(HOOKED, 7.9)],
        };
        let outcomes = outcomes(&[table("lockstep")]);
        let met: Vec<_> = outcomes.iter().map(|outcome| outcome.met).collect();
        assert_eq!(met, [false, true]);
    }

    #[test]
    fn actix_has_less_room_than_the_others() {
        let row = |server, cpu| Row {
            server,
            rounds: vec![Sample::from([(Figure::CpuPerDelivery, cpu)])],
            ..Row::default()
        };
        let table = Table {
            scenario: "lockstep",
            title: "",
            rows: vec![
                row(FLOOR, 1.0),
                row("fanout_actix", 1.38),
                row("fanout_hyper", 1.38),
                row("fanout_axum stock", 9.0),
                row("peer_axum", 9.0),
            ],
        };
        let met: Vec<_> = outcomes(&[table])
            .iter()
            .map(|outcome| outcome.met)
            .collect();
        assert_eq!(met, [false, true]);
    }
}
