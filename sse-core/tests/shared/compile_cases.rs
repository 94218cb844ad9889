//! Runs `tests/ui` of the crate whose test it is part of: `pass` must compile, `fail` must not.
//!
//! A failing case names its key sentence in its first line. On the compiler version in `tests/ui/RUSTC` the whole output is compared,
//! on any other only the key sentence is looked for. To record anew: `TRYBUILD=overwrite cargo test --test misuse`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Names the directory of the copied cases to the process that compiles them.
const COPIES: &str = "UI_COPIES";

/// Checks all cases; `test` is the name of the calling test.
pub(crate) fn check(test: &str, scratch: &str) {
    if let Some(copies) = env::var_os(COPIES) {
        return compile(Path::new(&copies));
    }
    let cases = Path::new("tests/ui");
    if fs::read_to_string(cases.join("RUSTC")).unwrap().trim() == running_version() {
        compile(cases);
        return check_key_sentences(cases);
    }
    let copies = copy(cases, &Path::new(scratch).join(env!("CARGO_PKG_NAME")));
    let status = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(COPIES, &copies)
        // The output of this version is written beside the copies.
        .env("TRYBUILD", "overwrite")
        .status();
    assert!(status.unwrap().success());
    check_key_sentences(&copies);
}

fn compile(cases: &Path) {
    // Both in one run: with a passing case trybuild builds instead of checking, and constants of generic functions are evaluated.
    let run = trybuild::TestCases::new();
    run.pass(cases.join("pass/*.rs"));
    run.compile_fail(cases.join("fail/*.rs"));
}

fn check_key_sentences(cases: &Path) {
    for case in rust_files(&cases.join("fail")) {
        let source = fs::read_to_string(&case).unwrap();
        let key = source
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("// "))
            .expect("a key sentence");
        let output = fs::read_to_string(case.with_extension("stderr")).unwrap();
        assert!(
            output.contains(key),
            "{}: `{key}` is not in\n{output}",
            case.display()
        );
    }
}

fn copy(cases: &Path, to: &Path) -> PathBuf {
    if to.exists() {
        fs::remove_dir_all(to).unwrap();
    }
    for kind in ["pass", "fail"] {
        fs::create_dir_all(to.join(kind)).unwrap();
        for case in rust_files(&cases.join(kind)) {
            fs::copy(&case, to.join(kind).join(case.file_name().unwrap())).unwrap();
        }
    }
    to.to_owned()
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// Returns the compiler's version. With the sources of the standard library it quotes them, and so counts as another.
fn running_version() -> String {
    let version = rustc("--version");
    let version = version.split(' ').nth(1).unwrap();
    let sources = Path::new(rustc("--print=sysroot").trim()).join("lib/rustlib/src/rust");
    if sources.exists() {
        return format!("{version} with sources");
    }
    version.to_owned()
}

fn rustc(argument: &str) -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg(argument).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}
