//! Plugins that the user names: in this program and on `LK_PLUGIN_PATH`, or in a file.

use std::path::{MAIN_SEPARATOR, Path};
use std::sync::OnceLock;

use lk_plugin::{Config, ErrorKind, Kind, Plugin, PluginKind, Registry, check_plugin_name};

use crate::BuiltIns;
use crate::error::{Error, Result};
use crate::listing::{Entry, List};
use crate::{plugin_files, printable};

/// What a name stands for.
pub(super) enum Named {
    /// A plugin that instances can be made of.
    Plugin(Plugin),
    /// What a file holds, read from its bytes.
    File(Vec<Entry>),
}

impl Named {
    /// Finds what `text` names: `kind/name`, a name that one plugin alone has, or a file.
    ///
    /// # Errors
    ///
    /// When there is no such plugin or file, or several plugins have the name.
    pub(super) fn find(text: &str, built_ins: BuiltIns<'_>) -> Result<Self> {
        if is_file(text) {
            return in_file(Path::new(text)).map(Self::File);
        }
        let registry = registry()?;
        if let Some((kind, name)) = text.split_once('/')
            && let Ok(kind) = kind.parse::<Kind>()
            && !name.contains('/')
        {
            let found = registry.find(kind, name);
            return found.cloned().map(Self::Plugin).map_err(|error| Error::of_look_up(error, name, built_ins));
        }
        let plugins = registry.plugins();
        let keys: Vec<(&str, &str)> = plugins.iter().map(|plugin| (plugin.kind().as_str(), plugin.name())).collect();
        look_up(text, &keys, built_ins).map(|index| Self::Plugin(plugins[index].clone()))
    }

    /// Everything that is known without making an instance.
    pub(super) fn entries(self) -> Vec<Entry> {
        match self {
            Self::Plugin(plugin) => vec![Entry::from(&plugin)],
            Self::File(entries) => entries,
        }
    }
}

/// Whether this is the name of a file rather than a plugin's. A word, a slash and a word may be either.
fn is_file(text: &str) -> bool {
    let path = Path::new(text);
    match text.split_once('/') {
        Some((kind, _)) if kind.parse::<Kind>().is_ok() => false,
        Some((kind, name)) if [kind, name].iter().all(|word| check_plugin_name(word).is_ok()) => path.exists(),
        // A setting without its `--set`: the value may be a secret, which messages about files would repeat.
        _ if text.contains('=') => path.exists(),
        _ => text.contains(['/', MAIN_SEPARATOR]) || path.exists() || path.extension().is_some(),
    }
}

/// The plugins in this program, and those on `LK_PLUGIN_PATH`, which is loaded when this is first asked.
///
/// # Errors
///
/// When two have the same name, or something on the path is refused and `LK_PLUGIN_STRICT` is set.
pub(super) fn registry() -> Result<&'static Registry> {
    static LOADED: OnceLock<()> = OnceLock::new();
    let registry = Registry::try_global()?;
    // A second time each file would find its names taken, by itself.
    if LOADED.get().is_none() {
        plugin_files::load(registry)?;
        LOADED.get_or_init(|| ());
    }
    Ok(registry)
}

fn in_file(path: &Path) -> Result<Vec<Entry>> {
    let mut list = List::new();
    plugin_files::inspect(&[path.to_owned()], &mut list)?;
    if let Some(refused) = list.refused.pop() {
        return Err(Error::Input {
            file: format!("`{}`", refused.path),
            problem: refused.reason,
            advice: refused.remedy,
            source: None,
        });
    }
    if list.plugins.is_empty() {
        return Err(Error::Input {
            file: format!("`{}`", printable::path(path)),
            problem: "holds no plugin".to_owned(),
            advice: "name a program or a shared object that was built with lk-plugin".to_owned(),
            source: None,
        });
    }
    Ok(list.plugins)
}

/// Makes an instance of the plugin `spec`, `name` or `name/model`.
///
/// # Errors
///
/// When there is no such plugin, or what the plugin says.
pub(super) fn create<K: PluginKind + ?Sized>(
    registry: &Registry,
    spec: &str,
    config: &Config,
    built_ins: BuiltIns<'_>,
) -> Result<Box<K>> {
    let name = spec.split_once('/').map_or(spec, |(name, _)| name);
    registry.create::<K>(spec, config).map_err(|error| match registry.get(K::KIND, name) {
        Some(_) => error.into(),
        None => Error::of_look_up(error, name, built_ins),
    })
}

/// Which of these plugins, each a kind and a name, `text` means: `kind/name`, or a name that one of them alone has.
///
/// # Errors
///
/// When it is none of them, or several.
pub(super) fn look_up(text: &str, plugins: &[(&str, &str)], built_ins: BuiltIns<'_>) -> Result<usize> {
    let specs: Vec<String> = plugins.iter().map(|(kind, name)| format!("{kind}/{name}")).collect();
    let specs: Vec<&str> = specs.iter().map(String::as_str).collect();
    let names: Vec<&str> = plugins.iter().map(|(_, name)| *name).collect();
    let choices = if text.contains('/') { &specs } else { &names };
    let found: Vec<usize> = (0..plugins.len()).filter(|index| choices[*index] == text).collect();
    let shown = printable::stray(text);
    if let [index] = found.as_slice() {
        return Ok(*index);
    }
    let not_found = |message| lk_plugin::Error::new(ErrorKind::NotFound, message);
    let quoted = |indices: &[usize]| indices.iter().map(|index| format!("`{}`", specs[*index])).collect::<Vec<_>>();
    if !found.is_empty() {
        let specs = quoted(&found).join(", ");
        return Err(not_found(format!("several plugins are called `{shown}`; write one of {specs}")).into());
    }
    // As `--plugin` takes it; with the kind before it or not.
    let is_before = |start: &str| {
        text.strip_prefix(start).and_then(|rest| rest.strip_prefix('/')).is_some_and(|model| !model.is_empty())
    };
    let with_model: Vec<usize> =
        (0..plugins.len()).filter(|index| is_before(specs[*index]) || is_before(names[*index])).collect();
    if !with_model.is_empty() {
        let specs = quoted(&with_model).join(", ");
        return Err(not_found(format!(
            "`{shown}` has a model behind the name, as only `--plugin` takes it; choose from {specs}"
        ))
        .into());
    }
    let error = not_found(format!("there is no plugin `{shown}`; {}", lk_plugin::choose(text, choices)));
    let name = text.split_once('/').filter(|(kind, _)| kind.parse::<Kind>().is_ok()).map_or(text, |(_, name)| name);
    Err(Error::of_look_up(error, name, built_ins))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_is_found_by_its_name_or_what_to_write_is_told() {
        let plugins = [("llm", "fake"), ("llm", "openai"), ("tts", "openai"), ("vad", "fake"), ("vad", "silero")];
        for (text, wanted) in [("vad/fake", 3), ("llm/openai", 1), ("silero", 4)] {
            assert_eq!(look_up(text, &plugins, &[]).ok(), Some(wanted), "{text}");
        }
        let built_ins = [("piper", "piper", false)];
        for (text, wanted) in [
            ("fake", "several plugins are called `fake`; write one of `llm/fake`, `vad/fake`"),
            (
                "sillero",
                "there is no plugin `sillero`; did you mean `silero`? choose from `fake`, `openai`, `silero`; more",
            ),
            ("api_key=S3CRET", "there is no plugin `api_key=…`; choose from"),
            ("api_key=S3/CRET", "there is no plugin `api_key=…`; choose from"),
            ("vda/silero", "there is no plugin `vda/silero`; did you mean `vad/silero`? choose from `llm/fake`, "),
            (
                "llm/openai/gpt-4o",
                "`llm/openai/gpt-4o` has a model behind the name, as only `--plugin` takes it; choose from `llm/openai`",
            ),
            (
                "openai/gpt-4o",
                "`openai/gpt-4o` has a model behind the name, as only `--plugin` takes it; choose from `llm/openai`, \
                 `tts/openai`",
            ),
            ("tts/piper", "there is no plugin `tts/piper`; choose from `llm/fake`, "),
            (
                "piper",
                "there is no plugin `piper`; choose from `fake`, `openai`, `silero`; this lk-go was built without",
            ),
            ("tts/openai/", "there is no plugin `tts/openai/`; did you mean `tts/openai`? choose from "),
        ] {
            let error = look_up(text, &plugins, &built_ins).err();
            let told_of_feature = error.as_ref().is_some_and(|error| error.to_string().contains("the feature `piper`"));
            assert_eq!(told_of_feature, text.ends_with("piper"), "{text}");
            let told = error.as_ref().map(ToString::to_string).unwrap_or_default();
            assert!(told.starts_with(wanted), "{told}");
            assert_eq!(error.map(|error| error.exit().code()), Some(5));
        }
    }

    #[test]
    fn a_word_a_slash_and_a_word_are_a_file_if_there_is_one() {
        for text in ["src/commands", "./silero", "vda/silero.so", "libx.so", "src", "a/b/c", "/", "Cargo.toml"] {
            assert!(is_file(text), "{text}");
        }
        for text in ["vda/silero", "vad/x.so", "silero", "llm/openai/gpt-4o", "tts/", "api_key=S3/CR.T"] {
            assert!(!is_file(text), "{text}");
        }
    }
}
