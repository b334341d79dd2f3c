//! The tables of `docs/gateway.md`, to which tests compare what the code knows.

pub(super) const PAGE: &str = include_str!("../../../../docs/gateway.md");

/// The first two cells of each row of the tables under a heading.
pub(super) fn rows(heading: &str) -> Vec<(&'static str, &'static str)> {
    let (_, section) = PAGE.split_once(&format!("\n{heading}\n")).expect("the page has this heading");
    let rows = section.lines().take_while(|line| !line.starts_with('#'));
    let cells = rows.filter_map(|row| row.strip_prefix("| ")?.split_once(" | "));
    cells.map(|(first, rest)| (first, rest.split(" |").next().unwrap_or_default())).skip(1).collect()
}
