//! `cargo xtask ci`: the checks that a change has to pass. Continuous integration runs the same.
//!
//! Quick checks come first, the tests last, so that a failure is seen early and a run ends with the tests' summary.

use crate::workspace::{self, cargo};
use crate::{docs, licences, rustdoc, test, tidy};
use anyhow::{Result, anyhow};
use std::time::Instant;

/// A named part of the run.
type CiStep = (&'static str, fn() -> Result<()>);

const STEPS: &[CiStep] = &[
    ("format", || workspace::run(&mut cargo(&["fmt", "--all", "--check"]))),
    ("tidy", tidy::run),
    ("licences", licences::run),
    ("lints", lints),
    ("documentation", rustdoc::run),
    ("pages", docs::check),
    ("tests", test::run),
];

/// Runs all steps in order.
///
/// # Errors
/// The first step that fails.
pub(crate) fn run() -> Result<()> {
    let started = Instant::now();
    for (position, (name, step)) in STEPS.iter().enumerate() {
        println!("\n==> {} of {}: {name}", position + 1, STEPS.len());
        let step_started = Instant::now();
        let outcome = step();
        let seconds = step_started.elapsed().as_secs_f64();
        outcome.map_err(|problem| anyhow!("ci stopped: {name} failed after {seconds:.1} s: {problem:#}"))?;
        println!("==> {name}: ok in {seconds:.1} s");
    }
    println!("\n==> ci: all {} steps passed in {:.1} s", STEPS.len(), started.elapsed().as_secs_f64());
    Ok(())
}

fn lints() -> Result<()> {
    workspace::run(&mut cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ]))
}
