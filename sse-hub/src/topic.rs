use std::{borrow::Borrow, fmt};

use bytestring::ByteString;

/// The name of a topic: 1 to 512 bytes of UTF-8 without control characters, not starting with `hub.`,
/// no segment `*` or `**` between its slashes.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Topic(ByteString);

impl Topic {
    /// The greatest length in bytes.
    pub const MAX_LEN: usize = 512;

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Makes a topic of the name of one.
    pub(crate) fn from_checked(name: ByteString) -> Self {
        Self(name)
    }

    pub(crate) fn into_text(self) -> ByteString {
        self.0
    }
}

/// The topic that stands where none is named: `default`.
impl Default for Topic {
    fn default() -> Self {
        Self(ByteString::from_static("default"))
    }
}

impl TryFrom<ByteString> for Topic {
    type Error = InvalidTopic;

    fn try_from(name: ByteString) -> Result<Self, InvalidTopic> {
        check_text(&name)?;
        if is_pattern(&name) {
            return Err(InvalidTopic::because("must not have a segment * or **"));
        }
        Ok(Self(name))
    }
}

impl TryFrom<&str> for Topic {
    type Error = InvalidTopic;

    fn try_from(name: &str) -> Result<Self, InvalidTopic> {
        ByteString::from(name).try_into()
    }
}

impl TryFrom<String> for Topic {
    type Error = InvalidTopic;

    fn try_from(name: String) -> Result<Self, InvalidTopic> {
        ByteString::from(name).try_into()
    }
}

impl Borrow<str> for Topic {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Topic {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What a subscription asks for: a topic by its name, or by a pattern all topics that it matches.
///
/// A pattern is split at `/`: `*` is exactly one segment that is not empty; `**` may stand only last and is one segment or more,
/// so that `a/**` does not match `a`, and `**` alone matches every topic.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Selector {
    text: ByteString,
    pattern: bool,
}

impl Selector {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Tells whether this is a pattern.
    pub fn is_pattern(&self) -> bool {
        self.pattern
    }

    /// Tells whether a topic is asked for.
    pub fn matches(&self, topic: &str) -> bool {
        if !self.pattern {
            return *self.text == *topic;
        }
        let mut segments = topic.split('/');
        for wanted in self.text.split('/') {
            if wanted == "**" {
                return segments.next().is_some();
            }
            match segments.next() {
                Some(segment) if wanted == segment || (wanted == "*" && !segment.is_empty()) => {}
                _ => return false,
            }
        }
        segments.next().is_none()
    }

    /// The same text in memory of its own, not as a part of something larger.
    pub(crate) fn detached(&self) -> Self {
        Self {
            text: ByteString::from(self.as_str()),
            ..*self
        }
    }

    pub(crate) fn into_text(self) -> ByteString {
        self.text
    }
}

impl TryFrom<ByteString> for Selector {
    type Error = InvalidTopic;

    fn try_from(text: ByteString) -> Result<Self, InvalidTopic> {
        check_text(&text)?;
        let mut before_last = text.split('/').rev().skip(1);
        if before_last.any(|segment| segment == "**") {
            return Err(InvalidTopic::because(
                "must have ** only as its last segment",
            ));
        }
        let pattern = is_pattern(&text);
        Ok(Self { text, pattern })
    }
}

impl From<Topic> for Selector {
    fn from(topic: Topic) -> Self {
        Self {
            text: topic.into_text(),
            pattern: false,
        }
    }
}

impl AsRef<str> for Selector {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// One topic or several: what publishing and subscribing take.
///
/// None at all is the hub's default topic.
pub trait IntoTopics {
    /// Returns the names.
    fn into_topics(self) -> Vec<ByteString>;
}

macro_rules! one_topic {
    ($($type:ty),*) => {$(
        impl IntoTopics for $type {
            fn into_topics(self) -> Vec<ByteString> {
                vec![ByteString::from(self)]
            }
        }
    )*};
}

one_topic!(&str, String, ByteString, Topic, &Topic, Selector);

impl From<Topic> for ByteString {
    fn from(topic: Topic) -> Self {
        topic.0
    }
}

impl From<&Topic> for ByteString {
    fn from(topic: &Topic) -> Self {
        topic.0.clone()
    }
}

impl From<Selector> for ByteString {
    fn from(selector: Selector) -> Self {
        selector.text
    }
}

impl IntoTopics for &String {
    fn into_topics(self) -> Vec<ByteString> {
        vec![self.as_str().into()]
    }
}

impl IntoTopics for &ByteString {
    fn into_topics(self) -> Vec<ByteString> {
        vec![self.clone()]
    }
}

/// `None` is the default topic.
impl<T: IntoTopics> IntoTopics for Option<T> {
    fn into_topics(self) -> Vec<ByteString> {
        self.map(IntoTopics::into_topics).unwrap_or_default()
    }
}

/// The default topic.
impl IntoTopics for () {
    fn into_topics(self) -> Vec<ByteString> {
        Vec::new()
    }
}

impl<T: Into<ByteString>, const N: usize> IntoTopics for [T; N] {
    fn into_topics(self) -> Vec<ByteString> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<T: Into<ByteString>> IntoTopics for Vec<T> {
    fn into_topics(self) -> Vec<ByteString> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<T: AsRef<str>> IntoTopics for &[T] {
    fn into_topics(self) -> Vec<ByteString> {
        self.iter().map(|name| name.as_ref().into()).collect()
    }
}

impl<T: AsRef<str>, const N: usize> IntoTopics for &[T; N] {
    fn into_topics(self) -> Vec<ByteString> {
        self.as_slice().into_topics()
    }
}

impl<T: AsRef<str>> IntoTopics for &Vec<T> {
    fn into_topics(self) -> Vec<ByteString> {
        self.as_slice().into_topics()
    }
}

/// A name that no topic can have, or a pattern that is none.
///
/// The message names the rule and never repeats the name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidTopic {
    rule: &'static str,
}

impl InvalidTopic {
    pub(crate) fn because(rule: &'static str) -> Self {
        Self { rule }
    }
}

impl fmt::Display for InvalidTopic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a topic {}", self.rule)
    }
}

impl std::error::Error for InvalidTopic {}

fn check_text(text: &str) -> Result<(), InvalidTopic> {
    if text.is_empty() || text.len() > Topic::MAX_LEN {
        Err(InvalidTopic::because("must have 1 to 512 bytes"))
    } else if text.chars().any(char::is_control) {
        Err(InvalidTopic::because("must not have control characters"))
    } else if text.starts_with("hub.") {
        Err(InvalidTopic::because("must not start with hub."))
    } else {
        Ok(())
    }
}

fn is_pattern(text: &str) -> bool {
    text.split('/')
        .any(|segment| segment == "*" || segment == "**")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_by_segments() {
        let check = |pattern: &str, topic: &str, expected: bool| {
            let selector = Selector::try_from(ByteString::from(pattern)).unwrap();
            assert_eq!(selector.matches(topic), expected, "{pattern} {topic}");
        };
        check("a", "a", true);
        check("a", "a/b", false);
        check("*", "a", true);
        check("*", "a/b", false);
        check("a/*", "a/", false);
        check("a/*", "a/b", true);
        check("*/b", "a/b", true);
        check("a/*/c", "a/b/c", true);
        check("a/*/c", "a/b/d", false);
        check("a/**", "a", false);
        check("a/**", "a/", true);
        check("a/**", "a/b/c", true);
        check("**", "a", true);
        check("**", "a/b/c", true);
        check("*/**", "a", false);
        check("a*", "a*", true);
        check("a*", "ab", false);
    }

    #[test]
    fn topics_are_named_as_they_are_at_hand() {
        #[track_caller]
        fn check(topics: impl IntoTopics, expected: &[&str]) {
            assert_eq!(topics.into_topics(), expected);
        }
        let topic = |name: &str| Topic::try_from(name).unwrap();
        let (a, b) = (topic("a"), topic("b"));
        let names = vec!["a".to_owned(), "b".to_owned()];
        check((), &[]);
        check(None::<&str>, &[]);
        check("a", &["a"]);
        check(&names[0], &["a"]);
        check(&a, &["a"]);
        check(Selector::from(a.clone()), &["a"]);
        check(["a", "b"], &["a", "b"]);
        check([&a, &b], &["a", "b"]);
        let both = [a.clone(), b.clone()];
        check(&both, &["a", "b"]);
        check([a.clone(), b.clone()], &["a", "b"]);
        check(vec![a, b], &["a", "b"]);
        check(&names, &["a", "b"]);
        check(&names[..], &["a", "b"]);
        check(names, &["a", "b"]);
    }

    #[test]
    fn names_outside_the_rules_are_refused_with_the_rule() {
        let message = |name: &str| Topic::try_from(name).unwrap_err().to_string();
        assert_eq!(message(""), "a topic must have 1 to 512 bytes");
        assert_eq!(
            message(&"x".repeat(513)),
            "a topic must have 1 to 512 bytes"
        );
        assert_eq!(message("a\nb"), "a topic must not have control characters");
        assert_eq!(message("hub.x"), "a topic must not start with hub.");
        assert_eq!(message("a/*"), "a topic must not have a segment * or **");
        assert!(Topic::try_from("a*/b**").is_ok());
        let error = Selector::try_from(ByteString::from("a/**/b")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a topic must have ** only as its last segment"
        );
    }
}
