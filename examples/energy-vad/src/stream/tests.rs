//! The events of audio whose loudness is known.

use lk_plugin::{Config, PluginConfig};

use super::*;

fn stream(json: &str) -> Result<EnergyStream> {
    Ok(EnergyStream::new(EnergyConfig::from_config(&Config::from_json(json)?)?))
}

/// Seconds of silence, noise, silence, … at 16 kHz.
fn recording(parts: &[f64]) -> Vec<i16> {
    let part = |(index, seconds): (usize, &f64)| {
        let level: i16 = if index % 2 == 0 { 10 } else { 8_000 };
        (0..(seconds * 16_000.0) as usize).map(move |sample| if sample % 2 == 0 { level } else { -level })
    };
    parts.iter().enumerate().flat_map(part).collect()
}

/// START and END with their time in milliseconds and how much audio they show.
fn edges(stream: &mut EnergyStream, audio: &[i16], frame: usize) -> Result<Vec<(VadEventType, u128, usize)>> {
    let (mut edges, mut events) = (Vec::new(), Vec::new());
    for frame in audio.chunks(frame) {
        stream.push(AudioFrameRef::new(frame, 16_000, 1)?, &mut events)?;
        collect(stream, &mut events, &mut edges);
    }
    stream.end_input(&mut events)?;
    collect(stream, &mut events, &mut edges);
    Ok(edges)
}

fn collect(stream: &EnergyStream, events: &mut Vec<VadEvent>, edges: &mut Vec<(VadEventType, u128, usize)>) {
    for event in events.drain(..).filter(|event| event.event_type != VadEventType::InferenceDone) {
        let shown = stream.audio(&event).map_or(0, |audio| audio.samples().len());
        edges.push((event.event_type, event.timestamp.as_millis(), shown));
    }
}

#[test]
fn loud_stretches_are_speech_however_the_audio_is_cut() -> Result<()> {
    use VadEventType::{EndOfSpeech, StartOfSpeech};
    let audio = recording(&[0.96, 0.96, 0.96, 0.032, 0.96, 0.96]);
    let wanted = [
        (StartOfSpeech, 1_056, 1_536),
        // Half a second of silence is 16 windows and a bit.
        (EndOfSpeech, 2_432, 23_552),
        (StartOfSpeech, 3_968, 1_536),
        (EndOfSpeech, 4_832, 15_360),
    ];
    for frame in [160, 512, 7, 100_000] {
        let edges = edges(&mut stream("{}")?, &audio, frame)?;
        assert_eq!(edges, wanted, "frames of {frame}");
    }
    Ok(())
}

#[test]
fn only_so_much_of_an_utterance_is_kept() -> Result<()> {
    let mut stream = stream(r#"{"max_buffered_speech": 1.0}"#)?;
    let edges = edges(&mut stream, &recording(&[0.0, 10.0]), 512)?;
    let shown = edges.last().map(|edge| edge.2);
    assert!(shown.is_some_and(|samples| (16_000..48_000).contains(&samples)), "{edges:?}");
    Ok(())
}

#[test]
fn judgements_tell_how_sure_they_are() -> Result<()> {
    let (mut stream, mut events) = (stream("{}")?, Vec::new());
    stream.push(AudioFrameRef::new(&recording(&[0.032, 0.032]), 16_000, 1)?, &mut events)?;
    let sure: Vec<bool> = events.iter().map(|event| event.probability > 0.5).collect();
    assert_eq!(sure, [false, true]);
    assert_eq!(events[1].raw_accumulated_silence, Duration::from_millis(32));
    Ok(())
}

#[test]
fn misuse_is_an_error() -> Result<()> {
    let (mut stream, mut events) = (stream("{}")?, Vec::new());
    stream.push(AudioFrameRef::new(&[0, 0], 16_000, 1)?, &mut events)?;
    assert!(stream.push(AudioFrameRef::new(&[0, 0], 16_000, 2)?, &mut events).is_err());
    stream.flush()?;
    stream.end_input(&mut events)?;
    assert!(stream.push(AudioFrameRef::new(&[0], 16_000, 1)?, &mut events).is_err());
    assert!(stream.flush().is_err());
    Ok(())
}
