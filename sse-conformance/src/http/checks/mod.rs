//! Every demand of the suite; each function here is one check, named as it is reported.

mod bytes;
mod disconnect;
mod error;
mod flush;
mod head;
mod headers;
mod keep_alive;
mod last_event_id;
mod on_end;
mod opening;
mod shutdown;
mod status;

use super::check::Check;

/// Every check of the suite.
pub fn all() -> Vec<Check> {
    [
        headers::CHECKS,
        opening::CHECKS,
        bytes::CHECKS,
        flush::CHECKS,
        keep_alive::CHECKS,
        last_event_id::CHECKS,
        head::CHECKS,
        status::CHECKS,
        error::CHECKS,
        on_end::CHECKS,
        disconnect::CHECKS,
        shutdown::CHECKS,
    ]
    .concat()
}

/// Makes the list of a file's checks from its functions and the routes that they need.
macro_rules! checks {
    ($($name:ident($($route:ident),*);)*) => {
        pub(super) const CHECKS: &[$crate::http::check::Check] = &[$(
            $crate::http::check::Check {
                name: stringify!($name),
                needs: &[$($crate::http::Route::$route),*],
                run: |trial| Box::pin($name(trial)),
            }
        ),*];
    };
}
use checks;
