//! What holds for speech to text.

use std::collections::HashSet;

use super::audio::{self, RATE};
use super::run::{Check, Checked, Stop, Subject, ensure, expect_error, give_up_everywhere, glance, skip, wait};
use crate::audio::AudioFrame;
use crate::connect::ConnectOptions;
use crate::error::{Error, ErrorKind, Result};
use crate::kinds::{RecognizeOptions, RecognizeStream, SpeechData, SpeechEvent, SpeechEventType, Stt};

pub(super) const CHECKS: &[Check<dyn Stt>] = &[
    Check { name: "getters-are-constant", rule: "capabilities, model and provider never change", run: getters },
    Check {
        name: "recognize-gives-a-transcript",
        rule: "`recognize` gives a final transcript with an alternative, or is `unsupported` as the capabilities say",
        run: recognize,
    },
    Check {
        name: "silence-is-no-error",
        rule: "silence and no audio at all are transcribed, or refused as `invalid_input` or `api_status`",
        run: silence,
    },
    Check {
        name: "numbers-are-sound",
        rule: "confidences are from 0 to 1, no text ends before it begins, words come in order",
        run: numbers,
    },
    Check {
        name: "language-holds-for-one-call",
        rule: "a call's language does not stick to the instance",
        run: language,
    },
    Check {
        name: "rates-work-or-are-refused",
        rule: "any rate and number of channels works, or is refused as `invalid_input` or `unsupported`",
        run: rates,
    },
    Check { name: "calls-are-apart", rule: "two calls at once both give their transcript", run: two_calls },
    Check {
        name: "calls-may-be-given-up",
        rule: "a call dropped at any point leaves the instance as it was",
        run: given_up,
    },
    Check {
        name: "stream-as-declared",
        rule: "`stream` works, or is `unsupported` as the capabilities say",
        run: declared,
    },
    Check {
        name: "events-come-in-order",
        rule: "starts and ends of speech come in turn, interim results only if declared, and the events end with the input",
        run: order,
    },
    Check {
        name: "flush-brings-the-transcript",
        rule: "a flush brings what was pushed, without the end of the input",
        run: flush,
    },
    Check { name: "no-input-ends-cleanly", rule: "a stream without input ends without text", run: no_input },
    Check {
        name: "format-stays-fixed",
        rule: "a frame of another rate is refused, and the stream goes on",
        run: format_change,
    },
    Check { name: "streams-are-apart", rule: "two streams at once both give their transcript", run: two_streams },
    Check {
        name: "streams-may-be-given-up",
        rule: "a stream dropped at any point leaves the instance as it was",
        run: stream_given_up,
    },
    Check {
        name: "nobody-listens",
        rule: "once the events are dropped, pushing ends with `closed`",
        run: nobody_listens,
    },
];

fn options() -> RecognizeOptions {
    RecognizeOptions::default()
}

fn spoken() -> Result<AudioFrame> {
    AudioFrame::new(audio::utterance(), RATE, 1)
}

/// A sentence, in the way that it says it transcribes.
pub(super) fn short_call(stt: &dyn Stt) -> Option<Error> {
    let options = options().with_connect(ConnectOptions::default().with_max_retry(0));
    let call = async {
        let spoken = spoken()?;
        if stt.capabilities().offline_recognize {
            stt.recognize(spoken.as_ref(), &options).await.map(drop)
        } else {
            stt.stream(&options)?.feed([spoken]).collect().await.map(drop)
        }
    };
    wait(call).ok()?.err()
}

/// The instance, if it transcribes whole utterances.
fn whole(subject: &Subject<dyn Stt>) -> std::result::Result<Box<dyn Stt>, Stop> {
    let stt = subject.create()?;
    if stt.capabilities().offline_recognize { Ok(stt) } else { skip("it transcribes only live streams") }
}

/// The instance, if it transcribes live streams.
fn live(subject: &Subject<dyn Stt>) -> std::result::Result<Box<dyn Stt>, Stop> {
    let stt = subject.create()?;
    if stt.capabilities().streaming { Ok(stt) } else { skip("it transcribes only whole utterances") }
}

fn transcribe(stt: &dyn Stt, audio: &AudioFrame) -> std::result::Result<SpeechEvent, Stop> {
    Ok(wait(stt.recognize(audio.as_ref(), &options()))??)
}

/// All events of a stream that hears an utterance.
fn events_of(stt: &dyn Stt) -> std::result::Result<Vec<SpeechEvent>, Stop> {
    Ok(wait(stt.stream(&options())?.feed(audio::frames(&audio::utterance())).collect())??)
}

fn getters(subject: &Subject<dyn Stt>) -> Checked {
    let stt = subject.create()?;
    let told = || (stt.capabilities(), stt.model().to_owned(), stt.provider().to_owned());
    let before = told();
    stt.prewarm();
    stt.prewarm();
    if before.0.offline_recognize {
        transcribe(&*stt, &spoken()?)?;
    }
    ensure(before == told(), || "they changed with use".to_owned())
}

fn recognize(subject: &Subject<dyn Stt>) -> Checked {
    let stt = subject.create()?;
    if !stt.capabilities().offline_recognize {
        let audio = spoken()?;
        return expect_error(
            wait(stt.recognize(audio.as_ref(), &options()))?,
            &[ErrorKind::Unsupported],
            "`recognize`",
        );
    }
    let event = transcribe(&*stt, &spoken()?)?;
    ensure(event.event_type == SpeechEventType::FinalTranscript, || format!("it is {}", event.event_type.as_str()))?;
    ensure(!event.alternatives.is_empty(), || "it has no alternative".to_owned())
}

fn silence(subject: &Subject<dyn Stt>) -> Checked {
    let stt = whole(subject)?;
    for (samples, what) in [(audio::silence(1_000), "a second of silence"), (Vec::new(), "no audio")] {
        let audio = AudioFrame::new(samples, RATE, 1)?;
        match wait(stt.recognize(audio.as_ref(), &options()))? {
            Ok(_) => {}
            // A provider may refuse audio that is too short.
            Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::ApiStatus) => {}
            Err(error) => return Err(Stop::Finding(format!("{what}: `{}` error: {error}", error.kind()))),
        }
    }
    Ok(())
}

fn ensure_sound(data: &SpeechData) -> Checked {
    ensure((0.0..=1.0).contains(&data.confidence), || format!("a confidence of {}", data.confidence))?;
    ensure(data.start_time <= data.end_time || data.end_time.is_zero(), || {
        format!("a text from {:?} to {:?}", data.start_time, data.end_time)
    })?;
    let mut last = None;
    for word in &data.words {
        let confidence = word.confidence.unwrap_or_default();
        ensure((0.0..=1.0).contains(&confidence), || format!("`{}` has a confidence of {confidence}", word.text))?;
        let (start, end) = (word.start_time, word.end_time);
        let ends = start.zip(end).is_none_or(|(start, end)| start <= end);
        ensure(ends, || format!("`{}` goes from {start:?} to {end:?}", word.text))?;
        ensure(last.zip(start).is_none_or(|(last, start)| last <= start), || {
            format!("`{}` begins before the word before it", word.text)
        })?;
        last = start.or(last);
    }
    Ok(())
}

fn numbers(subject: &Subject<dyn Stt>) -> Checked {
    let stt = subject.create()?;
    let capabilities = stt.capabilities();
    let mut events = if capabilities.streaming { events_of(&*stt)? } else { Vec::new() };
    if capabilities.offline_recognize {
        events.push(transcribe(&*stt, &spoken()?)?);
    }
    events.iter().flat_map(|event| &event.alternatives).try_for_each(ensure_sound)
}

fn language(subject: &Subject<dyn Stt>) -> Checked {
    let stt = whole(subject)?;
    let audio = spoken()?;
    let language = |event: SpeechEvent| event.alternatives.first().map(|data| data.language.clone());
    let before = language(transcribe(&*stt, &audio)?);
    // The provider may well refuse it.
    let _ = wait(stt.recognize(audio.as_ref(), &options().with_language("is")))?;
    let after = language(transcribe(&*stt, &audio)?);
    ensure(before == after, || format!("after a call in `is` the language is {after:?} instead of {before:?}"))
}

fn rates(subject: &Subject<dyn Stt>) -> Checked {
    let stt = whole(subject)?;
    for (rate, channels) in [(8_000, 1), (11_025, 1), (16_000, 2), (44_100, 2), (48_000, 1)] {
        let audio = audio::noise(rate, channels)?;
        if let Err(error) = wait(stt.recognize(audio.as_ref(), &options()))? {
            let refused = matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported);
            ensure(refused, || format!("{rate} Hz with {channels} channels: `{}` error: {error}", error.kind()))?;
        }
    }
    Ok(())
}

fn two_calls(subject: &Subject<dyn Stt>) -> Checked {
    let stt = whole(subject)?;
    let (first, second) = (spoken()?, spoken()?);
    let mut call = stt.recognize(first.as_ref(), &options());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let early = call.as_mut().poll(&mut context);
    transcribe(&*stt, &second)?;
    match early {
        std::task::Poll::Ready(event) => event.map(drop)?,
        std::task::Poll::Pending => wait(call)?.map(drop)?,
    }
    Ok(())
}

fn given_up(subject: &Subject<dyn Stt>) -> Checked {
    let stt = whole(subject)?;
    let audio = spoken()?;
    give_up_everywhere(|| Ok(stt.recognize(audio.as_ref(), &options())))?;
    transcribe(&*stt, &audio).map(drop)
}

fn declared(subject: &Subject<dyn Stt>) -> Checked {
    let stt = subject.create()?;
    if stt.capabilities().streaming {
        return Ok(stt.stream(&options()).map(drop)?);
    }
    expect_error(stt.stream(&options()), &[ErrorKind::Unsupported], "`stream`")
}

fn order(subject: &Subject<dyn Stt>) -> Checked {
    let stt = live(subject)?;
    let interim = stt.capabilities().interim_results;
    let (mut speaking, mut has_final) = (false, false);
    for event in events_of(&*stt)? {
        let name = event.event_type.as_str();
        match event.event_type {
            SpeechEventType::StartOfSpeech => {
                ensure(!std::mem::replace(&mut speaking, true), || "two starts in a row".to_owned())?;
            }
            SpeechEventType::EndOfSpeech => {
                ensure(std::mem::replace(&mut speaking, false), || "an end without a start".to_owned())?;
            }
            SpeechEventType::InterimTranscript => {
                ensure(interim, || format!("{name}, although `interim_results` is false"))?;
            }
            SpeechEventType::FinalTranscript => has_final = true,
            SpeechEventType::RecognitionUsage => {
                ensure(event.recognition_usage.is_some(), || format!("{name} without usage"))?;
            }
            SpeechEventType::PreflightTranscript => {}
        }
        let is_transcript = matches!(
            event.event_type,
            SpeechEventType::InterimTranscript
                | SpeechEventType::PreflightTranscript
                | SpeechEventType::FinalTranscript
        );
        ensure(is_transcript != event.alternatives.is_empty(), || {
            format!("{name} with {} alternatives", event.alternatives.len())
        })?;
    }
    ensure(has_final, || "a spoken sentence has no final transcript".to_owned())?;
    ensure(!speaking, || "the last speech has no end".to_owned())
}

fn flush(subject: &Subject<dyn Stt>) -> Checked {
    let RecognizeStream { mut input, mut events, .. } = live(subject)?.stream(&options())?;
    // Pushed on a thread of its own: both queues are bounded.
    let pushing = std::thread::spawn(move || {
        for frame in audio::frames(&audio::utterance()) {
            wait(input.push_frame(frame))??;
        }
        wait(input.flush())??;
        Ok::<_, Stop>(input)
    });
    loop {
        match wait(events.next())? {
            Some(event) => {
                if event?.event_type == SpeechEventType::FinalTranscript {
                    break;
                }
            }
            None => return Err(Stop::Finding("the events ended, although the input had not".to_owned())),
        }
    }
    // Speech that ended by itself was transcribed early, perhaps: the rest is pushed only while somebody reads.
    while !pushing.is_finished() {
        glance(events.next());
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    // The input lived until now.
    pushing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)).map(drop)
}

fn no_input(subject: &Subject<dyn Stt>) -> Checked {
    let events = wait(live(subject)?.stream(&options())?.feed(Vec::new()).collect())??;
    let texts: Vec<&str> = events.iter().map(SpeechEvent::text).filter(|text| !text.is_empty()).collect();
    ensure(texts.is_empty(), || format!("no audio has the text `{}`", texts.join(" ")))
}

fn format_change(subject: &Subject<dyn Stt>) -> Checked {
    let RecognizeStream { mut input, events, .. } = live(subject)?.stream(&options())?;
    wait(input.push_frame(AudioFrame::new(vec![0; 160], RATE, 1)?))??;
    expect_error(wait(input.push_frame(audio::noise(48_000, 1)?))?, &[ErrorKind::InvalidInput], "another rate")?;
    wait(input.push_frame(AudioFrame::new(vec![0; 160], RATE, 1)?))??;
    input.end_input();
    wait(events.collect())??;
    Ok(())
}

fn two_streams(subject: &Subject<dyn Stt>) -> Checked {
    let stt = live(subject)?;
    let outcomes: Vec<std::result::Result<Vec<SpeechEvent>, Stop>> = std::thread::scope(|scope| {
        let calls = [scope.spawn(|| events_of(&*stt)), scope.spawn(|| events_of(&*stt))];
        calls.into_iter().map(|call| call.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    for events in outcomes {
        let types: HashSet<SpeechEventType> = events?.iter().map(|event| event.event_type).collect();
        ensure(types.contains(&SpeechEventType::FinalTranscript), || "one of them has no final transcript".to_owned())?;
    }
    Ok(())
}

fn stream_given_up(subject: &Subject<dyn Stt>) -> Checked {
    let stt = live(subject)?;
    give_up_everywhere(|| Ok(stt.stream(&options())?.feed(audio::frames(&audio::utterance())).collect()))?;
    events_of(&*stt).map(drop)
}

fn nobody_listens(subject: &Subject<dyn Stt>) -> Checked {
    let RecognizeStream { mut input, events, .. } = live(subject)?.stream(&options())?;
    wait(input.push_frame(AudioFrame::new(vec![0; 160], RATE, 1)?))??;
    drop(events);
    for _ in 0..10_000 {
        match wait(input.push_frame(AudioFrame::new(vec![0; 160], RATE, 1)?))? {
            Err(error) if error.kind() == ErrorKind::Closed => return Ok(()),
            pushed => pushed?,
        }
    }
    Err(Stop::Finding("10,000 frames were taken for nobody".to_owned()))
}
