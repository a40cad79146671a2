//! The package that is built: the framework, the plugins' crates, and a `main.rs` that names them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};

use super::cargo::{Cargo, Metadata};
use super::spec::Spec;
use crate::cli::BuildArgs;
use crate::error::{Error, Result};
use crate::framework::{Framework, manifest};

const MANIFEST: &str = include_str!("../../../templates/build/Cargo.toml.txt");

/// The features of `lk-go` that are no plugins.
const WITHOUT_BUILT_INS: [&str; 2] = ["download", "dynamic"];

/// A package on the disk.
pub(super) struct Package {
    folder: PathBuf,
    holds_built_ins: bool,
    /// What was added: each package's name, and how the user named it.
    added: BTreeMap<String, String>,
}

/// A crate that the program holds.
pub(super) struct Linked {
    /// How the user named it.
    pub(super) spec: String,
    /// What it is called in Rust.
    pub(super) name: String,
    /// Its package and all that it depends on, by name.
    pub(super) packages: BTreeSet<String>,
}

impl Package {
    /// Writes it, with the framework alone.
    ///
    /// # Errors
    ///
    /// When the disk refuses.
    pub(super) fn write(folder: &Path, arguments: &BuildArgs, framework: &Framework) -> io::Result<Self> {
        let mut text = MANIFEST.replace("{{name}}", &name(arguments, framework));
        let features: Option<Vec<&str>> = match &arguments.features {
            Some(features) => Some(features.iter().map(String::as_str).collect()),
            None if arguments.without_built_ins => Some(WITHOUT_BUILT_INS.into()),
            None => None,
        };
        let source = framework.dependency("lk-go");
        text.push_str(&match features {
            Some(features) => format!("lk-go = {{ {source}, default-features = false, features = {features:?} }}\n"),
            None => format!("lk-go = {{ {source} }}\n"),
        });
        let holds_built_ins = !arguments.without_built_ins;
        if holds_built_ins {
            let source = framework.dependency("lk-plugins");
            text.push_str(&format!("lk-plugins = {{ {source}, default-features = false }}\n"));
        }
        if !matches!(framework, Framework::Version(_)) {
            // A crate from the registry asks for a version: it gets the one that the program is made of.
            text.push_str("\n[patch.crates-io]\n");
            for package in ["lk-plugin", "lk-plugins"].iter().take(1 + usize::from(holds_built_ins)) {
                text.push_str(&format!("{package} = {{ {} }}\n", framework.dependency(package)));
            }
        }
        fs::write(folder.join("Cargo.toml"), text)?;
        fs::create_dir(folder.join("src"))?;
        // Cargo wants a target before it adds dependencies.
        fs::write(folder.join("src/main.rs"), "fn main() {}\n")?;
        if let Some(file) = framework.lock_file() {
            // The versions that the framework was tested with.
            fs::copy(file, folder.join("Cargo.lock"))?;
        }
        Ok(Self { folder: folder.to_owned(), holds_built_ins, added: BTreeMap::new() })
    }

    /// Adds a crate.
    ///
    /// # Errors
    ///
    /// When Cargo refuses it, or a crate of that name is there already.
    pub(super) fn add(&mut self, cargo: &Cargo, spec: &Spec) -> Result<()> {
        let before = self.dependencies();
        cargo.add(spec)?;
        let after = self.dependencies();
        // Cargo writes over a dependency of the same name.
        let changed = after.iter().find(|(name, value)| before.get(*name) != Some(value)).map(|(name, _)| name.clone());
        match changed {
            Some(name) if !before.contains_key(&name) => {
                self.added.insert(name, spec.text.clone());
                Ok(())
            }
            changed => {
                let other = changed.and_then(|name| Some((self.added.get(&name)?.clone(), name)));
                Err(Error::Usage(match other {
                    Some((other, name)) => format!(
                        "`{}` and `{other}` are both the package `{name}`, and a program can hold only one; give one of \
                         them",
                        spec.text
                    ),
                    None => format!("`{}` is in the program already; leave it out", spec.text),
                }))
            }
        }
    }

    /// The `[dependencies]`.
    fn dependencies(&self) -> BTreeMap<String, toml::Value> {
        let dependencies = manifest(&self.folder).and_then(|mut manifest| manifest.remove("dependencies"));
        match dependencies {
            Some(toml::Value::Table(table)) => table.into_iter().collect(),
            _ => BTreeMap::new(),
        }
    }

    /// The crates that were added, as Cargo understands them.
    ///
    /// # Errors
    ///
    /// When Cargo finds no versions that fit together, one cannot be linked, or two have one name.
    pub(super) fn crates(&self, cargo: &Cargo) -> Result<Vec<Linked>> {
        let metadata = cargo.metadata()?;
        let graph = Graph::of(&metadata);
        let root = metadata.resolve.root.as_deref().unwrap_or_default();
        let mut crates: Vec<Linked> = Vec::new();
        for (package, spec) in &self.added {
            let dependency = graph.dependencies(root).find(|(_, id)| graph.name(id) == package);
            let Some((name, id)) = dependency.filter(|(name, id)| !name.is_empty() && graph.is_library(id)) else {
                return Err(Error::Build(format!(
                    "`{spec}` is no library that a program can hold; give it a `src/lib.rs`, and if its `Cargo.toml` has \
                     `crate-type`, the type `rlib`"
                )));
            };
            if let Some(other) = crates.iter().find(|other| other.name == name) {
                return Err(Error::Usage(format!(
                    "`{spec}` and `{}` are both called `{name}` in Rust, and no program can name both; give one of them, or \
                     change `name` under `[lib]` in the `Cargo.toml` of one",
                    other.spec
                )));
            }
            crates.push(Linked { spec: spec.clone(), name: name.to_owned(), packages: graph.closure(id) });
        }
        Ok(crates)
    }

    /// Writes the program: each crate that it names is linked.
    ///
    /// # Errors
    ///
    /// When the disk refuses.
    pub(super) fn write_main(&self, crates: &[Linked]) -> io::Result<()> {
        let mut text = "//! A lk-go with more plugins, written by `lk-go build`.\n\n".to_owned();
        for linked in crates {
            text.push_str(&format!("use r#{} as _;\n", linked.name));
        }
        let run = if self.holds_built_ins { "run_with_built_ins(lk_plugins::BUILT_INS)" } else { "run()" };
        text.push_str(&format!("\nfn main() -> std::process::ExitCode {{\n    lk_go::{run}\n}}\n"));
        fs::write(self.folder.join("src/main.rs"), text)
    }
}

/// The same for the same program, so that its next build takes the place of the last one; and no other's, for what Cargo
/// builds stands in one folder.
fn name(arguments: &BuildArgs, framework: &Framework) -> String {
    let mut hasher = DefaultHasher::new();
    (&arguments.with, &arguments.features, arguments.without_built_ins, framework.dependency("lk-go"))
        .hash(&mut hasher);
    format!("lk-go-{:016x}", hasher.finish())
}

/// Who depends on whom.
struct Graph<'m> {
    packages: HashMap<&'m str, &'m super::cargo::MetadataPackage>,
    nodes: HashMap<&'m str, &'m super::cargo::Node>,
}

impl<'m> Graph<'m> {
    fn of(metadata: &'m Metadata) -> Self {
        Self {
            packages: metadata.packages.iter().map(|package| (package.id.as_str(), package)).collect(),
            nodes: metadata.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect(),
        }
    }

    /// What each is called in Rust, and its id.
    fn dependencies(&self, id: &str) -> impl Iterator<Item = (&'m str, &'m str)> {
        let node = self.nodes.get(id).copied();
        node.into_iter()
            .flat_map(|node| &node.deps)
            .map(|dependency| (dependency.name.as_str(), dependency.pkg.as_str()))
    }

    fn name(&self, id: &str) -> &'m str {
        self.packages.get(id).map_or("", |package| package.name.as_str())
    }

    fn is_library(&self, id: &str) -> bool {
        let targets = self.packages.get(id).into_iter().flat_map(|package| &package.targets);
        targets.flat_map(|target| &target.crate_types).any(|crate_type| matches!(crate_type.as_str(), "lib" | "rlib"))
    }

    /// The names of a package and of all that it depends on.
    fn closure(&self, id: &'m str) -> BTreeSet<String> {
        let (mut open, mut seen) = (vec![id], BTreeSet::from([id]));
        while let Some(id) = open.pop() {
            open.extend(self.dependencies(id).map(|(_, id)| id).filter(|id| seen.insert(id)));
        }
        seen.into_iter().map(|id| self.name(id).to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn written(arguments: &[&str]) -> Result<(String, String), Box<dyn std::error::Error>> {
        written_with(&Framework::Version("0.1".to_owned()), arguments)
    }

    fn written_with(framework: &Framework, arguments: &[&str]) -> Result<(String, String), Box<dyn std::error::Error>> {
        let cli = Cli::try_parse_from([&["lk-go", "build", "--with", "x"], arguments].concat())?;
        let Command::Build(arguments) = cli.command else { return Err("another command".into()) };
        let folder = tempfile::tempdir()?;
        let package = Package::write(folder.path(), &arguments, framework)?;
        let linked = |name: &str| Linked { spec: "x".to_owned(), name: name.to_owned(), packages: BTreeSet::new() };
        package.write_main(&[linked("energy_vad"), linked("fn")])?;
        let manifest = fs::read_to_string(folder.path().join("Cargo.toml"))?;
        manifest.parse::<toml::Table>()?;
        Ok((manifest, fs::read_to_string(folder.path().join("src/main.rs"))?))
    }

    #[test]
    fn the_program_names_every_crate_and_holds_the_built_ins_that_are_wanted() -> Result<(), Box<dyn std::error::Error>>
    {
        let (manifest, main) = written(&[])?;
        assert!(manifest.ends_with(
            "lk-go = { version = \"0.1\" }\nlk-plugins = { version = \"0.1\", default-features = false }\n"
        ));
        assert!(main.contains("\nuse r#energy_vad as _;\nuse r#fn as _;\n\nfn main()"), "{main}");
        assert!(main.contains("    lk_go::run_with_built_ins(lk_plugins::BUILT_INS)\n"), "{main}");

        let (manifest, main) = written(&["--without-built-ins"])?;
        let wanted =
            "lk-go = { version = \"0.1\", default-features = false, features = [\"download\", \"dynamic\"] }\n";
        assert!(manifest.ends_with(wanted), "{manifest}");
        assert!(main.contains("    lk_go::run()\n"), "{main}");

        let (manifest, main) = written(&["--features", "fake,silero"])?;
        assert!(
            manifest.contains("default-features = false, features = [\"fake\", \"silero\"] }\nlk-plugins"),
            "{manifest}"
        );
        assert!(main.contains("lk_plugins::BUILT_INS"), "{main}");
        Ok(())
    }

    #[test]
    fn a_crate_of_the_registry_gets_the_framework_of_the_program() -> Result<(), Box<dyn std::error::Error>> {
        let framework = Framework::Git { url: "https://host/a.git".to_owned(), revision: None };
        let (manifest, _) = written_with(&framework, &[])?;
        let source = "{ git = \"https://host/a.git\" }\n";
        let patch = format!("\n[patch.crates-io]\nlk-plugin = {source}lk-plugins = {source}");
        assert!(manifest.ends_with(&patch), "{manifest}");
        // Cargo warns of a patch that nothing needs.
        let (manifest, _) = written_with(&framework, &["--without-built-ins"])?;
        assert!(manifest.ends_with(&format!("\n[patch.crates-io]\nlk-plugin = {source}")), "{manifest}");
        assert!(!written(&[])?.0.contains("[patch"), "a version is the registry's own");
        Ok(())
    }
}
