use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial as Test};

use super::{Protocol, Scale, Subject, Trial, all};

/// Runs every check against servers, each over both protocols and each as a test of its own.
///
/// `main` of a test without harness: takes libtest's arguments, prints its output and then the
/// number of checks.
pub fn main(subjects: impl IntoIterator<Item = (&'static str, Arc<dyn Subject>)>) -> ExitCode {
    raise_open_files();
    let mut tests = Vec::new();
    let mut counts = String::new();
    for (name, subject) in subjects {
        let before = tests.len();
        let routes = subject.profile().routes;
        for check in all().into_iter().filter(|check| check.applies(routes)) {
            for protocol in Protocol::ALL {
                let name = format!("{name}::{protocol}::{}", check.name);
                let trial = Trial::new(&name, Arc::clone(&subject), protocol, Scale::FULL);
                let run = move || check.run(trial).map_err(Failed::from);
                tests.push(Test::test(name, run));
            }
        }
        counts += &format!(
            "{name}: {} checks over both protocols\n",
            tests.len() - before
        );
    }
    let conclusion = libtest_mimic::run(&Arguments::from_args(), tests);
    print!("{counts}");
    conclusion.exit_code()
}

/// A thousand streams are two thousand sockets in one process.
pub(super) fn raise_open_files() {
    if let Err(error) = rlimit::increase_nofile_limit(16_384) {
        eprintln!("the number of open files stays as it is: {error}");
    }
}
