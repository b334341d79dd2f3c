//! Licence expressions as manifests carry them: SPDX (`MIT OR (Apache-2.0 AND ISC)`), and the older `MIT/Apache-2.0`.

use std::collections::BTreeSet;

/// The licences of a package.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Expression {
    /// One licence, with its exception if it has one (`Apache-2.0 WITH LLVM-exception`).
    Licence(String),
    /// Each of them.
    All(Vec<Expression>),
    /// Any one of them, at the user's choice.
    Any(Vec<Expression>),
}

impl Expression {
    /// Reads an expression; `AND` binds tighter than `OR`, and a slash counts as `OR`.
    ///
    /// # Errors
    /// What is wrong with it, phrased as the end of a sentence.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let spaced = text.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        let mut rest = words.as_slice();
        let expression = parse_any(&mut rest)?;
        if rest.is_empty() { Ok(expression) } else { Err("goes on after its end") }
    }

    /// Whether the licences in `allowed` are enough.
    pub(super) fn is_satisfied(&self, allowed: &BTreeSet<String>) -> bool {
        match self {
            Self::Licence(name) => allowed.contains(name),
            Self::All(parts) => parts.iter().all(|part| part.is_satisfied(allowed)),
            Self::Any(parts) => parts.iter().any(|part| part.is_satisfied(allowed)),
        }
    }

    /// Adds every licence the expression names to `names`.
    pub(super) fn add_names(&self, names: &mut BTreeSet<String>) {
        match self {
            Self::Licence(name) => {
                names.insert(name.clone());
            }
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.add_names(names)),
        }
    }
}

fn parse_any(rest: &mut &[&str]) -> Result<Expression, &'static str> {
    let mut parts = vec![parse_all(rest)?];
    while take(rest, "OR") {
        parts.push(parse_all(rest)?);
    }
    Ok(one_or(Expression::Any, parts))
}

fn parse_all(rest: &mut &[&str]) -> Result<Expression, &'static str> {
    let mut parts = vec![parse_one(rest)?];
    while take(rest, "AND") {
        parts.push(parse_one(rest)?);
    }
    Ok(one_or(Expression::All, parts))
}

fn parse_one(rest: &mut &[&str]) -> Result<Expression, &'static str> {
    if take(rest, "(") {
        let inner = parse_any(rest)?;
        return if take(rest, ")") { Ok(inner) } else { Err("lacks a closing parenthesis") };
    }
    let name = take_name(rest)?;
    if take(rest, "WITH") {
        return Ok(Expression::Licence(format!("{name} WITH {}", take_name(rest)?)));
    }
    Ok(Expression::Licence(name.to_owned()))
}

fn take(rest: &mut &[&str], word: &str) -> bool {
    let found = rest.first() == Some(&word);
    if found {
        *rest = &rest[1..];
    }
    found
}

fn take_name<'a>(rest: &mut &[&'a str]) -> Result<&'a str, &'static str> {
    match rest.split_first() {
        Some((name, tail)) if !["AND", "OR", "WITH", "(", ")"].contains(name) => {
            *rest = tail;
            Ok(name)
        }
        Some(_) | None => Err("lacks the name of a licence"),
    }
}

fn one_or(group: fn(Vec<Expression>) -> Expression, mut parts: Vec<Expression>) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            group(parts)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, allowed: &[&str], satisfied: bool) {
        let allowed = allowed.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(Expression::parse(text).unwrap().is_satisfied(&allowed), satisfied, "{text}");
    }

    #[test]
    fn one_choice_of_several_is_enough() {
        check("MIT OR Apache-2.0", &["MIT"], true);
        check("MIT OR Apache-2.0 OR LGPL-2.1-or-later", &["Apache-2.0"], true);
        check("Apache-2.0/MIT", &["MIT"], true);
        check("Apache-2.0 / MIT", &["MIT"], true);
        check("GPL-3.0-only OR AGPL-3.0-only", &["MIT"], false);
    }

    #[test]
    fn joined_licences_are_all_needed() {
        check("Apache-2.0 AND ISC", &["Apache-2.0"], false);
        check("Apache-2.0 AND ISC", &["Apache-2.0", "ISC"], true);
        check("(MIT OR Apache-2.0) AND Unicode-3.0", &["MIT"], false);
        check("(MIT OR Apache-2.0) AND Unicode-3.0", &["MIT", "Unicode-3.0"], true);
    }

    #[test]
    fn and_binds_tighter_than_or() {
        check("MIT OR Apache-2.0 AND ISC", &["MIT"], true);
        check("MIT OR Apache-2.0 AND ISC", &["ISC"], false);
        check("GPL-2.0-only AND ISC OR MIT", &["MIT"], true);
    }

    #[test]
    fn an_exception_makes_another_licence() {
        check("Apache-2.0 WITH LLVM-exception", &["Apache-2.0"], false);
        check("Apache-2.0 WITH LLVM-exception", &["Apache-2.0 WITH LLVM-exception"], true);
        check("Apache-2.0 WITH LLVM-exception OR MIT", &["MIT"], true);
    }

    #[test]
    fn a_malformed_expression_is_refused() {
        for text in
            ["", "MIT OR", "AND MIT", "(MIT", "MIT)", "MIT Apache-2.0", "Apache-2.0 WITH", "MIT//ISC", "()"]
        {
            assert!(Expression::parse(text).is_err(), "{text}");
        }
    }
}
