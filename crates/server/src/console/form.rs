//! What a form brings: the body of a POST, `application/x-www-form-urlencoded`.

use crate::connection::Caller;
use crate::reply::Failure;
use crate::rest;
use crate::url;
use hyper::body::Incoming;
use std::collections::BTreeMap;

/// Largest form, bytes.
const FORM_BYTES_MAX: usize = 1 << 20;

/// Fields that are read; the rest of a form that has more is left out.
const FIELDS_MAX: usize = 2_000;

/// The name of the field with what proves that a form is of this session.
pub(crate) const TOKEN_FIELD: &str = "form_token";

#[derive(Clone, Debug, Default)]
pub(crate) struct Form(BTreeMap<String, Vec<String>>);

impl Form {
    /// Reads the form of a request.
    pub(crate) async fn read(body: Incoming, from: &Caller) -> Result<Self, Failure> {
        let body = rest::read_body(body, FORM_BYTES_MAX, &from.pace).await?;
        Ok(Self::parse(&String::from_utf8_lossy(&body)))
    }

    fn parse(text: &str) -> Self {
        let mut form = Self::default();
        for pair in text.split('&').filter(|pair| !pair.is_empty()).take(FIELDS_MAX) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let values = form.0.entry(url::decode(name).into_owned()).or_default();
            values.push(url::decode(value).into_owned());
        }
        form
    }

    /// The first value of a field, without white space around it; empty when there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The first value of a field as it was sent; empty when there is none.
    pub(crate) fn raw(&self, name: &str) -> &str {
        self.all(name).first().map_or("", String::as_str)
    }

    /// All values of a field.
    pub(crate) fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_as_browsers_send_them() {
        let form = Form::parse("a=1&b=x+y%26z&a=2&empty=&alone&%C3%A9=%C3%BC&bad=%ff&=n");
        assert_eq!((form.text("a"), form.all("a")), ("1", &["1".to_owned(), "2".to_owned()][..]));
        assert_eq!((form.text("b"), form.text("é"), form.text("bad")), ("x y&z", "ü", "\u{fffd}"));
        assert_eq!((form.text("empty"), form.text("alone"), form.text("none")), ("", "", ""));
        assert_eq!(Form::parse("a=+x+").text("a"), "x");
        assert_eq!(Form::parse("a=+x+").raw("a"), " x ");
        assert!(Form::parse("").all("").is_empty());
    }

    #[test]
    fn more_fields_than_a_form_has_are_left_out() {
        let form = Form::parse(&"a=1&".repeat(FIELDS_MAX + 5));
        assert_eq!(form.all("a").len(), FIELDS_MAX);
    }
}
