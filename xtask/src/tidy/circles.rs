//! Circles of modules: files of one crate that name each other, directly or through others.
//!
//! A file names another where a path begins with `crate`, `super` or `self`, in a `use` line or elsewhere. A re-export
//! counts as the module that is written, and a submodule that is used by its bare name counts as a part of its parent.
//! Modules called `tests` or `suite` are left out.

use super::references::{is_test, references};
use std::collections::{BTreeMap, BTreeSet};

/// Circles that may stay, each with its files. Files may only leave the list. The first holds the value types of
/// `domain`, which name each other.
const EXCEPTIONS: &[&[&str]] = &[&[
    "crates/domain/src/capability.rs",
    "crates/domain/src/fields.rs",
    "crates/domain/src/group.rs",
    "crates/domain/src/ids.rs",
    "crates/domain/src/member.rs",
    "crates/domain/src/message.rs",
]];

/// A file names another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Arrow {
    from: usize,
    line: usize,
    to: usize,
}

/// The modules of one crate.
struct Graph<'text> {
    /// Paths of the files; arrows name them by position.
    files: Vec<&'text str>,
    arrows: BTreeSet<Arrow>,
}

/// The circles among `files` (paths and texts) that no exception allows, then the excepted files that are in no circle.
pub(super) fn problems(files: &[(String, String)]) -> Vec<String> {
    judge(files, EXCEPTIONS)
}

fn judge(files: &[(String, String)], exceptions: &[&[&str]]) -> Vec<String> {
    let graphs = graphs(files);
    let circles: Vec<_> = graphs
        .iter()
        .flat_map(|graph| graph.circles().into_iter().map(move |circle| (graph, circle)))
        .collect();
    let is_excepted = |(graph, circle): &(&Graph<'_>, BTreeSet<usize>)| {
        exceptions.iter().any(|group| circle.iter().all(|file| group.contains(&graph.files[*file])))
    };
    let forbidden = circles.iter().filter(|circle| !is_excepted(circle));
    let mut problems: Vec<String> = forbidden.map(|(graph, circle)| graph.describe(circle)).collect();
    let in_circles: BTreeSet<&str> =
        circles.iter().flat_map(|(graph, circle)| circle.iter().map(|file| graph.files[*file])).collect();
    let stale = exceptions.iter().copied().flatten().filter(|file| !in_circles.contains(*file));
    problems.extend(stale.map(|file| {
        format!("{file}: is in no circle, so remove it from the exceptions in xtask/src/tidy/circles.rs")
    }));
    problems
}

/// The graph of each crate.
fn graphs(files: &[(String, String)]) -> Vec<Graph<'_>> {
    let mut crates: BTreeMap<&str, BTreeMap<Vec<&str>, (&str, &str)>> = BTreeMap::new();
    for (path, text) in files {
        if let Some((name, module)) = module(path) {
            crates.entry(name).or_default().entry(module).or_insert((path, text));
        }
    }
    crates.values().map(Graph::new).collect()
}

/// The crate of a file and the names of its module in it; none for a test.
fn module(path: &str) -> Option<(&str, Vec<&str>)> {
    let (name, file) = path.strip_suffix(".rs")?.split_once("/src/")?;
    let mut module: Vec<&str> = file.split('/').collect();
    module.pop_if(|last| ["lib", "main", "mod"].contains(last));
    (!module.iter().any(|name| is_test(name))).then_some((name, module))
}

impl<'text> Graph<'text> {
    fn new(modules: &BTreeMap<Vec<&'text str>, (&'text str, &'text str)>) -> Self {
        let names: BTreeMap<&[&str], usize> =
            modules.keys().enumerate().map(|(position, module)| (module.as_slice(), position)).collect();
        // A path may continue after its module with an item.
        let owner = |path: &[&str]| {
            let lengths = (0..=path.len()).rev();
            lengths.filter_map(|length| names.get(&path[..length])).next().copied()
        };
        let mut arrows = BTreeSet::new();
        for (from, (module, (_, text))) in modules.iter().enumerate() {
            for reference in references(module, text) {
                let to = owner(&reference.path).filter(|to| *to != from);
                arrows.extend(to.map(|to| Arrow { from, line: reference.line, to }));
            }
        }
        Self { files: modules.values().map(|(path, _)| *path).collect(), arrows }
    }

    /// The largest groups of more than one file in which each leads to each.
    fn circles(&self) -> BTreeSet<BTreeSet<usize>> {
        let mut following = vec![BTreeSet::new(); self.files.len()];
        for arrow in &self.arrows {
            following[arrow.from].insert(arrow.to);
        }
        let reached: Vec<BTreeSet<usize>> =
            (0..self.files.len()).map(|start| reached(start, &following)).collect();
        let circle = |start: usize| -> BTreeSet<usize> {
            reached[start].iter().copied().filter(|file| reached[*file].contains(&start)).collect()
        };
        (0..self.files.len()).map(circle).filter(|circle| 1 < circle.len()).collect()
    }

    /// The files of a circle, and every place where one of them names another.
    fn describe(&self, circle: &BTreeSet<usize>) -> String {
        let files: Vec<&str> = circle.iter().map(|file| self.files[*file]).collect();
        let mut text = format!("a circle of {} modules: {}", files.len(), files.join(", "));
        let within = |arrow: &&Arrow| circle.contains(&arrow.from) && circle.contains(&arrow.to);
        for Arrow { from, line, to } in self.arrows.iter().filter(within) {
            text.push_str(&format!("\n    {}:{line} names {}", self.files[*from], self.files[*to]));
        }
        text
    }
}

/// The files that `start` leads to, itself among them only when it is in a circle.
fn reached(start: usize, following: &[BTreeSet<usize>]) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut left = vec![start];
    while let Some(file) = left.pop() {
        left.extend(following[file].iter().copied().filter(|next| reached.insert(*next)));
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(files: &[(&str, &str)], exceptions: &[&[&str]]) -> Vec<String> {
        let owned = |(path, text): &(&str, &str)| (format!("crates/c/src/{path}"), (*text).to_owned());
        judge(&files.iter().map(owned).collect::<Vec<_>>(), exceptions)
    }

    #[test]
    fn a_tree_is_no_circle() {
        let files = [
            ("lib.rs", "mod a; mod b; pub use b::B;"),
            ("a.rs", "use crate::b::B;"),
            ("b.rs", "mod c; use self::c::C;"),
            ("b/c.rs", "use crate::d; use other::a;"),
            ("b/tests.rs", "use crate::a;"),
        ];
        assert_eq!(problems(&files, &[]), Vec::<String>::new());
    }

    #[test]
    fn two_files_that_name_each_other_are_a_circle() {
        let files = [("a.rs", "\nuse crate::b::B;\n"), ("b.rs", "use crate::a::A as Other;")];
        assert_eq!(
            problems(&files, &[]),
            ["a circle of 2 modules: crates/c/src/a.rs, crates/c/src/b.rs\n    \
             crates/c/src/a.rs:2 names crates/c/src/b.rs\n    crates/c/src/b.rs:1 names crates/c/src/a.rs"]
        );
    }

    #[test]
    fn a_circle_is_found_over_three_files_super_and_braces() {
        let files = [
            ("a.rs", "use crate::{x, d::{self, e::E}};"),
            ("d/e.rs", "use super::super::f::F;"),
            ("d.rs", ""),
            ("f.rs", "fn f() { crate::a::g() }"),
        ];
        let found = problems(&files, &[]);
        assert_eq!(found.len(), 1);
        let circle = "a circle of 3 modules: crates/c/src/a.rs, crates/c/src/d/e.rs, crates/c/src/f.rs\n";
        assert!(found[0].starts_with(circle), "{found:?}");
    }

    #[test]
    fn files_of_two_crates_make_no_circle() {
        let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        let files = [file("crates/c/src/a.rs", "use crate::b;"), file("crates/d/src/b.rs", "use crate::a;")];
        assert_eq!(judge(&files, &[]), Vec::<String>::new());
    }

    #[test]
    fn an_exception_allows_its_files_only() {
        let files = [("a.rs", "use super::b;"), ("b.rs", "use super::a;")];
        let (a, b) = ("crates/c/src/a.rs", "crates/c/src/b.rs");
        assert_eq!(problems(&files, &[&[a, b]]), Vec::<String>::new());
        assert_eq!(problems(&files, &[&[a], &[b]]).len(), 1);
    }

    #[test]
    fn an_exception_without_a_circle_is_reported() {
        let files = [("a.rs", "use super::b;"), ("b.rs", "")];
        let stale = "crates/c/src/b.rs: is in no circle, so remove it from the exceptions in xtask/src/tidy/circles.rs";
        assert_eq!(problems(&files, &[&["crates/c/src/b.rs"]]), [stale]);
    }
}
