//! What holds for voice activity detection.

use super::audio::{self, FRAME, RATE};
use super::run::{Check, Checked, Stop, Subject, ensure, expect_error, skip};
use crate::audio::{AudioFrame, AudioFrameRef};
use crate::error::{Error, ErrorKind, Result};
use crate::kinds::{Vad, VadEvent, VadEventType, VadStream};

pub(super) const CHECKS: &[Check<dyn Vad>] = &[
    Check { name: "getters-are-constant", rule: "capabilities, model and provider never change", run: getters },
    Check { name: "speech-is-found", rule: "a spoken sentence has a start and an end", run: speech },
    Check { name: "silence-is-silent", rule: "silence has no start and no end", run: silence },
    Check { name: "edges-alternate", rule: "starts and ends come in turn, a start first", run: edges },
    Check {
        name: "numbers-are-sound",
        rule: "probabilities are from 0 to 1, and positions and times never go back",
        run: numbers,
    },
    Check { name: "frame-size-is-free", rule: "the events do not depend on the length of the frames", run: frame_size },
    Check { name: "empty-frame-is-harmless", rule: "a frame without samples changes nothing", run: empty_frame },
    Check {
        name: "rates-work-or-are-refused",
        rule: "any rate and number of channels works, or is refused as `invalid_input` or `unsupported`",
        run: rates,
    },
    Check {
        name: "format-stays-fixed",
        rule: "another rate or other channels are refused as `invalid_input`, and the stream goes on",
        run: format_change,
    },
    Check { name: "flush-forgets", rule: "after a flush the stream is as new", run: flush },
    Check { name: "end-closes-speech", rule: "speech that is open when the input ends gets its end", run: open_speech },
    Check { name: "ended-is-ended", rule: "after the end every call is refused as `closed`", run: after_end },
    Check {
        name: "views-show-the-audio",
        rule: "starts and ends have their audio, one channel at the input's rate; other events have none",
        run: views,
    },
    Check { name: "streams-are-apart", rule: "two streams at once hear what each would alone", run: two_streams },
    Check { name: "threads-may-change", rule: "a stream may move between threads", run: threads },
    Check {
        name: "drop-is-enough",
        rule: "a stream and its instance may be dropped at any time, in any order",
        run: drops,
    },
];

/// A frame.
pub(super) fn short_call(vad: &dyn Vad) -> Option<Error> {
    let frame = audio::silence(10);
    vad.stream().and_then(|mut stream| stream.push(AudioFrameRef::new(&frame, RATE, 1)?, &mut Vec::new())).err()
}

type Events = std::result::Result<Vec<VadEvent>, Stop>;

/// Everything that a stream says about these samples, pushed in frames of this length.
fn events_of(stream: &mut dyn VadStream, samples: &[i16], frame: usize) -> Events {
    let mut events = Vec::new();
    for chunk in samples.chunks(frame) {
        stream.push(AudioFrameRef::new(chunk, RATE, 1)?, &mut events)?;
    }
    Ok(events)
}

fn heard(vad: &dyn Vad, samples: &[i16]) -> Events {
    let mut stream = vad.stream()?;
    let mut events = events_of(&mut *stream, samples, FRAME)?;
    stream.end_input(&mut events)?;
    Ok(events)
}

fn edges_of(events: &[VadEvent]) -> Vec<VadEventType> {
    events.iter().map(|event| event.event_type).filter(|event| *event != VadEventType::InferenceDone).collect()
}

/// That these are the same but for the time that the judgements took.
fn ensure_same(expected: &[VadEvent], events: &[VadEvent], what: &str) -> Checked {
    let timeless = |event: &VadEvent| VadEvent { inference_duration: std::time::Duration::ZERO, ..*event };
    for (index, (expected, event)) in expected.iter().zip(events).enumerate() {
        let (expected, event) = (timeless(expected), timeless(event));
        ensure(expected == event, || format!("{what}: event {index} is {event:?} instead of {expected:?}"))?;
    }
    ensure(expected.len() == events.len(), || format!("{what}: {} events instead of {}", events.len(), expected.len()))
}

fn getters(subject: &Subject<dyn Vad>) -> Checked {
    let vad = subject.create()?;
    let told = || (vad.capabilities(), vad.model().to_owned(), vad.provider().to_owned(), vad.min_silence_duration());
    let before = told();
    vad.prewarm();
    vad.prewarm();
    heard(&*vad, &audio::silence(200))?;
    ensure(before == told(), || "they changed with use".to_owned())
}

/// The instance, if it listens: a detector whose model is called `fake` plays a script, whatever the audio.
fn listening(subject: &Subject<dyn Vad>) -> std::result::Result<Box<dyn Vad>, Stop> {
    let vad = subject.create()?;
    if vad.model() == "fake" { skip("it plays a script, for its model is called `fake`") } else { Ok(vad) }
}

fn speech(subject: &Subject<dyn Vad>) -> Checked {
    let events = heard(&*listening(subject)?, &audio::utterance())?;
    let edges = edges_of(&events);
    ensure(!edges.is_empty() && edges.len().is_multiple_of(2), || format!("its edges are {edges:?}"))
}

fn silence(subject: &Subject<dyn Vad>) -> Checked {
    let events = heard(&*listening(subject)?, &audio::silence(3_000))?;
    let edges = edges_of(&events);
    ensure(edges.is_empty(), || format!("three seconds of silence have the edges {edges:?}"))
}

fn edges(subject: &Subject<dyn Vad>) -> Checked {
    let samples = [audio::utterance(), audio::utterance(), audio::sentence()].concat();
    let events = heard(&*subject.create()?, &samples)?;
    let mut expected = VadEventType::StartOfSpeech;
    for edge in edges_of(&events) {
        ensure(edge == expected, || format!("{} where {} was due", edge.as_str(), expected.as_str()))?;
        expected = match edge {
            VadEventType::StartOfSpeech => VadEventType::EndOfSpeech,
            _ => VadEventType::StartOfSpeech,
        };
    }
    ensure(expected == VadEventType::StartOfSpeech, || "the last speech has no end".to_owned())
}

fn numbers(subject: &Subject<dyn Vad>) -> Checked {
    let noise = audio::noise(RATE, 1)?.into_samples();
    let loud: Vec<i16> = [i16::MAX, i16::MIN].repeat(2_000);
    let events = heard(&*subject.create()?, &[audio::utterance(), noise, loud].concat())?;
    let mut last: Option<&VadEvent> = None;
    for (index, event) in events.iter().enumerate() {
        ensure((0.0..=1.0).contains(&event.probability), || {
            format!("event {index} has the probability {}", event.probability)
        })?;
        ensure(event.audio.start <= event.audio.end, || format!("event {index} has the audio {:?}", event.audio))?;
        if let Some(last) = last {
            ensure(last.samples_index <= event.samples_index, || {
                format!("event {index} is at sample {}, after one at {}", event.samples_index, last.samples_index)
            })?;
            ensure(last.timestamp <= event.timestamp, || {
                format!("event {index} is at {:?}, after one at {:?}", event.timestamp, last.timestamp)
            })?;
        }
        last = Some(event);
    }
    Ok(())
}

fn frame_size(subject: &Subject<dyn Vad>) -> Checked {
    let vad = subject.create()?;
    let samples = audio::utterance();
    let mut expected = None;
    for (frame, what) in
        [(FRAME, ""), (1, "frames of one sample"), (997, "frames of 997 samples"), (samples.len(), "one huge frame")]
    {
        let mut stream = vad.stream()?;
        let mut events = events_of(&mut *stream, &samples, frame)?;
        stream.end_input(&mut events)?;
        match &expected {
            None => expected = Some(events),
            Some(expected) => ensure_same(expected, &events, what)?,
        }
    }
    Ok(())
}

fn empty_frame(subject: &Subject<dyn Vad>) -> Checked {
    let vad = subject.create()?;
    let samples = audio::utterance();
    let expected = heard(&*vad, &samples)?;
    let mut stream = vad.stream()?;
    let mut events = Vec::new();
    for chunk in samples.chunks(FRAME) {
        stream.push(AudioFrameRef::new(&[], RATE, 1)?, &mut events)?;
        stream.push(AudioFrameRef::new(chunk, RATE, 1)?, &mut events)?;
    }
    stream.end_input(&mut events)?;
    ensure_same(&expected, &events, "with empty frames between")?;
    // And nothing but them.
    let mut stream = vad.stream()?;
    let mut events = Vec::new();
    stream.push(AudioFrameRef::new(&[], RATE, 1)?, &mut events)?;
    stream.end_input(&mut events)?;
    ensure(events.is_empty(), || format!("no audio has the events {events:?}"))
}

fn rates(subject: &Subject<dyn Vad>) -> Checked {
    let vad = subject.create()?;
    for (rate, channels) in [
        (8_000, 1),
        (11_025, 1),
        (16_000, 2),
        (22_050, 1),
        (24_000, 1),
        (44_100, 2),
        (48_000, 1),
        (96_000, 1),
        (48_000, 8),
    ] {
        let frame = audio::noise(rate, channels)?;
        let mut stream = vad.stream()?;
        let mut events = Vec::new();
        if let Err(error) = stream.push(frame.as_ref(), &mut events) {
            let refused = matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported);
            ensure(refused, || format!("{rate} Hz with {channels} channels: `{}` error: {error}", error.kind()))?;
            continue;
        }
        stream.end_input(&mut events)?;
    }
    Ok(())
}

fn format_change(subject: &Subject<dyn Vad>) -> Checked {
    let vad = subject.create()?;
    let samples = audio::utterance();
    let expected = heard(&*vad, &samples)?;
    let mut stream = vad.stream()?;
    let (first, second) = samples.split_at(FRAME * 100);
    let mut events = events_of(&mut *stream, first, FRAME)?;
    for (other, what) in
        [(audio::noise(48_000, 1)?, "another rate"), (audio::noise(RATE, 2)?, "another number of channels")]
    {
        expect_error(stream.push(other.as_ref(), &mut events), &[ErrorKind::InvalidInput], what)?;
    }
    events.extend(events_of(&mut *stream, second, FRAME)?);
    stream.end_input(&mut events)?;
    ensure_same(&expected, &events, "after refused frames")
}

fn flush(subject: &Subject<dyn Vad>) -> Checked {
    let vad = subject.create()?;
    let samples = audio::utterance();
    let expected = heard(&*vad, &samples)?;
    let mut stream = vad.stream()?;
    // In the middle of speech, and of a window.
    events_of(&mut *stream, &samples[..RATE as usize * 2 + 77], FRAME)?;
    stream.flush()?;
    let mut events = events_of(&mut *stream, &samples, FRAME)?;
    stream.end_input(&mut events)?;
    ensure_same(&expected, &events, "after a flush")
}

fn open_speech(subject: &Subject<dyn Vad>) -> Checked {
    let samples = [audio::silence(1_000), audio::sentence()[..RATE as usize * 2].to_vec()].concat();
    let vad = subject.create()?;
    let mut stream = vad.stream()?;
    let events = events_of(&mut *stream, &samples, FRAME)?;
    let is_open = edges_of(&events).last() == Some(&VadEventType::StartOfSpeech);
    let mut last = Vec::new();
    stream.end_input(&mut last)?;
    let closed = edges_of(&last).iter().filter(|edge| **edge == VadEventType::EndOfSpeech).count();
    ensure(closed == usize::from(is_open) || !is_open, || "the input ended in speech, and no end was told".to_owned())
}

fn after_end(subject: &Subject<dyn Vad>) -> Checked {
    let vad = subject.create()?;
    let mut stream = vad.stream()?;
    let mut events = events_of(&mut *stream, &audio::silence(500), FRAME)?;
    stream.end_input(&mut events)?;
    let frame = AudioFrame::new(vec![0; FRAME], RATE, 1)?;
    expect_error(stream.push(frame.as_ref(), &mut events), &[ErrorKind::Closed], "a push after the end")?;
    expect_error(stream.flush(), &[ErrorKind::Closed], "a flush after the end")?;
    expect_error(stream.end_input(&mut events), &[ErrorKind::Closed], "a second end")
}

fn views(subject: &Subject<dyn Vad>) -> Checked {
    let vad = subject.create()?;
    let mut stream = vad.stream()?;
    let look = |stream: &dyn VadStream, events: &[VadEvent]| -> Checked {
        for event in events {
            let name = event.event_type.as_str();
            let view = stream.audio(event);
            if event.event_type == VadEventType::InferenceDone {
                ensure(view.is_none(), || format!("{name} has audio"))?;
                continue;
            }
            let Some(view) = view else { return Err(Stop::Finding(format!("{name} has no audio"))) };
            let format = (view.sample_rate(), view.channels());
            ensure(format == (RATE, 1), || {
                format!("the audio of {name} has {} Hz and {} channels", format.0, format.1)
            })?;
            let (length, told) = (view.samples().len() as u64, event.audio.samples());
            ensure(length > 0 && length <= told, || format!("{name} shows {length} samples of {told}"))?;
        }
        Ok(())
    };
    for chunk in [audio::utterance(), audio::sentence()].concat().chunks(FRAME) {
        let mut events = Vec::new();
        stream.push(AudioFrameRef::new(chunk, RATE, 1)?, &mut events)?;
        look(&*stream, &events)?;
    }
    let mut events = Vec::new();
    stream.end_input(&mut events)?;
    look(&*stream, &events)
}

fn two_streams(subject: &Subject<dyn Vad>) -> Checked {
    let vad = subject.create()?;
    let (one, other) = (audio::utterance(), [audio::silence(500), audio::utterance()].concat());
    let expected = [heard(&*vad, &one)?, heard(&*vad, &other)?];
    let mut streams = [vad.stream()?, vad.stream()?];
    let mut events = [Vec::new(), Vec::new()];
    for start in (0..other.len()).step_by(FRAME) {
        for ((stream, events), samples) in streams.iter_mut().zip(&mut events).zip([&one, &other]) {
            if let Some(chunk) =
                samples.get(start..(start + FRAME).min(samples.len())).filter(|chunk| !chunk.is_empty())
            {
                stream.push(AudioFrameRef::new(chunk, RATE, 1)?, events)?;
            }
        }
    }
    for ((stream, events), expected) in streams.iter_mut().zip(&mut events).zip(&expected) {
        stream.end_input(events)?;
        ensure_same(expected, events, "beside another stream")?;
    }
    Ok(())
}

fn threads(subject: &Subject<dyn Vad>) -> Checked {
    let vad = subject.create()?;
    let samples = audio::utterance();
    let expected = heard(&*vad, &samples)?;
    let mut stream = vad.stream()?;
    let mut events = Vec::new();
    for part in samples.chunks(FRAME * 50) {
        let heard: Result<Vec<VadEvent>> = std::thread::scope(|scope| {
            let pushing = scope.spawn(|| {
                let mut events = Vec::new();
                for chunk in part.chunks(FRAME) {
                    stream.push(AudioFrameRef::new(chunk, RATE, 1)?, &mut events)?;
                }
                Ok(events)
            });
            pushing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        events.extend(heard?);
    }
    stream.end_input(&mut events)?;
    ensure_same(&expected, &events, "on several threads")
}

fn drops(subject: &Subject<dyn Vad>) -> Checked {
    let vad = subject.create()?;
    let mut stream = vad.stream()?;
    events_of(&mut *stream, &audio::sentence(), FRAME)?;
    drop(stream);
    let mut stream = vad.stream()?;
    drop(vad);
    // The stream goes on without the instance.
    events_of(&mut *stream, &audio::sentence(), FRAME)?;
    Ok(())
}
