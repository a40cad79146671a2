//! Which files are wanted, each once, whoever declares it.

use std::fmt;
use std::path::PathBuf;

use lk_plugin::{Error, models};

use crate::listing::{Entry, Model};
use crate::printable;

/// A file that plugins want.
pub(super) struct Wanted {
    /// The plugins, each as `kind/name`.
    pub(super) plugins: Vec<String>,
    pub(super) package: String,
    pub(super) name: String,
    pub(super) url: String,
    /// In bytes.
    pub(super) size: u64,
    /// 64 digits, in lower case.
    pub(super) sha256: String,
    /// Where it belongs; empty when its name is none.
    pub(super) path: PathBuf,
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` of {}", printable::argument(&self.name), self.plugins.join(" and "))
    }
}

/// The files, and what is wrong with how one is declared. Declarations of plugin files are somebody's text.
pub(super) fn of(plugins: &[Entry]) -> Vec<(Wanted, Option<Error>)> {
    let mut files: Vec<(Wanted, Option<Error>)> = Vec::new();
    for plugin in plugins {
        for model in &plugin.models {
            let spec = plugin.spec();
            let sha256 = model.sha256.to_ascii_lowercase();
            let same = |file: &&mut (Wanted, _)| file.0.package == plugin.package && file.0.name == model.name;
            let (path, mut problem) = match models::path(&plugin.package, &model.name) {
                Ok(path) => (path, check(model).err()),
                Err(error) => (PathBuf::new(), Some(error)),
            };
            if let Some((other, _)) = files.iter_mut().find(same) {
                if (other.size, &other.sha256) == (model.size, &sha256) {
                    other.plugins.push(spec);
                    continue;
                }
                problem = Some(Error::config(format!(
                    "`{}` declares another file of that name, and both belong in one place; report this to who makes the \
                     package `{}`",
                    other.plugins.join("` and `"),
                    plugin.package
                )));
            }
            let wanted = Wanted {
                plugins: vec![spec],
                package: plugin.package.clone(),
                name: model.name.clone(),
                url: model.url.clone(),
                size: model.size,
                sha256,
                path,
            };
            let problem = problem.map(|problem| problem.at(&wanted));
            files.push((wanted, problem));
        }
    }
    files
}

fn check(model: &Model) -> Result<(), Error> {
    if model.sha256.len() != 64 || !model.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Error::config(format!(
            "`{}` is no SHA-256; it must have 64 hexadecimal digits",
            printable::argument(&model.sha256)
        )));
    }
    if !["https://", "http://"].iter().any(|scheme| model.url.starts_with(scheme)) {
        return Err(Error::config(format!(
            "`{}` is no URL that can be downloaded; it must begin with `https://`",
            printable::argument(&model.url)
        )));
    }
    Ok(())
}
