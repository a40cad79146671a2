//! The config of a whole voice agent: four plugins in one file.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lk_plugin::config::Value;
use lk_plugin::monitor::Monitor;
use lk_plugin::{Config, Kind, Llm, PluginConfig, PluginKind, Registry, Stt, Tts, Vad, choose};

use crate::BuiltIns;
use crate::commands::{chosen, named};
use crate::error::{Error, Result};
use crate::voice::{SessionOptions, VoicePlugins};

/// What is used when no config is given.
pub(super) const DEFAULT: &str = include_str!("default.toml");

const SESSION: &str = "session";
const SECTIONS: [&str; 5] = ["llm", SESSION, "stt", "tts", "vad"];
const PLUGIN: &str = "plugin";
const SYSTEM: &str = "system";

/// A voice agent, ready to be run.
pub(super) struct Agent {
    pub(super) plugins: VoicePlugins,
    pub(super) options: SessionOptions,
    /// What each stage is done by: `stt/openai/whisper-1`.
    pub(super) labels: Labels,
}

/// What each plugin is called, by its kind.
#[derive(Debug, Clone)]
pub(super) struct Labels([(Kind, String); 4]);

impl Labels {
    pub(super) fn of(&self, kind: &str) -> &str {
        self.0.iter().find(|(known, _)| known.as_str() == kind).map_or("", |(_, label)| label)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, label)| label.as_str())
    }
}

/// What a table is about the conversation itself.
#[derive(Debug, PluginConfig)]
struct SessionConfig {
    /// Whether speech during an answer cuts it off.
    #[config(default = true)]
    interruptions: bool,
    /// How long such speech must last.
    #[config(default = 0.0, range = 0.0..=60.0)]
    min_interruption_duration: Duration,
    /// Whether a plugin's live transcription is used where it has one.
    #[config(default = true)]
    live_stt: bool,
    /// Whether a plugin's live speech is used where it has one.
    #[config(default = true)]
    live_tts: bool,
    /// How many items of the conversation the model is given.
    #[config(default = 200, range = 2..=100_000)]
    max_context_items: u32,
}

impl Agent {
    /// The agent of this config file, or the default one; `settings` go before what stands there.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, and else everything that is wrong in all tables at once.
    pub(super) fn load(file: Option<&Path>, settings: &[(String, String)], built_ins: BuiltIns<'_>) -> Result<Self> {
        let config = match file {
            Some(file) => chosen::file_config(file)?,
            None => Config::from_toml(DEFAULT)?,
        };
        let registry = named::registry()?;
        let mut tables = Tables { config: &config, settings, built_ins, registry, problems: Vec::new() };
        tables.refuse_unknown();
        let (vad, stt) = (tables.plugin::<dyn Vad>(), tables.plugin::<dyn Stt>());
        let system = tables.system();
        let (llm, tts) = (tables.plugin::<dyn Llm>(), tables.plugin::<dyn Tts>());
        let session = tables.session();
        let mut problems = tables.problems;
        match (vad, stt, llm, tts, session) {
            (Some(vad), Some(stt), Some(llm), Some(tts), Some(session)) if problems.is_empty() => {
                let monitor = Monitor::global();
                Ok(Self {
                    plugins: VoicePlugins::new(
                        Arc::new(monitor.meter_vad(&vad.0, vad.1)),
                        Arc::new(monitor.meter_stt(&stt.0, stt.1)),
                        Arc::new(monitor.meter_llm(&llm.0, llm.1)),
                        Arc::new(monitor.meter_tts(&tts.0, tts.1)),
                    ),
                    options: SessionOptions::default()
                        .with_system(system)
                        .with_interruptions(session.interruptions, session.min_interruption_duration)
                        .with_live(session.live_stt, session.live_tts)
                        .with_max_context_items(session.max_context_items as usize),
                    labels: Labels([(Kind::Vad, vad.0), (Kind::Stt, stt.0), (Kind::Llm, llm.0), (Kind::Tts, tts.0)]),
                })
            }
            _ if problems.len() == 1 => Err(problems.remove(0)),
            _ => Err(Error::Several(problems)),
        }
    }
}

/// The tables of a config, and what is wrong with them.
struct Tables<'c> {
    config: &'c Config,
    settings: &'c [(String, String)],
    built_ins: BuiltIns<'c>,
    registry: &'c Registry,
    problems: Vec<Error>,
}

impl Tables<'_> {
    fn problem(&mut self, message: String) {
        self.problems.push(lk_plugin::Error::config(message).into());
    }

    fn refuse_unknown(&mut self) {
        let mut unknown: Vec<String> =
            self.config.keys().filter(|key| !SECTIONS.contains(key)).map(str::to_owned).collect();
        for (key, _) in self.settings {
            let table = key.split_once('.').map_or(key.as_str(), |(table, _)| table);
            if !SECTIONS.contains(&table) && !unknown.iter().any(|known| known == table) {
                unknown.push(table.to_owned());
            }
        }
        for table in unknown {
            self.problem(format!("`{table}` is not a table of this config; {}", choose(&table, &SECTIONS)));
        }
    }

    /// The table of that name with the settings for it; `None` when it is no table, which has been noted. A table that is not
    /// there is empty.
    fn table(&mut self, name: &str) -> Option<Config> {
        let mut table = match self.config.get(name) {
            None => Config::new(),
            Some(Value::Object(values)) => Config::from(values.clone()),
            Some(_) => {
                self.problem(format!("`{name}` must be a table; write `[{name}]` and its keys below"));
                return None;
            }
        };
        // The keys that stand there are those of the plugin that stands there.
        if self.names_another(name, table.get(PLUGIN)) {
            table = Config::new();
        }
        for (key, value) in self.settings {
            if let Some(key) = key.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')) {
                table.insert_text(key, value);
            }
        }
        Some(table.within(name))
    }

    /// Whether the settings name another plugin than the table does.
    fn names_another(&self, name: &str, plugin: Option<&Value>) -> bool {
        let named = self.settings.iter().rfind(|(key, _)| *key == format!("{name}.{PLUGIN}"));
        let (Some((_, new)), Some(Value::String(old))) = (named, plugin) else { return false };
        new.split('/').next() != old.split('/').next()
    }

    fn plugin<K: PluginKind + ?Sized>(&mut self) -> Option<(String, Arc<K>)> {
        let kind = K::KIND.as_str();
        let table = self.table(kind)?;
        let spec = match table.get(PLUGIN) {
            Some(Value::String(spec)) => spec.clone(),
            Some(_) => {
                self.problem(format!("`{kind}.{PLUGIN}` must be text, the name of a plugin or name/model"));
                return None;
            }
            None => {
                self.problem(format!(
                    "`{kind}.{PLUGIN}` is missing; name a plugin, as `lk-go plugin list --kind {kind}` lists them"
                ));
                return None;
            }
        };
        let own: &[&str] = if K::KIND == Kind::Llm { &[PLUGIN, SYSTEM] } else { &[PLUGIN] };
        match named::create::<K>(self.registry, &spec, &table.without(own), self.built_ins) {
            Ok(plugin) => Some((format!("{kind}/{spec}"), Arc::from(plugin))),
            Err(error) => {
                self.problems.push(error);
                None
            }
        }
    }

    /// What the model is told first; no plugin has a key of that name.
    fn system(&mut self) -> Option<String> {
        // Whether it is a table is told with its plugin.
        let values = match self.config.get(Kind::Llm.as_str()) {
            Some(Value::Object(values)) => values.get(SYSTEM),
            _ => None,
        };
        let key = format!("{}.{SYSTEM}", Kind::Llm);
        if let Some((_, text)) = self.settings.iter().rfind(|(known, _)| *known == key) {
            return Some(text.clone());
        }
        match values {
            None => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(_) => {
                self.problem(format!("`{key}` must be text: what the model is told first"));
                None
            }
        }
    }

    fn session(&mut self) -> Option<SessionConfig> {
        let table = self.table(SESSION)?;
        SessionConfig::from_config(&table).map_err(|error| self.problems.push(error.into())).ok()
    }
}
