//! What a server spends on a phase: CPU time, system calls or allocations, one of them at a time.

use std::time::Duration;

use anyhow::Result;

use crate::{
    figures::{Figure, Sample},
    load::Phase,
    process::Running,
    system_calls::Counting,
};

/// What a run is for: counting slows, so what is timed is never counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    Timed,
    SystemCalls,
    Allocations,
}

/// A meter that runs.
#[derive(Debug)]
pub struct Meter<'a> {
    server: &'a Running,
    start: Start,
}

#[derive(Debug)]
enum Start {
    Cpu(Duration),
    SystemCalls(Counting),
    Allocations(u64),
}

/// What was spent.
#[derive(Clone, Copy, Debug)]
pub enum Spent {
    Cpu(Duration),
    SystemCalls(f64),
    Allocations(f64),
}

impl<'a> Meter<'a> {
    pub fn start(server: &'a Running, pass: Pass) -> Result<Self> {
        Ok(Self {
            server,
            start: match pass {
                Pass::Timed => Start::Cpu(server.cpu()?),
                Pass::SystemCalls => Start::SystemCalls(Counting::start(server.worker())?),
                Pass::Allocations => Start::Allocations(server.allocations()?),
            },
        })
    }

    pub fn stop(self) -> Result<Spent> {
        Ok(match self.start {
            Start::Cpu(before) => Spent::Cpu(self.server.cpu()?.saturating_sub(before)),
            Start::SystemCalls(counting) => Spent::SystemCalls(counting.stop()?),
            Start::Allocations(before) => {
                Spent::Allocations((self.server.allocations()? - before) as f64)
            }
        })
    }
}

impl Spent {
    /// The figures of a phase that cost this: a pass that counts has nothing but the count.
    pub fn over(self, phase: &Phase) -> Sample {
        let deliveries = phase.deliveries.max(1) as f64;
        let cpu = match self {
            Self::Cpu(cpu) => cpu,
            Self::SystemCalls(count) => {
                return Sample::from([(Figure::SystemCalls, count / deliveries)]);
            }
            Self::Allocations(count) => {
                return Sample::from([(Figure::Allocations, count / deliveries)]);
            }
        };
        let rate = deliveries / phase.elapsed.as_secs_f64();
        let mut sample = Sample::from([
            (Figure::DeliveriesPerSecond, rate),
            (Figure::CpuPerDelivery, cpu.as_secs_f64() * 1e6 / deliveries),
            (Figure::Max, phase.latency.max_ms()),
        ]);
        for (figure, part) in [(Figure::P50, 0.5), (Figure::P99, 0.99)] {
            sample.extend(phase.latency.quantile_ms(part).map(|ms| (figure, ms)));
        }
        sample
    }
}
