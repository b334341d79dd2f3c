//! The calls in a golden file.

/// A call, and its answer.
pub(super) struct Call {
    /// The client's device that makes it; `None`: an administrator, over HTTP.
    device: Option<String>,
    /// `service/command`, or what a client's request names.
    command: String,
    pub(super) request: String,
    pub(super) answer: String,
}

impl Call {
    /// Whether an administrator calls this command.
    pub(super) fn is_rest(&self, path: &str) -> bool {
        self.device.is_none() && self.command == path
    }

    /// Whether a client calls this command, by its path or by its name alone.
    pub(super) fn is_of_client(&self, path: &str) -> bool {
        let named = path.rsplit_once('/').map_or(path, |(_, name)| name);
        self.device.is_some() && (self.command == path || self.command == named)
    }
}

/// The calls of a golden file.
pub(super) fn calls(text: &str) -> impl Iterator<Item = Call> {
    // The same mark before each call, whether it is made once or repeated.
    let marked = format!("\n{text}").replace("\n>> ", "\n> ");
    let read = |call: &str| {
        let (asked, answer) = call.split_once("\n< ")?;
        // Frames that a device gets follow like further answers.
        let answer = answer.split("\n\n").next()?.split("\n#").next()?.split("\n< ").next()?;
        let (head, body) = asked.split_once('\n').unwrap_or((asked, ""));
        let (device, head) = match head.split_once(": ") {
            Some((device, head)) if !device.contains(' ') => (Some(device.to_owned()), head),
            Some(_) | None => (None, head),
        };
        let (command, in_line) = head.split_once(' ').unwrap_or((head, ""));
        let request = format!("{in_line}\n{body}").trim().to_owned();
        Some(Call { device, command: command.to_owned(), request, answer: answer.to_owned() })
    };
    marked.split("\n> ").skip(1).filter_map(read).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_administrators_and_of_clients_are_told_apart() {
        let text = "@ first=x\n> s/c {\"a\": \"x: y\"}\n< {}\n>> ann/2: c {\n\"b\": 1}\n< {\"n\": 1}\n< bob: {\"Event\": \"e\"}\n> ann: s/c {}\n< nothing\n";
        let found: Vec<Call> = calls(text).collect();
        let read: Vec<_> = found.iter().map(|call| (call.request.as_str(), call.answer.trim_end())).collect();
        assert_eq!(read, [("{\"a\": \"x: y\"}", "{}"), ("{\n\"b\": 1}", "{\"n\": 1}"), ("{}", "nothing")]);
        assert_eq!(found.iter().map(|call| call.is_rest("s/c")).collect::<Vec<_>>(), [true, false, false]);
        assert_eq!(
            found.iter().map(|call| call.is_of_client("s/c")).collect::<Vec<_>>(),
            [false, true, true]
        );
    }
}
