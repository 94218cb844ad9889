//! Whether a licence expression can be met with a list of licences.

/// Whether the SPDX expression holds with the allowed licences alone.
///
/// `AND` binds closer than `OR`; the old `/` means `OR`; a licence `WITH` an exception is allowed
/// if it is on the list so, or without it. An expression that cannot be read is not allowed.
pub(crate) fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<_> = spaced.split_whitespace().collect();
    let mut reader = Reader {
        words: &words,
        allowed,
    };
    let holds = reader.any();
    holds == Some(true) && reader.words.is_empty()
}

struct Reader<'a> {
    words: &'a [&'a str],
    allowed: &'a [String],
}

impl Reader<'_> {
    fn any(&mut self) -> Option<bool> {
        let mut holds = self.all()?;
        while self.take("OR") {
            holds |= self.all()?;
        }
        Some(holds)
    }

    fn all(&mut self) -> Option<bool> {
        let mut holds = self.one()?;
        while self.take("AND") {
            holds &= self.one()?;
        }
        Some(holds)
    }

    fn one(&mut self) -> Option<bool> {
        if self.take("(") {
            let holds = self.any()?;
            return self.take(")").then_some(holds);
        }
        let (licence, rest) = self.words.split_first()?;
        self.words = rest;
        let mut holds = self.lists(licence);
        if self.take("WITH") {
            let (exception, rest) = self.words.split_first()?;
            self.words = rest;
            holds |= self.lists(&format!("{licence} WITH {exception}"));
        }
        Some(holds)
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.words.first() == Some(&word);
        if found {
            self.words = &self.words[1..];
        }
        found
    }

    fn lists(&self, licence: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed == licence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expression: &str, expected: bool) {
        let allowed = ["MIT", "Apache-2.0", "Unicode-3.0"].map(str::to_owned);
        assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
    }

    #[test]
    fn one_allowed_choice_is_enough() {
        check("MIT", true);
        check("MIT OR GPL-3.0", true);
        check("GPL-3.0/Apache-2.0", true);
        check("GPL-3.0 OR LGPL-3.0", false);
    }

    #[test]
    fn every_part_that_is_required_must_be_allowed() {
        check("(MIT OR Apache-2.0) AND Unicode-3.0", true);
        check("MIT AND GPL-3.0", false);
        check("GPL-3.0 AND MIT OR Apache-2.0", true);
        check("GPL-3.0 AND (MIT OR Apache-2.0)", false);
    }

    #[test]
    fn an_exception_only_permits_more() {
        check("Apache-2.0 WITH LLVM-exception", true);
        check("GPL-2.0 WITH Classpath-exception-2.0", false);
    }

    #[test]
    fn what_cannot_be_read_is_not_allowed() {
        for expression in ["", "MIT OR", "(MIT", "MIT Apache-2.0", ") MIT"] {
            check(expression, false);
        }
    }
}
