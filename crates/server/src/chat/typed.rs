//! What a typed line means.

use super::place::Place;

/// Messages that `/history` shows without a number, and at most.
const HISTORY: (u32, u32) = (20, 1_000);

/// What `/help` prints.
pub(super) const HELP: &str = "\
A line is a message into the current conversation; // at its beginning stands for one /.
  /group ID        go to a group, or to a topic
  /to ACCOUNT      go to the conversation with an account
  /groups          list your groups
  /members         list the members of the group
  /history [N]     show the last N messages, 20 without a number
  /recall [SEQ]    recall a message by its number, or the last one you sent
  /join ID         join a group, or apply to
  /quit [ID]       leave a group
  /help            this list
  /exit            end; so do Ctrl-C and the end of the input";

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// A message.
    Say(String),
    /// Go to this conversation.
    Go(Place),
    Join(String),
    /// Leave the group named, or else the current one.
    Quit(Option<String>),
    Groups,
    Members,
    History(u32),
    Recall(Option<u32>),
    Help,
    Exit,
    /// An empty line.
    Nothing,
}

impl Typed {
    /// # Errors
    /// The line has no meaning; says why.
    pub(super) fn parse(line: &str) -> Result<Self, String> {
        let line = line.trim_end_matches(['\r', '\n']);
        if line.trim().is_empty() {
            return Ok(Self::Nothing);
        }
        if let Some(text) = line.strip_prefix("//") {
            return Ok(Self::Say(format!("/{text}")));
        }
        let Some(command) = line.strip_prefix('/') else { return Ok(Self::Say(line.to_owned())) };
        let (name, argument) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        let argument = argument.trim();
        let given = (!argument.is_empty()).then_some(argument);
        let needed = |what: &str| given.ok_or_else(|| format!("/{name} needs {what}"));
        match name {
            "group" => needed("the id of a group").and_then(Place::group).map(Self::Go),
            "to" => needed("an account").and_then(Place::account).map(Self::Go),
            "join" => needed("the id of a group").map(|id| Self::Join(id.to_owned())),
            "quit" => Ok(Self::Quit(given.map(str::to_owned))),
            "groups" => Ok(Self::Groups),
            "members" => Ok(Self::Members),
            "history" => {
                let count = number(name, given)?.unwrap_or(HISTORY.0);
                if count <= HISTORY.1 {
                    Ok(Self::History(count))
                } else {
                    Err(format!("/history shows {} messages at most", HISTORY.1))
                }
            }
            "recall" => number(name, given).map(Self::Recall),
            "help" => Ok(Self::Help),
            "exit" => Ok(Self::Exit),
            _ => Err(format!("there is no command /{name}; /help lists them")),
        }
    }
}

/// The number that a command was given, if it was.
fn number(name: &str, given: Option<&str>) -> Result<Option<u32>, String> {
    let parse = |text: &str| text.trim_start_matches('#').parse().ok().filter(|number| *number != 0);
    given.map(|text| parse(text).ok_or_else(|| format!("/{name} takes a number, 1 or more"))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &str) -> Result<Typed, String> {
        Typed::parse(line)
    }

    #[test]
    fn a_line_is_a_message_unless_it_begins_with_one_slash() {
        assert_eq!(typed("hello there\n"), Ok(Typed::Say("hello there".to_owned())));
        assert_eq!(typed("  hello"), Ok(Typed::Say("  hello".to_owned())));
        assert_eq!(typed("//group"), Ok(Typed::Say("/group".to_owned())));
        assert_eq!(typed(" \r\n"), Ok(Typed::Nothing));
    }

    #[test]
    fn commands_take_what_they_need() {
        assert_eq!(typed("/group g"), Ok(Typed::Go(Place::Group("g".to_owned(), None))));
        assert_eq!(typed("/to ivo"), Ok(Typed::Go(Place::Account("ivo".to_owned()))));
        assert_eq!(typed("/history"), Ok(Typed::History(20)));
        assert_eq!(typed("/history 7"), Ok(Typed::History(7)));
        assert_eq!(typed("/recall #12"), Ok(Typed::Recall(Some(12))));
        assert_eq!(typed("/quit"), Ok(Typed::Quit(None)));
        for line in ["/group", "/to", "/join ", "/history 0", "/history 2000", "/recall x", "/what", "/"] {
            assert!(typed(line).is_err(), "{line}");
        }
    }

    #[test]
    fn the_help_lists_every_command() {
        let listed: Vec<_> = HELP.lines().filter_map(|line| line.trim_start().strip_prefix('/')).collect();
        assert_eq!(listed.len(), 10);
        for line in listed {
            let name = line.split(' ').next().unwrap();
            assert!(typed(&format!("/{name} 1")).is_ok(), "{name}");
        }
    }
}
