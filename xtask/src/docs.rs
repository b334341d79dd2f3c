//! `cargo xtask docs`: pages that are generated from the program, so that they cannot differ from it.

use crate::compatibility;
use crate::workspace::{self, cargo};
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::PathBuf;

/// Generates the text of a page.
type Make = fn() -> Result<String>;

/// Pages under `docs/`, and how each is generated.
const PAGES: [(&str, Make); 2] = [
    ("compatibility", || compatibility::page(&print("commands")?, &print("clients")?)),
    ("configuration", || print("configuration")),
];

/// Writes all pages.
///
/// # Errors
/// When the program does not build, or a page cannot be written.
pub(crate) fn write() -> Result<()> {
    for (page, make) in PAGES {
        let text = make()?;
        let path = path(page);
        fs::create_dir_all(workspace::root().join("docs"))
            .and_then(|()| fs::write(&path, text))
            .with_context(|| format!("cannot write {}", path.display()))?;
        println!("wrote docs/{page}.md");
    }
    Ok(())
}

/// Checks that all pages are up to date.
///
/// # Errors
/// Names the first page that differs, its first differing line, and the command that writes it.
pub(crate) fn check() -> Result<()> {
    for (page, make) in PAGES {
        // A missing page differs in its first line.
        let written = fs::read_to_string(path(page)).unwrap_or_default();
        if let Some(line) = first_difference(&written, &make()?) {
            bail!("docs/{page}.md is out of date in line {line}; run `cargo xtask docs` and commit the page");
        }
    }
    Ok(())
}

fn print(page: &str) -> Result<String> {
    let text =
        workspace::output(&mut cargo(&["run", "--quiet", "--locked", "-p", "landfall", "--", "docs", page]))?;
    if text.is_empty() {
        // Otherwise a missing page would agree with a program that prints nothing.
        bail!("`landfall docs {page}` printed nothing");
    }
    Ok(text)
}

fn path(page: &str) -> PathBuf {
    workspace::root().join("docs").join(format!("{page}.md"))
}

/// The first line, counted from 1, in which two texts differ.
fn first_difference(left: &str, right: &str) -> Option<usize> {
    if left == right {
        return None;
    }
    let same = left.split('\n').zip(right.split('\n')).take_while(|(left, right)| left == right).count();
    Some(same + 1)
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn the_first_differing_line_is_found() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(first_difference("", "a\n"), Some(1));
        assert_eq!(first_difference("a\n", "a\nb\n"), Some(2));
        assert_eq!(first_difference("a", "a\n"), Some(2));
    }
}
