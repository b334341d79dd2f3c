//! The paths in a file that begin with `crate`, `super` or `self`.

use super::tokens::{Token, tokens};

/// A path within the crate.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reference<'text> {
    /// The names from the root of the crate on: modules, then possibly an item.
    pub(super) path: Vec<&'text str>,
    /// The line of its last name.
    pub(super) line: usize,
}

/// Whether a module of this name contains only tests.
pub(super) fn is_test(module: &str) -> bool {
    ["tests", "suite"].contains(&module)
}

/// The references in the file of `module`, without those in test modules.
pub(super) fn references<'text>(module: &[&'text str], source: &'text str) -> Vec<Reference<'text>> {
    let mut reader = Reader { source, tokens: tokens(source), module: module.to_vec(), found: Vec::new() };
    // For each open brace whether it opened a module.
    let mut braces: Vec<bool> = Vec::new();
    let mut position = 0;
    while position < reader.tokens.len() {
        position = match reader.texts(position) {
            ["mod", name, "{", ..] if is_test(name) => reader.block_end(position + 2),
            ["mod", name, "{", ..] => {
                reader.module.push(name);
                braces.push(true);
                position + 3
            }
            ["{", ..] => {
                braces.push(false);
                position + 1
            }
            ["}", ..] => {
                if braces.pop() == Some(true) {
                    reader.module.pop();
                }
                position + 1
            }
            ["use", ..] => reader.use_tree(position + 1, &mut Vec::new()),
            // A visibility is no reference.
            ["pub", "(", "in", ..] => reader.path_end(position + 3),
            [first, "::", _] if is_start(first) => {
                let end = reader.path_end(position);
                let path = (position..end).step_by(2).map(|name| reader.tokens[name].text).collect();
                reader.add(path, end - 1);
                end
            }
            [..] => position + 1,
        };
    }
    reader.found
}

fn is_start(name: &str) -> bool {
    ["crate", "super", "self"].contains(&name)
}

struct Reader<'text> {
    source: &'text str,
    tokens: Vec<Token<'text>>,
    /// The current module, from the root of the crate.
    module: Vec<&'text str>,
    found: Vec<Reference<'text>>,
}

impl<'text> Reader<'text> {
    fn text(&self, position: usize) -> &'text str {
        self.tokens.get(position).map_or("", |token| token.text)
    }

    /// Three tokens from `position` on, empty after the last one.
    fn texts(&self, position: usize) -> [&'text str; 3] {
        [self.text(position), self.text(position + 1), self.text(position + 2)]
    }

    /// The position after the block whose brace is at `position`.
    fn block_end(&self, position: usize) -> usize {
        let mut depth = 0_usize;
        for (position, token) in self.tokens.iter().enumerate().skip(position) {
            match token.text {
                "{" => depth += 1,
                "}" if depth == 1 => return position + 1,
                "}" => depth -= 1,
                _ => {}
            }
        }
        self.tokens.len()
    }

    /// The position after the path whose first name is at `position`.
    fn path_end(&self, position: usize) -> usize {
        let mut end = position + 1;
        while self.text(end) == "::"
            && self.text(end + 1).starts_with(|c: char| c.is_alphabetic() || c == '_')
        {
            end += 2;
        }
        end
    }

    /// Reads the part of a `use` line at `position`, which follows the names `before`. Returns the position after it.
    fn use_tree(&mut self, mut position: usize, before: &mut Vec<&'text str>) -> usize {
        let depth = before.len();
        loop {
            match self.texts(position) {
                ["{", ..] => {
                    position += 1;
                    while !["}", ";", ""].contains(&self.text(position)) {
                        let comma = usize::from(self.text(position) == ",");
                        position = if comma == 1 { position + 1 } else { self.use_tree(position, before) };
                    }
                    position += 1;
                    break;
                }
                [name, "::", _] => {
                    before.push(name);
                    position += 2;
                }
                [name, ..] => {
                    let path = before.iter().copied().chain([name]).collect();
                    self.add(path, position);
                    position += if self.text(position + 1) == "as" { 3 } else { 1 };
                    break;
                }
            }
        }
        before.truncate(depth);
        position
    }

    /// Adds a path whose last name is at `position`, if it begins in this crate.
    fn add(&mut self, path: Vec<&'text str>, position: usize) {
        let Some((first, rest)) = path.split_first().filter(|(first, _)| is_start(first)) else { return };
        let mut names = if *first == "crate" { Vec::new() } else { self.module.clone() };
        if *first == "super" {
            names.pop();
        }
        for name in rest {
            match *name {
                "super" => drop(names.pop()),
                "self" => {}
                name => names.push(name),
            }
        }
        let line = self.tokens.get(position).map_or(0, |token| token.line(self.source));
        self.found.push(Reference { path: names, line });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<(String, usize)> {
        let found = references(&["a", "b"], source);
        found.into_iter().map(|reference| (reference.path.join("::"), reference.line)).collect()
    }

    fn paths(source: &str) -> Vec<String> {
        found(source).into_iter().map(|(path, _)| path).collect()
    }

    #[test]
    fn each_start_is_understood() {
        assert_eq!(paths("use crate::c::D;"), ["c::D"]);
        assert_eq!(paths("use super::c::D;"), ["a::c::D"]);
        assert_eq!(paths("use super::super::D;"), ["D"]);
        assert_eq!(paths("pub(crate) use self::c::D as E;"), ["a::b::c::D"]);
        assert_eq!(paths("use std::fmt; use other::{C, D}; use c::D;"), Vec::<String>::new());
    }

    #[test]
    fn braces_are_followed_at_any_depth() {
        let source = "use crate::{\n    c,\n    d::{self, E as F, g::*},\n};\nuse {super::H, std::fmt};\n";
        let found = found(source);
        let found: Vec<(&str, usize)> = found.iter().map(|(path, line)| (path.as_str(), *line)).collect();
        assert_eq!(found, [("c", 2), ("d", 3), ("d::E", 3), ("d::g::*", 3), ("a::H", 5)]);
    }

    #[test]
    fn paths_in_code_count() {
        assert_eq!(paths("fn f() -> crate::c::D { super::g::<u8>(self::H) }"), ["c::D", "a::g", "a::b::H"]);
        assert_eq!(paths("macro_rules! m { () => { $crate::c::d!() } }"), ["c::d"]);
    }

    #[test]
    fn comments_strings_and_visibilities_do_not() {
        let source =
            "// use crate::c;\npub(in crate::a) struct S; const T: &str = \"crate::d\"; fn f(self) {}";
        assert_eq!(paths(source), Vec::<String>::new());
    }

    #[test]
    fn modules_in_the_file_move_the_start() {
        assert_eq!(paths("mod c { use super::D; fn f() {} } use super::E;"), ["a::b::D", "a::E"]);
    }

    #[test]
    fn tests_are_left_out() {
        assert_eq!(paths("#[cfg(test)] mod tests { fn f() { if x {} } use crate::c; } use crate::d;"), ["d"]);
    }
}
