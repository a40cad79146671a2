//! `lk-go plugin list`: what is linked into this program and what `LK_PLUGIN_PATH` offers, or what is in files.

use lk_plugin::{Kind, Registry};

use crate::cli::{ListArgs, ListFormat};
use crate::error::{Exit, Result};
use crate::listing::{Entry, List};
use crate::{output, plugin_files};

/// Lists the plugins. Nothing in a file runs, unless it is to be probed.
///
/// # Errors
///
/// When the kind is none, or two linked plugins have the same name.
pub(super) fn run(arguments: &ListArgs) -> Result<Exit> {
    let kind = arguments.kind.as_deref().map(str::parse::<Kind>).transpose()?;
    let mut list = List::new();
    let is_strict = if arguments.files.is_empty() {
        let registry = Registry::try_global()?;
        list.plugins = registry.plugins().iter().map(Entry::from).collect();
        let is_strict = if arguments.probe {
            plugin_files::probed(registry, &mut list)?
        } else {
            plugin_files::on_search_path(registry, &mut list)
        };
        list.plugins.sort_by(|one, two| (&one.kind, &one.name).cmp(&(&two.kind, &two.name)));
        is_strict
    } else {
        plugin_files::inspect(&arguments.files, &mut list)?;
        false
    };
    list.plugins.retain(|plugin| kind.is_none_or(|kind| plugin.kind == kind.as_str()));
    match arguments.format {
        ListFormat::Json => output::json(&list)?,
        ListFormat::Table => print(&list, kind, !arguments.files.is_empty())?,
    }
    Ok(match list.refused.len() {
        0 => Exit::Good,
        _ if !arguments.files.is_empty() => Exit::Input,
        _ if is_strict => {
            output::note("something was refused, and `LK_PLUGIN_STRICT` is set: hence the exit code 7");
            Exit::Refused
        }
        _ => Exit::Good,
    })
}

fn print(list: &List, kind: Option<Kind>, of_files: bool) -> Result<()> {
    let mut text = String::new();
    if !list.plugins.is_empty() {
        text.push_str(&plugins(&list.plugins));
    }
    if !list.refused.is_empty() {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&refused(list));
    }
    if !text.is_empty() {
        output::result(&text)?;
    }
    if list.plugins.is_empty() && list.refused.is_empty() {
        let what = kind.map_or_else(String::new, |kind| format!("`{kind}` "));
        // As kubectl does it: what reads standard output sees nothing, who looks at the terminal sees why.
        if of_files {
            output::note(format_args!("no {what}plugin is in what was named"));
        } else {
            output::note(format_args!(
                "there is no {what}plugin in this program; build it with the features that hold them, name their \
                 crates in its main.rs, as in `use lk_plugins as _;`, or set `LK_PLUGIN_PATH` to where their files are"
            ));
        }
    }
    Ok(())
}

fn plugins(plugins: &[Entry]) -> String {
    let rows = plugins.iter().map(|plugin| {
        let Entry { kind, name, version, package, source, description, .. } = plugin;
        [kind.as_ref(), name, version, package, source, description]
    });
    output::table(["KIND", "NAME", "VERSION", "PACKAGE", "SOURCE", "DESCRIPTION"], rows, &[])
}

fn refused(list: &List) -> String {
    let rows = list.refused.iter().map(|refused| {
        let check = format!("{} {}", refused.check, refused.name);
        [refused.path.clone(), check, format!("{}; {}", refused.reason, refused.remedy)]
    });
    output::table(["REFUSED", "CHECK", "REASON"], rows, &[])
}
