//! The core without features, in a program that has no `std`.
//!
//! A static library with a panic handler of its own cannot be built when any crate in it links
//! `std`, which has one, too (E0152). No other target has to be installed for that.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::job::{Finished, Job};
use crate::report::{Options, Report};
use crate::workspace;

pub(crate) fn run(_options: Options) -> Result<Report> {
    let directory = workspace::scratch("no-std")?;
    let mut report = Report::new();
    let with_std = build(&directory, &["body"])?;
    if with_std.success {
        report.fail("the check is blind: the core with `body` links std and was built");
    } else if with_std.text.contains("E0152") {
        report.pass();
    } else {
        report.fail(format!(
            "with `body` it fails for another reason: {}",
            with_std.complaint()
        ));
    }
    for features in [&[][..], &["serde"]] {
        report.count(&build(&directory, features)?);
    }
    Ok(report)
}

fn build(directory: &Path, features: &[&str]) -> Result<Finished> {
    let core = workspace::root().join("sse-core");
    let manifest = MANIFEST.replace("CORE", &core.display().to_string());
    fs::create_dir_all(directory.join("src"))?;
    fs::write(
        directory.join("Cargo.toml"),
        manifest.replace("FEATURES", &format!("{features:?}")),
    )?;
    fs::write(directory.join("src/lib.rs"), PROGRAM)?;
    // The same versions as everywhere else.
    fs::copy(
        workspace::root().join("Cargo.lock"),
        directory.join("Cargo.lock"),
    )?;
    Job::cargo("build").directory(directory).run()
}

const MANIFEST: &str = r#"[package]
name = "no-std"
version = "0.0.0"
edition = "2024"

[workspace]

[lib]
crate-type = ["staticlib"]

[dependencies]
sse-core = { path = "CORE", default-features = false, features = FEATURES }

[profile.dev]
panic = "abort"
"#;

const PROGRAM: &str = r#"#![no_std]

use core::alloc::{GlobalAlloc, Layout};
use core::panic::PanicInfo;

use sse_core::{Decoder, Event};

struct Nothing;

unsafe impl GlobalAlloc for Nothing {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ALLOCATOR: Nothing = Nothing;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}

#[unsafe(no_mangle)]
extern "C" fn round_trip() -> usize {
    let mut decoder = Decoder::new();
    decoder.push(Event::new("data").encode().into_bytes());
    decoder.next().map_or(0, |item| item.map_or(0, |received| received.data().len()))
}
"#;
