use std::time::{Duration, Instant};

/// A bucket of tokens: so many a second, and at most a second's worth at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    pub(super) fn full(rate: u32, now: Instant) -> Self {
        Self {
            tokens: f64::from(rate),
            filled: now,
        }
    }

    /// Takes a token; false if there is none. A rate of 0 is no limit.
    pub(super) fn take(&mut self, rate: u32, now: Instant) -> bool {
        if rate == 0 {
            return true;
        }
        let rate = f64::from(rate);
        let passed: Duration = now.saturating_duration_since(self.filled);
        self.filled = now;
        self.tokens = (self.tokens + passed.as_secs_f64() * rate).min(rate);
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }

    /// Whether it is as good as new.
    pub(super) fn is_full(&self, rate: u32, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.tokens + passed * f64::from(rate) >= f64::from(rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_rate_and_no_more() {
        let start = Instant::now();
        let mut bucket = Bucket::full(2, start);
        let mut take = |millis| bucket.take(2, start + Duration::from_millis(millis));
        assert!(take(0) && take(0) && !take(0));
        assert!(!take(400) && take(500) && !take(500));
        assert!(take(5_000) && take(5_000) && !take(5_000));
        assert!(bucket.is_full(2, start + Duration::from_secs(9)));
        assert!(bucket.take(0, start));
    }
}
