//! Misuse that the types forbid stays forbidden, and its message stays readable.

#[path = "../../sse-core/tests/shared/compile_cases.rs"]
mod compile_cases;

#[test]
fn misuse_does_not_compile() {
    compile_cases::check("misuse_does_not_compile", env!("CARGO_TARGET_TMPDIR"));
}
