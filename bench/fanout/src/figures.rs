//! What is measured of a server in a scenario.

use std::collections::BTreeMap;

/// The kinds of figures, in the order of the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Figure {
    DeliveriesPerSecond,
    CpuPerDelivery,
    CpuPerClient,
    SystemCalls,
    Allocations,
    P50,
    P99,
    Max,
    BytesPerConnection,
    SlowestConnect,
    DroppedSyns,
    CpuRatio,
    P99Ratio,
    Cut,
    Told,
    Unhandled,
    NamedDifference,
    PinnedLeft,
    HeldDifference,
    ReconnectRate,
    Unserved,
}

/// One round's figures.
pub type Sample = BTreeMap<Figure, f64>;

impl Figure {
    /// Column's heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::DeliveriesPerSecond => "deliveries/s",
            Self::CpuPerDelivery => "CPU µs",
            Self::CpuPerClient => "CPU µs/client",
            Self::SystemCalls => "syscalls",
            Self::Allocations => "allocs",
            Self::P50 => "p50 ms",
            Self::P99 => "p99 ms",
            Self::Max => "max ms",
            Self::BytesPerConnection => "B/connection",
            Self::SlowestConnect => "connect ms",
            Self::DroppedSyns => "SYNs dropped",
            Self::CpuRatio => "CPU ÷ without",
            Self::P99Ratio => "p99 ÷ without",
            Self::Cut => "cut",
            Self::Told => "told",
            Self::Unhandled => "unhandled",
            Self::NamedDifference => "not named",
            Self::PinnedLeft => "pinned B left",
            Self::HeldDifference => "held B differ",
            Self::ReconnectRate => "rate ÷ target",
            Self::Unserved => "not served",
        }
    }

    /// Key in JSON.
    pub fn key(self) -> &'static str {
        match self {
            Self::DeliveriesPerSecond => "deliveries_per_second",
            Self::CpuPerDelivery => "cpu_us_per_delivery",
            Self::CpuPerClient => "cpu_us_per_client",
            Self::SystemCalls => "system_calls_per_delivery",
            Self::Allocations => "allocations_per_delivery",
            Self::P50 => "p50_ms",
            Self::P99 => "p99_ms",
            Self::Max => "max_ms",
            Self::BytesPerConnection => "bytes_per_connection",
            Self::SlowestConnect => "slowest_connect_ms",
            Self::DroppedSyns => "dropped_syns",
            Self::CpuRatio => "cpu_ratio",
            Self::P99Ratio => "p99_ratio",
            Self::Cut => "stopped_and_cut",
            Self::Told => "stopped_and_told",
            Self::Unhandled => "stopped_and_neither",
            Self::NamedDifference => "stopped_less_named_in_the_log",
            Self::PinnedLeft => "pinned_bytes_left",
            Self::HeldDifference => "held_bytes_difference",
            Self::ReconnectRate => "reconnect_rate_by_target",
            Self::Unserved => "not_served",
        }
    }

    /// Whether it is shown as a multiple of the floor's, too.
    pub fn is_compared(self) -> bool {
        matches!(self, Self::CpuPerDelivery | Self::CpuPerClient)
    }
}
