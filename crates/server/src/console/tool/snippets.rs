//! A call as code to copy. The code reads the signature from the environment, so that no page has one to steal.

use crate::client::QUERY_VALUE;
use landfall_domain::ids::AppId;
use percent_encoding::utf8_percent_encode;
use std::fmt::Write as _;

/// Where the code sends the call. The page's script puts the address of the page in its place.
pub(crate) const BASE: &str = "http://127.0.0.1:8080";

/// A call, without its signature.
pub(crate) struct Call<'call> {
    /// `service/command`
    pub(crate) path: &'call str,
    pub(crate) app: AppId,
    pub(crate) administrator: &'call str,
    /// JSON, over several lines.
    pub(crate) body: &'call str,
}

/// A call as code.
pub(crate) struct Snippet {
    pub(crate) language: &'static str,
    pub(crate) code: String,
}

/// The call in every language.
pub(crate) fn snippets(call: &Call<'_>) -> [Snippet; 5] {
    [
        Snippet { language: "curl", code: curl(call) },
        Snippet { language: "Python", code: python(call) },
        Snippet { language: "Node.js", code: node(call) },
        Snippet { language: "Java", code: java(call) },
        Snippet { language: "Rust", code: rust(call) },
    ]
}

impl Call<'_> {
    /// The URL up to the signature, which ends it.
    fn url(&self) -> String {
        let administrator = utf8_percent_encode(self.administrator, QUERY_VALUE);
        format!(
            "{BASE}/v4/{}?sdkappid={}&identifier={administrator}&random=1&contenttype=json&usersig=",
            self.path, self.app.0
        )
    }
}

fn curl(call: &Call<'_>) -> String {
    let body = call.body.replace('\'', r"'\''");
    format!("# USERSIG=…\ncurl --silent \"{}$USERSIG\" \\\n  --data '{body}'\n", call.url())
}

fn python(call: &Call<'_>) -> String {
    let plain = !call.body.contains("'''") && !call.body.ends_with(['\\', '\'']);
    let body = if plain { format!("r'''{}'''", call.body) } else { literal(call.body) };
    format!(
        "import json, os, urllib.request\n\n\
         url = {} + os.environ[\"USERSIG\"]\n\
         body = {body}\n\n\
         with urllib.request.urlopen(url, body.encode()) as answer:\n    print(json.load(answer))\n",
        literal(&call.url())
    )
}

fn node(call: &Call<'_>) -> String {
    let plain = !call.body.contains(['`', '\\']) && !call.body.contains("${");
    let body = if plain { format!("`{}`", call.body) } else { literal(call.body) };
    format!(
        "// Node.js 18 or newer; save it as call.mjs.\n\
         const url = {} + process.env.USERSIG;\n\
         const body = {body};\n\n\
         const answer = await fetch(url, {{ method: \"POST\", body }});\n\
         console.log(await answer.json());\n",
        literal(&call.url())
    )
}

fn java(call: &Call<'_>) -> String {
    // A text block: what begins it and ends it has a line of its own.
    let body = call.body.replace('\\', r"\\").replace("\"\"\"", "\\\"\\\"\\\"");
    format!(
        "// Java 15 or newer; save it as Call.java.\n\
         import java.net.URI;\nimport java.net.http.*;\n\n\
         public class Call {{\n    \
         public static void main(String[] arguments) throws Exception {{\n        \
         String url = {} + System.getenv(\"USERSIG\");\n        \
         String body = \"\"\"\n{body}\n\"\"\";\n        \
         HttpRequest call = HttpRequest.newBuilder(URI.create(url))\n            \
         .POST(HttpRequest.BodyPublishers.ofString(body)).build();\n        \
         System.out.println(HttpClient.newHttpClient().send(call, HttpResponse.BodyHandlers.ofString()).body());\n    \
         }}\n}}\n",
        literal(&call.url())
    )
}

fn rust(call: &Call<'_>) -> String {
    // As many marks as no part of the body has behind a quotation mark.
    let mut marks = "#".to_owned();
    while call.body.contains(&format!("\"{marks}")) {
        marks.push('#');
    }
    format!(
        "// Cargo.toml: reqwest = {{ version = \"0.12\", features = [\"blocking\"] }}\n\
         fn main() -> Result<(), Box<dyn std::error::Error>> {{\n    \
         let url = format!(\"{{}}{{}}\", {}, std::env::var(\"USERSIG\")?);\n    \
         let body = r{marks}\"{}\"{marks};\n    \
         let answer = reqwest::blocking::Client::new().post(url).body(body).send()?.text()?;\n    \
         println!(\"{{answer}}\");\n    \
         Ok(())\n}}\n",
        literal(&call.url()),
        call.body
    )
}

/// A text in quotation marks, in the escapes that all these languages share.
fn literal(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // Writing to a string has no way to fail.
            control if control.is_control() => {
                write!(quoted, "\\u{:04x}", u32::from(control)).unwrap_or_default();
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &str, language: &str) -> String {
        let call = Call { path: "s/c", app: AppId(7), administrator: "admin@x y", body };
        let found = snippets(&call).into_iter().find(|snippet| snippet.language == language);
        found.unwrap().code
    }

    #[test]
    fn every_snippet_has_the_address_and_the_body_and_no_signature() {
        let body = "{\n  \"GroupId\": \"g\"\n}";
        let call = Call { path: "s/c", app: AppId(7), administrator: "admin@x y", body };
        for Snippet { language, code } in snippets(&call) {
            let url =
                format!("{BASE}/v4/s/c?sdkappid=7&identifier=admin@x%20y&random=1&contenttype=json&usersig=");
            assert!(code.contains(&url), "{language}: {code}");
            assert!(code.contains(body), "{language}: {code}");
            assert!(code.contains("USERSIG"), "{language}: {code}");
        }
    }

    #[test]
    fn bodies_that_end_a_quotation_are_still_one_body() {
        let hostile = "{\"a\": \"'; rm -rf / ' ''' ` ${x} \\n \\\"\\\"\\\" \"# \"}";
        assert!(code(hostile, "curl").contains(r"'\''; rm -rf / '\'' '\'''\'''\'' ` ${x}"));
        assert!(code(hostile, "Python").contains(r#"body = "{\"a\": \"'; rm"#));
        assert!(code(hostile, "Node.js").contains(r#"const body = "{\"a\": \"'; rm"#));
        assert!(code(hostile, "Java").contains(r#"\\n \\"\\"\\" "#), "{}", code(hostile, "Java"));
        assert!(code(hostile, "Rust").contains("r##\"{"));
        assert!(code("\"\"\"", "Java").contains(r#"\"\"\""#));
    }

    #[test]
    fn texts_are_quoted_for_all_languages() {
        assert_eq!(literal("a\"b\\c\n\u{1}é"), "\"a\\\"b\\\\c\\n\\u0001é\"");
    }
}
