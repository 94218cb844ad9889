//! A row of the corpus.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::contract::text::Text;

/// What a server must do, and whether that is what tinysse does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) id: String,
    /// `same`, or `differs: ` and why.
    pub(crate) is: String,
    /// What a reader learns from it.
    pub(crate) says: String,
    /// Options that the server is started with.
    #[serde(default)]
    pub(crate) flags: Vec<String>,
    /// Variables that the server is started with.
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    /// Lines of its script.
    #[serde(default)]
    pub(crate) script: Vec<String>,
    /// Its script as a file of the repository.
    #[serde(default)]
    pub(crate) script_file: Option<String>,
    /// Expressions of Lua, and what `tostring` makes of them; `raises` for an error.
    #[serde(default)]
    pub(crate) lua: Vec<(String, String)>,
    /// Files of a directory that it serves.
    #[serde(default)]
    pub(crate) files: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) steps: Vec<Step>,
}

/// One thing that is done, and what must come of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(crate) enum Step {
    /// A request with a whole answer.
    Send(Send),
    /// The same, again and again until the answer is the expected one.
    Until(Send),
    /// The same from many clients at once.
    Together(Together),
    /// A client that asks for an event stream and leaves before it is answered.
    Leave(Leave),
    /// A request for an event stream, which gets a name.
    Open(Open),
    /// Blocks of a stream, each with its blank line.
    Read(Read),
    /// A stream must come to its proper end.
    End(String),
    /// The client of a stream goes away.
    Close(String),
    /// So many milliseconds pass.
    Wait(u64),
    /// The server gets a signal: `TERM` or `HUP`.
    Signal(String),
    /// The server must end by itself with this code.
    Exit(i32),
    /// The script is replaced by these lines.
    Script(Vec<String>),
    /// The program runs to its end, beside the server.
    Run(Run),
    /// The server's log says something.
    Logs(Logs),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Logs {
    /// What it has, sooner or later.
    pub(crate) has: Vec<String>,
    /// What it has not by then.
    #[serde(default)]
    pub(crate) lacks: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Send {
    /// Method and target.
    pub(crate) request: String,
    #[serde(default)]
    pub(crate) headers: Vec<String>,
    #[serde(default)]
    pub(crate) body: Option<Text>,
    /// The body is sent in chunks of this size.
    #[serde(default)]
    pub(crate) chunks: Option<usize>,
    pub(crate) status: u16,
    /// Header lines that the answer has.
    #[serde(default)]
    pub(crate) has: Vec<String>,
    /// Headers that it has not.
    #[serde(default)]
    pub(crate) lacks: Vec<String>,
    /// The whole body of the answer.
    #[serde(default)]
    pub(crate) answer: Option<String>,
    /// Parts of it.
    #[serde(default)]
    pub(crate) contains: Vec<String>,
    /// What is no part of it.
    #[serde(default)]
    pub(crate) hides: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Together {
    /// How many clients.
    pub(crate) clients: usize,
    pub(crate) send: Send,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Leave {
    pub(crate) target: String,
    /// How many milliseconds it waits.
    pub(crate) after: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Open {
    pub(crate) name: String,
    pub(crate) target: String,
    #[serde(default)]
    pub(crate) headers: Vec<String>,
    /// Header lines that the answer has.
    #[serde(default)]
    pub(crate) has: Vec<String>,
    /// Headers that it has not.
    #[serde(default)]
    pub(crate) lacks: Vec<String>,
    /// Blocks that come first.
    #[serde(default)]
    pub(crate) blocks: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Read {
    pub(crate) name: String,
    pub(crate) blocks: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Run {
    pub(crate) arguments: Vec<String>,
    /// Whether the exit code is 0.
    pub(crate) succeeds: bool,
    /// What standard output and error have.
    #[serde(default)]
    pub(crate) prints: Vec<String>,
    /// What they have not.
    #[serde(default)]
    pub(crate) lacks: Vec<String>,
}

impl Row {
    /// Reads a line of the corpus.
    ///
    /// # Errors
    ///
    /// There is no runner for what the line asks for, or it asks for nothing.
    pub(crate) fn read(line: &str) -> Result<Self> {
        let row: Self = serde_json::from_str(line).context("no runner for this row")?;
        let is_known = row.is == "same"
            || row
                .is
                .strip_prefix("differs: ")
                .is_some_and(|why| !why.is_empty());
        ensure!(is_known, "`is` must be `same` or `differs: why`");
        ensure!(!row.says.is_empty(), "the row does not say what it shows");
        ensure!(
            !(row.steps.is_empty() && row.lua.is_empty()),
            "no runner for this row: it has no steps"
        );
        Ok(row)
    }

    /// Whether it needs a server of its own.
    pub(crate) fn needs_own_server(&self) -> bool {
        let is_own = |step: &Step| {
            matches!(
                step,
                Step::Run(_) | Step::Signal(_) | Step::Exit(_) | Step::Script(_) | Step::Logs(_)
            )
        };
        !(self.flags.is_empty() && self.env.is_empty() && self.files.is_empty())
            || self.has_script()
            || self.steps.iter().any(is_own)
    }

    pub(crate) fn has_script(&self) -> bool {
        self.script_file.is_some() || !(self.script.is_empty() && self.lua.is_empty())
    }

    /// Whether the program alone is looked at.
    pub(crate) fn needs_no_server(&self) -> bool {
        self.lua.is_empty() && self.steps.iter().all(|step| matches!(step, Step::Run(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, complaint: &str) {
        let error = Row::read(line).unwrap_err();
        assert!(format!("{error:#}").contains(complaint), "{error:#}");
    }

    #[test]
    fn a_row_that_nobody_can_run_is_an_error() {
        check(r#"{"id":"a","says":"x","is":"same"}"#, "it has no steps");
        check(
            r#"{"id":"a","says":"x","is":"same","steps":[{"dance":1}]}"#,
            "no runner",
        );
        check(
            r#"{"id":"a","says":"x","is":"same","wish":1,"steps":[{"wait":1}]}"#,
            "no runner",
        );
        check(
            r#"{"id":"a","says":"x","is":"differs: ","steps":[{"wait":1}]}"#,
            "`is` must be",
        );
        check(
            r#"{"id":"a","says":"","is":"same","steps":[{"wait":1}]}"#,
            "does not say",
        );
    }

    #[test]
    fn a_row_with_a_script_or_options_needs_a_server_of_its_own() {
        let read = |more: &str| {
            Row::read(&format!(r#"{{"id":"a","says":"x","is":"same",{more}}}"#)).unwrap()
        };
        assert!(!read(r#""steps":[{"wait":1}]"#).needs_own_server());
        assert!(read(r#""steps":[{"signal":"TERM"}]"#).needs_own_server());
        assert!(read(r#""lua":[["1","1"]]"#).needs_own_server());
        assert!(read(r#""flags":["-c","1"],"steps":[{"wait":1}]"#).needs_own_server());
    }
}
