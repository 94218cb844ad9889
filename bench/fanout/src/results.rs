//! Everything that was measured.

use std::collections::BTreeMap;

use crate::{
    figures::{Figure, Sample},
    servers::FLOOR,
    spread::Spread,
};

/// All servers in one scenario.
#[derive(Clone, Debug)]
pub struct Table {
    pub scenario: &'static str,
    pub title: &'static str,
    pub rows: Vec<Row>,
}

/// One server in one scenario.
#[derive(Clone, Debug, Default)]
pub struct Row {
    pub server: &'static str,
    pub rounds: Vec<Sample>,
    /// Of the passes that count.
    pub counted: Sample,
    /// Why it was not measured.
    pub skipped: Option<String>,
    /// What it did wrong.
    pub failure: Option<String>,
}

impl Table {
    pub fn row(&self, server: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.server == server)
    }

    /// A server's figure as a multiple of another's, round by round.
    pub fn ratio(&self, server: &str, base: &str, figure: Figure) -> Option<Spread> {
        let (row, base) = (self.row(server)?, self.row(base)?);
        let pairs = row.rounds.iter().zip(&base.rounds);
        Spread::of(pairs.filter_map(|(own, base)| Some(own.get(&figure)? / base.get(&figure)?)))
    }

    pub fn by_floor(&self, row: &Row) -> Option<Spread> {
        [Figure::CpuPerDelivery, Figure::CpuPerClient]
            .into_iter()
            .find_map(|figure| self.ratio(row.server, FLOOR, figure))
    }

    /// Figures that any server has.
    pub fn figures(&self) -> Vec<Figure> {
        let mut figures: Vec<_> = self
            .rows
            .iter()
            .flat_map(|row| row.rounds.iter().chain([&row.counted]))
            .flat_map(|sample| sample.keys().copied())
            .collect();
        figures.sort_unstable();
        figures.dedup();
        figures
    }
}

impl Row {
    /// A figure over all rounds.
    pub fn spread(&self, figure: Figure) -> Option<Spread> {
        let timed = self.rounds.iter().filter_map(|round| round.get(&figure));
        Spread::of(timed.copied()).or_else(|| Spread::of(self.counted.get(&figure).copied()))
    }

    pub fn spreads(&self) -> BTreeMap<Figure, Spread> {
        let all = self.rounds.iter().chain([&self.counted]);
        all.flat_map(|sample| sample.keys())
            .filter_map(|&figure| Some((figure, self.spread(figure)?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_taken_round_by_round() {
        let row = |server, cpu: [f64; 3]| Row {
            server,
            rounds: cpu
                .map(|cpu| Sample::from([(Figure::CpuPerDelivery, cpu)]))
                .to_vec(),
            ..Row::default()
        };
        let table = Table {
            scenario: "flat",
            title: "",
            rows: vec![row(FLOOR, [4.0, 8.0, 4.0]), row("nchan", [8.0, 16.0, 12.0])],
        };
        let ratio = table.by_floor(&table.rows[1]).unwrap();
        assert!((ratio.median - 2.0).abs() < 1e-9 && (ratio.most - 3.0).abs() < 1e-9);
    }
}
