//! What a subscription that waits costs.

use sse_hub::Subscription;

#[test]
fn a_subscription_is_small() {
    let size = size_of::<Subscription>();
    assert!(size <= 384, "{size} bytes");
}
