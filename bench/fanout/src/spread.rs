//! A median and how far the rounds lie around it.

/// Median, least and most: with five rounds there are no deciles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

impl Spread {
    /// Nothing without a sample.
    pub fn of(samples: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut samples: Vec<f64> = samples.into_iter().collect();
        samples.sort_by(f64::total_cmp);
        let middle = samples.len() / 2;
        Some(Self {
            median: match samples.len() {
                0 => return None,
                len if len % 2 == 1 => samples[middle],
                _ => f64::midpoint(samples[middle - 1], samples[middle]),
            },
            least: samples[0],
            most: *samples.last()?,
        })
    }

    /// How much this is more than another, at least and at most.
    #[must_use]
    pub fn beyond(self, base: Self) -> Self {
        Self {
            median: self.median - base.median,
            least: self.least - base.most,
            most: self.most - base.least,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        let spread = Spread::of([4.0, 1.0, 3.0, 2.0]).unwrap();
        assert!((spread.median - 2.5).abs() < 1e-9);
        assert!((spread.least - 1.0).abs() < 1e-9 && (spread.most - 4.0).abs() < 1e-9);
    }

    #[test]
    fn no_samples_have_no_spread() {
        assert_eq!(Spread::of([]), None);
    }
}
