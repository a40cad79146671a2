//! How each kind of field crosses: its C form, written by one side and read by the other.

use std::ffi::c_void;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::arena::Arena;
use super::layout::{LkAudioFrame, LkSampleRange, LkSlice, LkStr, NO_DURATION, Prefixed, read};
use crate::audio::{AudioFrame, AudioFrameRef, SampleRange};
use crate::error::{Error, ErrorKind};
use crate::language::LanguageCode;

/// Why something that crossed could not be read.
#[derive(Debug)]
pub(crate) enum Bad {
    /// A code of a later version: whoever gets it leaves the thing out.
    Later,
    /// The other side breaks the rules of `docs/abi.md`.
    Broken(&'static str),
    /// A frame that is none.
    Frame(Error),
}

impl From<Bad> for Error {
    fn from(bad: Bad) -> Self {
        match bad {
            Bad::Later => Self::new(
                ErrorKind::Unsupported,
                "the other side is of a later version and sent what this one does not know; build both with one version of \
                 lk-plugin",
            ),
            Bad::Broken(what) => Self::new(
                ErrorKind::Internal,
                format!(
                    "what crossed the boundary of the `.so` is broken: {what}; build the file and this program with one \
                     version of lk-plugin, or report this to who made the file"
                ),
            ),
            Bad::Frame(error) => error,
        }
    }
}

/// A value that can cross.
pub(crate) trait Cross: Sized {
    /// Its C form as a field of a struct.
    type C: Copy;

    /// The C form; it points into `self` and the arena, and lasts as long as both stay as they are.
    fn encode(&self, arena: &Arena) -> Self::C;

    /// The value, copied.
    ///
    /// # Safety
    ///
    /// `c` is as [`encode`](Cross::encode) made it on the other side, and what it points to is still there.
    unsafe fn decode(c: Self::C) -> Result<Self, Bad>;
}

/// A value that crosses as a struct with a size: behind a pointer as a field, side by side in a slice.
pub(crate) trait Record: Sized {
    type C: Prefixed;

    /// As [`Cross::encode`].
    fn record(&self, arena: &Arena) -> Self::C;

    /// As [`Cross::decode`], from a struct read with [`read`].
    ///
    /// # Safety
    ///
    /// As [`Cross::decode`].
    unsafe fn from_record(c: &Self::C) -> Result<Self, Bad>;

    /// The value behind a pointer.
    ///
    /// # Safety
    ///
    /// `pointer` is null or leads to a `C` of some minor version that is as [`record`](Record::record) made it.
    #[inline]
    unsafe fn from_pointer(pointer: *const Self::C) -> Result<Self, Bad> {
        if pointer.is_null() {
            return Err(Bad::Broken("a pointer is null that must not be"));
        }
        // SAFETY: the caller's promise.
        unsafe { Self::from_record(&read(pointer)) }
    }
}

/// A value that crosses side by side with others of its type.
pub(crate) trait Element: Sized {
    type Item: Copy;

    /// The fewest bytes that an item has: all of them, unless it begins with its size.
    const SMALLEST: usize = size_of::<Self::Item>();

    fn item(&self, arena: &Arena) -> Self::Item;

    /// # Safety
    ///
    /// `item` points to an item as the other side wrote it; it may be longer than `Item`, or shorter if it has a size.
    unsafe fn from_item(item: *const Self::Item) -> Result<Self, Bad>;

    /// All of them.
    #[inline]
    fn slice(items: &[Self], arena: &Arena) -> LkSlice {
        let ptr = arena.put_all(items.iter().map(|item| item.item(arena)));
        LkSlice { ptr: ptr.cast(), len: items.len(), stride: size_of::<Self::Item>() }
    }
}

/// Text that stays where it is.
#[inline]
pub(crate) fn str_of(text: &str) -> LkStr {
    LkStr { ptr: text.as_ptr(), len: text.len() }
}

pub(crate) const NO_STR: LkStr = LkStr { ptr: std::ptr::null(), len: 0 };

/// Text of the other side, checked; `None` for none.
///
/// # Safety
///
/// `text.ptr` is null, or leads to `text.len` bytes that stay as they are for `'a`.
#[inline(always)]
pub(crate) unsafe fn text<'a>(text: LkStr) -> Result<Option<&'a str>, Bad> {
    if text.ptr.is_null() {
        return Ok(None);
    }
    if text.len > isize::MAX as usize {
        return Err(Bad::Broken("a text is longer than memory"));
    }
    // SAFETY: the caller's promise.
    let bytes = unsafe { std::slice::from_raw_parts(text.ptr, text.len) };
    // Most of it is short and in ASCII, which is told several times as quickly as UTF-8.
    if bytes.is_ascii() {
        // SAFETY: ASCII is UTF-8.
        return Ok(Some(unsafe { str::from_utf8_unchecked(bytes) }));
    }
    str::from_utf8(bytes).map(Some).map_err(|_| Bad::Broken("a text is not UTF-8"))
}

/// A frame that stays where it is.
#[inline]
pub(crate) fn frame_of(frame: AudioFrameRef<'_>) -> LkAudioFrame {
    let samples = frame.samples();
    let samples = LkSlice { ptr: samples.as_ptr().cast(), len: samples.len(), stride: size_of::<i16>() };
    LkAudioFrame { samples, sample_rate: frame.sample_rate(), channels: frame.channels() }
}

/// A frame of the other side, checked.
///
/// # Safety
///
/// Its samples lead to `len` numbers that stay as they are for `'a`.
#[inline]
pub(crate) unsafe fn frame<'a>(frame: &LkAudioFrame) -> Result<AudioFrameRef<'a>, Bad> {
    let LkSlice { ptr, len, stride } = frame.samples;
    if stride != size_of::<i16>() && len != 0 {
        return Err(Bad::Broken("samples do not stand side by side"));
    }
    // SAFETY: the caller's promise.
    let samples = unsafe { samples(ptr.cast(), len)? };
    AudioFrameRef::new(samples, frame.sample_rate, frame.channels).map_err(Bad::Frame)
}

/// Samples of the other side.
///
/// # Safety
///
/// As [`frame`].
#[inline]
pub(crate) unsafe fn samples<'a>(samples: *const i16, length: usize) -> Result<&'a [i16], Bad> {
    if length == 0 {
        return Ok(&[]);
    }
    if samples.is_null() || !samples.is_aligned() || length > isize::MAX as usize / size_of::<i16>() {
        return Err(Bad::Broken("samples lead nowhere"));
    }
    // SAFETY: the caller's promise, and the checks above.
    Ok(unsafe { std::slice::from_raw_parts(samples, length) })
}

/// Plain numbers cross as they are.
macro_rules! as_they_are {
    ($($type:ty)*) => {$(
        impl Cross for $type {
            type C = $type;

            #[inline]
            fn encode(&self, _: &Arena) -> $type {
                *self
            }

            #[inline]
            unsafe fn decode(c: $type) -> Result<Self, Bad> {
                Ok(c)
            }
        }
    )*};
}

as_they_are! { u16 u32 u64 f32 f64 }

/// Forms that are a number, some of whose values mean something else.
macro_rules! as_numbers {
    ($($type:ty as $c:ty, |$value:ident| $encode:expr, |$number:ident| $decode:expr;)*) => {$(
        impl Cross for $type {
            type C = $c;

            #[inline]
            fn encode(&self, _: &Arena) -> $c {
                let $value = *self;
                $encode
            }

            #[inline]
            unsafe fn decode($number: $c) -> Result<Self, Bad> {
                Ok($decode)
            }
        }
    )*};
}

as_numbers! {
    bool as u8, |flag| u8::from(flag), |number| number != 0;
    Option<bool> as u8, |flag| flag.map_or(2, u8::from), |number| (number != 2).then_some(number != 0);
    Option<u16> as i32, |value| value.map_or(-1, i32::from), |number| u16::try_from(number).ok();
    Option<u32> as i64, |value| value.map_or(-1, i64::from), |number| u32::try_from(number).ok();
    // Not a number is none, so a value that is not a number becomes none.
    Option<f32> as f32, |value| value.unwrap_or(f32::NAN), |number| (!number.is_nan()).then_some(number);
    Option<f64> as f64, |value| value.unwrap_or(f64::NAN), |number| (!number.is_nan()).then_some(number);
    Duration as u64, |duration| nanos(duration), |number| Duration::from_nanos(number);
    Option<Duration> as u64, |duration| duration.map_or(NO_DURATION, nanos),
        |number| (number != NO_DURATION).then(|| Duration::from_nanos(number));
    Option<SystemTime> as i64, |time| time.map_or(i64::MIN, nanos_since_epoch), |number| time_of(number);
    SampleRange as LkSampleRange,
        |range| LkSampleRange { start: range.start, end: range.end, sample_rate: range.sample_rate },
        |range| Self { start: range.start, end: range.end, sample_rate: range.sample_rate };
}

#[inline]
fn nanos(duration: Duration) -> u64 {
    let nanos = duration.as_secs().checked_mul(1_000_000_000);
    let nanos = nanos.and_then(|nanos| nanos.checked_add(u64::from(duration.subsec_nanos())));
    nanos.map_or(NO_DURATION - 1, |nanos| nanos.min(NO_DURATION - 1))
}

fn nanos_since_epoch(time: SystemTime) -> i64 {
    let nanos = |duration: Duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => nanos(after),
        // Never the smallest number, which is none.
        Err(before) => -nanos(before.duration()),
    }
}

fn time_of(nanos: i64) -> Option<SystemTime> {
    if nanos == i64::MIN {
        return None;
    }
    let away = Duration::from_nanos(nanos.unsigned_abs());
    if nanos < 0 { UNIX_EPOCH.checked_sub(away) } else { UNIX_EPOCH.checked_add(away) }
}

impl Cross for String {
    type C = LkStr;

    #[inline]
    fn encode(&self, _: &Arena) -> LkStr {
        str_of(self)
    }

    #[inline(always)]
    unsafe fn decode(c: LkStr) -> Result<Self, Bad> {
        // SAFETY: the caller's promise.
        Ok(unsafe { text(c)? }.unwrap_or_default().to_owned())
    }
}

impl Cross for Option<String> {
    type C = LkStr;

    #[inline]
    fn encode(&self, _: &Arena) -> LkStr {
        self.as_deref().map_or(NO_STR, str_of)
    }

    #[inline(always)]
    unsafe fn decode(c: LkStr) -> Result<Self, Bad> {
        // SAFETY: the caller's promise.
        Ok(unsafe { text(c)? }.map(ToOwned::to_owned))
    }
}

impl Cross for LanguageCode {
    type C = LkStr;

    #[inline]
    fn encode(&self, _: &Arena) -> LkStr {
        str_of(self.as_str())
    }

    #[inline]
    unsafe fn decode(c: LkStr) -> Result<Self, Bad> {
        // SAFETY: the caller's promise.
        Ok(Self::new(unsafe { text(c)? }.unwrap_or_default()))
    }
}

impl Cross for Option<LanguageCode> {
    type C = LkStr;

    #[inline]
    fn encode(&self, _: &Arena) -> LkStr {
        self.as_ref().map_or(NO_STR, |language| str_of(language.as_str()))
    }

    #[inline]
    unsafe fn decode(c: LkStr) -> Result<Self, Bad> {
        // SAFETY: the caller's promise.
        Ok(unsafe { text(c)? }.map(LanguageCode::new))
    }
}

impl Cross for AudioFrame {
    type C = LkAudioFrame;

    #[inline]
    fn encode(&self, _: &Arena) -> LkAudioFrame {
        frame_of(self.as_ref())
    }

    #[inline]
    unsafe fn decode(c: LkAudioFrame) -> Result<Self, Bad> {
        // SAFETY: the caller's promise.
        unsafe { frame(&c) }.map(Self::from)
    }
}

/// The most places that are reserved before the items are read.
const MAX_RESERVED: usize = 1_024;

/// Whether items may be read there: aligned, each of at least `smallest` bytes, and within what memory can be.
pub(in crate::abi) fn leads_to_items<I>(list: &LkSlice, smallest: usize) -> bool {
    list.ptr.cast::<I>().is_aligned()
        && !list.ptr.is_null()
        && list.stride >= smallest
        && list.stride.is_multiple_of(align_of::<I>())
        && list.len.checked_mul(list.stride).is_some_and(|bytes| isize::try_from(bytes).is_ok())
}

impl<T: Element> Cross for Vec<T> {
    type C = LkSlice;

    #[inline]
    fn encode(&self, arena: &Arena) -> LkSlice {
        T::slice(self, arena)
    }

    #[inline]
    unsafe fn decode(c: LkSlice) -> Result<Self, Bad> {
        if c.len == 0 {
            return Ok(Self::new());
        }
        if !leads_to_items::<T::Item>(&c, T::SMALLEST) {
            return Err(Bad::Broken("a list leads nowhere"));
        }
        // A wrong length must not become a huge allocation.
        let mut items = Self::with_capacity(c.len.min(MAX_RESERVED));
        for index in 0..c.len {
            // SAFETY: the caller's promise: `len` items that lie `stride` bytes apart.
            match unsafe { T::from_item(c.ptr.byte_add(index * c.stride).cast()) } {
                Ok(item) => items.push(item),
                Err(Bad::Later) => {}
                Err(bad) => return Err(bad),
            }
        }
        Ok(items)
    }
}

/// Elements whose item is their C form as a field.
macro_rules! elements_as_fields {
    ($($type:ty)*) => {$(
        impl Element for $type {
            type Item = <$type as Cross>::C;

            #[inline]
            fn item(&self, arena: &Arena) -> Self::Item {
                self.encode(arena)
            }

            #[inline]
            unsafe fn from_item(item: *const Self::Item) -> Result<Self, Bad> {
                // SAFETY: the caller's promise; these forms are frozen.
                unsafe { Self::decode(item.read()) }
            }
        }
    )*};
}

elements_as_fields! { String LanguageCode }

impl Element for i16 {
    type Item = i16;

    #[inline]
    fn item(&self, _: &Arena) -> i16 {
        *self
    }

    #[inline]
    unsafe fn from_item(item: *const i16) -> Result<Self, Bad> {
        // SAFETY: the caller's promise.
        Ok(unsafe { item.read() })
    }

    /// They stay where they are.
    #[inline]
    fn slice(items: &[Self], _: &Arena) -> LkSlice {
        LkSlice { ptr: items.as_ptr().cast(), len: items.len(), stride: size_of::<Self>() }
    }
}

/// What stands behind the pointer of an enum with values.
pub(crate) trait Payload: Sized {
    fn payload(&self, arena: &Arena) -> *const c_void;

    /// # Safety
    ///
    /// `value` is null or as [`payload`](Payload::payload) made it on the other side.
    unsafe fn from_payload(value: *const c_void) -> Result<Self, Bad>;
}

/// Payloads that are frozen words.
macro_rules! payloads_as_fields {
    ($($type:ty)*) => {$(
        impl Payload for $type {
            #[inline]
            fn payload(&self, arena: &Arena) -> *const c_void {
                arena.put(self.encode(arena)).cast()
            }

            #[inline]
            unsafe fn from_payload(value: *const c_void) -> Result<Self, Bad> {
                if value.is_null() {
                    return Err(Bad::Broken("an enum has no value that must have one"));
                }
                // SAFETY: the caller's promise.
                unsafe { Self::decode(value.cast::<<Self as Cross>::C>().read()) }
            }
        }
    )*};
}

payloads_as_fields! { String AudioFrame }
