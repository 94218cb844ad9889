//! Latencies counted in bins, each at most 3 % wide.

/// Nanoseconds from writing an event to reading it.
#[derive(Clone, Debug)]
pub struct Latency {
    bins: Vec<u64>,
    count: u64,
    most: u64,
}

/// Bins for each power of two.
const BITS: u32 = 5;

impl Default for Latency {
    fn default() -> Self {
        Self {
            bins: vec![0; ((64 - BITS as usize) + 1) << BITS],
            count: 0,
            most: 0,
        }
    }
}

impl Latency {
    pub fn add(&mut self, nanos: u64) {
        self.bins[bin(nanos)] += 1;
        self.count += 1;
        self.most = self.most.max(nanos);
    }

    /// Milliseconds that this part of all stays below; nothing if there are none.
    pub fn quantile_ms(&self, part: f64) -> Option<f64> {
        let rank = ((self.count as f64 * part).ceil() as u64).clamp(1, self.count.max(1));
        let mut below = 0;
        let place = self.bins.iter().position(|&count| {
            below += count;
            below >= rank
        })?;
        Some(middle(place).min(self.most as f64) / 1e6)
    }

    pub fn max_ms(&self) -> f64 {
        self.most as f64 / 1e6
    }
}

fn bin(nanos: u64) -> usize {
    if nanos < 1 << BITS {
        return nanos as usize;
    }
    let shift = nanos.ilog2() - BITS;
    ((shift as usize) << BITS) + (nanos >> shift) as usize
}

fn middle(bin: usize) -> f64 {
    if bin < 2 << BITS {
        return bin as f64;
    }
    let shift = (bin >> BITS) - 1;
    let lower = (bin - (shift << BITS)) << shift;
    lower as f64 + ((1_u64 << shift) as f64) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bin_is_near_all_that_it_counts() {
        for power in 0..60 {
            for nanos in [1_u64 << power, (1 << power) + (1 << power) / 3] {
                let shown = middle(bin(nanos));
                let off = (shown - nanos as f64).abs() / nanos as f64;
                assert!(off < 0.02, "{nanos} is shown as {shown}");
            }
        }
        assert!(bin(u64::MAX) < Latency::default().bins.len());
    }

    #[test]
    fn quantiles_count_from_below() {
        let mut latency = Latency::default();
        (1..=100).for_each(|ms| latency.add(ms * 1_000_000));
        let p50 = latency.quantile_ms(0.5).unwrap();
        let p99 = latency.quantile_ms(0.99).unwrap();
        assert!((p50 - 50.0).abs() < 1.5 && (p99 - 99.0).abs() < 3.0);
        assert!((latency.max_ms() - 100.0).abs() < 1e-9);
        assert_eq!(Latency::default().quantile_ms(0.5), None);
    }
}
