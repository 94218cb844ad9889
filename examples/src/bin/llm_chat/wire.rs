use anyhow::{Result, bail};
use serde::Deserialize;
use sse_client::Received;

/// The wire that an endpoint speaks.
#[derive(Clone, Copy)]
pub(crate) enum Wire {
    OpenAi,
    Anthropic,
}

impl Wire {
    /// The piece of the answer that an event brings. An error may come in the midst of a stream whose status was 200.
    pub(crate) fn token(self, received: &Received) -> Result<Option<String>> {
        match (self, received.event_type()) {
            (Self::OpenAi, _) => {
                let chunk: Chunk = received.json()?;
                if let Some(problem) = chunk.error {
                    bail!("the model says: {}", problem.message);
                }
                Ok(chunk
                    .choices
                    .into_iter()
                    .find_map(|choice| choice.delta.content))
            }
            (Self::Anthropic, "content_block_delta") => {
                Ok(received.json::<BlockDelta>()?.delta.text)
            }
            (Self::Anthropic, "error") => {
                bail!(
                    "the model says: {}",
                    received.json::<Failed>()?.error.message
                )
            }
            // What frames the answer, and `ping`.
            (Self::Anthropic, _) => Ok(None),
        }
    }
}

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    error: Option<Problem>,
}

#[derive(Deserialize)]
struct Choice {
    delta: Delta,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<String>,
}

#[derive(Deserialize)]
struct BlockDelta {
    delta: TextDelta,
}

#[derive(Deserialize)]
struct TextDelta {
    text: Option<String>,
}

#[derive(Deserialize)]
struct Failed {
    error: Problem,
}

#[derive(Deserialize)]
struct Problem {
    message: String,
}
