//! `landfall chat` and `landfall listen`.

use super::Failure;
use super::access::{Access, Given};
use super::arguments::{ChatArguments, ListenArguments};
use crate::chat::{ChatError, Input, Options, Place, chat as run};
use crate::config::{LogConfig, LogFormat};
use crate::{logging, output, signals};
use landfall_domain::ids::UserId;
use std::ffi::OsString;
use std::io::{self, BufReader, IsTerminal as _};
use tokio::runtime::Runtime;

/// Chats: in words on a terminal.
pub(super) fn chat(
    arguments: ChatArguments,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), Failure> {
    let ChatArguments { listen, group, to, json } = arguments;
    let mut options = options(listen, variables)?;
    options.place = group.or(to);
    options.in_words = !json && io::stdout().is_terminal();
    let stdin = io::stdin();
    let is_typed = stdin.is_terminal();
    perform(options, Input::from(BufReader::new(stdin), is_typed)?)
}

/// Only listens.
pub(super) fn listen(
    arguments: ListenArguments,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), Failure> {
    perform(options(arguments, variables)?, Input::none())
}

fn options(
    arguments: ListenArguments,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Options, Failure> {
    let ListenArguments { user, config, server, app, key_file, after, after_account, count } = arguments;
    let Some(user) = UserId::parse(&user) else { return Err(Failure::NoAccountName(user)) };
    let Access { server, app, key, .. } = Given { server, app, key_file, config }.access(variables)?;
    let groups = after.into_iter().map(|(group, seq)| (Place::Group(group, None), seq));
    let accounts = after_account.into_iter().map(|(peer, seq)| (Place::Account(peer), seq));
    let after = groups.chain(accounts).collect();
    Ok(Options { server, app, key, user, after, count, place: None, in_words: false })
}

fn perform(options: Options, input: Input) -> Result<(), Failure> {
    logging::start(&LogConfig { format: LogFormat::Text, level: "warn".to_owned() })?;
    Runtime::new()?.block_on(async {
        let shutdown = signals::shutdown()?;
        let mut out = io::stdout();
        tokio::select! {
            ended = run(options, input, &mut out) => match ended {
                Err(ChatError::Output(error)) => Ok(output::unless_unread(Err(error))?),
                ended => ended.map_err(Failure::Chat),
            },
            () = shutdown => Ok(()),
        }
    })
}
