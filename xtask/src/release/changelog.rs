//! A changelog whose unreleased section becomes a version's.

use anyhow::{Result, bail, ensure};
use semver::Version;

/// The changelog with `[Unreleased]` closed as `version`, and a fresh one above.
///
/// # Errors
///
/// There is no such section or it is empty, or the version has one already.
pub(crate) fn close(text: &str, version: &Version, date: &str) -> Result<String> {
    let own = format!("## [{version}]");
    ensure!(
        !text.lines().any(|line| line.starts_with(&own)),
        "there is a section {own} already"
    );
    let Some((above, below)) = text.split_once(UNRELEASED) else {
        bail!("there is no section {UNRELEASED}");
    };
    let section = below.split("\n## ").next().unwrap_or_default();
    let told = section
        .lines()
        .any(|line| !line.trim().is_empty() && !line.starts_with('#'));
    ensure!(told, "the section {UNRELEASED} is empty");
    Ok(format!("{above}{UNRELEASED}\n\n{own} - {date}{below}"))
}

const UNRELEASED: &str = "## [Unreleased]";

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, &str>) {
        let closed = close(text, &Version::new(1, 2, 3), "2030-01-02");
        let closed = closed.map_err(|error| error.to_string());
        assert_eq!(closed.as_deref().map_err(String::as_str), expected);
    }

    #[test]
    fn the_section_gets_the_version_and_a_fresh_one_stands_above() {
        check(
            "# Changes\n\n## [Unreleased]\n\n- **fixed** it.\n\n## [1.2.2] - 2029-01-01\n\n- old\n",
            Ok(
                "# Changes\n\n## [Unreleased]\n\n## [1.2.3] - 2030-01-02\n\n- **fixed** it.\n\n\
                ## [1.2.2] - 2029-01-01\n\n- old\n",
            ),
        );
    }

    #[test]
    fn an_empty_section_is_refused_even_with_headings_in_it() {
        let refused = Err("the section ## [Unreleased] is empty");
        check("## [Unreleased]\n", refused);
        check(
            "## [Unreleased]\n\n### Fixed\n\n## [1.2.2]\n\n- old\n",
            refused,
        );
    }

    #[test]
    fn a_changelog_without_the_section_is_refused() {
        check("# Changes\n", Err("there is no section ## [Unreleased]"));
    }

    #[test]
    fn a_version_is_released_once() {
        let text = "## [Unreleased]\n\n- new\n\n## [1.2.3] - 2029-01-01\n";
        check(text, Err("there is a section ## [1.2.3] already"));
    }
}
