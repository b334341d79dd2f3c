//! `cargo xtask licences`: every dependency must be usable under the licences that `deny.toml` allows, must not be
//! banned there, and must come from the registry or from this workspace.
//!
//! cargo-deny checks the same file and more, but takes minutes to build, so a new machine does not have it. The
//! project's own rules are therefore checked here, and also by cargo-deny where it is installed.

mod expression;

use crate::workspace::{self, cargo};
use anyhow::{Context as _, Result, bail};
use expression::Expression;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs;
use std::process::Stdio;

/// The part of `deny.toml` that is checked here.
#[derive(Deserialize)]
struct Policy {
    licenses: Licences,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licences {
    allow: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

/// A package in cargo's metadata.
#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

/// Checks all packages of the lock file, those for other platforms included.
///
/// # Errors
/// Lists every package that breaks the policy.
pub(crate) fn run() -> Result<()> {
    let text = fs::read_to_string(workspace::root().join("deny.toml")).context("cannot read deny.toml")?;
    let policy: Policy = toml::from_str(&text).context("deny.toml is not understood")?;
    let metadata = workspace::metadata(&[])?;
    let packages =
        Vec::<Package>::deserialize(&metadata["packages"]).context("cargo metadata is not understood")?;
    let problems = problems(&policy, &packages);
    if !problems.is_empty() {
        bail!("{} against deny.toml:\n  {}", problems.len(), problems.join("\n  "));
    }
    println!("{} packages comply with deny.toml", packages.len());
    run_cargo_deny()
}

fn problems(policy: &Policy, packages: &[Package]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut named = BTreeSet::new();
    for package in packages {
        let label = format!("{} {}", package.name, package.version);
        if let Some(ban) = policy.bans.deny.iter().find(|ban| ban.name == package.name) {
            problems.push(format!("{label} is banned: {}", ban.reason));
        }
        if package.source.as_ref().is_some_and(|source| !source.starts_with("registry+")) {
            problems.push(format!("{label} does not come from the registry"));
        }
        let Some(license) = &package.license else {
            problems.push(format!("{label} names no licence"));
            continue;
        };
        match Expression::parse(license) {
            Err(problem) => {
                problems.push(format!("{label} has a licence expression that {problem}: {license}"))
            }
            Ok(expression) => {
                if !expression.is_satisfied(&policy.licenses.allow) {
                    problems.push(format!("{label} is not allowed: {license}"));
                }
                expression.add_names(&mut named);
            }
        }
    }
    for unused in policy.licenses.allow.difference(&named) {
        problems.push(format!("{unused} is allowed but no package names it: take it off the list"));
    }
    problems
}

/// Runs cargo-deny where it is installed. Advisories are left out: they change without a change of ours.
fn run_cargo_deny() -> Result<()> {
    let installed = cargo(&["deny", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !installed.is_ok_and(|status| status.success()) {
        println!("cargo-deny is not installed, so the same rules were checked without it");
        return Ok(());
    }
    workspace::run(&mut cargo(&["deny", "--locked", "check", "bans", "licenses", "sources"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"
        [licenses]
        allow = ["MIT", "Apache-2.0"]
        [bans]
        deny = [{ crate = "bad", reason = "because" }]
    "#;

    fn check(package: &str) -> Vec<String> {
        let policy: Policy = toml::from_str(POLICY).unwrap();
        let usual: Package =
            serde_json::from_str(r#"{"name": "own", "version": "1.0.0", "license": "MIT OR Apache-2.0"}"#)
                .unwrap();
        problems(&policy, &[usual, serde_json::from_str(package).unwrap()])
    }

    #[test]
    fn a_package_that_complies_with_the_policy_is_no_problem() {
        let package =
            r#"{"name": "a", "version": "1.2.3", "license": "MIT/GPL-3.0-only", "source": "registry+x"}"#;
        assert_eq!(check(package), Vec::<String>::new());
    }

    #[test]
    fn each_rule_names_the_package_that_breaks_it() {
        let cases = [
            (r#"{"name": "bad", "version": "1.2.3", "license": "MIT"}"#, "bad 1.2.3 is banned: because"),
            (
                r#"{"name": "a", "version": "1.2.3", "license": "MIT", "source": "git+x"}"#,
                "a 1.2.3 does not come from the registry",
            ),
            (r#"{"name": "a", "version": "1.2.3"}"#, "a 1.2.3 names no licence"),
            (
                r#"{"name": "a", "version": "1.2.3", "license": "MIT AND GPL-3.0-only"}"#,
                "a 1.2.3 is not allowed: MIT AND GPL-3.0-only",
            ),
            (
                r#"{"name": "a", "version": "1.2.3", "license": "(MIT"}"#,
                "a 1.2.3 has a licence expression that lacks a closing parenthesis: (MIT",
            ),
        ];
        for (package, expected) in cases {
            assert_eq!(check(package), [expected]);
        }
    }

    #[test]
    fn an_allowed_licence_without_a_package_is_reported() {
        let policy: Policy = toml::from_str(POLICY).unwrap();
        let only: Package =
            serde_json::from_str(r#"{"name": "a", "version": "1.0.0", "license": "MIT"}"#).unwrap();
        assert_eq!(
            problems(&policy, &[only]),
            ["Apache-2.0 is allowed but no package names it: take it off the list"]
        );
    }
}
