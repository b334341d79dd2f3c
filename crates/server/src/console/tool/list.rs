//! The list of all operations, which can be searched by name, sentence and field.

use super::strings as say;
use crate::commands::{COMMANDS, Entry, section_of};
use crate::console::assets;
use crate::console::layout::{self, Here};
use crate::console::respond::Reply;
use crate::console::visit::Visit;
use crate::openapi::{self, fields};
use maud::{Markup, html};

pub(super) fn page(visit: &Visit) -> Reply {
    let asked = visit.parameter("q");
    let found: Vec<&Entry> = COMMANDS.iter().filter(|entry| fits(entry, &asked)).collect();
    let content = html! {
        p { (say::ABOUT) " " a href=(openapi::PATH) { (say::OPENAPI) } ", " a href=(openapi::POSTMAN_PATH) { (say::POSTMAN) } "." }
        p { a href="/console/usersig" { (say::TO_USERSIG) } }
        form.bar method="get" action="/console/api/" role="search" {
            label { (say::SEARCH_LABEL) input type="search" name="q" value=(asked) data-filter; }
            button { (say::SEARCH) }
        }
        p role="status" { span data-count { (found.len()) } " " (say::OPERATIONS) }
        @for section in found.chunk_by(|one, next| section_of(one.path) == section_of(next.path)) {
            (table(section))
        }
        script src=(assets::href("tool.js")) defer {}
    };
    layout::page(&visit.session, Here::Api, say::TITLE, content)
}

fn table(section: &[&Entry]) -> Markup {
    html! {
        section data-section {
            @if let Some(first) = section.first() { h2 { (section_of(first.path)) } }
            div.wide { table {
                thead { tr { th scope="col" { (say::OPERATION) } th scope="col" { (say::WHAT_IT_DOES) } } }
                tbody {
                    @for entry in section {
                        tr data-operation=(words(entry)) {
                            td { a href={ "/console/api/v4/" (entry.path) } { (entry.path) } }
                            td { (openapi::summary(entry)) }
                        }
                    }
                }
            } }
        }
    }
}

/// All that an operation is found by, in lower case.
fn words(entry: &Entry) -> String {
    let fields: Vec<String> = fields::list(entry).into_iter().map(|field| field.name).collect();
    format!("{} {} {}", entry.path, openapi::summary(entry), fields.join(" ")).to_lowercase()
}

/// Whether an operation has every word that is asked for.
fn fits(entry: &Entry, asked: &str) -> bool {
    let words = words(entry);
    asked.to_lowercase().split_whitespace().all(|word| words.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_found_by_name_sentence_and_field() {
        let found = |asked: &str| -> Vec<&str> {
            COMMANDS.iter().filter(|entry| fits(entry, asked)).map(|entry| entry.path).collect()
        };
        assert_eq!(found("").len(), COMMANDS.len());
        assert!(found("account_import").contains(&"im_open_login_svc/account_import"));
        assert!(found("SENDMSG").contains(&"openim/sendmsg"));
        assert!(found("import group historymsgbeforejoin").contains(&"group_open_http_svc/import_group"));
        assert!(found("no such thing").is_empty());
    }
}
