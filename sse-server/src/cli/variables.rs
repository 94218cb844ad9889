//! Variables of the environment under their older names.

use std::env;

use clap::Command;

/// The options that tinysse has, by the end of their variable's name.
const OLDER: [&str; 21] = [
    "LISTEN",
    "LOG_LEVEL",
    "KEEP_ALIVE",
    "KEEP_ALIVE_TEXT",
    "TIMEOUT",
    "TIMEOUT_RETRY",
    "CAPACITY",
    "SCRIPT",
    "SCRIPT_DATA",
    "SCRIPT_TICK",
    "UNSAFE_SCRIPT",
    "MAX_BODY_SIZE",
    "PUB_PATH",
    "SUB_PATH",
    "SERVE_STATIC_DIR",
    "SERVE_STATIC_PATH",
    "CORS_ALLOW_ORIGIN",
    "CORS_ALLOW_METHODS",
    "CORS_ALLOW_HEADERS",
    "CORS_ALLOW_CREDENTIALS",
    "CORS_MAX_AGE",
];

/// Lets an option whose variable is not set read the one that tinysse has for it.
pub(super) fn with_the_older_names(command: Command) -> Command {
    command.mut_args(|argument| {
        let name = argument.get_env().and_then(|name| name.to_str());
        let Some(older) = name.and_then(older_name) else {
            return argument;
        };
        let is_set = |name: &str| env::var_os(name).is_some();
        if name.is_some_and(is_set) || !is_set(&older) {
            return argument;
        }
        argument.env(older)
    })
}

fn older_name(name: &str) -> Option<String> {
    let end = name.strip_prefix("SSE_SERVER_")?;
    OLDER.contains(&end).then(|| format!("TINYSSE_{end}"))
}
