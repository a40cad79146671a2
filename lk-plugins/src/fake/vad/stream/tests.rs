use lk_plugin::{ErrorKind, Config, PluginConfig, Vad};

use super::super::{FakeVad, FakeVadConfig};
use super::*;

fn fake(json: &str) -> Result<Box<dyn VadStream>> {
    FakeVad::new(FakeVadConfig::from_config(&Config::from_json(json)?)?).stream()
}

/// Each sample tells its position, within what 16 bits hold.
fn recording(samples: usize) -> Vec<i16> {
    (0..samples).map(|position| (position % 30_011) as i16).collect()
}

type Heard = (VadEvent, Option<Vec<i16>>);

/// Pushes the recording in frames of `length` samples and ends the input.
fn hear(stream: &mut dyn VadStream, recording: &[i16], length: usize, rate: u32) -> Result<Vec<Heard>> {
    let (mut heard, mut events) = (Vec::new(), Vec::new());
    let viewed =
        |stream: &dyn VadStream, event: &VadEvent| (*event, stream.audio(event).map(|audio| audio.samples().to_vec()));
    for chunk in recording.chunks(length) {
        events.clear();
        stream.push(AudioFrameRef::new(chunk, rate, 1)?, &mut events)?;
        heard.extend(events.iter().map(|event| viewed(stream, event)));
    }
    events.clear();
    stream.end_input(&mut events)?;
    heard.extend(events.iter().map(|event| viewed(stream, event)));
    Ok(heard)
}

fn edges(heard: &[Heard]) -> Vec<(&str, u64, u64)> {
    let edges = heard.iter().filter(|(event, _)| event.event_type != VadEventType::InferenceDone);
    edges.map(|(event, _)| (event.event_type.as_str(), event.audio.start, event.audio.end)).collect()
}

#[test]
fn events_and_audio_are_those_of_the_script() -> Result<()> {
    let recording = recording(16_000);
    let heard = hear(&mut *fake(r#"{"speech": [0.1, 0.5], "update_interval": 0.04}"#)?, &recording, 160, 16_000)?;
    assert_eq!(edges(&heard), [("start_of_speech", 1_600, 1_920), ("end_of_speech", 1_600, 8_000)]);
    for (event, audio) in &heard {
        let told = event.event_type != VadEventType::InferenceDone;
        let wanted = told.then(|| recording[event.audio.start as usize..event.audio.end as usize].to_vec());
        assert_eq!(*audio, wanted);
    }
    let millis = |time: Duration| time.as_millis();
    let numbers = |(event, _): &Heard| {
        let raw = (millis(event.raw_accumulated_silence), millis(event.raw_accumulated_speech));
        (millis(event.timestamp), millis(event.speech_duration), millis(event.silence_duration), raw)
    };
    // The judgement that brings the start, the start, and the judgement after it.
    assert_eq!(
        heard[2..5].iter().map(numbers).collect::<Vec<_>>(),
        [(120, 0, 120, (80, 0)), (120, 20, 0, (0, 0)), (160, 60, 0, (0, 20))]
    );
    let end = heard.iter().position(|(event, _)| event.event_type == VadEventType::EndOfSpeech).unwrap_or_default();
    assert_eq!(
        heard[end - 1..end + 2].iter().map(numbers).collect::<Vec<_>>(),
        [(520, 420, 0, (0, 380)), (520, 400, 20, (0, 0)), (560, 0, 60, (20, 0))]
    );
    let judged: Vec<_> = heard.iter().filter(|(event, _)| event.event_type == VadEventType::InferenceDone).collect();
    assert_eq!(judged.len(), 25);
    for (index, (event, _)) in judged.iter().enumerate() {
        assert_eq!(event.probability, if (2..12).contains(&index) { 1.0 } else { 0.0 }, "{index}");
        assert_eq!(event.speaking, (3..13).contains(&index), "{index}");
        assert_eq!(event.samples_index, (index as u64 + 1) * 640);
    }
    Ok(())
}

#[test]
fn the_cut_into_frames_changes_nothing() -> Result<()> {
    // Two utterances in one interval, one across many, one open at the end.
    let script =
        r#"{"speech": [0.001, 0.002, 0.003, 0.005, 0.1, 0.7, 0.7001, 0.71, 0.99, 5], "max_buffered_speech": 0.3}"#;
    let recording = recording(44_100);
    let whole = hear(&mut *fake(script)?, &recording, recording.len(), 44_100)?;
    assert_eq!(edges(&whole).len(), 10);
    assert!(whole.iter().all(|(event, audio)| audio.is_some() != (event.event_type == VadEventType::InferenceDone)));
    for length in [1, 7, 441, 1_411, 44_099] {
        assert_eq!(hear(&mut *fake(script)?, &recording, length, 44_100)?, whole, "{length}");
    }
    // 0.3 s of the utterance of 0.6 s.
    assert_eq!(edges(&whole)[5], ("end_of_speech", 4_410, 4_410 + 13_230));
    Ok(())
}

#[test]
fn an_hour_does_not_drift() -> Result<()> {
    // An interval is 1,411.2 samples there, and 32.8 here, where an hour is short enough for a test.
    assert_eq!(samples(Duration::from_millis(32), 112_500, 44_100), 158_760_000);
    let mut stream = fake(r#"{"speech": [3599.5, 3599.92]}"#)?;
    let mut events = Vec::new();
    for _ in 0..3_600 {
        stream.push(AudioFrameRef::new(&[0; 1_025], 1_025, 1)?, &mut events)?;
    }
    let judged = events.iter().filter(|event| event.event_type == VadEventType::InferenceDone);
    assert_eq!(judged.count(), 112_500);
    let last = events.last().map(|event| (event.samples_index, event.timestamp));
    assert_eq!(last, Some((3_690_000, Duration::from_secs(3_600))));
    let end = events.iter().find(|event| event.event_type == VadEventType::EndOfSpeech);
    assert_eq!(end.map(|event| (event.audio.start, event.audio.end)), Some((3_689_487, 3_689_918)));
    Ok(())
}

#[test]
fn open_speech_ends_with_the_input_and_then_the_stream_is_closed() -> Result<()> {
    let mut stream = fake(r#"{"speech": [0.01, 9.0]}"#)?;
    // Less than an interval: the end of the input judges it.
    let heard = hear(&mut *stream, &recording(320), 320, 16_000)?;
    assert_eq!(edges(&heard), [("start_of_speech", 160, 320), ("end_of_speech", 160, 320)]);
    assert_eq!(heard[1].0.timestamp, Duration::from_millis(20));
    assert_eq!(heard[1].1.as_deref(), Some(&recording(320)[160..]));
    let frame = AudioFrameRef::new(&[], 16_000, 1)?;
    let mut events = Vec::new();
    for outcome in [stream.push(frame, &mut events), stream.flush(), stream.end_input(&mut events)] {
        assert_eq!(outcome.err().map(|error| error.kind()), Some(ErrorKind::Closed));
    }
    assert!(events.is_empty());
    fake("{}")?.end_input(&mut events)?;
    assert!(events.is_empty());
    Ok(())
}

#[test]
fn flush_starts_the_script_anew() -> Result<()> {
    let recording = recording(32_000);
    let mut stream = fake("{}")?;
    let (mut first, mut again) = (Vec::new(), Vec::new());
    let frame = AudioFrameRef::new(&recording, 16_000, 1)?;
    stream.push(frame, &mut first)?;
    stream.flush()?;
    assert!(first.iter().all(|event| stream.audio(event).is_none()));
    stream.push(frame, &mut again)?;
    assert_eq!(first, again);
    Ok(())
}

#[test]
fn another_format_is_refused_and_the_stream_goes_on() -> Result<()> {
    let mut stream = fake(r#"{"speech": [0.0, 0.032]}"#)?;
    let mut events = Vec::new();
    stream.push(AudioFrameRef::new(&[1, 3].repeat(256), 16_000, 2)?, &mut events)?;
    for (rate, channels) in [(8_000, 2), (16_000, 1)] {
        let error = stream.push(AudioFrameRef::new(&[0; 64], rate, channels)?, &mut events).err();
        assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::InvalidInput));
    }
    stream.push(AudioFrameRef::new(&[1, 3].repeat(768), 16_000, 2)?, &mut events)?;
    let views: Vec<_> = events.iter().filter_map(|event| stream.audio(event)).collect();
    assert_eq!(views.iter().map(|view| (view.channels(), view.samples().len())).collect::<Vec<_>>(), [(1, 512); 2]);
    assert!(views.iter().all(|view| view.samples().iter().all(|sample| *sample == 2)));
    Ok(())
}

#[test]
fn views_are_those_of_the_last_push() -> Result<()> {
    let mut stream = fake(r#"{"speech": [0.0, 9.0]}"#)?;
    let recording = recording(512);
    let mut events = Vec::new();
    stream.push(AudioFrameRef::new(&recording, 16_000, 1)?, &mut events)?;
    let start = events.iter().find(|event| event.event_type == VadEventType::StartOfSpeech).copied();
    let lasts = |stream: &dyn VadStream| start.is_some_and(|event| stream.audio(&event).is_some());
    assert!(lasts(&*stream));
    stream.push(AudioFrameRef::new(&recording, 16_000, 1)?, &mut events)?;
    assert!(!lasts(&*stream));
    stream.end_input(&mut events)?;
    let end = events.last().and_then(|event| stream.audio(event)).map(|audio| audio.samples().to_vec());
    assert_eq!(end, Some([recording.as_slice(), &recording].concat()));
    Ok(())
}
