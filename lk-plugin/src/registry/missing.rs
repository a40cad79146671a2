//! What to say when a plugin is not there.

use super::Registry;
use crate::error::{Error, ErrorKind, Result};
use crate::hint;
use crate::kinds::Kind;

/// The line that most often is missing: Cargo links a crate into an artifact only if its code names it.
const LINK_HINT: &str = "a plugin is here only when its crate is a dependency of the program, with the feature that \
                         holds it, and the program names it, as in `use lk_plugins as _;` in main.rs";

pub(super) fn not_found(registry: &Registry, kind: Kind, name: &str) -> Error {
    let plugins = registry.plugins();
    let of_kind: Vec<&str> =
        plugins.iter().filter(|plugin| plugin.kind() == kind).map(|plugin| plugin.name()).collect();
    let choices = if of_kind.is_empty() {
        format!("no `{kind}` plugin is linked into this program")
    } else {
        hint::choose(name, &of_kind)
    };
    let elsewhere: Vec<String> = plugins
        .iter()
        .filter(|plugin| plugin.name() == name && plugin.kind() != kind)
        .map(|plugin| format!("`{plugin}`"))
        .collect();
    let elsewhere = match elsewhere.as_slice() {
        [] => String::new(),
        _ => format!("; of other kinds there is {}", elsewhere.join(", ")),
    };
    let name = hint::shown(name);
    Error::new(ErrorKind::NotFound, format!("there is no `{kind}` plugin `{name}`; {choices}{elsewhere}; {LINK_HINT}"))
}

pub(super) fn require(registry: &Registry, plugins: &[&str]) -> Result<()> {
    let is_here = |plugin: &str| {
        let (kind, name) = plugin.split_once('/')?;
        registry.get(kind.parse().ok()?, name)
    };
    let missing: Vec<String> = plugins
        .iter()
        .filter(|plugin| is_here(plugin).is_none())
        .map(|plugin| match plugin.split_once('/').map(|(kind, _)| kind.parse::<Kind>()) {
            Some(Ok(_)) => format!("`{}`", hint::shown(plugin)),
            Some(Err(error)) => format!("`{}` ({error})", hint::shown(plugin)),
            None => format!("`{}` (write kind and name, as in `stt/openai`)", hint::shown(plugin)),
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let here: Vec<String> = registry.plugins().iter().map(|plugin| format!("`{plugin}`")).collect();
    let here = if here.is_empty() { "nothing".to_owned() } else { here.join(", ") };
    let missing = missing.join(", ");
    Err(Error::new(
        ErrorKind::NotFound,
        format!("missing plugins: {missing}; linked into this program: {here}; {LINK_HINT}"),
    ))
}
