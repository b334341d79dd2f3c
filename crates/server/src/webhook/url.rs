//! Addresses of receivers, as the console of the API allows them.

use reqwest::Url;
use std::net::IpAddr;

/// Longest address of a receiver, bytes.
const URL_BYTES_MAX: usize = 2_048;

/// Longest label of a host, bytes. [doc]
const LABEL_BYTES_MAX: usize = 63;

/// Longest name of a host, bytes.
const HOST_BYTES_MAX: usize = 253;

/// What is wrong with an address. Never quotes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UrlProblem {
    #[error("must be at most {URL_BYTES_MAX} bytes long")]
    TooLong,
    #[error("must begin with http:// or https://")]
    Scheme,
    #[error("must hold printable ASCII only, without spaces and backslashes; write other characters as %XX")]
    Characters,
    #[error("must hold no user and no password; requests are signed when there is a token")]
    User,
    #[error("must hold no query and no fragment (? and #); the server adds a query of its own")]
    Query,
    #[error("must hold none of ! $ & in its path")]
    Path,
    #[error(
        "must name a host: letters, digits and hyphens between dots, up to {LABEL_BYTES_MAX} each, or an IP address; \
         then, if need be, a port from 1 to 65535"
    )]
    Host,
}

/// Reads the address of a receiver.
///
/// The text is checked before it is parsed, because the parser accepts forms that two programs may read differently.
pub(crate) fn parse(text: &str) -> Result<Url, UrlProblem> {
    if URL_BYTES_MAX < text.len() {
        return Err(UrlProblem::TooLong);
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
        return Err(UrlProblem::Characters);
    }
    let (scheme, rest) = text.split_once("://").ok_or(UrlProblem::Scheme)?;
    if !["http", "https"].iter().any(|allowed| scheme.eq_ignore_ascii_case(allowed)) {
        return Err(UrlProblem::Scheme);
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if authority.contains('@') {
        return Err(UrlProblem::User);
    }
    if path.contains(['?', '#']) {
        return Err(UrlProblem::Query);
    }
    if path.contains(['!', '$', '&']) {
        return Err(UrlProblem::Path);
    }
    // `http:///host` would be read as `http://host`, and %2e in a host as a dot.
    if authority.is_empty() || authority.contains('%') {
        return Err(UrlProblem::Host);
    }
    let url = Url::parse(text).map_err(|_| UrlProblem::Host)?;
    let named = url.host_str().is_some_and(is_host_name);
    if (named || literal(&url).is_some()) && url.port() != Some(0) { Ok(url) } else { Err(UrlProblem::Host) }
}

/// The IP address in place of a host name, in any of its forms.
pub(crate) fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn is_host_name(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    host.len() <= HOST_BYTES_MAX && host.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receivers_have_the_addresses_that_the_console_allows() {
        let label = "a".repeat(63);
        for good in [
            "http://example.com",
            "https://example.com:8443/landfall/hook",
            "HTTP://Chat-1.Example.COM/%E4%BD%A0(;,=+*'~)@:",
            "http://localhost/",
            "http://203.0.113.9:80/x",
            "http://[2001:db8::1]:8080/x",
            &format!("http://{label}.{label}.{label}.com/"),
            &format!("http://h/{}", "p".repeat(2_039)),
        ] {
            assert!(parse(good).is_ok(), "{good}: {:?}", parse(good));
        }
        let long = format!("http://h/{}", "p".repeat(2_040));
        let wide = "a".repeat(64);
        for (bad, problem) in [
            (long.as_str(), UrlProblem::TooLong),
            ("", UrlProblem::Scheme),
            ("example.com/hook", UrlProblem::Scheme),
            ("ftp://example.com/", UrlProblem::Scheme),
            ("http:/example.com/", UrlProblem::Scheme),
            ("http://exa mple.com/", UrlProblem::Characters),
            ("http://example.com/\tx", UrlProblem::Characters),
            ("http://example.com\\@other.com/", UrlProblem::Characters),
            ("http://bücher.example/", UrlProblem::Characters),
            ("http://u:p@example.com/", UrlProblem::User),
            ("http://@example.com/", UrlProblem::User),
            ("http://example.com/?", UrlProblem::Query),
            ("http://example.com?a=b", UrlProblem::Query),
            ("http://example.com/#a", UrlProblem::Query),
            ("http://example.com/a!b", UrlProblem::Path),
            ("http://example.com/a$b", UrlProblem::Path),
            ("http://example.com/a&b", UrlProblem::Path),
            ("http://", UrlProblem::Host),
            ("http:///example.com/", UrlProblem::Host),
            ("http://:80/", UrlProblem::Host),
            ("http://ex_ample.com/", UrlProblem::Host),
            ("http://ex%61mple.com/", UrlProblem::Host),
            ("http://example..com/", UrlProblem::Host),
            ("http://example.com./", UrlProblem::Host),
            ("http://1.2.3.400/", UrlProblem::Host),
            ("http://[::1%25eth0]/", UrlProblem::Host),
            ("http://[::g]/", UrlProblem::Host),
            ("http://example.com:0/", UrlProblem::Host),
            ("http://example.com:65536/", UrlProblem::Host),
            ("http://example.com:http/", UrlProblem::Host),
            (&format!("http://{wide}.com/"), UrlProblem::Host),
            (&format!("http://{}com/", "a.".repeat(126)), UrlProblem::Host),
        ] {
            assert_eq!(parse(bad), Err(problem), "{bad}");
        }
    }

    /// Old forms of addresses are recognised: a private address must not pass for a name.
    #[test]
    fn addresses_are_found_in_every_form() {
        for (text, address) in [
            ("http://127.0.0.1/", Some("127.0.0.1")),
            ("http://127.1/", Some("127.0.0.1")),
            ("http://0x7f.0.0.1/", Some("127.0.0.1")),
            ("http://2130706433/", Some("127.0.0.1")),
            ("http://017700000001/", Some("127.0.0.1")),
            ("http://[::1]/", Some("::1")),
            ("http://[::ffff:7f00:1]/", Some("::ffff:127.0.0.1")),
            ("http://localhost/", None),
            ("http://127.0.0.1.example.com/", None),
        ] {
            let expected = address.map(|address| address.parse::<IpAddr>().unwrap());
            assert_eq!(literal(&parse(text).unwrap()), expected, "{text}");
        }
    }
}
