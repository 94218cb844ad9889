use std::fmt;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial as Test};

use super::{Protocol, Scale, Subject, Trial, all};

/// Tests of servers: each check over each protocol is a test of its own, named after it.
///
/// For the `main` of a test target without harness.
#[derive(Default)]
pub struct Suite {
    counts: Vec<String>,
    tests: Vec<Test>,
}

impl Suite {
    /// Makes a suite without tests.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds every check that applies to a server.
    pub fn subject(&mut self, name: &str, subject: impl Subject) {
        self.checks(name, subject, "");
    }

    /// Adds the checks whose name contains a part.
    pub fn checks(&mut self, name: &str, subject: impl Subject, part: &str) {
        let subject: Arc<dyn Subject> = Arc::new(subject);
        let before = self.tests.len();
        let routes = subject.profile().routes;
        let checks = all().into_iter().filter(|check| check.applies(routes));
        for check in checks.filter(|check| check.name.contains(part)) {
            for protocol in Protocol::ALL {
                let name = format!("{name}::{protocol}::{}", check.name);
                let trial = Trial::new(&name, Arc::clone(&subject), protocol, Scale::FULL);
                let run = move || check.run(trial).map_err(Failed::from);
                self.tests.push(Test::test(name, run));
            }
        }
        let added = self.tests.len() - before;
        self.counts.push(format!(
            "{name}: {added} checks, half of them over each protocol"
        ));
    }

    /// Adds a test of another kind.
    pub fn test(&mut self, test: Test) {
        self.tests.push(test);
    }

    /// Runs all, as libtest does: with its arguments and its output, then the number of checks.
    pub fn run(self) -> ExitCode {
        raise_open_files();
        let mut arguments = Arguments::from_args();
        // Checks wait more than they work.
        arguments.test_threads = arguments.test_threads.or(Some(4));
        let conclusion = libtest_mimic::run(&arguments, self.tests);
        if !arguments.list {
            self.counts.iter().for_each(|count| println!("{count}"));
        }
        conclusion.exit_code()
    }
}

impl fmt::Debug for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suite")
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

/// A thousand streams are two thousand sockets in one process.
pub(super) fn raise_open_files() {
    if let Err(error) = rlimit::increase_nofile_limit(16_384) {
        eprintln!("the number of open files stays as it is: {error}");
    }
}
