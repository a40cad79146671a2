//! The speech of a reply on its way to the listener, and which words of it were heard.

use std::collections::VecDeque;
use std::time::Duration;

use lk_plugin::{AudioFrame, SynthesizedAudio, duration_to_samples, samples_to_duration};

/// How many characters a second of speech has where nothing tells: usual for English.
const CHARACTERS_PER_SECOND: u64 = 15;

/// How far a cut goes back to the end of a word, in characters. (Some languages have no spaces.)
const LONGEST_WORD: usize = 30;

/// Speech that came and is not yet played. Positions are samples of one channel from the start of the reply.
#[derive(Debug)]
pub(super) struct Playout {
    sample_rate: u32,
    channels: usize,
    queue: VecDeque<AudioFrame>,
    // Of the first frame in the queue, both channels.
    offset: usize,
    received: u64,
    played: u64,
    // Where texts begin, of those that were not heard to their end.
    marks: VecDeque<Mark>,
    source: Option<Source>,
    // Where the current segment begins, and what it is called.
    segment: (u64, String),
    // Visible characters and samples of the texts that were heard to their end.
    passed: (u64, u64),
}

#[derive(Debug)]
struct Mark {
    start: u64,
    // Those that are no white space, which plugins treat as they like.
    characters: u64,
}

/// Who tells what is spoken: the first of the two that does, for a plugin may tell the same in both.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Source {
    TimedTranscripts,
    DeltaText,
}

impl Playout {
    pub(super) fn new(sample_rate: u32, channels: u16) -> Self {
        Self {
            sample_rate,
            channels: usize::from(channels),
            queue: VecDeque::new(),
            offset: 0,
            received: 0,
            played: 0,
            marks: VecDeque::new(),
            source: None,
            segment: (0, String::new()),
            passed: (0, 0),
        }
    }

    pub(super) fn push(&mut self, piece: SynthesizedAudio) {
        if piece.segment_id != self.segment.1 {
            self.segment = (self.received, piece.segment_id);
        }
        let source = if !piece.timed_transcripts.is_empty() {
            Some(Source::TimedTranscripts)
        } else if !piece.delta_text.is_empty() {
            Some(Source::DeltaText)
        } else {
            None
        };
        self.source = self.source.or(source);
        match self.source {
            Some(Source::TimedTranscripts) => {
                for timed in piece.timed_transcripts {
                    let start = timed.start_time.map(|time| duration_to_samples(time, self.sample_rate));
                    self.mark(start.map_or(self.received, |start| self.segment.0 + start), &timed.text);
                }
            }
            Some(Source::DeltaText) if !piece.delta_text.is_empty() => self.mark(self.received, &piece.delta_text),
            _ => {}
        }
        if !piece.frame.samples().is_empty() {
            self.received += piece.frame.samples_per_channel() as u64;
            self.queue.push_back(piece.frame);
        }
    }

    fn mark(&mut self, start: u64, text: &str) {
        // Never before the one before it: then the order of the text counts.
        let start = start.max(self.marks.back().map_or(0, |mark| mark.start));
        self.marks.push_back(Mark { start, characters: visible(text) });
    }

    /// Appends so many samples of each channel, fewer if there are no more; gives how many.
    pub(super) fn play(&mut self, samples: u64, into: &mut Vec<i16>) -> u64 {
        let mut missing = usize::try_from(samples).unwrap_or(usize::MAX).saturating_mul(self.channels);
        let before = self.played;
        while missing > 0
            && let Some(frame) = self.queue.front()
        {
            let rest = &frame.samples()[self.offset..];
            let taken = rest.len().min(missing);
            into.extend_from_slice(&rest[..taken]);
            self.offset += taken;
            missing -= taken;
            self.played += (taken / self.channels.max(1)) as u64;
            if self.offset == frame.samples().len() {
                self.queue.pop_front();
                self.offset = 0;
            }
        }
        self.pass_marks();
        self.played - before
    }

    /// Moves texts that were heard to their end out of the list.
    fn pass_marks(&mut self) {
        while let [first, second, ..] = self.marks.make_contiguous()
            && second.start <= self.played
        {
            let samples = second.start - first.start;
            if let Some(mark) = self.marks.pop_front() {
                self.passed.0 += mark.characters;
                self.passed.1 += samples;
            }
        }
    }

    /// How much is there to be played.
    pub(super) fn waiting(&self) -> Duration {
        samples_to_duration(self.received - self.played, self.sample_rate)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// How much was played.
    pub(super) fn played(&self) -> Duration {
        samples_to_duration(self.played, self.sample_rate)
    }

    pub(super) fn has_received(&self) -> bool {
        self.received > 0
    }

    /// The words that were heard. `written` is the text that was given to be spoken, for speech that does not tell its
    /// text; `complete` says whether all speech has come.
    pub(super) fn heard(&self, written: &str, complete: bool) -> String {
        if complete && self.played == self.received {
            return written.trim().to_owned();
        }
        let whole = Mark { start: 0, characters: visible(written) };
        let current = match self.source {
            Some(_) => self.marks.front().filter(|mark| mark.start < self.played),
            None => Some(&whole),
        };
        let part = current.map_or(0, |mark| {
            let next = self.marks.get(1).map(|mark| mark.start);
            let end = next.unwrap_or_else(|| self.end_of(mark, complete));
            let (part, all) = (self.played.saturating_sub(mark.start), end.saturating_sub(mark.start));
            mark.characters.saturating_mul(part.min(all)).checked_div(all).unwrap_or(mark.characters)
        });
        cut(written.trim_start(), self.passed.0 + part).to_owned()
    }

    /// Where the last text ends: where the speech does, once it is all there; until then as far as its length makes likely.
    fn end_of(&self, mark: &Mark, complete: bool) -> u64 {
        if complete {
            return self.received;
        }
        let samples = match self.passed {
            (0, _) | (_, 0) => mark.characters.saturating_mul(self.sample_rate.into()) / CHARACTERS_PER_SECOND,
            (characters, samples) => mark.characters.saturating_mul(samples) / characters,
        };
        self.received.max(mark.start.saturating_add(samples))
    }
}

/// The text to its so many-th visible character, and back to the end of a word.
fn cut(text: &str, characters: u64) -> &str {
    let mut visible = text.char_indices().filter(|(_, letter)| !letter.is_whitespace());
    let Some((end, _)) = usize::try_from(characters).ok().and_then(|count| visible.nth(count)) else {
        return text.trim_end();
    };
    let heard = &text[..end];
    if heard.ends_with(char::is_whitespace) {
        return heard.trim_end();
    }
    match heard.rfind(char::is_whitespace) {
        Some(space) if heard[space..].chars().count() <= LONGEST_WORD => heard[..space].trim_end(),
        None if heard.chars().count() <= LONGEST_WORD && text.trim().contains(char::is_whitespace) => "",
        _ => heard,
    }
}

fn visible(text: &str) -> u64 {
    text.chars().filter(|letter| !letter.is_whitespace()).count() as u64
}

#[cfg(test)]
mod tests {
    use lk_plugin::{Result, TimedString};

    use super::*;

    /// So many samples at 1,000 Hz would be milliseconds; the lowest rate is 8,000.
    fn piece(millis: usize, text: &str) -> Result<SynthesizedAudio> {
        Ok(SynthesizedAudio::new(AudioFrame::new(vec![1; 8 * millis], 8_000, 1)?, "r").with_delta_text(text))
    }

    fn played(pieces: Vec<SynthesizedAudio>, millis: u64) -> Playout {
        let mut playout = Playout::new(8_000, 1);
        for piece in pieces {
            playout.push(piece);
        }
        let mut out = Vec::new();
        assert_eq!(playout.play(8 * millis, &mut out), out.len() as u64);
        playout
    }

    #[test]
    fn every_sample_comes_out_once_and_in_order() -> Result<()> {
        let (mut playout, mut out) = (Playout::new(8_000, 2), Vec::new());
        for frame in 0..5_i16 {
            let samples = (frame * 6..frame * 6 + 6).collect();
            playout.push(SynthesizedAudio::new(AudioFrame::new(samples, 8_000, 2)?, "r"));
        }
        let counts: Vec<u64> = [1, 4, 0, 7, 9].map(|samples| playout.play(samples, &mut out)).into();
        assert_eq!(counts, [1, 4, 0, 7, 3]);
        assert_eq!(out, (0..30).collect::<Vec<i16>>());
        assert!(playout.is_empty() && playout.waiting().is_zero());
        Ok(())
    }

    #[test]
    fn what_was_heard_follows_the_texts_that_the_speech_tells() -> Result<()> {
        let written = "One two three. Four five six.";
        let pieces =
            || Ok::<_, lk_plugin::Error>(vec![piece(1_000, "One two three. ")?, piece(1_000, "Four five six.")?]);
        for (millis, heard) in [
            (0, ""),
            (100, ""),
            // The first sentence has twelve visible characters; after four of twelve "One" is over, and "t" begun.
            (400, "One"),
            (999, "One two"),
            (1_000, "One two three."),
            (1_500, "One two three. Four"),
            (1_999, "One two three. Four five"),
        ] {
            assert_eq!(played(pieces()?, millis).heard(written, true), heard, "{millis}");
        }
        assert_eq!(played(pieces()?, 2_000).heard(written, true), written);
        Ok(())
    }

    #[test]
    fn words_with_times_go_before_and_need_no_spaces() -> Result<()> {
        let mut first = piece(300, "One two three")?;
        for (index, word) in ["One", "two", "three"].into_iter().enumerate() {
            let mut timed = TimedString::new(word);
            timed.start_time = Some(Duration::from_millis(100 * index as u64));
            first.timed_transcripts.push(timed);
        }
        assert_eq!(played(vec![first.clone()], 150).heard("One two three", true), "One");
        assert_eq!(played(vec![first], 200).heard("One two three", true), "One two");
        Ok(())
    }

    #[test]
    fn speech_that_tells_nothing_is_cut_by_its_length() -> Result<()> {
        let written = "aaaa bbbb cccc dddd";
        assert_eq!(played(vec![piece(1_000, "")?], 500).heard(written, true), "aaaa bbbb");
        // Not all speech has come: sixteen characters take about a second.
        assert_eq!(played(vec![piece(600, "")?], 600).heard(written, false), "aaaa bbbb");
        // The pace of the first sentence counts for the second.
        let pieces = vec![piece(2_000, "aaaa bbbb ")?, piece(100, "cccc dddd")?];
        assert_eq!(played(pieces, 2_100).heard(written, false), "aaaa bbbb");
        Ok(())
    }

    #[test]
    fn a_cut_ends_with_a_word_where_there_are_words() {
        assert_eq!(cut("say hello", 3), "say");
        assert_eq!(cut("say hello", 5), "say");
        assert_eq!(cut("say hello", 8), "say hello");
        assert_eq!(cut("hello you", 2), "");
        assert_eq!(cut("日本語のテキスト", 3), "日本語");
        assert_eq!(cut("", 3), "");
    }
}
