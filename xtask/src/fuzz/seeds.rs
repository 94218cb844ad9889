//! The first inputs of a fuzz target: the streams of the corpus.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::workspace;

/// Writes the corpus's streams to the target's own directory under `parent`, and returns it.
///
/// # Errors
///
/// A vector cannot be read, or a file cannot be written.
pub(crate) fn write(target: &str, parent: &Path) -> Result<PathBuf> {
    let directory = parent.join(target);
    fs::create_dir_all(&directory)?;
    for file in ["decode.jsonl", "decode-generated.jsonl"] {
        let path = workspace::root().join("testdata").join(file);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        for line in text.lines() {
            let (name, stream) = stream(line).with_context(|| format!("{file}: {line}"))?;
            fs::write(directory.join(name), stream)?;
        }
    }
    Ok(directory)
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    chunks_b64: Vec<String>,
}

/// A vector's name and its stream in one piece.
fn stream(line: &str) -> Result<(String, Vec<u8>)> {
    let vector: Vector = serde_json::from_str(line)?;
    let mut stream = Vec::new();
    for chunk in &vector.chunks_b64 {
        STANDARD.decode_vec(chunk, &mut stream)?;
    }
    Ok((vector.name, stream))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chunks_of_a_vector_are_joined() {
        let line = r#"{"name": "two", "chunks_b64": ["ZGF0", "YTogeAo=", ""], "expect": []}"#;
        assert_eq!(
            stream(line).unwrap(),
            ("two".to_owned(), b"data: x\n".to_vec())
        );
    }
}
