//! What holds for text to speech.

use std::time::Duration;

use super::run::{Check, Checked, Stop, Subject, ensure, expect_error, give_up_everywhere, skip, wait};
use crate::connect::ConnectOptions;
use crate::error::{Error, ErrorKind};
use crate::kinds::{SynthesizeOptions, SynthesizeStream, SynthesizedAudio, Tts};

pub(super) const CHECKS: &[Check<dyn Tts>] = &[
    Check {
        name: "getters-are-constant",
        rule: "capabilities, rate, channels, model and provider never change",
        run: getters,
    },
    Check { name: "text-is-spoken", rule: "a sentence has audio", run: spoken },
    Check {
        name: "frames-have-the-format",
        rule: "every frame has the instance's rate and channels, and samples",
        run: format,
    },
    Check { name: "last-frame-alone-is-final", rule: "exactly one frame is final, the last one", run: one_final },
    Check { name: "one-request-has-one-id", rule: "all frames of a call have the same request id", run: request_id },
    Check {
        name: "frames-are-short",
        rule: "no frame is longer than a second: playing begins with the first one",
        run: short,
    },
    Check { name: "blank-text-ends-cleanly", rule: "text without a visible character is no error", run: blank },
    Check { name: "odd-text-is-spoken-or-refused", rule: "no text makes it panic, hang or break the stream", run: odd },
    Check { name: "calls-are-apart", rule: "two calls at once both give their audio", run: two_calls },
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
        name: "segments-end-with-a-final-frame",
        rule: "each flushed segment has one final frame, its last",
        run: segments,
    },
    Check { name: "no-input-ends-cleanly", rule: "a stream without text ends without audio", run: no_input },
    Check {
        name: "nobody-listens",
        rule: "once the audio is dropped, pushing ends with `closed`",
        run: nobody_listens,
    },
];

const SENTENCE: &str = "He was not an ill disposed young man.";

/// Longer frames hold the speech back.
const LONGEST: Duration = Duration::from_secs(1);

type Audio = std::result::Result<Vec<SynthesizedAudio>, Stop>;

fn options() -> SynthesizeOptions {
    SynthesizeOptions::default()
}

fn speak(tts: &dyn Tts, text: &str) -> Audio {
    Ok(wait(tts.synthesize(text, &options())?.collect())??)
}

/// A sentence.
pub(super) fn short_call(tts: &dyn Tts) -> Option<Error> {
    let options = options().with_connect(ConnectOptions::default().with_max_retry(0));
    let call = async { tts.synthesize(SENTENCE, &options)?.collect().await.map(drop) };
    wait(call).ok()?.err()
}

/// The instance, if it speaks text as it is written.
fn live(subject: &Subject<dyn Tts>) -> std::result::Result<Box<dyn Tts>, Stop> {
    let tts = subject.create()?;
    if tts.capabilities().streaming { Ok(tts) } else { skip("it speaks only whole texts") }
}

fn getters(subject: &Subject<dyn Tts>) -> Checked {
    let tts = subject.create()?;
    let told =
        || (tts.capabilities(), tts.sample_rate(), tts.channels(), tts.model().to_owned(), tts.provider().to_owned());
    let before = told();
    tts.prewarm();
    tts.prewarm();
    speak(&*tts, SENTENCE)?;
    ensure(before == told(), || "they changed with use".to_owned())
}

fn spoken(subject: &Subject<dyn Tts>) -> Checked {
    let audio = speak(&*subject.create()?, SENTENCE)?;
    let samples: usize = audio.iter().map(|piece| piece.frame.samples().len()).sum();
    ensure(samples > 0, || "there is none".to_owned())
}

fn format(subject: &Subject<dyn Tts>) -> Checked {
    let tts = subject.create()?;
    let expected = (tts.sample_rate(), tts.channels());
    for piece in speak(&*tts, SENTENCE)? {
        let format = (piece.frame.sample_rate(), piece.frame.channels());
        ensure(format == expected, || {
            format!(
                "a frame of {} Hz and {} channels instead of {} Hz and {}",
                format.0, format.1, expected.0, expected.1
            )
        })?;
        ensure(!piece.frame.samples().is_empty(), || "a frame without samples".to_owned())?;
    }
    Ok(())
}

fn ensure_final_at_end(audio: &[SynthesizedAudio]) -> Checked {
    let finals = audio.iter().filter(|piece| piece.is_final).count();
    ensure(finals == 1, || format!("{finals} of {} frames are final", audio.len()))?;
    ensure(audio.last().is_some_and(|piece| piece.is_final), || "the last frame is not the final one".to_owned())
}

fn one_final(subject: &Subject<dyn Tts>) -> Checked {
    ensure_final_at_end(&speak(&*subject.create()?, SENTENCE)?)
}

fn request_id(subject: &Subject<dyn Tts>) -> Checked {
    let audio = speak(&*subject.create()?, SENTENCE)?;
    let first = audio.first().map(|piece| piece.request_id.as_str()).unwrap_or_default();
    let other = audio.iter().find(|piece| piece.request_id != first);
    ensure(other.is_none(), || {
        format!("`{first}`, then `{}`", other.map(|piece| piece.request_id.as_str()).unwrap_or_default())
    })
}

fn short(subject: &Subject<dyn Tts>) -> Checked {
    let longest = speak(&*subject.create()?, SENTENCE)?.iter().map(|piece| piece.frame.duration()).max();
    let longest = longest.unwrap_or_default();
    ensure(longest <= LONGEST, || format!("one lasts {:.1} s", longest.as_secs_f64()))
}

fn blank(subject: &Subject<dyn Tts>) -> Checked {
    let tts = subject.create()?;
    for text in ["", " ", "\n\t "] {
        let audio = speak(&*tts, text)?;
        if !audio.is_empty() {
            ensure_final_at_end(&audio)?;
        }
    }
    Ok(())
}

fn odd(subject: &Subject<dyn Tts>) -> Checked {
    let tts = subject.create()?;
    for text in ["🎉", "a\0b", "…", "\u{202e}מצוין", &"na ".repeat(300)] {
        match tts.synthesize(text, &options()) {
            Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {}
            Err(error) => return Err(error.into()),
            // What a provider says about it is its own affair.
            Ok(audio) => drop(wait(audio.collect())?),
        }
    }
    speak(&*tts, SENTENCE).map(drop)
}

fn two_calls(subject: &Subject<dyn Tts>) -> Checked {
    let tts = subject.create()?;
    let outcomes: Vec<Audio> = std::thread::scope(|scope| {
        let calls = [scope.spawn(|| speak(&*tts, SENTENCE)), scope.spawn(|| speak(&*tts, SENTENCE))];
        calls.into_iter().map(|call| call.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    outcomes.into_iter().try_for_each(|audio| ensure_final_at_end(&audio?))
}

fn given_up(subject: &Subject<dyn Tts>) -> Checked {
    let tts = subject.create()?;
    give_up_everywhere(|| Ok(tts.synthesize(SENTENCE, &options())?.collect()))?;
    // In the middle of the audio.
    let mut audio = tts.synthesize(SENTENCE, &options())?;
    wait(audio.next())?.transpose()?;
    drop(audio);
    ensure_final_at_end(&speak(&*tts, SENTENCE)?)
}

fn declared(subject: &Subject<dyn Tts>) -> Checked {
    let tts = subject.create()?;
    if tts.capabilities().streaming {
        return Ok(tts.stream(&options()).map(drop)?);
    }
    expect_error(tts.stream(&options()), &[ErrorKind::Unsupported], "`stream`")
}

fn segments(subject: &Subject<dyn Tts>) -> Checked {
    let SynthesizeStream { mut input, audio, .. } = live(subject)?.stream(&options())?;
    let pushing = std::thread::spawn(move || {
        for text in ["He was not ", "an ill disposed ", "young man."] {
            wait(input.push_text(text))??;
        }
        wait(input.flush())??;
        wait(input.push_text("Unless to be rather cold hearted."))??;
        Ok::<_, Stop>(())
    });
    let audio = wait(audio.collect())??;
    pushing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    let mut segments: Vec<Vec<SynthesizedAudio>> = Vec::new();
    for piece in audio {
        match segments.last_mut() {
            Some(segment) if segment[0].segment_id == piece.segment_id => segment.push(piece),
            _ => segments.push(vec![piece]),
        }
    }
    ensure(segments.len() == 2, || format!("two flushed texts have {} segments", segments.len()))?;
    segments.iter().try_for_each(|segment| ensure_final_at_end(segment))
}

fn no_input(subject: &Subject<dyn Tts>) -> Checked {
    let audio = wait(live(subject)?.stream(&options())?.feed(Vec::<String>::new()).collect())??;
    ensure(audio.is_empty(), || format!("no text has {} frames", audio.len()))
}

fn nobody_listens(subject: &Subject<dyn Tts>) -> Checked {
    let SynthesizeStream { mut input, audio, .. } = live(subject)?.stream(&options())?;
    wait(input.push_text("He was"))??;
    drop(audio);
    for _ in 0..10_000 {
        match wait(input.push_text(" not"))? {
            Err(error) if error.kind() == ErrorKind::Closed => return Ok(()),
            pushed => pushed?,
        }
    }
    Err(Stop::Finding("10,000 texts were taken for nobody".to_owned()))
}
