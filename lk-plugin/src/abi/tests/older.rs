//! Plugins of an older layout, whose tables end early, and what a later layout may append.

use std::fmt::Debug;
use std::mem::{MaybeUninit, offset_of};
use std::time::{Duration, SystemTime};

use pollster::block_on;

use crate::abi::cross::Cross;
use crate::abi::guest::{llm_instance, stt_instance, tts_instance, vad_instance};
use crate::abi::host::{ForeignLlm, ForeignStt, ForeignTts, ForeignVad};
use crate::abi::layout::{
    Described, LkInstance, LkLlmVtable, LkSttVtable, LkTtsVtable, LkVadVtable, Prefixed, handles, module, read, words,
};
use crate::abi::values::{FIELDS, structs};
use crate::audio::AudioFrameRef;
use crate::error::{Error, ErrorKind, Result};
use crate::kinds::*;
use crate::language::LanguageCode;

/// A plugin that does all that its traits let it: what it does not do below is not in its table.
struct All;

impl Stt for All {
    fn capabilities(&self) -> SttCapabilities {
        SttCapabilities::default()
    }

    fn model(&self) -> &str {
        "all"
    }

    fn stream(&self, _: &RecognizeOptions) -> Result<RecognizeStream> {
        Err(Error::new(ErrorKind::Plugin, "asked"))
    }
}

impl Tts for All {
    fn capabilities(&self) -> TtsCapabilities {
        TtsCapabilities::default()
    }

    fn sample_rate(&self) -> u32 {
        16_000
    }

    fn channels(&self) -> u16 {
        1
    }

    fn synthesize(&self, _: &str, _: &SynthesizeOptions) -> Result<ChunkedStream> {
        Err(Error::new(ErrorKind::Plugin, "asked"))
    }

    fn stream(&self, _: &SynthesizeOptions) -> Result<SynthesizeStream> {
        Err(Error::new(ErrorKind::Plugin, "asked"))
    }
}

impl Llm for All {
    fn capabilities(&self) -> LlmCapabilities {
        LlmCapabilities::default()
    }

    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
        Err(Error::new(ErrorKind::Plugin, "asked"))
    }
}

impl Vad for All {
    fn capabilities(&self) -> VadCapabilities {
        VadCapabilities::new(Duration::from_millis(10))
    }

    fn stream(&self) -> Result<Box<dyn VadStream>> {
        Err(Error::new(ErrorKind::Plugin, "asked"))
    }
}

/// The instance with a table that ends after `length` bytes; the host copies the table, so it need not stay.
fn cut<V: Prefixed, T>(instance: LkInstance, length: usize, take: impl FnOnce(LkInstance) -> Result<T>) -> Result<T> {
    // SAFETY: a table of this type that the guest side made; `size` is its first field.
    let table = unsafe {
        let mut table = read(instance.vtable.cast::<V>());
        (&raw mut table).cast::<u32>().write(length as u32);
        table
    };
    take(LkInstance { vtable: (&raw const table).cast(), state: instance.state })
}

#[test]
fn what_an_older_table_lacks_does_what_the_trait_does() -> Result<()> {
    let frame = AudioFrameRef::new(&[0; 4], 16_000, 1)?;
    let of = |length| {
        // SAFETY: made just now, of this kind.
        cut::<LkSttVtable, _>(stt_instance(Box::new(All)), length, |instance| unsafe { ForeignStt::new(instance) })
    };
    let whole = of(size_of::<LkSttVtable>())?;
    assert_eq!(whole.stream(&RecognizeOptions::default()).err().map(|error| error.kind()), Some(ErrorKind::Plugin));
    let older = of(offset_of!(LkSttVtable, recognize))?;
    let recognized = block_on(older.recognize(frame, &RecognizeOptions::default())).err();
    let own = block_on(Stt::recognize(&All, frame, &RecognizeOptions::default())).err();
    assert_eq!(recognized.as_ref().map(Error::kind), Some(ErrorKind::Unsupported));
    assert_eq!(recognized.map(|error| error.to_string()), own.map(|error| error.to_string()));
    let streamed = older.stream(&RecognizeOptions::default()).err();
    assert!(
        streamed.is_some_and(
            |error| error.kind() == ErrorKind::Unsupported && error.to_string().contains("whole utterances")
        )
    );
    older.prewarm();
    assert_eq!((older.model(), older.provider()), ("all", "unknown"));
    assert_eq!(of(offset_of!(LkSttVtable, model))?.model(), "unknown");
    Ok(())
}

#[test]
fn the_same_of_speech_and_silence() -> Result<()> {
    let of = |length| {
        // SAFETY: made just now, of this kind.
        cut::<LkTtsVtable, _>(tts_instance(Box::new(All)), length, |instance| unsafe { ForeignTts::new(instance) })
    };
    let older = of(offset_of!(LkTtsVtable, stream))?;
    let kind = |error: Option<Error>| error.map(|error| error.kind());
    assert_eq!(kind(older.stream(&SynthesizeOptions::default()).err()), Some(ErrorKind::Unsupported));
    assert_eq!(kind(older.synthesize("", &SynthesizeOptions::default()).err()), Some(ErrorKind::Plugin));
    let vad = vad_instance(Box::new(All));
    // SAFETY: made just now, of this kind.
    let vad =
        cut::<LkVadVtable, _>(vad, offset_of!(LkVadVtable, prewarm), |instance| unsafe { ForeignVad::new(instance) })?;
    vad.prewarm();
    assert_eq!((vad.min_silence_duration(), kind(vad.stream().err())), (None, Some(ErrorKind::Plugin)));
    Ok(())
}

#[test]
fn what_no_version_lacks_is_missed_by_name() {
    let llm = llm_instance(Box::new(All));
    // SAFETY: made just now, of this kind.
    let llm =
        cut::<LkLlmVtable, _>(llm, offset_of!(LkLlmVtable, chat), |instance| unsafe { ForeignLlm::new(instance) });
    let refused = llm.and_then(|llm| llm.chat(&ChatContext::new(), &ChatOptions::default())).err();
    assert!(refused.is_some_and(|error| error.kind() == ErrorKind::Internal && error.to_string().contains("`chat`")));
    let llm = llm_instance(Box::new(All));
    // SAFETY: as above.
    let none = cut::<LkLlmVtable, _>(llm, offset_of!(LkLlmVtable, capabilities), |instance| unsafe {
        ForeignLlm::new(instance)
    });
    assert!(none.is_err_and(|error| error.to_string().contains("`capabilities`")));
    let llm = llm_instance(Box::new(All));
    let none = cut::<LkLlmVtable, _>(llm, offset_of!(LkLlmVtable, drop), |instance| {
        // SAFETY: as above.
        unsafe { ForeignLlm::new(instance) }
    });
    assert!(none.is_err_and(|error| error.to_string().contains("`drop`")));
    // SAFETY: nobody took it, for want of a way to give it back.
    drop(unsafe { ForeignLlm::new(llm) });
}

/// Every struct of 1.0, as the golden layout writes it. Never written anew: plugins of that layout exist.
const FIRST: &str = include_str!("layout-1.0.golden");

/// The struct as it was in 1.0; `None` for a later one.
fn in_first(name: &'static str) -> Option<Described> {
    let mut lines = FIRST.lines().skip_while(|line| line.split(' ').next() != Some(name));
    let size = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let field = |line: &'static str| {
        let mut words = line.strip_prefix("  ")?.split(' ');
        let place = words.next()?.parse().ok()?;
        Some((words.next()?, place, words.next()?.parse().ok()?))
    };
    Some(Described { name, size, fields: lines.map_while(field).collect() })
}

#[test]
#[cfg(target_pointer_width = "64")]
fn later_layouts_only_append_to_the_first() {
    let today: Vec<Described> = [words(), handles(), module(), structs()].into_iter().flatten().collect();
    for Described { name, size, fields } in &today {
        let Some(first) = in_first(name) else { continue };
        assert_eq!(fields.get(..first.fields.len()), Some(&*first.fields), "{name} is not what it was");
        let may_grow = first.fields.first().is_some_and(|(field, ..)| *field == "size");
        assert!(
            may_grow || (*size, fields.len()) == (first.size, first.fields.len()),
            "{name} is frozen, and has grown"
        );
    }
    let gone = FIRST.lines().skip(1).filter(|line| !line.starts_with(' ')).filter_map(|line| line.split(' ').next());
    let gone: Vec<&str> = gone.filter(|name| today.iter().all(|of| of.name != *name)).collect();
    assert!(gone.is_empty(), "{gone:?}");
}

/// Whether a field of this type may be appended to a struct: an older writer leaves zeros there, which must mean none.
fn may_be_appended(of: &str) -> bool {
    const NONE_BY_ZERO: [&str; 9] =
        ["bool", "u16", "u32", "u64", "f32", "f64", "Duration", "String", "Option<LanguageCode>"];
    // Behind a pointer that may be null.
    let optional = of.strip_prefix("Option<").and_then(|of| of.strip_suffix('>'));
    let is_struct = |of: &str| FIELDS.iter().any(|(name, ..)| name.strip_prefix("Lk") == Some(of));
    NONE_BY_ZERO.contains(&of)
        || of.starts_with("Vec<")
        || optional.is_some_and(|of| ["String", "ChatRole", "ToolChoice"].contains(&of) || is_struct(of))
}

#[test]
fn what_was_appended_is_none_when_it_is_zero() {
    for (name, field, of) in FIELDS {
        let Some(first) = in_first(name) else { continue };
        let is_first = first.fields.iter().any(|(known, ..)| known == field);
        assert!(
            is_first || may_be_appended(of),
            "`{name}.{field}` was appended, and an older file's zeros mean something in a `{of}`"
        );
    }
}

#[test]
fn the_rule_of_what_may_be_appended_is_true() {
    /// What zeros alone are read as, if they can be read.
    fn zeros<T: Cross>() -> Option<T> {
        // SAFETY: zeros are a value of each C form: numbers, pointers that may be null, and structs of both.
        unsafe { T::decode(MaybeUninit::<T::C>::zeroed().assume_init()) }.ok()
    }
    fn none<T: Cross + PartialEq + Debug>(of: &str, none: T) {
        assert_eq!((zeros::<T>(), may_be_appended(of)), (Some(none), true), "{of}");
    }
    fn something<T: Cross + PartialEq + Debug>(of: &str, none: Option<T>) {
        assert!(zeros::<T>() != none && !may_be_appended(of), "{of}");
    }
    none("bool", false);
    none("u16", 0_u16);
    none("u32", 0_u32);
    none("u64", 0_u64);
    none("f32", 0_f32);
    none("f64", 0_f64);
    none("Duration", Duration::ZERO);
    none("String", String::new());
    none("Option<String>", None::<String>);
    none("Option<LanguageCode>", None::<LanguageCode>);
    none("Option<ChatRole>", None::<ChatRole>);
    none("Option<ToolChoice>", None::<ToolChoice>);
    none("Option<CompletionUsage>", None::<CompletionUsage>);
    none("Vec<String>", Vec::<String>::new());
    none("Vec<TimedString>", Vec::<TimedString>::new());
    something("Option<bool>", Some(None::<bool>));
    something("Option<u16>", Some(None::<u16>));
    something("Option<u32>", Some(None::<u32>));
    something("Option<f32>", Some(None::<f32>));
    something("Option<f64>", Some(None::<f64>));
    something("Option<Duration>", Some(None::<Duration>));
    something("Option<SystemTime>", Some(None::<SystemTime>));
    // What must be there cannot be read at all.
    assert!(zeros::<ChatRole>().is_none() && !may_be_appended("ChatRole"));
    assert!(zeros::<ChoiceDelta>().is_none() && !may_be_appended("ChoiceDelta"));
}
