//! Values in messages about differences: quoted, and short.

/// Characters shown of a value.
const SHOWN_MAX: usize = 60;
/// Characters shown before the first one that differs.
const BEFORE: usize = 12;

/// `Name differs: file "a", server "b"`, with long texts cut to where they differ.
pub(super) fn differs(field: &str, file: &str, server: &str) -> String {
    let same = file.chars().zip(server.chars()).take_while(|(left, right)| left == right).count();
    let from = if SHOWN_MAX / 2 < same { same - BEFORE } else { 0 };
    format!("{field} differs: file {}, server {}", shown(file, from), shown(server, from))
}

/// The same for numbers and words, which are not quoted.
pub(super) fn differs_plainly(
    field: &str,
    file: impl std::fmt::Display,
    server: impl std::fmt::Display,
) -> String {
    format!("{field} differs: file {file}, server {server}")
}

/// A text in quotes, cut to [`SHOWN_MAX`] characters.
pub(super) fn quoted(text: &str) -> String {
    shown(text, 0)
}

fn shown(text: &str, from: usize) -> String {
    let cut: String = text.chars().skip(from).take(SHOWN_MAX).collect();
    let before = if from == 0 { "" } else { "…" };
    let behind = if text.chars().nth(from + SHOWN_MAX).is_none() { "" } else { "…" };
    format!("{:?}", format!("{before}{cut}{behind}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut_to_where_they_differ() {
        assert_eq!(differs("Name", "a", "b"), r#"Name differs: file "a", server "b""#);
        let (file, server) = (format!("{}1{}", "x".repeat(100), "y".repeat(100)), "x".repeat(100));
        let shown = differs("Text", &file, &server);
        let expected = format!(
            "Text differs: file \"…{}1{}…\", server \"…{}\"",
            "x".repeat(BEFORE),
            "y".repeat(SHOWN_MAX - BEFORE - 1),
            "x".repeat(BEFORE)
        );
        assert_eq!(shown, expected);
    }
}
