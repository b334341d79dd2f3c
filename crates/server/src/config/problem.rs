//! What is wrong with a configuration.

use std::cell::RefCell;
use std::fmt;

/// Where a setting came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The default configuration.
    Default,
    /// A line of a file, counted from 1.
    File {
        /// The file, as it was named.
        name: String,
        /// The line.
        line: usize,
    },
    /// An environment variable of this name.
    Variable(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default configuration"),
            Self::File { name, line } => write!(f, "{name}, line {line}"),
            Self::Variable(name) => write!(f, "variable {name}"),
        }
    }
}

/// One thing that is wrong. Never holds a key or a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The setting, such as `app[0].sdk_app_id`.
    pub path: String,
    /// Where it came from; `None` when it is nowhere.
    pub origin: Option<Origin>,
    /// What is wrong, and what is allowed.
    pub text: String,
}

impl Problem {
    /// A problem of something that stands nowhere.
    pub(super) fn unplaced(path: &str, text: String) -> Self {
        Self { path: path.to_owned(), origin: None, text }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.text)?;
        match &self.origin {
            Some(origin) => write!(f, " ({origin})"),
            None => Ok(()),
        }
    }
}

/// Everything that is wrong with a configuration; prints one line each.
#[derive(Debug, Default)]
pub struct Problems {
    // Readers of different sections hold it at the same time, so it is filled behind a shared reference.
    found: RefCell<Vec<Problem>>,
}

impl Problems {
    pub(super) fn one(problem: Problem) -> Self {
        Self { found: RefCell::new(vec![problem]) }
    }

    pub(super) fn add(&self, problem: Problem) {
        self.found.borrow_mut().push(problem);
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// The problems, in the order they were found.
    #[must_use]
    pub fn into_list(self) -> Vec<Problem> {
        self.found.into_inner()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.found.borrow().iter().enumerate() {
            if 0 < index {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
