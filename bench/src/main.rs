#![forbid(unsafe_code)]
fn main() -> anyhow::Result<()> {
    bench::smoke::run()
}
