//! The plugin as an agent uses it: by its name.

use lk_plugin::conformance::assert_conforms;
use lk_plugin::{AudioFrameRef, Config, Registry, Result, Vad, VadEventType};

// Named, the crate is linked: its plugin registers itself.
use {{crate}} as _;

#[test]
fn it_keeps_the_contract() {
    assert_conforms("vad/{{name}}", &Config::new());
}

#[test]
fn what_is_loud_is_speech() -> Result<()> {
    let config = Config::from_json(r#"{"min_silence": 0.32}"#)?;
    let vad = Registry::global().create::<dyn Vad>("{{name}}", &config)?;
    let (mut stream, mut edges) = (vad.stream()?, Vec::new());
    // Ten windows each of silence, of noise, and twenty of silence, in frames of 10 ms at 16 kHz.
    let quiet = vec![0; 512 * 10];
    let loud = [8_000, -8_000].repeat(256 * 10);
    for frame in [quiet.clone(), loud, quiet.clone(), quiet]
        .concat()
        .chunks(160)
    {
        let mut events = Vec::new();
        stream.push(AudioFrameRef::new(frame, 16_000, 1)?, &mut events)?;
        events.retain(|event| event.event_type != VadEventType::InferenceDone);
        edges.extend(
            events
                .iter()
                .map(|event| (event.event_type, event.samples_index)),
        );
    }
    let (start, end) = (VadEventType::StartOfSpeech, VadEventType::EndOfSpeech);
    assert_eq!(edges, [(start, 512 * 11), (end, 512 * 30)]);
    Ok(())
}
