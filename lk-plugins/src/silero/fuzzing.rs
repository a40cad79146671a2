//! Sound of all sorts in frames of all sorts: the fuzz target `vad`.

use std::sync::OnceLock;

use lk_plugin::{AudioFrameRef, Config, PluginConfig as _, Vad, VadEvent, VadEventType, VadStream};

use super::model::{Model, ModelRate, ModelState};
use super::{SileroConfig, SileroVad};

const RATES: [u32; 8] = [1_000, 8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 768_000];

/// The most instants: what a fuzzer can afford to have judged a few times.
const MAX_INSTANTS: usize = 24_000;

/// Four bytes of options and then what is heard: a byte for each stretch (two bits of its sort, six of its length), or
/// with the first byte at 255 windows of floating-point numbers.
///
/// However the sound is cut into frames, the events are the same, and so is the audio that they show. A probability is one,
/// whatever the samples are. START and END come by turns, and after the end nobody is speaking. A stream that was flushed
/// begins anew.
pub fn vad(data: &[u8]) {
    let Some(([options, seed, activation, durations], sound)) = data.split_first_chunk::<4>() else { return };
    if *options == 255 {
        return windows(sound);
    }
    let (sample_rate, channels) = (RATES[usize::from(options & 7)], u16::from(options >> 3 & 7) + 1);
    let model_rate = if options & 64 == 64 { 8_000 } else { 16_000 };
    let mut config = Config::new();
    config.insert("sample_rate", model_rate);
    config.insert("activation_threshold", f64::from(*activation) / 255.0);
    config.insert("min_speech_duration", f64::from(durations & 3) * 0.05);
    config.insert("min_silence_duration", f64::from(durations >> 2 & 3) * 0.05);
    config.insert("prefix_padding_duration", f64::from(durations >> 4 & 3) * 0.02);
    config.insert("max_buffered_speech", f64::from(durations >> 6 & 3) * 0.1);
    let vad = SileroConfig::from_config(&config).and_then(SileroVad::new);
    let vad = vad.unwrap_or_else(|error| unreachable!("{error}"));
    // Three quarters of a second, if they are so few.
    let samples = sound_of(sound, usize::from(channels), MAX_INSTANTS.min(sample_rate as usize * 3 / 4));
    let stream = || vad.stream().unwrap_or_else(|error| unreachable!("{error}"));
    let whole = heard(&mut *stream(), &samples, sample_rate, channels, usize::MAX, 0);
    let mut other = stream();
    // What was heard before a flush leaves nothing behind.
    let start = &samples[..samples.len() / 2 / usize::from(channels) * usize::from(channels)];
    let frame = AudioFrameRef::new(start, sample_rate, channels);
    assert!(frame.and_then(|frame| other.push(frame, &mut Vec::new())).is_ok() && other.flush().is_ok());
    let cut = heard(&mut *other, &samples, sample_rate, channels, 1 + usize::from(*seed) * 16, (*seed).into());
    assert_eq!(whole, cut);
}

/// What is heard of the samples in frames of at most so many instants, and the audio that each edge shows.
fn heard(
    stream: &mut dyn VadStream,
    samples: &[i16],
    rate: u32,
    channels: u16,
    longest: usize,
    seed: u64,
) -> Vec<(VadEvent, Vec<i16>)> {
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut told, mut events, mut rest) = (Vec::new(), Vec::new(), samples);
    loop {
        events.clear();
        let length = rest.len().min(random.usize(1..=longest).saturating_mul(channels.into()));
        let (piece, after) = rest.split_at(length);
        let is_end = piece.is_empty();
        let outcome = if is_end {
            stream.end_input(&mut events)
        } else {
            AudioFrameRef::new(piece, rate, channels).and_then(|frame| stream.push(frame, &mut events))
        };
        assert!(outcome.is_ok(), "{outcome:?}");
        for mut event in events.drain(..) {
            let shown = stream.audio(&event).map(|audio| audio.samples().to_vec());
            assert_eq!(shown.is_some(), event.event_type != VadEventType::InferenceDone, "{event:?}");
            let shown = shown.unwrap_or_default();
            assert!(event.event_type == VadEventType::InferenceDone || shown.len() as u64 == event.audio.samples());
            assert!((0.0..=1.0).contains(&event.probability), "{event:?}");
            event.inference_duration = std::time::Duration::ZERO;
            told.push((event, shown));
        }
        if is_end {
            break;
        }
        rest = after;
    }
    let edges = told.iter().map(|(event, _)| event.event_type).filter(|kind| *kind != VadEventType::InferenceDone);
    let starts = |index: usize| if index.is_multiple_of(2) { VadEventType::StartOfSpeech } else { VadEventType::EndOfSpeech };
    let edges: Vec<VadEventType> = edges.collect();
    assert!(edges.len().is_multiple_of(2) && edges.iter().enumerate().all(|(index, edge)| *edge == starts(index)));
    assert!(told.is_sorted_by_key(|(event, _)| event.timestamp));
    told
}

/// Silence, somebody speaking, the loudest there is, and noise.
fn sound_of(stretches: &[u8], channels: usize, instants: usize) -> Vec<i16> {
    static SPEECH: OnceLock<Vec<i16>> = OnceLock::new();
    let speech = SPEECH.get_or_init(|| {
        let recording = include_bytes!("../../../tests/golden/austen_16k.wav");
        // Within the first sentence, after the header.
        let bytes = recording.get(44 + 2 * 24_000..44 + 2 * 48_000).unwrap_or_default();
        bytes.as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect()
    });
    let mut random = fastrand::Rng::with_seed(1);
    let mut samples = Vec::new();
    for stretch in stretches {
        let length = (usize::from(stretch & 63) * 160 + 1).min(instants - samples.len() / channels);
        for at in 0..length {
            let sample = match stretch >> 6 {
                0 => 0,
                1 => speech[(samples.len() / channels) % speech.len()],
                2 if at % 32 < 16 => i16::MAX,
                2 => i16::MIN,
                _ => random.i16(..),
            };
            samples.extend(std::iter::repeat_n(sample, channels));
        }
    }
    samples
}

/// The model itself is given what no frame can hold.
fn windows(bytes: &[u8]) {
    let numbers: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|number| f32::from_le_bytes(*number)).collect();
    for rate in [ModelRate::Hz8000, ModelRate::Hz16000] {
        let model = Model::shared(rate).unwrap_or_else(|error| unreachable!("{error}"));
        let mut state = ModelState::new(rate);
        for part in numbers.chunks(8) {
            let window: Vec<f32> = part.iter().copied().cycle().take(rate.window()).collect();
            let probability = model.infer(&mut state, &window);
            assert!(probability.as_ref().is_ok_and(|probability| (0.0..=1.0).contains(probability)), "{probability:?}");
        }
    }
}
