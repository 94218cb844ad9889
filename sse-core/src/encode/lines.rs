use memchr::{Memchr, Memchr2, memchr, memchr_iter, memchr2, memchr2_iter};

/// The lines of a text, split at CRLF, LF and lone CR; a text always has at least one line.
pub(crate) struct Lines<'a> {
    text: &'a str,
    line: Option<usize>,
    ends: Ends<'a>,
}

/// Most texts have no CR, and looking for one byte is quicker than for two.
enum Ends<'a> {
    Lf(Memchr<'a>),
    Any(Memchr2<'a>),
}

impl<'a> Lines<'a> {
    #[inline]
    pub(crate) fn new(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        Self {
            text,
            line: Some(0),
            ends: if memchr(b'\r', bytes).is_none() {
                Ends::Lf(memchr_iter(b'\n', bytes))
            } else {
                Ends::Any(memchr2_iter(b'\r', b'\n', bytes))
            },
        }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a str;

    #[inline]
    fn next(&mut self) -> Option<&'a str> {
        let start = self.line?;
        let end = match &mut self.ends {
            Ends::Lf(ends) => ends.next(),
            Ends::Any(ends) => ends.next(),
        };
        self.line = end.map(|end| end + 1);
        if let (Some(end), Ends::Any(ends)) = (end, &mut self.ends)
            && self.text[end..].starts_with("\r\n")
        {
            self.line = ends.next().map(|line_feed| line_feed + 1);
        }
        Some(&self.text[start..end.unwrap_or(self.text.len())])
    }
}

/// How many line ends a text has, and the bytes that they take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct LineEnds {
    pub(super) count: usize,
    pub(super) bytes: usize,
}

impl LineEnds {
    #[inline]
    pub(super) fn of(text: &str) -> Self {
        match memchr2(b'\r', b'\n', text.as_bytes()) {
            None => Self { count: 0, bytes: 0 },
            Some(first) => Self::count(&text.as_bytes()[first..]),
        }
    }

    #[inline(never)]
    fn count(bytes: &[u8]) -> Self {
        let line_feeds = memchr_iter(b'\n', bytes).count();
        let returns = memchr_iter(b'\r', bytes);
        let (single, pairs) = returns.fold((0, 0), |(single, pairs), at| {
            let paired = bytes.get(at + 1) == Some(&b'\n');
            (single + usize::from(!paired), pairs + usize::from(paired))
        });
        Self {
            count: line_feeds + single,
            bytes: line_feeds + single + pairs,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn every_kind_of_line_end_splits_once() {
        let check = |text: &str, expected: &[&str]| {
            assert_eq!(Lines::new(text).collect::<Vec<_>>(), expected, "{text:?}");
            let kept = expected.iter().map(|line| line.len()).sum::<usize>();
            let ends = LineEnds {
                count: expected.len() - 1,
                bytes: text.len() - kept,
            };
            assert_eq!(LineEnds::of(text), ends, "{text:?}");
        };
        check("", &[""]);
        check("a", &["a"]);
        check("a\n", &["a", ""]);
        check("a\r\nb\rc\nd", &["a", "b", "c", "d"]);
        check("\n\r\r\n", &["", "", "", ""]);
        check("\r\n", &["", ""]);
        check("a\r\n\r\nb\n\r", &["a", "", "b", "", ""]);
        check("a\u{2028}b\u{85}c\x0bd", &["a\u{2028}b\u{85}c\x0bd"]);
    }
}
