//! What the program that was built holds, read from its bytes.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use lk_plugin::ErrorKind;

use super::package::Linked;
use crate::error::{Error, Result};
use crate::listing::{Entry, List};
use crate::{output, plugin_files, printable};

/// The plugins in the program.
pub(super) struct Held {
    count: usize,
    /// Those of the crates that were asked for.
    new: Vec<Entry>,
}

/// Looks into the program: each crate must have brought a plugin, and no name may be there twice.
///
/// # Errors
///
/// When that is not so.
pub(super) fn check(program: &Path, crates: &[Linked]) -> Result<Option<Held>> {
    let mut list = List::new();
    if !plugin_files::CAN_INSPECT {
        return Ok(None);
    }
    plugin_files::inspect(&[program.to_owned()], &mut list)?;
    if let Some(refused) = list.refused.first() {
        return Err(Error::Refused(format!("what was built cannot be read: {}; {}", refused.reason, refused.remedy)));
    }
    let plugins = list.plugins;
    check_names(&plugins)?;
    for linked in crates {
        if !plugins.iter().any(|plugin| linked.packages.contains(&plugin.package)) {
            let message = format!(
                "`{}` brought no plugin; its crate needs a constructor with `#[lk_plugin(kind = …, name = …)]`, in a module \
                 and under features that are compiled",
                linked.spec
            );
            return Err(lk_plugin::Error::new(ErrorKind::NotFound, message).into());
        }
    }
    let (count, packages) = (plugins.len(), crates.iter().flat_map(|linked| &linked.packages).collect::<HashSet<_>>());
    let new = plugins.into_iter().filter(|plugin| packages.contains(&plugin.package)).collect();
    Ok(Some(Held { count, new }))
}

fn check_names(plugins: &[Entry]) -> Result<()> {
    let mut by_name: BTreeMap<(&str, &str), Vec<&Entry>> = BTreeMap::new();
    for plugin in plugins {
        by_name.entry((&plugin.kind, &plugin.name)).or_default().push(plugin);
    }
    let twice: Vec<String> = by_name
        .iter()
        .filter(|(_, plugins)| plugins.len() > 1)
        .map(|((kind, name), plugins)| {
            let mut places: Vec<String> = plugins
                .iter()
                .map(|plugin| format!("{} {} at {}", plugin.package, plugin.version, plugin.origin))
                .collect();
            places.sort();
            format!("`{kind}/{name}` is in {}", places.join(" and in "))
        })
        .collect();
    if twice.is_empty() {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "the program would not start, for a name can stand for one plugin only: {}; leave out a crate, or a built-in with \
         `--features` or `--without-built-ins`",
        twice.join("; ")
    )))
}

impl Held {
    /// Says what was written and which plugins are new in it.
    fn print(&self, target: &Path) -> Result<()> {
        let rows = self.new.iter().map(|Entry { kind, name, version, package, description, .. }| {
            [kind.as_ref(), name, version, package, description]
        });
        let table = output::table(["KIND", "NAME", "VERSION", "PACKAGE", "DESCRIPTION"], rows, &[]);
        output::result(&format!(
            "wrote `{}` with {} plugins, of these new:\n{table}",
            printable::path(target),
            self.count
        ))
    }
}

/// Says what was written.
///
/// # Errors
///
/// When standard output does not take it.
pub(super) fn print(held: Option<&Held>, target: &Path) -> Result<()> {
    match held {
        Some(held) => held.print(target),
        None => output::result(&format!(
            "wrote `{}`; which plugins are in it is told by itself: `plugin list`\n",
            printable::path(target)
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_program_without_plugins_is_no_result() -> Result<(), Box<dyn std::error::Error>> {
        let linked = Linked {
            spec: "./mine".to_owned(),
            name: "mine".to_owned(),
            packages: BTreeSet::from(["mine".to_owned()]),
        };
        // This test is a program without the built-ins.
        let error = check(&std::env::current_exe()?, &[linked]).err();
        if plugin_files::CAN_INSPECT {
            let message = error.as_ref().map(|error| (error.exit().code(), error.to_string())).unwrap_or_default();
            assert!(message.0 == 5 && message.1.starts_with("`./mine` brought no plugin; "), "{message:?}");
        }
        Ok(())
    }
}
