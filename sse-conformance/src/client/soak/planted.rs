macro_rules! planted {
    ($($variant:ident, $name:literal, $text:literal;)*) => {
        /// A mistake that a client can make, put between a client without it and its server, or its reader.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Planted { $(#[doc = $text] $variant,)* }

        impl Planted {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Name in reports.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

planted! {
    IdTooEarly, "id-too-early", "An id counts from its line on, not from the end of its block.";
    RepeatAfterResume, "repeat-after-resume", "The id that is sent is the one before the last.";
    RetryForgotten, "retry-forgotten", "The server's reconnection time is not kept to.";
    HalfEvent, "half-event", "What there is of an event when a response ends is dispatched.";
    IdForgotten, "id-forgotten", "Now and then no id is sent.";
    DatalessIdIgnored, "dataless-id-ignored", "A block without data does not change the last event ID.";
    GapSwallowed, "gap-swallowed", "A gap is not handed over.";
    GapInvented, "gap-invented", "Every reconnection is taken for a gap.";
    GapWidened, "gap-widened", "Events behind a gap are not handed over.";
    EventSkipped, "event-skipped", "The first event of a new connection is not handed over.";
    Swapped, "swapped", "Two events change places.";
    GivesUp, "gives-up", "A refused connection ends everything.";
    StateTooEarly, "state-too-early", "The state that is stored is ahead of what was handed over.";
}
