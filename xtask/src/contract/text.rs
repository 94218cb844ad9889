//! Text that a row writes out, or says how to make.

use serde::Deserialize;

/// A plain string, `{"repeat": TEXT, "count": N}` or `{"concat": [TEXT, …]}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Text {
    Plain(String),
    Repeat { repeat: Box<Self>, count: usize },
    Concat { concat: Vec<Self> },
}

impl Text {
    /// Returns the text itself.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Repeat { repeat, count } => repeat.to_text().repeat(*count),
            Self::Concat { concat } => concat.iter().map(Self::to_text).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_and_sequences_nest() {
        let text = r#"{"concat":["<",{"repeat":{"concat":["a","b"]},"count":2},">"]}"#;
        let text: Text = serde_json::from_str(text).unwrap();
        assert_eq!(text.to_text(), "<abab>");
    }
}
