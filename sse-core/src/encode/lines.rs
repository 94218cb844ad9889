use memchr::memchr2;

/// The lines of a text, split at CRLF, LF and lone CR; a text always has at least one line.
pub(crate) struct Lines<'a> {
    rest: Option<&'a str>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { rest: Some(text) }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let Some(end) = memchr2(b'\r', b'\n', rest.as_bytes()) else {
            self.rest = None;
            return Some(rest);
        };
        let ending = if rest[end..].starts_with("\r\n") {
            2
        } else {
            1
        };
        self.rest = Some(&rest[end + ending..]);
        Some(&rest[..end])
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
        };
        check("", &[""]);
        check("a", &["a"]);
        check("a\n", &["a", ""]);
        check("a\r\nb\rc\nd", &["a", "b", "c", "d"]);
        check("\n\r\r\n", &["", "", "", ""]);
        check("a\u{2028}b\u{85}c\x0bd", &["a\u{2028}b\u{85}c\x0bd"]);
    }
}
