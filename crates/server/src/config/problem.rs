//! Problems of a configuration.

use std::cell::RefCell;
use std::fmt;

/// The origin of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Default,
    /// A line of a file, counted from 1.
    File {
        /// Its name as given.
        name: String,
        line: usize,
    },
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

/// One problem. Never holds a key or a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The setting, such as `app[0].sdk_app_id`.
    pub path: String,
    /// `None` when the setting is missing everywhere.
    pub origin: Option<Origin>,
    /// The problem, and what is allowed.
    pub text: String,
}

impl Problem {
    /// A problem of a setting that is missing everywhere.
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

/// All problems of a configuration; prints one line each.
#[derive(Debug, Default)]
pub struct Problems {
    // Readers of different sections hold it at the same time, so it is filled through a shared reference.
    found: RefCell<Vec<Problem>>,
}

impl Problems {
    pub(super) fn one(problem: Problem) -> Self {
        Self { found: RefCell::new(vec![problem]) }
    }

    pub(super) fn add(&self, problem: Problem) {
        self.found.borrow_mut().push(problem);
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// In the order they were found.
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
