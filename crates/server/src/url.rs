//! Reads the URL of a call, as tolerantly as real clients need.

use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// `service/command` of a path of the form `/v4/service/command`; `None` for any other.
///
/// Doubled slashes, and spaces around a part, are ignored: clients send both. [client]
pub(crate) fn service_and_command(path: &str) -> Option<Cow<'_, str>> {
    if let Some(rest) = path.strip_prefix("/v4/")
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'/')
        && let Some((service, command)) = rest.split_once('/')
        && !service.is_empty()
        && !command.is_empty()
        && !command.contains('/')
    {
        return Some(Cow::Borrowed(rest));
    }
    let path = percent_decode_str(path).decode_utf8().ok()?;
    let mut parts = path.split('/').map(str::trim).filter(|part| !part.is_empty());
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some("v4"), Some(service), Some(command), None) => Some(Cow::Owned(format!("{service}/{command}"))),
        _ => None,
    }
}

/// The query parameters that authenticate a call. All others are ignored, `random` and `contenttype` too. [client]
#[derive(Debug, Default)]
pub(crate) struct Query<'url> {
    pub(crate) sdkappid: Option<Cow<'url, str>>,
    pub(crate) identifier: Option<Cow<'url, str>>,
    pub(crate) usersig: Option<Cow<'url, str>>,
    /// The platform of a client that connects. Calls of the API do not have it.
    pub(crate) platform: Option<Cow<'url, str>>,
    /// `1`: a client that connects gives its positions before it gets messages.
    pub(crate) hold: Option<Cow<'url, str>>,
}

impl<'url> Query<'url> {
    /// Parameters may have any order; the first of a name counts.
    pub(crate) fn parse(query: &'url str) -> Self {
        let mut parsed = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let slot = match name {
                "sdkappid" => &mut parsed.sdkappid,
                "identifier" => &mut parsed.identifier,
                "usersig" => &mut parsed.usersig,
                "platform" => &mut parsed.platform,
                "hold" => &mut parsed.hold,
                _ => continue,
            };
            slot.get_or_insert_with(|| decode(value));
        }
        parsed
    }
}

/// The first parameter called `name`.
pub(crate) fn parameter<'url>(query: &'url str, name: &str) -> Option<Cow<'url, str>> {
    let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| decode(value))
}

/// Undoes percent-encoding and `+` for a space; most clients send values raw.
pub(crate) fn decode(value: &str) -> Cow<'_, str> {
    if memchr::memchr2(b'%', b'+', value.as_bytes()).is_none() {
        return Cow::Borrowed(value);
    }
    let spaced = value.replace('+', " ");
    Cow::Owned(percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_as_clients_write_them() {
        for path in [
            "/v4/openim/sendmsg",
            "/v4//openim/sendmsg",
            "//v4/openim//sendmsg",
            "/v4/openim/sendmsg%20",
            "/v4/openim/sendmsg/",
            "/v4/openim/%73endmsg",
        ] {
            assert_eq!(service_and_command(path).as_deref(), Some("openim/sendmsg"), "{path}");
        }
        for path in
            ["/", "", "/v4", "/v4/openim", "/v4/openim/", "/v4/a/b/c", "/v3/openim/sendmsg", "*", "/%ff/a/b"]
        {
            assert_eq!(service_and_command(path), None, "{path}");
        }
    }

    #[test]
    fn queries_are_read_in_any_order_raw_or_encoded() {
        let query = Query::parse("usersig=eJ%2Aa-b_&ver=v4&random=0.87&identifier=admin%40x+y&sdkappid=14");
        assert_eq!(query.usersig.as_deref(), Some("eJ*a-b_"));
        assert_eq!(query.identifier.as_deref(), Some("admin@x y"));
        assert_eq!(query.sdkappid.as_deref(), Some("14"));
        assert_eq!(Query::parse("identifier=admin@x%20y").identifier.as_deref(), Some("admin@x y"));
        assert!(Query::parse("").usersig.is_none());
        assert_eq!(Query::parse("usersig=").usersig.as_deref(), Some(""));
    }
}
