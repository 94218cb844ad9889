//! The lists of `deny.toml`.

use anyhow::{Context as _, Result, ensure};
use toml_edit::{DocumentMut, Item, Value};

/// What dependencies may be.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    /// Licences, by their SPDX identifiers.
    pub(crate) licences: Vec<String>,
    /// Licences that single packages may have besides: the package, then the licence.
    pub(crate) exceptions: Vec<(String, String)>,
    /// Names of packages that nothing may pull in, each with those that may all the same.
    pub(crate) banned: Vec<(String, Vec<String>)>,
    /// Packages that may be there in several versions.
    pub(crate) skipped: Vec<String>,
    /// Registries, as the lock file writes them.
    pub(crate) registries: Vec<String>,
}

impl Rules {
    /// Reads the part of cargo-deny's format that is used here.
    ///
    /// # Errors
    ///
    /// A list is missing or holds something else.
    pub(crate) fn read(text: &str) -> Result<Self> {
        let file: DocumentMut = text.parse()?;
        let registries = list(&file, "sources", "allow-registry")?;
        let multiple = file
            .get("bans")
            .and_then(|bans| bans.get("multiple-versions"));
        ensure!(
            multiple.and_then(Item::as_str) == Some("deny"),
            "duplicates must be denied"
        );
        Ok(Self {
            licences: list(&file, "licenses", "allow")?,
            exceptions: exceptions(&file)?,
            banned: banned(&file)?,
            skipped: list(&file, "bans", "skip")?,
            registries: registries
                .iter()
                .map(|url| format!("registry+{url}"))
                .collect(),
        })
    }
}

/// The `crate` and each of the `allow` of the exceptions.
fn exceptions(file: &DocumentMut) -> Result<Vec<(String, String)>> {
    let list = file
        .get("licenses")
        .and_then(|table| table.get("exceptions"));
    let mut exceptions = Vec::new();
    for table in list
        .and_then(Item::as_array)
        .into_iter()
        .flat_map(|list| list.iter())
    {
        let table = table
            .as_inline_table()
            .context("deny.toml: an exception is no table")?;
        let name = table.get("crate").and_then(Value::as_str);
        let name = name.context("deny.toml: an exception names no crate")?;
        let allow = table.get("allow").and_then(Value::as_array);
        let licences = allow
            .context("deny.toml: an exception allows nothing")?
            .iter();
        let pair = |licence: &str| (name.to_owned(), licence.to_owned());
        exceptions.extend(licences.filter_map(Value::as_str).map(pair));
    }
    Ok(exceptions)
}

/// The names of `bans.deny`, each with its `wrappers`.
fn banned(file: &DocumentMut) -> Result<Vec<(String, Vec<String>)>> {
    let names = list(file, "bans", "deny")?;
    let entries = file["bans"]["deny"].as_array().into_iter().flatten();
    let wrappers = entries.map(|entry| {
        let table = entry.as_inline_table();
        let wrappers = table.and_then(|table| table.get("wrappers")?.as_array());
        let names = wrappers.into_iter().flatten().filter_map(Value::as_str);
        names.map(str::to_owned).collect()
    });
    Ok(names.into_iter().zip(wrappers).collect())
}

/// A list of names, each a string or the `crate` of an inline table.
fn list(file: &DocumentMut, table: &str, key: &str) -> Result<Vec<String>> {
    let list = file
        .get(table)
        .and_then(|table| table.get(key))
        .and_then(Item::as_array);
    let list = list.with_context(|| format!("deny.toml has no list {table}.{key}"))?;
    let name = |value: &Value| {
        let table = value.as_inline_table();
        let name = table
            .and_then(|table| table.get("crate"))
            .unwrap_or(value)
            .as_str();
        name.map(str::to_owned)
            .with_context(|| format!("deny.toml: {table:?} is no name"))
    };
    list.iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_read_as_cargo_deny_reads_them() {
        let text = "[licenses]\nallow = [\"MIT\"]\nexceptions = [{ crate = \"odd\", allow = [\"MPL-2.0\"] }]\n[bans]\nmultiple-versions = \"deny\"\n\
            deny = [{ crate = \"openssl-sys\", wrappers = [\"old\"] }, \"chrono\"]\nskip = []\n\
            [sources]\nallow-registry = [\"https://example.com/index\"]\n";
        let rules = Rules::read(text).unwrap();
        assert_eq!(rules.licences, ["MIT"]);
        assert_eq!(rules.exceptions, [("odd".to_owned(), "MPL-2.0".to_owned())]);
        let banned = [("openssl-sys", vec!["old"]), ("chrono", vec![])];
        let banned = banned.map(|(name, wrappers)| {
            let wrappers: Vec<_> = wrappers.into_iter().map(str::to_owned).collect();
            (name.to_owned(), wrappers)
        });
        assert_eq!(rules.banned, banned);
        assert_eq!(rules.registries, ["registry+https://example.com/index"]);
        assert!(rules.skipped.is_empty());
    }

    #[test]
    fn a_file_without_a_list_is_refused() {
        let text = "[bans]\nmultiple-versions = \"deny\"\n";
        let error = Rules::read(text).unwrap_err().to_string();
        assert_eq!(error, "deny.toml has no list sources.allow-registry");
    }
}
