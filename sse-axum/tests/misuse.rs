//! Misuse that the types forbid stays forbidden, and its message stays readable.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

#[path = "../../sse-core/tests/shared/compile_cases.rs"]
mod compile_cases;

#[test]
fn misuse_does_not_compile() {
    compile_cases::check("misuse_does_not_compile", env!("CARGO_TARGET_TMPDIR"));
}
