#![forbid(unsafe_code)]
//! A user of one adapter needs no other crate to build checked values and to name their errors.

use std::convert::Infallible;
use std::time::Duration;

macro_rules! checks {
    ($($test:ident $adapter:ident;)*) => { $(
        #[test]
        fn $test() {
            use $adapter::{
                Event, EventId, EventType, InvalidRetry, InvalidText, KeepAlive, Piece, Retry,
                Sanitized, StreamItem, Strip, ZeroInterval,
            };

            struct Tick(u64);

            impl StreamItem for Tick {
                type Error = Infallible;

                fn into_piece(self) -> Result<Piece, Infallible> {
                    Event::new("tick").id(self.0).into_piece()
                }
            }

            let error: InvalidText = EventId::try_from("a\nb").unwrap_err();
            assert_eq!(error.into_text(), "a\nb");
            let error: InvalidRetry = Retry::try_from(-1_i64).unwrap_err();
            assert!(!error.to_string().is_empty());
            let error: ZeroInterval = KeepAlive::every(Duration::ZERO).unwrap_err();
            assert!(!error.to_string().is_empty());
            let clean: Sanitized<EventType> = EventType::sanitized("a\nb", Strip::LineEnds);
            assert_eq!((clean.value.as_str(), clean.removed), ("ab", 1));
            drop($adapter::Sse::new(tokio_stream::once(Tick(7))));
        }
    )* };
}

checks! {
    values_and_their_errors_come_with_sse_actix sse_actix;
    values_and_their_errors_come_with_sse_axum sse_axum;
    values_and_their_errors_come_with_sse_hyper sse_hyper;
    values_and_their_errors_come_with_sse_warp sse_warp;
}
