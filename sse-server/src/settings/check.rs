//! The rules of single options.

use std::{path::PathBuf, time::Duration};

use http::{HeaderValue, Uri};

use super::{Files, InvalidSetting};

/// Paths that the server answers itself.
pub(crate) const OWN_PATHS: [&str; 2] = ["/health/live", "/health/ready"];

pub(super) fn more_than_zero(option: &'static str, value: usize) -> Result<(), InvalidSetting> {
    if value == 0 {
        return Err(InvalidSetting::of(option, "must be greater than zero"));
    }
    Ok(())
}

/// Zero means never, or no limit.
pub(super) fn unless_zero(time: Duration) -> Option<Duration> {
    Some(time).filter(|time| !time.is_zero())
}

pub(super) fn one_line(option: &'static str, text: &str) -> Result<(), InvalidSetting> {
    if text.contains(['\r', '\n']) {
        return Err(InvalidSetting::of(option, "must not have a line end"));
    }
    Ok(())
}

pub(super) fn path(option: &'static str, path: &str) -> Result<(), InvalidSetting> {
    let rule = if !path.starts_with('/') {
        "must begin with /"
    } else if path.contains(['{', '}', '?', '#']) || path.parse::<Uri>().is_err() {
        "must be a path as it stands in a URL, without { } ? #"
    } else {
        return Ok(());
    };
    Err(InvalidSetting::of(option, rule))
}

pub(super) fn files(directory: PathBuf, under: &str) -> Result<Files, InvalidSetting> {
    path("--serve-static-path", under)?;
    if !directory.is_dir() {
        let rule = format!("must be a directory, and {} is none", directory.display());
        return Err(InvalidSetting::of("--serve-static-dir", rule));
    }
    Ok(Files {
        directory,
        path: under.trim_end_matches('/').to_owned(),
    })
}

pub(super) fn no_collision(
    pub_path: &str,
    sub_path: &str,
    files: Option<&Files>,
) -> Result<(), InvalidSetting> {
    for (option, path) in [("--pub-path", pub_path), ("--sub-path", sub_path)] {
        if OWN_PATHS.contains(&path) {
            let rule = format!("collides with the server's own {path}");
            return Err(InvalidSetting::of(option, rule));
        }
        if files.is_some_and(|files| files.path == path.trim_end_matches('/')) {
            return Err(InvalidSetting::of(
                option,
                "collides with --serve-static-path",
            ));
        }
    }
    let own = files.map(|files| &*files.path);
    if own.is_some_and(|path| OWN_PATHS.contains(&path)) {
        let rule = "collides with the server's own health paths";
        return Err(InvalidSetting::of("--serve-static-path", rule));
    }
    Ok(())
}

/// Reads a comma-separated list, or `*` for everything.
pub(super) fn list<T>(
    option: &'static str,
    text: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<Vec<T>>, InvalidSetting> {
    let items: Vec<_> = text.split(',').map(str::trim).collect();
    if items == ["*"] {
        return Ok(None);
    }
    if items.contains(&"*") {
        return Err(InvalidSetting::of(option, "must be a list or *, not both"));
    }
    let read_one = |item: &&str| {
        read(item).ok_or_else(|| {
            let rule = format!("has an entry that it cannot have: {item:?}");
            InvalidSetting::of(option, rule)
        })
    };
    items
        .iter()
        .map(read_one)
        .collect::<Result<_, _>>()
        .map(Some)
}

/// An origin as browsers send it: scheme and host, and a port if it is not the usual one; or `null`.
pub(super) fn origin(text: &str) -> Option<HeaderValue> {
    let (_, authority) = text.split_once("://").unwrap_or(("", "null"));
    let is_origin = text == "null" || text.contains("://");
    if !is_origin || authority.is_empty() || authority.contains(['/', '?', '#', '@', ' ']) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use crate::{cli::Cli, settings::Settings};

    fn check(arguments: &[&str], message: &str) {
        let all = ["sse-server"].iter().chain(arguments);
        let cli = Cli::read(all).unwrap();
        let error = Settings::try_from(cli.serve).unwrap_err();
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn a_wrong_value_is_an_error_that_names_the_option() {
        check(&["-c", "0"], "--capacity must be greater than zero");
        check(
            &["-K", "a\nb"],
            "--keep-alive-text must not have a line end",
        );
        check(&["-P", "sse"], "--pub-path must begin with /");
        check(
            &["-S", "/{x}"],
            "--sub-path must be a path as it stands in a URL, without { } ? #",
        );
        check(
            &["-S", "/health/live"],
            "--sub-path collides with the server's own /health/live",
        );
        check(
            &["-D", ".", "-S", "/"],
            "--sub-path collides with --serve-static-path",
        );
        check(
            &["-D", "./nowhere"],
            "--serve-static-dir must be a directory, and ./nowhere is none",
        );
        check(
            &["--cors-allow-origin", "https://a.example,*"],
            "--cors-allow-origin must be a list or *, not both",
        );
        check(
            &["--cors-allow-origin", "a.example"],
            "--cors-allow-origin has an entry that it cannot have: \"a.example\"",
        );
        check(
            &["--cors-allow-credentials"],
            "--cors-allow-origin must be a list and not * with --cors-allow-credentials",
        );
        check(
            &["--admin-listen", "127.0.0.1:1983"],
            "--admin-listen must not be --listen",
        );
        check(&["--lag-time", "0s"], "--lag-time must be longer than zero");
        check(
            &["--max-head-size", "1KB"],
            "--max-head-size must be at least 8KiB",
        );
        check(
            &["--script-tick", "0s"],
            "--script-tick must be longer than zero",
        );
    }

    #[test]
    fn the_defaults_are_right() {
        let settings = Settings::try_from(Cli::read(["sse-server"]).unwrap().serve).unwrap();
        assert_eq!(settings.max_body_size, 64_000);
        assert_eq!(settings.streams.keep_alive.unwrap().as_secs(), 60);
        assert!(settings.cors.origins.is_none() && settings.files.is_none());
    }
}
