//! The plugin as an agent uses it: by its name.

use lk_plugin::conformance::assert_conforms;
use lk_plugin::{AudioFrame, Config, RecognizeOptions, Registry, Result, Stt};

// Named, the crate is linked: its plugin registers itself.
use {{crate}} as _;

#[test]
fn it_keeps_the_contract() {
    assert_conforms("stt/{{name}}", &Config::new());
}

#[test]
fn length_and_loudness_are_told() -> Result<()> {
    let config = Config::from_json(r#"{"silence": -80.0}"#)?;
    let stt = Registry::global().create::<dyn Stt>("{{name}}", &config)?;
    // A tenth of full scale: -20 dBFS.
    let audio = AudioFrame::new(vec![3_277; 24_000], 16_000, 1)?;
    let options = RecognizeOptions::default();
    let event = pollster::block_on(stt.recognize(audio.as_ref(), &options))?;
    assert_eq!(event.text(), "1.5 seconds at -20 dBFS");
    let events = pollster::block_on(stt.stream(&options)?.feed([audio]).collect())?;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].text(), "1.5 seconds at -20 dBFS");
    Ok(())
}
