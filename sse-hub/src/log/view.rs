use super::ring::Log;
use crate::resume::{Cursor, Nonce, View};

impl Log {
    /// What is known about a cursor on channels whose last lost entry is `lost`.
    pub(crate) fn view(
        &self,
        cursor: Option<&Cursor>,
        lost: u64,
        head_is_certain: bool,
    ) -> View<'_> {
        let nonce = match cursor {
            Some(Cursor::Position(position)) => self.nonce_at(position.seq),
            _ => None,
        };
        let own_id_at = match cursor {
            Some(Cursor::Own(id)) => self.find_own_id(id),
            _ => None,
        };
        let first = if self.options.provider_replays {
            self.provider_first
        } else {
            self.entries
                .keys()
                .next()
                .map_or(self.head + 1, |&first| first)
        };
        View {
            epoch: self.epoch,
            ancestors: &self.ancestors,
            head: self.head,
            nonce: nonce.map_or(Nonce::Unknown, Nonce::Known),
            lost,
            all_of_this_epoch: first >= self.epoch_start,
            head_is_certain,
            own_id_at,
        }
    }

    pub(crate) fn nonce_at(&self, seq: u64) -> Option<u32> {
        if let Some(entry) = self.entries.get(&seq) {
            return Some(entry.position().nonce);
        }
        match self.last_evicted {
            Some((evicted, nonce)) if evicted == seq => Some(nonce),
            _ if seq == self.head => Some(self.head_nonce),
            _ => None,
        }
    }
}
