use std::collections::VecDeque;

/// Takes what has this sequence out of an ascending list.
///
/// Nearly always it is the first: retention takes the oldest.
pub(super) fn remove<T>(
    list: &mut VecDeque<T>,
    seq: u64,
    mut seq_of: impl FnMut(&T) -> u64,
) -> Option<T> {
    if list.front().is_some_and(|first| seq_of(first) == seq) {
        return list.pop_front();
    }
    let index = list.binary_search_by_key(&seq, seq_of).ok()?;
    list.remove(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_of_many_are_looked_at_and_one_is_taken() {
        for (seq, most_looks) in [(0, 1), (1, 20), (50_000, 20), (99_999, 20), (100_000, 20)] {
            let mut list: VecDeque<u64> = (0..100_000).collect();
            let mut looks = 0;
            let taken = remove(&mut list, seq, |&it| {
                looks += 1;
                it
            });
            assert_eq!(taken, (seq < 100_000).then_some(seq));
            assert_eq!(list.len(), 100_000 - usize::from(taken.is_some()));
            assert!(looks <= most_looks, "{seq}: {looks}");
        }
    }
}
