/// Writes the methods that every adapter's `Sse` shares, as calls of [`EventStream`](crate::EventStream).
///
/// Called inside the adapter, where `Sse<S>` has the field `body: EventStream<S>` and at most one field of its own, named in the call,
/// whose default is what a new `Sse` has.
#[doc(hidden)]
#[macro_export]
macro_rules! forward_configuration {
    ($sse:ident $(, $own:ident)?) => {
        impl<S, E> $sse<S>
        where
            S: $crate::__private::Stream<Item: $crate::StreamItem<Error = E>>,
        {
            /// Makes a response of a stream of events.
            pub fn new(stream: S) -> Self {
                Self::from($crate::EventStream::new(stream))
            }

            /// Sets what is sent while the stream is silent; the default is the comment `:` after 15 seconds.
            pub fn keep_alive(self, keep_alive: $crate::KeepAlive) -> Self {
                Self { body: self.body.keep_alive(keep_alive) $(, $own: self.$own)? }
            }

            /// Sets the text of the comment that opens the body if no event is ready at the first poll; the default is none.
            pub fn opening(self, text: impl Into<$crate::ByteString>) -> Self {
                Self { body: self.body.opening(text) $(, $own: self.$own)? }
            }

            /// Sets what an error in the stream does; the default is [`OnError::Abort`]($crate::OnError::Abort).
            pub fn on_error(self, on_error: $crate::OnError<<S::Item as $crate::StreamItem>::Error>) -> Self {
                Self { body: self.body.on_error(on_error) $(, $own: self.$own)? }
            }

            /// Calls `handler` exactly once, when the response ended or was dropped; a second handler replaces the first.
            pub fn on_end(self, handler: impl FnOnce($crate::End) + Send + 'static) -> Self {
                Self { body: self.body.on_end(handler) $(, $own: self.$own)? }
            }

            /// Ends the response when `signal` completes; see [`Shutdown::signal`]($crate::Shutdown::signal).
            pub fn shutdown(
                self,
                signal: impl ::core::future::Future<Output = ()> + Send + 'static,
            ) -> Self {
                Self { body: self.body.shutdown(signal) $(, $own: self.$own)? }
            }

            /// Sends a reconnection time drawn at random from `range` before a shutdown ends the response,
            /// so that the clients do not all return at once. The default is to send none.
            pub fn retry_on_shutdown(
                self,
                range: ::core::ops::RangeInclusive<::core::time::Duration>,
            ) -> Self {
                Self { body: self.body.retry_on_shutdown(range) $(, $own: self.$own)? }
            }

            /// Waits for the first event, at most for `at_most`, so that an error before it can still become a response
            /// with another status. The headers wait as long.
            ///
            /// It polls the stream whatever the method of the request, so for `HEAD` too.
            ///
            /// # Errors
            /// Returns the stream's first item if that is an error.
            ///
            /// # Cancel safety
            /// Dropping the future drops the stream with what was taken from it, and `on_end` is called.
            pub async fn await_first(
                self,
                at_most: ::core::time::Duration,
            ) -> Result<$sse<::core::pin::Pin<::std::boxed::Box<S>>>, E> {
                Ok($sse { body: self.body.await_first(at_most).await? $(, $own: self.$own)? })
            }
        }

        impl<F, S> $sse<$crate::Lazy<F, S>>
        where
            F: FnOnce() -> S,
            S: $crate::__private::Stream<Item: $crate::StreamItem>,
        {
            /// Makes a response of a stream that `make` creates at the first poll, so never if the body is dropped without one.
            ///
            /// Whether that is so for a `HEAD` request depends on server and protocol: the guide of this crate tells.
            /// [`await_first`](Self::await_first) polls.
            pub fn lazy(make: F) -> Self {
                Self::from($crate::EventStream::lazy(make))
            }
        }

        impl<S> From<$crate::EventStream<S>> for $sse<S>
        where
            S: $crate::__private::Stream<Item: $crate::StreamItem>,
        {
            fn from(body: $crate::EventStream<S>) -> Self {
                Self { body $(, $own: Default::default())? }
            }
        }
    };
}

/// Writes the type that every adapter extracts the last event ID into.
#[doc(hidden)]
#[macro_export]
macro_rules! last_event_id_type {
    () => {
        /// The last event ID of a request: where its client wants to go on, `None` if it starts afresh.
        ///
        /// It is the header `Last-Event-ID`, or else the query parameter `last_event_id`, `lastEventId` or `lastEventID`.
        /// Extracting never fails: an id that is empty, or that no event could have had, is none.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
        #[expect(
            clippy::exhaustive_structs,
            reason = "every id is legal, and there is nothing else to extract"
        )]
        pub struct LastEventId(pub Option<$crate::EventId>);

        impl From<LastEventId> for Option<$crate::EventId> {
            fn from(last: LastEventId) -> Self {
                last.0
            }
        }
    };
}
