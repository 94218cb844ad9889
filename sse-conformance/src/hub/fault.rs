use super::plan::Engine;

macro_rules! faults {
    ($($variant:ident, $name:literal, $text:literal;)*) => {
        /// A mistake that a hub or a provider can make.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Fault { $(#[doc = $text] $variant,)* }

        impl Fault {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Name in reports.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

faults! {
    Reorder, "reorder", "Two events of a batch change places.";
    Repeat, "repeat", "A batch is delivered twice.";
    Drop, "drop", "A batch is not delivered.";
    TailDrops, "tail-drops", "The provider's tail leaves an entry out.";
    OffByOneResume, "off-by-one-resume", "A resume begins one entry too late.";
    NonceIgnored, "nonce-ignored", "A cursor's nonce is not looked at.";
    CursorMoved, "cursor-moved", "A cursor that is no longer held is moved without a word.";
    GapSwallowed, "gap-swallowed", "A gap of a live subscription is not told.";
    AckedTooEarly, "acked-too-early", "An entry is acknowledged that is never in the log.";
    VisibleTooEarly, "visible-too-early", "An entry is delivered before the log has it.";
    LostWake, "lost-wake", "A reader that waits is not woken.";
    ShutdownAtHead, "shutdown-at-head", "A lagging reader is closed with the head as its id.";
    IdBeforeGap, "id-before-gap", "The opening of a gap bears an id.";
    KeepAliveAtHead, "keep-alive-at-head", "A keep-alive bears an id that is ahead of what was delivered.";
    LimitIgnored, "limit-ignored", "A subscription that is too far behind is not released.";
    MemoryHeld, "memory-held", "What was delivered is never let go.";
    LyingSyncs, "lying-syncs", "What is on the disk is believed to be there before it is.";
}

impl Fault {
    /// Whether it can be made over an engine, and seen: only one on a disk has syncs,
    /// and only where the hub's is the only log it is known what waits for whom.
    pub fn applies_to(self, engine: Engine) -> bool {
        match self {
            Self::LyingSyncs => engine == Engine::File,
            Self::LimitIgnored => engine == Engine::Memory,
            _ => true,
        }
    }

    /// The fault of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|fault| fault.name() == name)
    }
}
