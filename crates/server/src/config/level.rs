//! `log.level`: a level for everything, and levels of single parts.

use super::section::closest;
use std::collections::BTreeSet;

/// The levels, the least verbose first.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// The level of parts that are not named, when no level for everything is given.
const LEVEL_OF_THE_REST: &str = "error";

/// Names of levels in other programs.
const ELSEWHERE: [(&str, &str); 9] = [
    ("warning", "warn"),
    ("verbose", "debug"),
    ("err", "error"),
    ("fatal", "error"),
    ("critical", "error"),
    ("notice", "info"),
    ("information", "info"),
    ("none", "off"),
    ("all", "trace"),
];

/// Reads a level for everything and optional levels of parts: `info,landfall=debug`. Returns directives of
/// `tracing-subscriber`, which itself takes an unknown level for the name of a part, and then logs nothing.
///
/// # Errors
/// The problem with the text.
pub(super) fn parse(text: &str) -> Result<String, String> {
    let mut directives = Vec::new();
    let mut parts = BTreeSet::new();
    for word in text.split(',').map(str::trim) {
        let (part, level) = match word.split_once('=') {
            Some((part, level)) if is_part(part) => (Some(part), level),
            Some((part, _)) => {
                return Err(format!("{part:?} is no part of the program, such as landfall_store"));
            }
            None => (None, word),
        };
        let level = known(level)?;
        if !parts.insert(part) {
            return Err(match part {
                Some(part) => format!("names a level for {part} twice"),
                None => "names a level for everything twice".to_owned(),
            });
        }
        directives.push(part.map_or_else(|| level.to_owned(), |part| format!("{part}={level}")));
    }
    if !parts.contains(&None) {
        // A part that does not exist cannot be detected, and must not silence the others.
        directives.insert(0, LEVEL_OF_THE_REST.to_owned());
    }
    Ok(directives.join(","))
}

fn known(word: &str) -> Result<&'static str, String> {
    let lower = word.to_ascii_lowercase();
    if let Some(level) = LEVELS.iter().find(|level| **level == lower) {
        return Ok(level);
    }
    let elsewhere = ELSEWHERE.iter().find(|(name, _)| *name == lower).map(|(_, level)| *level);
    let meant = elsewhere.or_else(|| closest(&lower, &LEVELS));
    let meant = meant.map_or_else(|| ".".to_owned(), |level| format!("; did you mean {level:?}?"));
    Err(format!("{word:?} is no level{meant} Levels are {}", LEVELS.join(", ")))
}

/// Whether it has the form of the name of a part.
fn is_part(word: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    word.split("::").all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::EnvFilter;

    #[test]
    fn levels_apply_to_everything_and_to_parts() {
        for (text, directives) in [
            ("info", "info"),
            ("WARN", "warn"),
            ("off", "off"),
            ("info,fjall=warn,lsm_tree=warn", "info,fjall=warn,lsm_tree=warn"),
            ("landfall=debug, info", "landfall=debug,info"),
            ("trace,tokio_postgres::query=off", "trace,tokio_postgres::query=off"),
            ("landfal=debug", "error,landfal=debug"),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(directives));
            EnvFilter::try_new(directives).unwrap();
        }
    }

    #[test]
    fn a_wrong_level_is_refused_and_the_right_one_suggested() {
        for (text, expected) in [
            ("warning", "\"warning\" is no level; did you mean \"warn\"?"),
            ("Warning", "\"Warning\" is no level; did you mean \"warn\"?"),
            ("verbose", "\"verbose\" is no level; did you mean \"debug\"?"),
            ("inf", "\"inf\" is no level; did you mean \"info\"?"),
            ("tarce", "\"tarce\" is no level; did you mean \"trace\"?"),
            ("info,landfall=verbose", "\"verbose\" is no level; did you mean \"debug\"?"),
            ("loud", "\"loud\" is no level. Levels are off, error, warn, info, debug, trace"),
            ("landfall", "\"landfall\" is no level. Levels are"),
            ("5", "\"5\" is no level. Levels are"),
            ("", "\"\" is no level. Levels are"),
            ("info,", "\"\" is no level. Levels are"),
            ("info debug", "\"info debug\" is no level. Levels are"),
            ("info,debug", "names a level for everything twice"),
            ("info,a=warn,a=debug", "names a level for a twice"),
            ("info,landfall[{app=7}]=debug", "\"landfall[{app\" is no part of the program"),
            ("info,=debug", "\"\" is no part of the program"),
        ] {
            let problem = parse(text).unwrap_err();
            assert!(problem.starts_with(expected), "{text}: {problem}");
        }
    }
}
