//! `llm_chat`, against the model here and against refusals.

use anyhow::{Result, ensure};

use super::Test;
use crate::examples::script::{Answer, Asked, Script};
use crate::examples::server::Server;

pub(super) const TESTS: &[Test] = &[
    ("prints an answer in the shape of OpenAI", || {
        chats("v1/chat/completions")
    }),
    ("prints an answer in the shape of Anthropic", || {
        chats("v1/messages")
    }),
    ("sends its key as each wire wants it", sends_its_key),
    ("shows what a refusal says", shows_a_refusal),
    (
        "shows an error in the midst of an answer",
        shows_a_late_error,
    ),
    ("does not take half an answer for one", wants_the_end),
];

fn chat(url: &str) -> Result<Server> {
    let variables = [("LLM_URL", url), ("LLM_KEY", "sesame")];
    Server::program("llm_chat", &["Why", "not?"], &variables)
}

fn chats(path: &str) -> Result<()> {
    let model = Server::example("llm_stream", &[])?;
    let mut chat = chat(&format!("{}{path}", model.url))?;
    let text = chat.rest().join("\n");
    ensure!(
        text.contains("Why not?") && text.trim_end().ends_with("already speaks it."),
        "it printed {text}"
    );
    chat.ended()
}

fn sends_its_key() -> Result<()> {
    let asked = asked("/v1/chat/completions", "data: [DONE]\n\n")?;
    let is_right = asked.header("authorization") == "Bearer sesame"
        && asked.header("x-api-key").is_empty()
        && asked.body.contains("Why not?");
    ensure!(is_right, "{asked:?}");
    let end = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    let asked = self::asked("/v1/messages", end)?;
    let is_right = asked.header("x-api-key") == "sesame"
        && asked.header("anthropic-version") == "2023-06-01"
        && asked.header("authorization").is_empty();
    ensure!(is_right, "{asked:?}");
    Ok(())
}

fn asked(path: &str, body: &str) -> Result<Asked> {
    let script = Script::of([Answer::events(body)])?;
    chat(&format!("{}{path}", script.url))?.ended()?;
    let asked = script.asked()?;
    ensure!(
        asked.method == "POST" && asked.path == path,
        "it asks {asked:?}"
    );
    Ok(asked)
}

fn shows_a_refusal() -> Result<()> {
    let refusal = Answer::status(401, "that key opens nothing");
    fails(refusal, &["401", "that key opens nothing"])
}

fn shows_a_late_error() -> Result<()> {
    let late = "data: {\"error\":{\"message\":\"overloaded\"}}\n\n";
    fails(Answer::events(late), &["overloaded"])
}

fn wants_the_end() -> Result<()> {
    let half = "data: {\"choices\":[{\"delta\":{\"content\":\"Be\"}}]}\n\n";
    fails(Answer::events(half), &["before its end marker"])
}

fn fails(answer: Answer, says: &[&str]) -> Result<()> {
    let script = Script::of([answer])?;
    let (status, errors) = chat(&script.url)?.exit()?;
    ensure!(!status.success(), "it is content");
    let missing = says.iter().find(|said| !errors.contains(**said));
    ensure!(missing.is_none(), "{missing:?} is not in {errors:?}");
    Ok(())
}
