#![forbid(unsafe_code)]
//! What the fuzz targets share: the codecs under test.

use std::sync::LazyLock;

use sse_conformance::codec::{Codec, Fault, Faulty, Real, check_target};

/// Both levels of `sse_core`; or the codec with the fault that `SSE_FUZZ_FAULT` names, to see it found.
static CODECS: LazyLock<Vec<Box<dyn Codec + Send>>> =
    LazyLock::new(|| match std::env::var("SSE_FUZZ_FAULT") {
        Ok(name) => {
            let fault =
                Fault::from_name(&name).unwrap_or_else(|| panic!("no fault is named {name}"));
            vec![Box::new(Faulty::new(fault))]
        }
        Err(_) => vec![Box::new(Real::Owned), Box::new(Real::Borrowed)],
    });

/// Asserts the properties of a target on one input.
///
/// # Panics
///
/// If one of them does not hold.
pub fn assert_target(target: &str, data: &[u8]) {
    for codec in CODECS.iter() {
        if let Err(what) = check_target(target, codec.as_ref(), data) {
            panic!("{what}");
        }
    }
}
