//! The plugins that an adapter consists of.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use lk_plugin::{Config, Error, PluginKind, Registry, Result, choose};

/// What the fallbacks are called.
pub(super) const FALLBACK: &str = "fallback";

/// The plugin that `spec` names; errors say where it was named.
pub(super) fn part<K: PluginKind + ?Sized>(place: impl Display, spec: &str, config: &Config) -> Result<Arc<K>> {
    let registry = Registry::try_global().map_err(Error::from)?;
    Ok(Arc::from(registry.create::<K>(spec, config).map_err(|error| error.at(format_args!("`{place}`")))?))
}

/// The members of a fallback, each with what it is called.
pub(super) fn members<K: PluginKind + ?Sized>(
    specs: &[String],
    configs: &BTreeMap<String, Config>,
) -> Result<Vec<(String, Arc<K>)>> {
    for key in configs.keys() {
        if !specs.iter().any(|spec| key == spec || key == name_of(spec)) {
            let names: Vec<&str> = specs.iter().map(|spec| name_of(spec)).collect();
            let advice = choose(key, &names);
            return Err(Error::config(format!("`configs.{key}` is for no member; {advice}")));
        }
    }
    let nothing = Config::new();
    let member = |(index, spec): (usize, &String)| {
        // The whole goes before the name: there may be two models of one plugin.
        let key = if configs.contains_key(spec) { spec } else { name_of(spec) };
        let config = configs.get(key).map(|config| config.clone().within(format!("configs.{key}")));
        if name_of(spec) == FALLBACK && config.is_none() {
            return Err(Error::config(format!(
                "`members[{index}]` is the fallback itself; name another plugin, or give it members of its own in `configs.{FALLBACK}`"
            )));
        }
        Ok((spec.clone(), part(format_args!("members[{index}]"), spec, config.as_ref().unwrap_or(&nothing))?))
    };
    specs.iter().enumerate().map(member).collect()
}

fn name_of(spec: &str) -> &str {
    spec.split_once('/').map_or(spec, |(name, _)| name)
}
