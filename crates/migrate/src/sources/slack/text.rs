//! Texts of Slack as people read them: without escapes, mentions and links spelled out.

/// What mentions are called.
pub(super) trait Names {
    /// What a user is called.
    fn user(&self, id: &str) -> Option<String>;
    /// What a conversation is called.
    fn channel(&self, id: &str) -> Option<String>;
}

/// Spells out mentions and links, and removes the escapes.
pub(super) fn plain(text: &str, names: &dyn Names) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('<') {
        unescape(before, &mut plain);
        match behind.split_once('>') {
            Some((inside, behind)) if !inside.contains(['<', '\n']) => {
                plain.push_str(&reference(inside, names));
                rest = behind;
            }
            _ => {
                plain.push('<');
                rest = behind;
            }
        }
    }
    unescape(rest, &mut plain);
    plain
}

/// What stands between angle brackets.
fn reference(inside: &str, names: &dyn Names) -> String {
    let (target, label) = inside.split_once('|').unwrap_or((inside, ""));
    let label = unescaped(label);
    if let Some(user) = target.strip_prefix('@') {
        let name = names.user(user).or_else(|| some(&label)).unwrap_or_else(|| user.to_owned());
        return format!("@{}", name.trim_start_matches('@'));
    }
    if let Some(channel) = target.strip_prefix('#') {
        let name = some(&label).or_else(|| names.channel(channel)).unwrap_or_else(|| channel.to_owned());
        return format!("#{name}");
    }
    if let Some(command) = target.strip_prefix('!') {
        return match command.split_once('^') {
            // Such as a group of users or a date.
            Some((_, rest)) => some(&label).unwrap_or_else(|| rest.to_owned()),
            None => format!("@{command}"),
        };
    }
    let address = unescaped(target);
    let bare = ["mailto:", "tel:"].iter().find_map(|start| address.strip_prefix(start));
    match bare {
        Some(bare) if label.is_empty() || label == bare => bare.to_owned(),
        _ if label.is_empty() || label == address => address,
        Some(_) | None if is_shortened(&label, &address) => address,
        Some(_) | None => format!("{label} ({address})"),
    }
}

/// Whether a label is its address without the scheme.
fn is_shortened(label: &str, address: &str) -> bool {
    let bare = address.split_once("://").map_or(address, |(_, bare)| bare);
    label.trim_end_matches('/') == bare.trim_end_matches('/')
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    unescape(text, &mut plain);
    plain
}

fn unescape(text: &str, plain: &mut String) {
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        plain.push_str(before);
        let known = [("amp;", '&'), ("lt;", '<'), ("gt;", '>')];
        let found = known.iter().find_map(|(name, letter)| Some((behind.strip_prefix(name)?, *letter)));
        let (behind, letter) = found.unwrap_or((behind, '&'));
        plain.push(letter);
        rest = behind;
    }
    plain.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Known;

    impl Names for Known {
        fn user(&self, id: &str) -> Option<String> {
            (id == "U1").then(|| "Ann".to_owned())
        }

        fn channel(&self, id: &str) -> Option<String> {
            (id == "C1").then(|| "general".to_owned())
        }
    }

    #[test]
    fn texts_are_spelled_out() {
        for (text, expected) in [
            ("a &lt;b&gt; &amp;amp; c & d", "a <b> &amp; c & d"),
            ("<@U1> <@U2|ben> <@U3>", "@Ann @ben @U3"),
            ("<#C1> <#C2|random> <#C3>", "#general #random #C3"),
            (
                "<!here> <!channel|channel> <!subteam^S1|@cooks> <!date^1^{date}|Monday>",
                "@here @channel @cooks Monday",
            ),
            ("<https://a.b/?x=1&amp;y=2>", "https://a.b/?x=1&y=2"),
            ("<https://a.b/|a.b> <https://a.b|the &lt;page&gt;>", "https://a.b/ the <page> (https://a.b)"),
            ("<mailto:a@b.c|a@b.c> <tel:123>", "a@b.c 123"),
            ("1 < 2 <unclosed", "1 < 2 <unclosed"),
            ("< <@U1>", "< @Ann"),
            ("", ""),
        ] {
            assert_eq!(plain(text, &Known), expected);
        }
    }
}
