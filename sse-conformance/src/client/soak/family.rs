/// What a hub keeps while a client is away.
#[expect(clippy::exhaustive_enums, reason = "both are run")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Family {
    /// More than is ever published: nothing may be missing.
    Whole,
    /// A few entries or none: what is missing must be told, and nothing else.
    Small,
}

impl Family {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Whole, Self::Small];

    /// Name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Small => "small",
        }
    }
}
