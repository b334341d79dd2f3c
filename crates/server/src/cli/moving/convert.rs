//! `landfall convert`.

use super::display::{self, Display};
use super::{MovingError, server};
use crate::cli::arguments::moving::{ConvertArguments, SourceFormat};
use crate::cli::{Failure, print};
use landfall_domain::limits::Limits;
use landfall_migrate::mapping::Mapping;
use landfall_migrate::report::grouped;
use landfall_migrate::sources::{self, ConvertError, Converted, Format};
use serde_json::json;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

pub(in crate::cli) fn convert(
    arguments: ConvertArguments,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), Failure> {
    let ConvertArguments { format, source, out, mapping, server: reached, json } = arguments;
    let format = match format {
        SourceFormat::Slack => Format::Slack,
        SourceFormat::Mattermost => Format::Mattermost,
        SourceFormat::Stream => Format::Stream,
        SourceFormat::Discord => Format::Discord,
        SourceFormat::Telegram => Format::Telegram,
        SourceFormat::Csv => Format::Csv,
        SourceFormat::V4 => {
            let url = reached.server.or_else(|| Some(source.display().to_string()));
            let server = server(super::ServerArguments { server: url, ..reached }, variables)?;
            return super::export::pull(&server, &out, json);
        }
    };
    super::refuse_source(&source, &out)?;
    let written_mapping = mapping.as_deref().filter(|file| !file.exists());
    let read = mapping.as_deref().filter(|_| written_mapping.is_none());
    let rules = sources::read_mapping(read).map_err(MovingError::Convert)?;
    let display = Display::new(json);
    let mut on_fault = |fault| display.add_fault(&fault);
    let converted = sources::convert_to(format, &source, &rules, &Limits::FAITHFUL, &out, &mut on_fault);
    let converted = converted.map_err(MovingError::Convert)?;
    if let Some(file) = written_mapping {
        write_mapping(file, &rules, &converted)?;
    }
    if json {
        display::print(&json!({ "report": converted }));
    } else {
        print(&text(&converted, &out, written_mapping))?;
    }
    if converted.faults == 0 { Ok(()) } else { Err(MovingError::Faults(converted.faults).into()) }
}

fn write_mapping(file: &Path, rules: &Mapping, converted: &Converted) -> Result<(), Failure> {
    let unwritten = |cause| ConvertError::Unreadable { path: file.to_owned(), cause };
    Ok(fs::write(file, sources::describe(rules, converted))
        .map_err(|cause| MovingError::Convert(unwritten(cause)))?)
}

fn text(converted: &Converted, out: &Path, mapping: Option<&Path>) -> String {
    let mut text = format!("{}\n{}: {} records\n", converted.sentence(), out.display(), converted.records);
    for loss in converted.losses.iter().filter(|loss| !loss.is_lost()) {
        text.push_str(&format!("  {:>9}  {}\n", grouped(loss.count), loss.described()));
    }
    if let Some(file) = mapping {
        let file = file.display();
        text.push_str(&format!(
            "{file} has how each channel and user was converted; edit it and run the command again\n"
        ));
    }
    text
}
