//! `lk-go plugin download-files`: puts the model files that plugins declare where the plugins look for them.

use lk_plugin::Registry;

use super::named;
use crate::BuiltIns;
use crate::cli::DownloadArgs;
use crate::error::{Error, Exit, Result};
use crate::listing::{Entry, List};
use crate::{interrupt, output, plugin_files};

mod check;
mod client;
mod document;
mod fetch;
mod part;
mod wanted;

use self::check::State;
use self::client::Client;
use self::document::{Document, Outcome};
use self::wanted::Wanted;

/// Downloads what is not there yet; or only says what is.
///
/// # Errors
///
/// When a plugin that was named is not there, or there is no folder for the files. What goes wrong with one file is told,
/// and the others are still downloaded.
pub(super) fn run(arguments: &DownloadArgs, built_ins: BuiltIns<'_>) -> Result<Exit> {
    let wanted = wanted::of(&chosen(&arguments.plugins, built_ins)?);
    let folder = lk_plugin::models::folder()?;
    let outcomes = if arguments.verify || arguments.dry_run {
        wanted.into_iter().map(|(wanted, problem)| Outcome::of(looked_at(&wanted, problem), wanted)).collect()
    } else {
        download(wanted)?
    };
    let document = Document::new(&folder, outcomes);
    document.print(arguments)?;
    Ok(if interrupt::requested() {
        output::note("interrupted; what came so far is kept, and the next run goes on from there");
        Exit::Interrupted
    } else if arguments.verify && !document.is_complete() {
        Exit::Findings
    } else if !arguments.dry_run && !arguments.verify && !document.is_complete() {
        Exit::Provider
    } else {
        Exit::Good
    })
}

/// The plugins in this program and on `LK_PLUGIN_PATH` that were named, or all. None is loaded: what is on the disk
/// says which files they want.
fn chosen(names: &[String], built_ins: BuiltIns<'_>) -> Result<Vec<Entry>> {
    let registry = Registry::try_global()?;
    let mut list = List::new();
    list.plugins = registry.plugins().iter().map(Entry::from).collect();
    plugin_files::on_search_path(registry, &mut list);
    if names.is_empty() {
        return Ok(list.plugins);
    }
    let keys: Vec<(&str, &str)> = list.plugins.iter().map(|plugin| (&*plugin.kind, &*plugin.name)).collect();
    let wanted: Vec<usize> = names.iter().map(|name| named::look_up(name, &keys, built_ins)).collect::<Result<_>>()?;
    let plugins = list.plugins.into_iter().enumerate();
    Ok(plugins.filter(|(index, _)| wanted.contains(index)).map(|(_, plugin)| plugin).collect())
}

fn looked_at(wanted: &Wanted, problem: Option<lk_plugin::Error>) -> Result<State> {
    match problem {
        Some(problem) => Err(problem.into()),
        None => check::state(wanted),
    }
}

fn download(wanted: Vec<(Wanted, Option<lk_plugin::Error>)>) -> Result<Vec<Outcome>> {
    interrupt::listen();
    let mut client = None;
    let mut outcomes = Vec::new();
    for (wanted, problem) in wanted {
        let state = looked_at(&wanted, problem);
        let state = match state {
            Ok(state) if state != State::Present && !interrupt::requested() => {
                if let State::Damaged(reason) = &state {
                    output::note(format_args!("{wanted} is downloaded again: {reason}"));
                }
                let client = match &client {
                    Some(client) => client,
                    // Made only when there is something to download: it reads the system's certificates.
                    None => client.insert(Client::new()?),
                };
                one(client, &wanted).map(|downloaded| if downloaded { State::Downloaded } else { state })
            }
            state => state,
        };
        if let Err(error) = &state {
            output::error(error);
        }
        outcomes.push(Outcome::of(state, wanted));
    }
    Ok(outcomes)
}

/// Whether it was downloaded; not when it was interrupted.
fn one(client: &Client, wanted: &Wanted) -> Result<bool> {
    let bar = output::download(&wanted.to_string(), wanted.size);
    let downloading = lk_plugin::runtime::on_tokio(fetch::fetch(client, wanted, &bar));
    match interrupt::or(downloading) {
        None => Ok(false),
        Some(Ok(())) => Ok(true),
        Some(Err(error)) => Err(Error::from(error.at(wanted))),
    }
}
