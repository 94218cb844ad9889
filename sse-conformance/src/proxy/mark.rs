/// Finds the end of the n-th occurrence of a mark in bytes that come in pieces.
#[derive(Debug)]
pub(super) struct MarkSearch {
    mark: &'static [u8],
    left: usize,
    /// The last bytes so far, fewer than the mark has.
    carried: Vec<u8>,
}

impl MarkSearch {
    /// Searches for the `times`-th occurrence, at least the first.
    pub(super) fn new(mark: &'static [u8], times: usize) -> Self {
        Self {
            mark,
            left: times.max(1),
            carried: Vec::new(),
        }
    }

    /// Takes the next bytes; returns how many of them belong to the occurrence or stand before it, once it is there.
    pub(super) fn find(&mut self, bytes: &[u8]) -> Option<usize> {
        let carried = self.carried.len();
        self.carried.extend_from_slice(bytes);
        let mut from = 0;
        while let Some(at) = self.carried[from..]
            .windows(self.mark.len())
            .position(|window| window == self.mark)
        {
            from += at + self.mark.len();
            self.left -= 1;
            if self.left == 0 {
                return Some(from - carried);
            }
        }
        let keep = (self.carried.len() - from).min(self.mark.len() - 1);
        self.carried.drain(..self.carried.len() - keep);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(times: usize, pieces: &[&str], expected: Option<(usize, usize)>) {
        let mut search = MarkSearch::new(b"id: ", times);
        let found = pieces
            .iter()
            .enumerate()
            .find_map(|(index, piece)| Some((index, search.find(piece.as_bytes())?)));
        assert_eq!(found, expected, "{pieces:?}");
    }

    #[test]
    fn a_mark_is_found_wherever_pieces_end() {
        check(1, &["id: 7"], Some((0, 4)));
        check(1, &["data: x\n\ni", "d: 7"], Some((1, 3)));
        check(1, &["i", "d", ":", " ", "7"], Some((3, 1)));
        check(2, &["id: 7\n\nid: 8"], Some((0, 11)));
        check(2, &["id: ", "id: "], Some((1, 4)));
        check(3, &["id: ", "id: "], None);
        check(1, &["id", "id:", "id:"], None);
    }
}
