//! What notes say, as data.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use crate::config::{FieldDescription, json_schema_of};
use crate::plugin::Origin;

/// What an executable or a `.so` says about the plugins in it.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Contents {
    /// What the file is as a whole; `None` for executables, and for files that export nothing.
    pub module: Option<ModuleNote>,
    /// The plugins that are linked into it, sorted by kind, then name.
    pub plugins: Vec<PluginNote>,
}

/// What a `.so` was built for and what it exports.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ModuleNote {
    /// The major and minor number of the boundary.
    pub abi: [u32; 2],
    /// The version of lk-plugin.
    pub framework: String,
    /// The compiler, as it calls itself.
    pub rustc: String,
    /// The target, such as `x86_64-unknown-linux-gnu`.
    pub target: String,
    /// What a panic does there: `unwind` or `abort`.
    pub panic: String,
    /// The Cargo package.
    pub package: String,
    /// The package's version.
    pub version: String,
    /// The packages whose plugins it exports.
    pub exports: Vec<String>,
    /// The symbol that leads to them.
    pub symbol: String,
    /// The features of the CPU that it needs.
    pub cpu_features: Vec<String>,
}

/// What is known about a plugin without running anything.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct PluginNote {
    /// The kind, such as `stt`. In a file that was only [inspected](super::inspect) it may be one that this version does
    /// not know.
    pub kind: String,
    /// The name, unique within the kind.
    pub name: String,
    /// The package's version.
    pub version: String,
    /// The Cargo package.
    pub package: String,
    /// What it is, in one line.
    pub description: String,
    /// The licence, an SPDX expression.
    pub license: Option<String>,
    file: String,
    line: u32,
    /// The files that it wants downloaded.
    pub models: Vec<ModelNote>,
    /// The config keys that it takes; `None` when it reads its config by itself and does not say.
    pub fields: Option<Vec<FieldDescription>>,
}

/// A file that a plugin wants downloaded before it can work.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ModelNote {
    /// What it is called once it is here.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// Its length in bytes.
    pub size: u64,
    /// Its SHA-256, 64 hexadecimal digits.
    pub sha256: String,
}

impl ModuleNote {
    /// The packages beside its own that it is to export, and of which no plugin is in it. `packages` are those of its
    /// plugins. Either the name is not the one in the package's `Cargo.toml`, or nothing in the file's code names the
    /// crate.
    pub fn exports_without_plugins<'n>(&'n self, packages: &[&str]) -> impl Iterator<Item = &'n str> {
        let others = self.exports.iter().map(String::as_str).filter(|export| *export != self.package);
        others.filter(|export| !packages.contains(export))
    }
}

impl PluginNote {
    /// Where its constructor stands.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin { file: self.file.clone().into(), line: self.line }
    }

    /// The JSON Schema of its config, the same that [`config::json_schema`](crate::config::json_schema) makes of the
    /// linked plugin; `None` when it does not say what it takes.
    #[must_use]
    pub fn schema(&self) -> Option<Value> {
        self.fields.as_deref().map(json_schema_of)
    }
}

impl fmt::Display for PluginNote {
    /// Kind and name: `stt/openai`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}
