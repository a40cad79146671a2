//! What is written: the templates, with their names filled in.

use lk_plugin::Kind;

use crate::error::Result;
use crate::framework::Framework;

/// A crate to be written.
pub(super) struct Crate<'c> {
    /// The plugin's name.
    pub(super) name: &'c str,
    pub(super) kind: Kind,
    pub(super) template: &'static Template,
    /// Whether it is also a file that programs load.
    pub(super) is_file: bool,
    pub(super) framework: &'c Framework,
    /// Whether the folder is inside of a workspace that does not have it as a member.
    pub(super) is_in_workspace: bool,
}

/// A template of a kind: the plugin and its tests.
pub(super) struct Template {
    /// The first doc line of the plugin: what it does.
    what: &'static str,
    /// What follows `lk-go` on a command line that tries it.
    attempt: &'static str,
    library: &'static str,
    tests: &'static str,
    /// Whether the tests wait for the plugin.
    waits: bool,
}

impl Template {
    /// The one of this kind.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub(super) fn of(kind: Kind) -> Result<&'static Self> {
        match kind {
            Kind::Llm => Ok(&LLM),
            Kind::Stt => Ok(&STT),
            Kind::Tts => Ok(&TTS),
            Kind::Vad => Ok(&VAD),
            kind => Err(lk_plugin::Error::unsupported(format!("there is no template of the kind `{kind}` yet")).into()),
        }
    }
}

macro_rules! template {
    ($kind:literal, $what:literal, $attempt:literal, waits: $waits:literal) => {
        Template {
            what: $what,
            attempt: $attempt,
            library: include_str!(concat!("../../../templates/plugin/", $kind, ".rs")),
            tests: include_str!(concat!("../../../templates/plugin/", $kind, "_test.rs")),
            waits: $waits,
        }
    };
}

static LLM: Template = template!("llm", "Answers from its config", "llm 'Hello there.' --plugin {{name}}", waits: true);
static STT: Template =
    template!("stt", "Says how long and how loud the audio was", "stt recording.wav --plugin {{name}}", waits: true);
static TTS: Template = template!(
    "tts",
    "Plays a tone for each character",
    "tts 'Hello there.' --plugin {{name}} -o hello.wav",
    waits: true
);
static VAD: Template =
    template!("vad", "Hears speech where it is loud", "vad recording.wav --plugin {{name}}", waits: false);

const MANIFEST: &str = include_str!("../../../templates/plugin/Cargo.toml.txt");
const README: &str = include_str!("../../../templates/plugin/README.md");
const README_DYNAMIC: &str = include_str!("../../../templates/plugin/README-dynamic.md");
const CI: &str = include_str!("../../../templates/plugin/ci.yml");
const IGNORED: &str = include_str!("../../../templates/plugin/gitignore");

const EXPORTS: &str =
    "// The one line that makes a file of this crate that programs load.\nlk_plugin::export_plugins!();\n\n";
const LIBRARY: &str = "\n[lib]\n# Both: a file to load, and a library to link.\ncrate-type = [\"cdylib\", \"rlib\"]\n";
const POLLSTER: &str = "# Waits for the plugin; any executor would do.\npollster = \"1\"\n";
const WORKSPACE: &str = "\n# Not a member of the workspace around it.\n[workspace]\n";
const CI_PATH: &str =
    "      # Cargo.toml names lk-plugin by a folder, which is not here: name it by its git URL before you push.\n";

/// Names that Cargo, the compiler or the crate's own dependencies have taken.
const TAKEN: [&str; 14] = [
    "alloc",
    "build",
    "core",
    "deps",
    "examples",
    "incremental",
    "lk-plugin",
    "lk-plugin-macros",
    "pollster",
    "proc-macro",
    "self",
    "std",
    "super",
    "test",
];

impl Crate<'_> {
    /// Each file's path, with slashes, and its text.
    pub(super) fn files(&self) -> Vec<(&'static str, String)> {
        let template = self.template;
        let is_path = matches!(self.framework, Framework::Path(_));
        let kind = self.kind.to_string();
        let package = package(self.name);
        let values = [
            // The first ones have places for others in them.
            ("dynamic", on(self.is_file, README_DYNAMIC)),
            ("try", template.attempt),
            ("what", template.what),
            ("exports", on(self.is_file, EXPORTS)),
            ("lib", on(self.is_file, LIBRARY)),
            ("pollster", on(template.waits, POLLSTER)),
            ("workspace", on(self.is_in_workspace, WORKSPACE)),
            ("ci-path", on(is_path, CI_PATH)),
            ("framework", &self.framework.dependency("lk-plugin")),
            ("kind", &kind),
            ("Kind", &capitalized(&kind)),
            ("crate", &package.replace('-', "_")),
            ("package", &package),
            ("Type", &type_name(self.name)),
            ("name", self.name),
        ];
        let fill = |template: &str| {
            values.iter().fold(template.to_owned(), |text, (key, value)| text.replace(&format!("{{{{{key}}}}}"), value))
        };
        [
            (".github/workflows/ci.yml", CI),
            (".gitignore", IGNORED),
            ("Cargo.toml", MANIFEST),
            ("README.md", README),
            ("src/lib.rs", template.library),
            ("tests/plugin.rs", template.tests),
        ]
        .map(|(file, template)| (file, fill(template)))
        .into()
    }
}

fn on(is_wanted: bool, text: &str) -> &str {
    if is_wanted { text } else { "" }
}

/// The plugin's name, unless no package can have it.
fn package(name: &str) -> String {
    let is_taken =
        TAKEN.contains(&name) || is_keyword(name) || name.starts_with(|letter: char| letter.is_ascii_digit());
    if is_taken { format!("plugin-{name}") } else { name.to_owned() }
}

/// A word that no crate can be called.
fn is_keyword(name: &str) -> bool {
    const KEYWORDS: [&str; 49] = [
        "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
        "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
        "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true",
        "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
    ];
    KEYWORDS.contains(&name)
}

/// `my-ears` is `MyEars`.
fn type_name(name: &str) -> String {
    let joined: String = name.split('-').map(capitalized).collect();
    if joined.starts_with(|letter: char| letter.is_ascii_digit()) { format!("Plugin{joined}") } else { joined }
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_filled() -> Result<()> {
        let git = Framework::Git { url: "https://host/a.git".to_owned(), revision: None };
        let path = Framework::Path("/a \"folder\"".into());
        for kind in Kind::ALL {
            for (is_file, framework) in [(false, &path), (true, &git)] {
                let template = Template::of(*kind)?;
                let written =
                    Crate { name: "my-ears", kind: *kind, template, is_file, framework, is_in_workspace: is_file };
                for (file, text) in written.files() {
                    assert!(!text.contains("{{") && !text.contains("}}"), "{file}: {text}");
                    assert!(
                        text.ends_with('\n') && !text.ends_with("\n\n") && !text.contains("\n\n\n"),
                        "{file}: {text}"
                    );
                    let names_file = text.contains("export_plugins!()") || text.contains("cdylib");
                    assert!(is_file || !names_file, "{file}: {text}");
                }
            }
        }
        Ok(())
    }

    #[test]
    fn a_name_that_no_package_can_have_gets_a_word_before_it() {
        for (name, wanted) in [("my-ears", "my-ears"), ("3", "plugin-3"), ("fn", "plugin-fn"), ("test", "plugin-test")]
        {
            assert_eq!(package(name), wanted);
        }
        assert_eq!((type_name("my-ears-2").as_str(), type_name("3").as_str()), ("MyEars2", "Plugin3"));
    }
}
