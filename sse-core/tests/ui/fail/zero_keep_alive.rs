// a keep-alive interval must be longer than zero
use sse_core::KeepAlive;

fn main() {
    let _ = KeepAlive::every_secs::<0>();
}
