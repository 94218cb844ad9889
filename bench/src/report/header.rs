use std::{fs, process::Command};

/// Says on what machine and how the program was built.
pub fn header(rounds: usize) -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|info| {
            let line = info.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        })
        .unwrap_or_else(|| "unknown".to_owned());
    let rustc = Command::new("rustc")
        .arg("--version")
        .output()
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .map_or_else(|| "unknown".to_owned(), |version| version.trim().to_owned());
    let profile = if cfg!(debug_assertions) {
        "dev: NOT OPTIMISED, the figures mean nothing"
    } else {
        "release: opt-level 3, fat LTO, 1 codegen unit, line tables"
    };
    format!(
        "CPU: {cpu}{}\ncompiler: {rustc}\nprofile: {profile}\n\
         figures: median (p10–p90) of {rounds} interleaved rounds of thread CPU time\n",
        vectors()
    )
}

#[cfg(target_arch = "x86_64")]
fn vectors() -> &'static str {
    if is_x86_feature_detected!("avx512bw") {
        ", AVX-512"
    } else if is_x86_feature_detected!("avx2") {
        ", AVX2"
    } else {
        ", SSE2"
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn vectors() -> &'static str {
    ""
}
