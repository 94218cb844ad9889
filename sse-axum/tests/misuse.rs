//! Misuse that the types forbid stays forbidden, and its message stays readable.

#[path = "../../sse-core/tests/misuse/harness.rs"]
mod harness;

#[test]
fn misuse_does_not_compile() {
    harness::check("misuse_does_not_compile", env!("CARGO_TARGET_TMPDIR"));
}
