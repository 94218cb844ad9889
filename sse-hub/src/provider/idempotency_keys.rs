use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use bytestring::ByteString;

/// The positions that idempotency keys stand for, bounded by number and age.
#[derive(Debug, Default)]
pub(super) struct IdempotencyKeys {
    positions: HashMap<ByteString, (u64, u32)>,
    by_age: VecDeque<(Duration, ByteString)>,
    text_bytes: usize,
}

impl IdempotencyKeys {
    const MAX_COUNT: usize = 100_000;
    pub(super) const MAX_AGE: Duration = Duration::from_secs(3600);

    pub(super) fn get(&mut self, key: &ByteString, now: Duration) -> Option<(u64, u32)> {
        self.forget_old(now);
        self.positions.get(key).copied()
    }

    pub(super) fn bytes(&self) -> u64 {
        let each = size_of::<(ByteString, (u64, u32))>() + size_of::<(Duration, ByteString)>();
        (self.text_bytes + self.by_age.len() * each) as u64
    }

    pub(super) fn insert(&mut self, key: ByteString, position: (u64, u32), now: Duration) {
        self.forget_old(now);
        if self.by_age.len() == Self::MAX_COUNT {
            self.forget_oldest();
        }
        self.text_bytes += key.len();
        self.by_age.push_back((now, key.clone()));
        self.positions.insert(key, position);
    }

    pub(super) fn forget_old(&mut self, now: Duration) {
        while let Some((since, _)) = self.by_age.front()
            && now.saturating_sub(*since) > Self::MAX_AGE
        {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, key)) = self.by_age.pop_front() {
            self.text_bytes -= key.len();
            self.positions.remove(&key);
        }
        if self.by_age.is_empty() {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idempotency_keys_are_forgotten_by_age_and_number() {
        let mut keys = IdempotencyKeys::default();
        keys.insert("a".into(), (1, 1), Duration::ZERO);
        assert_eq!(
            keys.get(&"a".into(), Duration::from_secs(3600)),
            Some((1, 1))
        );
        assert!(keys.bytes() > 0);
        assert_eq!(keys.get(&"a".into(), Duration::from_secs(3601)), None);
        assert_eq!(keys.bytes(), 0);
        for n in 0..=IdempotencyKeys::MAX_COUNT as u64 {
            keys.insert(n.to_string().into(), (n, 1), Duration::from_secs(4000));
        }
        assert_eq!(keys.get(&"0".into(), Duration::from_secs(4000)), None);
        assert_eq!(
            keys.get(&"1".into(), Duration::from_secs(4000)),
            Some((1, 1))
        );
    }
}
