//! One listener: frames of any kind in, windows for the model, events out.

use std::fmt;
use std::time::{Duration, Instant};

use lk_plugin::{
    AudioFrameRef, Error, ErrorKind, Resampler, Result, VadEvent, VadEventType, VadStream, duration_to_samples, format_changed,
};

use super::SileroConfig;
use super::machine::{Change, Machine, Thresholds};
use super::model::{Model, ModelState};
use super::speech_buffer::SpeechBuffer;

/// How much audio one window is, at either of the model's rates.
pub(super) const WINDOW_DURATION: Duration = Duration::from_millis(32);

pub(super) struct SileroStream {
    model: &'static Model,
    state: Box<ModelState>,
    machine: Machine,
    padding: Duration,
    max_buffered: Duration,
    // Known from the first frame on.
    input: Option<Input>,
    has_ended: bool,
}

/// What depends on the input's format.
struct Input {
    sample_rate: u32,
    channels: u16,
    resampler: Resampler,
    buffer: SpeechBuffer,
    // One slice of the frame, mixed down, as it came and as the model wants it; then what is ready at the model's rate.
    mixed: Vec<i16>,
    mono: Vec<f32>,
    ready: Vec<f32>,
    // What the windows so far owe: input samples times the model's rate, a remainder below that rate.
    owed: u64,
}

impl SileroStream {
    pub(super) fn new(model: &'static Model, thresholds: Thresholds, config: &SileroConfig) -> Self {
        let rate = model.rate();
        Self {
            model,
            state: Box::new(ModelState::new(rate)),
            machine: Machine::new(thresholds, rate.window(), WINDOW_DURATION),
            padding: config.prefix_padding_duration,
            max_buffered: config.max_buffered_speech,
            input: None,
            has_ended: false,
        }
    }

    fn check_open(&self) -> Result<()> {
        if self.has_ended {
            return Err(Error::input_ended());
        }
        Ok(())
    }

    /// The stream's input, opened by its first frame; later frames must have the same format.
    fn open(&mut self, frame: AudioFrameRef<'_>) -> Result<()> {
        let format = (frame.sample_rate(), frame.channels());
        if let Some(input) = &self.input {
            let first = (input.sample_rate, input.channels);
            return if first == format { Ok(()) } else { Err(format_changed(first, format)) };
        }
        let (sample_rate, channels) = format;
        self.input = Some(Input {
            sample_rate,
            channels,
            resampler: Resampler::new(sample_rate, self.model.rate().hz())?,
            buffer: SpeechBuffer::new(
                sample_rate,
                duration_to_samples(self.padding, sample_rate),
                duration_to_samples(self.max_buffered, sample_rate),
            ),
            mixed: Vec::new(),
            mono: Vec::new(),
            ready: Vec::with_capacity(2 * self.model.rate().window()),
            owed: 0,
        });
        Ok(())
    }

    /// Judges every whole window that is ready.
    fn judge(&mut self, events: &mut Vec<VadEvent>) -> Result<()> {
        let Some(input) = &mut self.input else { return Ok(()) };
        let rate = self.model.rate();
        while let Some(window) = input.ready.get(..rate.window()) {
            let before = Instant::now();
            let probability = self
                .model
                .infer(&mut self.state, window)
                .map_err(|error| Error::new(ErrorKind::Internal, "the model refused a window").with_source(error))?;
            input.owed += rate.window() as u64 * u64::from(input.sample_rate);
            let heard = input.buffer.advance(input.owed / u64::from(rate.hz()));
            input.owed %= u64::from(rate.hz());
            events.push(self.machine.infer(probability, before.elapsed(), heard));
            match self.machine.judge() {
                Change::None => {}
                Change::Silence => input.buffer.restart(),
                Change::Start => events.push(self.machine.start(input.buffer.show())),
                Change::End => {
                    events.push(self.machine.end(input.buffer.show()));
                    input.buffer.restart();
                }
            }
            // At most a window's worth is left to move.
            input.ready.drain(..rate.window());
        }
        Ok(())
    }
}

impl VadStream for SileroStream {
    fn push(&mut self, frame: AudioFrameRef<'_>, events: &mut Vec<VadEvent>) -> Result<()> {
        self.check_open()?;
        self.open(frame)?;
        if let Some(input) = &mut self.input {
            input.buffer.begin_push();
        }
        // A frame may be an hour long: slices of about a window keep the buffers small.
        let slice = usize::from(frame.channels()) * (frame.sample_rate() as usize).div_ceil(32);
        for samples in frame.samples().chunks(slice) {
            let frame = AudioFrameRef::new(samples, frame.sample_rate(), frame.channels())?;
            if let Some(input) = &mut self.input {
                input.mixed.clear();
                input.mixed.extend(frame.mono());
                input.buffer.extend(&input.mixed);
                input.mono.clear();
                input.mono.extend(input.mixed.iter().map(|sample| f32::from(*sample) / 32_767.0));
                input.resampler.push(&input.mono, &mut input.ready)?;
            }
            self.judge(events)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.check_open()?;
        self.state.reset();
        self.machine.reset();
        if let Some(input) = &mut self.input {
            input.resampler.reset();
            input.buffer.clear();
            input.ready.clear();
            input.owed = 0;
        }
        Ok(())
    }

    fn end_input(&mut self, events: &mut Vec<VadEvent>) -> Result<()> {
        self.check_open()?;
        self.has_ended = true;
        if let Some(input) = &mut self.input {
            input.buffer.begin_push();
            input.resampler.finish(&mut input.ready)?;
        }
        self.judge(events)?;
        if let Some(input) = self.input.as_mut().filter(|_| self.machine.is_speaking()) {
            events.push(self.machine.end(input.buffer.show_all()));
        }
        Ok(())
    }

    fn audio(&self, event: &VadEvent) -> Option<AudioFrameRef<'_>> {
        if event.event_type == VadEventType::InferenceDone {
            return None;
        }
        let input = self.input.as_ref()?;
        AudioFrameRef::new(input.buffer.view(event.audio)?, input.sample_rate, 1).ok()
    }
}

impl fmt::Debug for SileroStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SileroStream").field("machine", &self.machine).finish_non_exhaustive()
    }
}
