//! The plugin as an agent uses it: by its name.

use lk_plugin::conformance::assert_conforms;
use lk_plugin::{Config, Registry, Result, SynthesizeOptions, Tts};

// Named, the crate is linked: its plugin registers itself.
use {{crate}} as _;

#[test]
fn it_keeps_the_contract() {
    assert_conforms("tts/{{name}}", &Config::new());
}

#[test]
fn each_character_has_its_tone() -> Result<()> {
    let config = Config::from_json(r#"{"character_duration": 0.1}"#)?;
    let tts = Registry::global().create::<dyn Tts>("{{name}}", &config)?;
    let options = SynthesizeOptions::default();
    let audio = pollster::block_on(tts.synthesize("a b", &options)?.collect())?;
    let texts: Vec<&str> = audio
        .iter()
        .map(|piece| piece.delta_text.as_str())
        .collect();
    assert_eq!(texts, ["a", " ", "b"]);
    assert!(
        audio
            .iter()
            .all(|piece| piece.frame.samples().len() == 2_400)
    );
    let loud: Vec<bool> = audio
        .iter()
        .map(|piece| piece.frame.samples().iter().any(|sample| *sample > 5_000))
        .collect();
    assert_eq!(loud, [true, false, true]);
    Ok(())
}
