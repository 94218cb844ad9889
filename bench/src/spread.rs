//! A median and how far the samples lie around it.

/// Median, first and last decile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub median: f64,
    pub p10: f64,
    pub p90: f64,
}

impl Spread {
    /// # Panics
    ///
    /// Without a sample.
    pub fn of(samples: impl IntoIterator<Item = f64>) -> Self {
        let mut samples: Vec<f64> = samples.into_iter().collect();
        samples.sort_by(f64::total_cmp);
        Self {
            median: quantile(&samples, 0.5),
            p10: quantile(&samples, 0.1),
            p90: quantile(&samples, 0.9),
        }
    }

    /// The spread of `f(sample)` for a function that falls or rises throughout.
    #[must_use]
    pub fn map(self, f: impl Fn(f64) -> f64) -> Self {
        let (a, b) = (f(self.p10), f(self.p90));
        Self {
            median: f(self.median),
            p10: a.min(b),
            p90: a.max(b),
        }
    }
}

fn quantile(sorted: &[f64], q: f64) -> f64 {
    let place = (sorted.len() - 1) as f64 * q;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    let part = place - place.floor();
    sorted[below] * (1.0 - part) + sorted[above] * part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_neighbouring_samples() {
        let spread = Spread::of([4.0, 1.0, 3.0, 2.0]);
        assert!((spread.median - 2.5).abs() < 1e-9);
        assert!((spread.p10 - 1.3).abs() < 1e-9);
        assert!((spread.p90 - 3.7).abs() < 1e-9);
    }

    #[test]
    fn a_falling_function_keeps_the_deciles_in_order() {
        let spread = Spread::of([1.0, 2.0, 4.0]).map(|ns| 1.0 / ns);
        assert!(spread.p10 < spread.median && spread.median < spread.p90);
    }
}
