//! The plugin against real speech: `tests/golden` holds what LiveKit's plugin said about the same recordings.

use std::collections::BTreeMap;
use std::time::Duration;

use lk_plugin::{
    AudioFrame, AudioFrameRef, Config, ErrorKind, Registry, Result, Vad, VadEvent, VadEventType,
};
use serde_json::Value;

/// A test helper's error says enough by itself.
type Any<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn golden(name: &str) -> String {
    format!("{}/../tests/golden/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn recording(name: &str) -> Any<(Vec<i16>, u32)> {
    let mut wav = hound::WavReader::open(golden(&format!("{name}.wav")))?;
    let rate = wav.spec().sample_rate;
    Ok((wav.samples::<i16>().collect::<std::result::Result<_, _>>()?, rate))
}

fn vad(settings: &[(&str, Value)]) -> Result<Box<dyn Vad>> {
    let mut config = Config::new();
    for (key, value) in settings {
        config.insert(*key, value.clone());
    }
    Registry::global().create::<dyn Vad>("silero", &config)
}

/// All events of a recording, pushed in frames of `piece` samples a channel.
fn events(vad: &dyn Vad, samples: &[i16], rate: u32, channels: u16, piece: usize) -> Result<Vec<VadEvent>> {
    let mut stream = vad.stream()?;
    let mut events = Vec::new();
    for frame in samples.chunks(piece * usize::from(channels)) {
        stream.push(AudioFrameRef::new(frame, rate, channels)?, &mut events)?;
    }
    stream.end_input(&mut events)?;
    Ok(events)
}

fn edges(events: &[VadEvent]) -> Vec<(VadEventType, Duration)> {
    let is_edge = |event: &&VadEvent| event.event_type != VadEventType::InferenceDone;
    events.iter().filter(is_edge).map(|event| (event.event_type, event.timestamp)).collect()
}

/// The same edges, each at most one window earlier or later.
fn assert_same_edges(one: &[VadEvent], two: &[VadEvent], what: &str) {
    let (one, two) = (edges(one), edges(two));
    assert_eq!(one.len(), two.len(), "{what}: {one:?} and {two:?}");
    for (a, b) in one.iter().zip(&two) {
        assert!(a.0 == b.0 && a.1.abs_diff(b.1) <= Duration::from_millis(32), "{what}: {a:?} and {b:?}");
    }
}

fn assert_reproduces(name: &str, sample_rate: u32) -> Any<()> {
    let (samples, rate) = recording(name)?;
    let vad = vad(&[("sample_rate", sample_rate.into())])?;
    let got = events(vad.as_ref(), &samples, rate, 1, rate as usize / 100)?;
    let wanted: Vec<BTreeMap<String, Value>> =
        serde_json::from_str(&std::fs::read_to_string(golden(&format!("{name}.events.json")))?)?;
    assert_eq!(got.len(), wanted.len());
    for (index, (got, wanted)) in got.iter().zip(&wanted).enumerate() {
        let near = |key: &str, got: f64| {
            let wanted = wanted.get(key).and_then(Value::as_f64);
            assert!(
                wanted.is_some_and(|wanted| (wanted - got).abs() <= 1e-3),
                "event {index}: {key} is {got}, not {wanted:?}"
            );
        };
        assert_eq!(Some(got.event_type.as_str()), wanted["type"].as_str(), "event {index}");
        assert_eq!(Some(got.samples_index), wanted["samples_index"].as_u64(), "event {index}");
        assert_eq!(Some(got.speaking), wanted["speaking"].as_bool(), "event {index}");
        assert_eq!(Some(got.audio.samples()), wanted["frame_samples"][0].as_u64(), "event {index}");
        near("timestamp", got.timestamp.as_secs_f64());
        near("speech_duration", got.speech_duration.as_secs_f64());
        near("silence_duration", got.silence_duration.as_secs_f64());
        near("raw_silence", got.raw_accumulated_silence.as_secs_f64());
        near("raw_speech", got.raw_accumulated_speech.as_secs_f64());
        near("probability", f64::from(got.probability));
    }
    Ok(())
}

#[test]
fn the_events_are_livekits_at_16_khz() -> Any<()> {
    assert_reproduces("austen_16k", 16_000)
}

#[test]
fn the_events_are_livekits_at_8_khz() -> Any<()> {
    assert_reproduces("austen_8k", 8_000)
}

#[test]
fn the_length_of_the_frames_changes_nothing() -> Any<()> {
    let (samples, rate) = recording("austen_16k")?;
    let vad = vad(&[])?;
    let timeless = |piece: usize| -> Result<Vec<VadEvent>> {
        let mut events = events(vad.as_ref(), &samples, rate, 1, piece)?;
        events.iter_mut().for_each(|event| event.inference_duration = Duration::ZERO);
        Ok(events)
    };
    let whole = timeless(samples.len())?;
    for piece in [1, 160, 511, 513, 7_777] {
        assert_eq!(timeless(piece)?, whole, "frames of {piece}");
    }
    Ok(())
}

#[test]
fn other_rates_and_channels_give_the_same_edges() -> Any<()> {
    let (samples, rate) = recording("austen_16k")?;
    let vad = vad(&[])?;
    let wanted = events(vad.as_ref(), &samples, rate, 1, 160)?;
    for other in [8_000, 11_025, 22_050, 24_000, 44_100, 48_000, 96_000] {
        let mut resampler = lk_plugin::Resampler::new(rate, other)?;
        let input: Vec<f32> = samples.iter().map(|sample| f32::from(*sample)).collect();
        let mut copy = Vec::new();
        resampler.push(&input, &mut copy)?;
        resampler.finish(&mut copy)?;
        let copy: Vec<i16> = copy.iter().map(|sample| sample.round() as i16).collect();
        let got = events(vad.as_ref(), &copy, other, 1, other as usize / 100)?;
        if other >= 16_000 {
            assert_same_edges(&got, &wanted, &format!("{other} Hz"));
        } else {
            // Half the spectrum is gone; still the same five sentences.
            assert_eq!(edges(&got).len(), edges(&wanted).len(), "{other} Hz");
        }
    }
    let stereo: Vec<i16> = samples.iter().flat_map(|sample| [*sample, *sample]).collect();
    assert_same_edges(&events(vad.as_ref(), &stereo, rate, 2, 160)?, &wanted, "stereo");
    // The speaker is on the last channel alone: an eighth as loud, but heard.
    let on_the_last: Vec<i16> = samples.iter().flat_map(|sample| [0, 0, 0, 0, 0, 0, 0, *sample]).collect();
    assert!(!edges(&events(vad.as_ref(), &on_the_last, rate, 8, 160)?).is_empty());
    Ok(())
}

#[test]
fn speech_cut_off_by_the_end_of_input_gets_its_end() -> Any<()> {
    let (samples, rate) = recording("austen_16k")?;
    let vad = vad(&[])?;
    let mut stream = vad.stream()?;
    let mut events = Vec::new();
    // Two seconds and a bit: in the middle of the first sentence, and of a window.
    let cut = &samples[..2 * rate as usize + 123];
    stream.push(AudioFrameRef::new(cut, rate, 1)?, &mut events)?;
    assert_eq!(edges(&events).len(), 1);
    events.clear();
    stream.end_input(&mut events)?;
    let [end] = events.as_slice() else { return Err(format!("{events:?}").into()) };
    assert_eq!(end.event_type, VadEventType::EndOfSpeech);
    assert!(!end.speaking && end.speech_duration > Duration::from_millis(500));
    // It carries everything that was heard, to the last sample.
    assert_eq!(end.audio.end, cut.len() as u64);
    let audio = stream.audio(end).ok_or("the audio of the end is missing")?;
    assert_eq!(audio.samples(), &cut[end.audio.start as usize..]);
    Ok(())
}

#[test]
fn the_views_show_the_input() -> Any<()> {
    let (samples, rate) = recording("austen_16k")?;
    let vad = vad(&[])?;
    for piece in [160, samples.len()] {
        let mut stream = vad.stream()?;
        let (mut events, mut seen) = (Vec::new(), 0);
        let mut before: Option<VadEvent> = None;
        for frame in samples.chunks(piece) {
            events.clear();
            stream.push(AudioFrameRef::new(frame, rate, 1)?, &mut events)?;
            if let Some(before) = before.filter(|_| events.is_empty()) {
                assert!(stream.audio(&before).is_none(), "the view must end with the next push");
            }
            for event in &events {
                let range = event.audio.start as usize..event.audio.end as usize;
                match (event.event_type, stream.audio(event)) {
                    (VadEventType::InferenceDone, view) => assert!(view.is_none()),
                    (_, view) => {
                        assert_eq!(view.map(AudioFrameRef::samples), samples.get(range), "frames of {piece}");
                        seen += 1;
                        before = Some(*event);
                    }
                }
            }
        }
        assert_eq!(seen, 10);
    }
    Ok(())
}

#[test]
fn after_a_flush_the_same_audio_gives_the_same_events() -> Any<()> {
    let (samples, rate) = recording("austen_16k")?;
    let samples = &samples[..5 * rate as usize];
    let vad = vad(&[])?;
    let mut stream = vad.stream()?;
    let (mut first, mut second) = (Vec::new(), Vec::new());
    // Half a window is pending, and somebody speaks: all that must be gone.
    stream.push(AudioFrameRef::new(&samples[..35_000], rate, 1)?, &mut first)?;
    stream.flush()?;
    first.clear();
    stream.push(AudioFrameRef::new(samples, rate, 1)?, &mut first)?;
    stream.flush()?;
    stream.push(AudioFrameRef::new(samples, rate, 1)?, &mut second)?;
    for event in first.iter_mut().chain(&mut second) {
        event.inference_duration = Duration::ZERO;
    }
    assert_eq!(first, second);
    assert_eq!(edges(&first).len(), 2);
    Ok(())
}

#[test]
fn a_changed_format_is_refused_and_the_stream_goes_on() -> Any<()> {
    let vad = vad(&[])?;
    let mut stream = vad.stream()?;
    let mut events = Vec::new();
    stream.push(AudioFrame::new(vec![0; 512], 16_000, 1)?.as_ref(), &mut events)?;
    for (rate, channels) in [(48_000, 1), (16_000, 2)] {
        let frame = AudioFrame::new(vec![0; 512], rate, channels)?;
        let error = stream.push(frame.as_ref(), &mut events).err().ok_or("accepted")?;
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.message().contains(&format!("`{rate}` Hz")), "{error}");
    }
    stream.push(AudioFrame::new(vec![0; 512], 16_000, 1)?.as_ref(), &mut events)?;
    assert_eq!(events.last().map(|event| event.samples_index), Some(1_024));
    stream.end_input(&mut events)?;
    for refused in [stream.flush(), stream.end_input(&mut Vec::new())] {
        assert_eq!(refused.map_err(|error| error.kind()), Err(ErrorKind::Closed));
    }
    Ok(())
}

#[test]
fn impossible_options_are_refused_by_name() {
    let cases: &[(&str, Value, &str)] = &[
        ("sample_rate", 44_100.into(), "choose from `8000`, `16000`"),
        ("activation_threshold", 1.5.into(), "between 0.0 and 1.0"),
        ("deactivation_threshold", 0.into(), "above 0"),
        ("min_speech_duration", (-1).into(), "seconds"),
        ("max_buffered_speech", 1e9.into(), "between 0.0 and 3600.0"),
        ("force_cpu", true.into(), "not an option"),
    ];
    for (key, value, words) in cases {
        let error = vad(&[(key, value.clone())]).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("vad/silero") && error.contains(key) && error.contains(words), "{error}");
    }
}

#[test]
fn a_long_utterance_is_judged_to_its_end_but_kept_in_part() -> Any<()> {
    let (samples, rate) = recording("austen_16k")?;
    let vad = vad(&[("max_buffered_speech", 1.into()), ("prefix_padding_duration", 0.5.into())])?;
    let mut stream = vad.stream()?;
    let (mut events, mut ends) = (Vec::new(), 0);
    for frame in samples.chunks(160) {
        events.clear();
        stream.push(AudioFrameRef::new(frame, rate, 1)?, &mut events)?;
        for event in events.iter().filter(|event| event.event_type == VadEventType::EndOfSpeech) {
            assert_eq!(event.audio.samples(), 24_000);
            assert!(event.speech_duration > Duration::from_secs(2));
            let range = event.audio.start as usize..event.audio.end as usize;
            assert_eq!(stream.audio(event).map(AudioFrameRef::samples), samples.get(range));
            ends += 1;
        }
    }
    assert_eq!(ends, 5);
    Ok(())
}

#[test]
fn windows_of_a_fraction_of_a_sample_do_not_drift() -> Any<()> {
    let vad = vad(&[("sample_rate", 16_000.into())])?;
    // A window is 1,411.2 samples.
    let events = events(vad.as_ref(), &[0; 44_100], 44_100, 1, 441)?;
    let ends: Vec<u64> = events.iter().map(|event| event.audio.end).collect();
    let wanted: Vec<u64> = (1..=ends.len() as u64).map(|window| window * 14_112 / 10).collect();
    assert_eq!(ends, wanted);
    assert!(ends.len() > 30);
    Ok(())
}
