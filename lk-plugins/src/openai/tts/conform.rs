//! What a server sends, brought to what the instance promised: one channel at one rate.

use lk_plugin::{AudioFrameRef, Error, ErrorKind, Resampler, Result};

/// Mixes down and resamples, and keeps what is ready until it is taken.
pub(super) struct Conform {
    sample_rate: u32,
    // The rate of what comes in, and what converts it.
    resampler: Option<(u32, Resampler)>,
    // Scratch, reused.
    mono: Vec<f32>,
    resampled: Vec<f32>,
    ready: Vec<i16>,
}

impl Conform {
    /// A voice of `sample_rate` Hz.
    pub(super) fn new(sample_rate: u32) -> Self {
        Self { sample_rate, resampler: None, mono: Vec::new(), resampled: Vec::new(), ready: Vec::new() }
    }

    /// Takes interleaved samples. Their rate may change on the way: some servers join the speech of several sentences.
    pub(super) fn push(&mut self, samples: &[i16], sample_rate: u32, channels: u16) -> Result<()> {
        if samples.is_empty() {
            return Ok(());
        }
        let frame = AudioFrameRef::new(samples, sample_rate, channels).map_err(impossible)?;
        if self.resampler.as_ref().is_some_and(|(rate, _)| *rate != sample_rate) {
            self.finish()?;
        }
        if sample_rate == self.sample_rate {
            self.ready.extend(frame.mono());
            return Ok(());
        }
        let (_, resampler) = match &mut self.resampler {
            Some(resampler) => resampler,
            none => none.insert((sample_rate, Resampler::new(sample_rate, self.sample_rate)?)),
        };
        self.mono.clear();
        self.mono.extend(frame.mono().map(f32::from));
        self.resampled.clear();
        resampler.push(&self.mono, &mut self.resampled)?;
        self.keep_resampled();
        Ok(())
    }

    /// What the resampler still held back is ready too.
    pub(super) fn finish(&mut self) -> Result<()> {
        if let Some((_, mut resampler)) = self.resampler.take() {
            self.resampled.clear();
            resampler.finish(&mut self.resampled)?;
            self.keep_resampled();
        }
        Ok(())
    }

    /// What is ready.
    pub(super) fn take(&mut self) -> Vec<i16> {
        std::mem::take(&mut self.ready)
    }

    fn keep_resampled(&mut self) {
        // The cast clips: a filter overshoots where the input was at its loudest.
        self.ready.extend(self.resampled.iter().map(|sample| sample.round() as i16));
    }
}

fn impossible(error: Error) -> Error {
    Error::new(ErrorKind::Api, "the speech has an impossible format").with_source(error).with_retryable(false)
}
