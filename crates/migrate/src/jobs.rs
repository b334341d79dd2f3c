//! Jobs on a Landfall server: it takes the whole file and brings its groups in by itself, each whole or not at all.
//!
//! The journal remembers which job brings which file in, so that an import that was stopped goes on with it.

mod command;
mod earlier;
mod import;
mod lines;
mod outcome;
mod run;
mod undo;

pub use import::import;
pub use outcome::{Counts, JobOutcome, Kinds};
pub use run::{JobOptions, run};
pub use undo::{JobUndo, undo, undo_one};
