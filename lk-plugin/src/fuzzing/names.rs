//! Names that people and providers write: languages, plugins, specs.

use crate::{Config, Error, Kind, LanguageCode, Llm, Plugin, Registry, check_plugin_name, choose};

/// A language is spelled one way, however often that is asked for. What a message repeats of a name has nothing in it that
/// steers a terminal, and is short. A plugin is found under a name exactly if it is called that.
pub fn names(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let code = LanguageCode::new(text);
    assert_eq!(LanguageCode::new(code.as_str()), code);
    assert!(code.as_str().starts_with(code.base()));
    assert!(!code.base().contains('-'));

    assert!(choose(text, &["llm", "stt", "tts", "vad"]).ends_with("choose from `llm`, `stt`, `tts`, `vad`"));
    let kind = text.parse::<Kind>();
    assert!(kind.is_ok_and(|kind| kind.as_str() == text) || text.parse::<Kind>().is_err());
    let fails = || Plugin::new::<dyn Llm>(text, |config| Err(Error::config(format!("{:?}", config.get("model")))));
    match check_plugin_name(text) {
        Ok(()) => {
            let Ok(registry) = Registry::of([fails()]) else { unreachable!("the name is a plugin name") };
            assert!(registry.get(Kind::Llm, text).is_some() && registry.find(Kind::Stt, text).is_err());
        }
        Err(error) => {
            printable(&error);
            assert!(Registry::of([fails()]).is_err());
        }
    }

    let Ok(registry) = Registry::of([Plugin::new::<dyn Llm>("a", |config| {
        Err(Error::config(config.get("model").and_then(|model| model.as_str()).unwrap_or("none")))
    })]) else {
        unreachable!("`a` is a plugin name")
    };
    let told = registry.create::<dyn Llm>(text, &Config::new()).err().map(|error| error.to_string());
    match text.split_once('/') {
        Some(("a", model)) if !model.is_empty() => assert_eq!(told.as_deref(), Some(&*format!("llm/a: {model}"))),
        _ if text == "a" => assert_eq!(told.as_deref(), Some("llm/a: none")),
        _ => printable(&told.unwrap_or_default()),
    }
}

/// Nobody's terminal does anything when it prints this.
fn printable(message: &impl ToString) {
    let message = message.to_string();
    assert!(!message.is_empty() && message.len() < 1_000 && !message.contains(char::is_control), "{message:?}");
}
