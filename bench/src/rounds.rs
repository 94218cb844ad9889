//! Interleaved sampling: every contender once in each round, so that noise meets all alike.

use std::time::Duration;

use crate::{clock::CpuTimer, spread::Spread};

/// CPU time that one sample should take at least.
const SAMPLE: Duration = Duration::from_millis(20);

/// Something to be timed.
pub struct Job<'a> {
    run: Box<dyn FnMut() + 'a>,
}

impl<'a> Job<'a> {
    pub fn new(run: impl FnMut() + 'a) -> Self {
        Self { run: Box::new(run) }
    }
}

/// Times each job once per round and returns, for each, nanoseconds per run in every round.
pub fn interleave(jobs: &mut [Job<'_>], rounds: usize) -> Vec<Vec<f64>> {
    let repeats: Vec<u32> = jobs.iter_mut().map(calibrate).collect();
    let mut times = vec![Vec::with_capacity(rounds); jobs.len()];
    for round in 0..rounds {
        for turn in 0..jobs.len() {
            // A different one starts each round: none is always the first after another.
            let index = (turn + round) % jobs.len();
            times[index].push(time(&mut jobs[index], repeats[index]));
        }
    }
    times
}

/// How many times as fast the first is as the second, round by round.
pub fn ratio(fast: &[f64], slow: &[f64]) -> Spread {
    Spread::of(fast.iter().zip(slow).map(|(fast, slow)| slow / fast))
}

/// CPU time of one run, after a run that is not timed.
pub fn once(mut run: impl FnMut()) -> Duration {
    run();
    let timer = CpuTimer::start();
    run();
    timer.elapsed()
}

fn calibrate(job: &mut Job<'_>) -> u32 {
    (job.run)();
    let mut repeats = 1;
    loop {
        let nanos = time(job, repeats) * f64::from(repeats);
        if nanos > SAMPLE.as_nanos() as f64 / 8.0 {
            let scale = SAMPLE.as_nanos() as f64 / nanos;
            return (f64::from(repeats) * scale).ceil().max(1.0) as u32;
        }
        repeats *= 4;
    }
}

fn time(job: &mut Job<'_>, repeats: u32) -> f64 {
    let timer = CpuTimer::start();
    for _ in 0..repeats {
        (job.run)();
    }
    timer.elapsed().as_nanos() as f64 / f64::from(repeats)
}
