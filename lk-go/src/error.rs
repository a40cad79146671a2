//! What can go wrong on the command line, and the exit codes.

use std::error::Error as StdError;
use std::io;

use lk_plugin::{BoxError, DuplicatePlugins, ErrorKind, Kind};

use crate::BuiltIns;
use crate::plugin_files::CAN_INSPECT;

/// What a command returns.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// The most causes that are printed: a chain may be a circle.
const MAX_CAUSES: usize = 16;

/// The exit codes of all commands. They never change: scripts depend on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Good = 0,
    Findings = 1,
    Usage = 2,
    Config = 3,
    Input = 4,
    NotFound = 5,
    Provider = 6,
    Refused = 7,
    Bug = 70,
    Interrupted = 130,
}

impl Exit {
    /// The number.
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }
}

/// A failure that the user is told about in one paragraph.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file that is not there, cannot be read, or is not what it should be.
    #[error("{file} {problem}; {advice}")]
    Input {
        /// The file as the user named it, in backticks; or `standard input`.
        file: String,
        /// What is wrong with it: the rest of a sentence that starts with its name.
        problem: String,
        /// What to do.
        advice: String,
        /// The cause, if the system or a library gave one.
        source: Option<BoxError>,
    },
    /// A plugin, its config or the look-up of it.
    #[error(transparent)]
    Plugin(#[from] lk_plugin::Error),
    /// Several things that are wrong, each to be told by itself.
    #[error("{} problems", .0.len())]
    Several(Vec<Error>),
    /// The program was put together wrongly.
    #[error(transparent)]
    Duplicates(#[from] DuplicatePlugins),
    /// A directory of plugin files that cannot be used, or files where this program takes none.
    #[error("{0}")]
    Refused(String),
    /// A command line that names too little, or what cannot be meant.
    #[error("{0}")]
    Usage(String),
    /// A program that cannot be built.
    #[error("{0}")]
    Build(String),
    /// Standard output does not take the result. (A reader that went away is no failure.)
    #[error("the result could not be written to standard output; look at where it goes")]
    Output(#[source] io::Error),
}

impl Error {
    /// What came of looking for a plugin of that name in vain. Says how this program comes by more: by the feature that
    /// holds it when it is a built-in that is not compiled in, else by a file or another build.
    pub(crate) fn of_look_up(error: lk_plugin::Error, name: &str, built_ins: BuiltIns<'_>) -> Self {
        // A kind stands there by mistake, of which the message tells.
        if error.kind() != ErrorKind::NotFound || name.parse::<Kind>().is_ok() {
            return error.into();
        }
        let left_out = built_ins.iter().find(|(plugin, _, is_here)| *plugin == name && !is_here);
        let how = match left_out {
            Some((_, feature, _)) => format!("this lk-go was built without the feature `{feature}`"),
            None if CAN_INSPECT => "more come from files on `LK_PLUGIN_PATH`, or with `lk-go build --with`".to_owned(),
            None => "more come with `lk-go build --with`".to_owned(),
        };
        let message = format!("{}; {how}", error.message());
        lk_plugin::Error::new(ErrorKind::NotFound, message).into()
    }

    /// The exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Input { .. } | Self::Build(_) | Self::Output(_) => Exit::Input,
            Self::Duplicates(_) | Self::Refused(_) => Exit::Refused,
            Self::Usage(_) => Exit::Usage,
            Self::Several(errors) => errors.first().map_or(Exit::Bug, Self::exit),
            Self::Plugin(error) => match error.kind() {
                ErrorKind::Config => Exit::Config,
                ErrorKind::NotFound => Exit::NotFound,
                ErrorKind::InvalidInput => Exit::Input,
                ErrorKind::Duplicate => Exit::Refused,
                ErrorKind::Internal => Exit::Bug,
                _ => Exit::Provider,
            },
        }
    }

    /// The messages of the causes, nearest first.
    pub(crate) fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut next = self.source();
        while let Some(cause) = next.filter(|_| causes.len() < MAX_CAUSES) {
            causes.push(cause.to_string());
            next = cause.source();
        }
        causes
    }
}

#[cfg(test)]
mod tests {
    use lk_plugin::Error as PluginError;

    use super::*;

    #[test]
    fn every_kind_of_plugin_error_has_its_exit_code() {
        for (kind, code) in [
            (ErrorKind::Config, 3),
            (ErrorKind::NotFound, 5),
            (ErrorKind::Duplicate, 7),
            (ErrorKind::InvalidInput, 4),
            (ErrorKind::Unsupported, 6),
            (ErrorKind::ApiStatus, 6),
            (ErrorKind::ApiTimeout, 6),
            (ErrorKind::Io, 6),
            (ErrorKind::Plugin, 6),
            (ErrorKind::Panic, 6),
            (ErrorKind::Internal, 70),
        ] {
            assert_eq!(Error::from(PluginError::new(kind, "no")).exit().code(), code, "{kind}");
        }
    }

    #[test]
    fn causes_do_not_repeat_the_message() {
        let inner = PluginError::new(ErrorKind::Io, "inner");
        let error = Error::from(PluginError::config("outer").with_source(inner));
        assert_eq!((error.to_string().as_str(), error.causes()), ("outer", vec!["inner".to_owned()]));
    }

    #[test]
    fn of_a_missing_plugin_it_is_told_how_to_come_by_it() {
        let told = |kind, name| {
            let built_ins = [("fake", "fake", true), ("silero", "silero", false), ("stream", "adapters", false)];
            Error::of_look_up(PluginError::new(kind, "there is no such plugin"), name, &built_ins).to_string()
        };
        let hint = "there is no such plugin; this lk-go was built without the feature `silero`";
        assert_eq!(told(ErrorKind::NotFound, "silero"), hint);
        assert_eq!(told(ErrorKind::NotFound, "stream"), hint.replace("silero", "adapters"));
        for name in ["fake", "x"] {
            let more = told(ErrorKind::NotFound, name);
            assert!(more.starts_with("there is no such plugin; more come ") && more.ends_with("`lk-go build --with`"));
            assert_eq!(more.contains("LK_PLUGIN_PATH"), CAN_INSPECT);
        }
        for (kind, name) in [(ErrorKind::NotFound, "llm"), (ErrorKind::Io, "silero")] {
            assert_eq!(told(kind, name), "there is no such plugin");
        }
    }
}
