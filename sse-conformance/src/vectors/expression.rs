use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;

/// A long string in compact form: a leaf, a repetition or a concatenation.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Expression {
    Leaf(String),
    Repeat { repeat: Box<Self>, count: usize },
    Concat { concat: Vec<Self> },
}

impl Expression {
    /// The bytes it stands for if its leaves are base64.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, String> {
        Ok(match self {
            Self::Leaf(leaf) => base64(leaf)?,
            Self::Repeat { repeat, count } => repeat.bytes()?.repeat(*count),
            Self::Concat { concat } => concat
                .iter()
                .map(Self::bytes)
                .collect::<Result<Vec<_>, _>>()?
                .concat(),
        })
    }

    /// The text it stands for.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Leaf(leaf) => leaf.clone(),
            Self::Repeat { repeat, count } => repeat.text().repeat(*count),
            Self::Concat { concat } => concat.iter().map(Self::text).collect(),
        }
    }
}

pub(super) fn base64(text: &str) -> Result<Vec<u8>, String> {
    STANDARD
        .decode(text)
        .map_err(|error| format!("no base64: {error}"))
}
