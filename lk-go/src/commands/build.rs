//! `lk-go build`: makes a `lk-go` with more plugins compiled in.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::BuildArgs;
use crate::error::{Error, Exit, Result};
use crate::framework::Framework;
use crate::{interrupt, output, printable};

mod cargo;
mod contents;
mod package;
mod spec;

use self::cargo::Cargo;
use self::package::Package;
use self::spec::Spec;
#[cfg(any(test, fuzzing))]
pub(crate) use self::spec::spec_is_read;

/// Builds it, and puts it in its place once it holds what it should.
///
/// # Errors
///
/// When a feature is none, a crate is not to be had, does not compile, brings no plugin or one that is there already,
/// or the disk refuses.
pub(super) fn run(arguments: &BuildArgs) -> Result<Exit> {
    let specs = arguments.with.iter().map(|text| Spec::read(text)).collect::<Result<Vec<_>>>()?;
    let framework = Framework::new(arguments.framework.as_deref())?;
    check_features(arguments.features.as_deref().unwrap_or_default(), framework.features().as_deref())?;
    let target = target(arguments.output.as_deref())?;
    // Not the end of this process: what is temporary here goes first.
    interrupt::listen();
    match build(arguments, &specs, &framework, &target) {
        Err(Error::Build(_)) if interrupt::requested() => {
            output::clear_line();
            output::note("interrupted before the build was complete; nothing was written");
            Ok(Exit::Interrupted)
        }
        built => built.map(|()| Exit::Good),
    }
}

/// That all of these are known. Where it is not known which there are, Cargo says so later.
fn check_features(features: &[String], known: Option<&[String]>) -> Result<()> {
    let Some(known) = known else { return Ok(()) };
    match features.iter().find(|feature| !known.contains(feature)) {
        None => Ok(()),
        Some(feature) => {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            Err(Error::Usage(format!(
                "`{}` is no value of `--features`; {}",
                printable::argument(feature),
                lk_plugin::choose(feature, &known)
            )))
        }
    }
}

fn build(arguments: &BuildArgs, specs: &[Spec], framework: &Framework, target: &Path) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("lk-go-build-").tempdir().map_err(|error| {
        refused(&std::env::temp_dir(), "takes no temporary folder", "set `TMPDIR` to one that does", Some(error))
    })?;
    let cargo = Cargo::new(folder.path(), arguments.offline);
    let mut package = Package::write(folder.path(), arguments, framework)
        .map_err(|error| refused(folder.path(), "cannot be written", "check the disk", Some(error)))?;
    for spec in specs {
        package.add(&cargo, spec)?;
    }
    let crates = package.crates(&cargo)?;
    package
        .write_main(&crates)
        .map_err(|error| refused(folder.path(), "cannot be written", "check the disk", Some(error)))?;
    let built = cargo.build(arguments.profile)?;
    let held = contents::check(&built, &crates)?;
    cargo::unless_interrupted()?;
    place(&built, target)
        .map_err(|error| refused(target, "cannot be written", "name another file with `-o`", Some(error)))?;
    contents::print(held.as_ref(), target)
}

/// The file to write; that it can be one is known before the build, which takes its time.
fn target(output: Option<&Path>) -> Result<PathBuf> {
    let default = PathBuf::from("lk-go").with_extension(std::env::consts::EXE_EXTENSION);
    let target = output.map_or(default, Path::to_owned);
    if target.is_dir() {
        return Err(refused(&target, "is a folder", "name a file with `-o`", None));
    }
    if !folder_of(&target).is_dir() {
        return Err(refused(&target, "is in a folder that is not there", "make the folder first", None));
    }
    Ok(target)
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Copies the program beside its place, then renames it: a running one is not disturbed.
fn place(built: &Path, target: &Path) -> io::Result<()> {
    let copy = tempfile::Builder::new().prefix(".lk-go-").tempfile_in(folder_of(target))?;
    fs::copy(built, copy.path())?;
    copy.as_file().sync_all()?;
    copy.persist(target).map(drop).map_err(|error| error.error)
}

fn refused(file: &Path, problem: &str, advice: &str, source: Option<io::Error>) -> Error {
    Error::Input {
        file: format!("`{}`", printable::path(file)),
        problem: problem.to_owned(),
        advice: advice.to_owned(),
        source: source.map(Into::into),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_checked_where_they_are_known() {
        let known = ["default", "fake", "silero"].map(str::to_owned);
        let told = |features: &[&str], known| {
            let features: Vec<String> = features.iter().map(|feature| (*feature).to_owned()).collect();
            check_features(&features, known).err().map(|error| (error.exit().code(), error.to_string()))
        };
        assert_eq!(told(&["silero", "fake", "default"], Some(&known)), None);
        assert_eq!(told(&["silro"], None), None);
        let wrong =
            "`silro` is no value of `--features`; did you mean `silero`? choose from `default`, `fake`, `silero`";
        assert_eq!(told(&["fake", "silro"], Some(&known)), Some((2, wrong.to_owned())));
        assert!(
            told(&[""], Some(&known)).is_some_and(|(_, told)| told.starts_with("`` is no value of `--features`; ch"))
        );
    }
}
