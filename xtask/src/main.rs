//! The project's own tasks, one file each: `cargo xtask test`, `ci`, `golden`, `db`, `docs`, `bench` and the
//! checks that `ci` is made of. `cargo xtask help` lists them.

mod bench;
mod ci;
mod compatibility;
mod db;
mod debian;
mod docs;
mod golden;
mod kits;
mod licences;
mod openapi;
mod postgres;
mod rustdoc;
mod test;
mod tidy;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// The allocator of the server too, so that a comparison with the empty handler does not compare allocators.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The project's own tasks.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Runs every test of the workspace, with a PostgreSQL of their own
    Test,
    /// Everything a change has to pass: format, tidy, licences, lints, documentation, pages, tests
    Ci,
    /// Runs the golden tests of the wire
    Golden {
        /// Rewrites the golden files with what the server answers
        #[arg(long)]
        update: bool,
    },
    /// Runs a throw-away PostgreSQL until Ctrl-C, for `cargo test` in another shell
    Db(db::Arguments),
    /// Writes the pages under docs/ that are generated from the program and its golden files
    Docs {
        /// Only checks that they are up to date
        #[arg(long)]
        check: bool,
    },
    /// Builds and tests the web SDK, and drives a UI kit on it in two browsers; needs Node, npm and Chromium
    Kits,
    /// Makes up calls from the description of the API and checks the answers; needs Python and PyPI
    Openapi,
    /// Checks licences, bans and sources of all dependencies against deny.toml
    Licences,
    /// Checks what no lint sees: long files, marks of unfinished work, commands without a header, circles of modules,
    /// words the project does without
    Tidy,
    /// Measures the server beside an empty handler of the same HTTP library
    #[command(subcommand)]
    Bench(bench::Bench),
    /// The empty handler that `bench` measures against
    #[command(hide = true)]
    Baseline(bench::baseline::Arguments),
    /// The load that `bench` puts on a server
    #[command(hide = true)]
    Load(bench::load::Arguments),
    /// The clients that `bench gateway` connects
    #[command(hide = true)]
    Audience(bench::gateway::audience::Arguments),
    /// The members that `bench gateway` lets act
    #[command(hide = true)]
    Members(bench::gateway::members::Arguments),
    /// What `bench gateway` measures against: the least cost of a message to many clients
    #[command(hide = true)]
    Broadcaster(bench::gateway::broadcaster::Arguments),
    /// Runs a program that is killed when the process that started it ends
    #[command(hide = true)]
    Tether(bench::process::Tether),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Test => test::run(),
        Task::Ci => ci::run(),
        Task::Golden { update } => golden::run(update),
        Task::Db(arguments) => db::run(&arguments),
        Task::Docs { check: true } => docs::check(),
        Task::Docs { check: false } => docs::write(),
        Task::Openapi => openapi::run(),
        Task::Kits => kits::run(),
        Task::Licences => licences::run(),
        Task::Tidy => tidy::run(),
        Task::Bench(bench) => bench.run(),
        Task::Baseline(arguments) => bench::baseline::run(&arguments),
        Task::Load(arguments) => bench::load::run(&arguments),
        Task::Members(arguments) => bench::gateway::members::run(&arguments),
        Task::Audience(arguments) => bench::gateway::audience::run(&arguments),
        Task::Broadcaster(arguments) => bench::gateway::broadcaster::run(&arguments),
        Task::Tether(tether) => tether.run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("xtask: {problem:#}");
            ExitCode::FAILURE
        }
    }
}
