//! WAV files written, with 16-bit samples. A file appears whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hound::{SampleFormat, WavSpec};
use lk_plugin::{AudioFrameRef, samples_to_duration};
use tempfile::NamedTempFile;

use crate::error::{Error, Result};
use crate::printable;

/// A WAV file that is being written.
pub(crate) struct WavWriter {
    name: String,
    target: Target,
    spec: WavSpec,
    writer: hound::WavWriter<BufWriter<File>>,
    // Of one channel.
    written: u64,
}

/// Where the file goes once it is whole. Until then it is a temporary one: the header is written last.
enum Target {
    /// Beside it, to be renamed.
    Replace(NamedTempFile, PathBuf),
    /// A device or a pipe, which must not be replaced, takes a copy.
    Device(File, PathBuf),
    StandardOutput(File),
}

impl WavWriter {
    /// Begins a file; `-` is standard output.
    ///
    /// # Errors
    ///
    /// When there is no such folder, the disk refuses, or standard output is a terminal.
    pub(crate) fn create(path: &Path, sample_rate: u32, channels: u16) -> Result<Self> {
        let name = if path.as_os_str() == "-" { "standard output".to_owned() } else { quoted(path) };
        if path.as_os_str() == "-" && io::stdout().is_terminal() {
            return Err(refused(&name, "is a terminal here", "name a file, or pipe it into a player", None));
        }
        let (target, temporary) = Target::open(path).map_err(|error| unwritable(&name, error))?;
        let spec = WavSpec { channels, sample_rate, bits_per_sample: 16, sample_format: SampleFormat::Int };
        let writer = hound::WavWriter::new(BufWriter::new(temporary), spec).map_err(|error| failed(&name, error))?;
        Ok(Self { name, target, spec, writer, written: 0 })
    }

    /// Appends audio of the file's rate and channels.
    ///
    /// # Errors
    ///
    /// When the disk refuses, or the audio is of another rate or has other channels.
    pub(crate) fn write(&mut self, frame: AudioFrameRef<'_>) -> Result<()> {
        let (expected, format) = ((self.spec.sample_rate, self.spec.channels), (frame.sample_rate(), frame.channels()));
        if format != expected {
            return Err(lk_plugin::format_changed(expected, format).into());
        }
        let samples = frame.samples();
        // The format counts its bytes in 32 bits.
        if (u64::from(self.writer.len()) + samples.len() as u64) * 2 > u64::from(u32::MAX) - 64 {
            return Err(refused(
                &self.name,
                "would be longer than a WAV file can be",
                "cut the text into pieces",
                None,
            ));
        }
        for sample in samples {
            self.writer.write_sample(*sample).map_err(|error| failed(&self.name, error))?;
        }
        self.written += frame.samples_per_channel() as u64;
        Ok(())
    }

    /// How much was written.
    pub(crate) fn length(&self) -> Duration {
        samples_to_duration(self.written, self.spec.sample_rate)
    }

    /// Puts the file where it belongs.
    ///
    /// # Errors
    ///
    /// When the disk refuses.
    pub(crate) fn finish(self) -> Result<()> {
        let Self { name, target, writer, .. } = self;
        writer.finalize().map_err(|error| failed(&name, error))?;
        target.finish().map_err(|error| unwritable(&name, error))
    }
}

/// Refuses an output that would replace an input, also where a link leads from one to the other. Each is called `name`
/// and lies at the path; `-` is what standard input is redirected from.
///
/// # Errors
///
/// When they are the same file.
pub(crate) fn refuse_same(output: (&str, &Path), inputs: &[(&str, Option<&Path>)]) -> Result<()> {
    let (option, output) = output;
    // What is no file, such as a device, keeps what is in it. So does a hard link: the new file takes the place of one
    // name.
    let file = |path: &Path| fs::canonicalize(path).ok().filter(|path| path.is_file());
    let Some(replaced) = file(output).filter(|_| output.as_os_str() != "-") else { return Ok(()) };
    for (name, path) in inputs {
        let path = path.map(|path| if path.as_os_str() == "-" { Path::new("/dev/stdin") } else { path });
        if path.and_then(file).is_some_and(|input| input == replaced) {
            return Err(Error::Usage(format!("{name} and `{option}` are the same file; give `{option}` another one")));
        }
    }
    Ok(())
}

impl Target {
    /// The target, and the handle to write to.
    fn open(path: &Path) -> io::Result<(Self, File)> {
        if path.as_os_str() == "-" {
            let file = tempfile::tempfile()?;
            return Ok((Self::StandardOutput(file.try_clone()?), file));
        }
        // Through links: the file that they lead to is the one to replace.
        let (path, exists) = match fs::canonicalize(path) {
            Ok(path) => (path, true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (path.to_owned(), false),
            Err(error) => return Err(error),
        };
        let metadata = exists.then(|| fs::metadata(&path)).transpose()?;
        match metadata {
            Some(metadata) if metadata.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Some(metadata) if !metadata.is_file() => {
                let file = tempfile::tempfile()?;
                Ok((Self::Device(file.try_clone()?, path), file))
            }
            existing => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                let mut builder = tempfile::Builder::new();
                builder.prefix(".lk-go-").suffix(".wav");
                // Who may read it: as with any other new file, or as before.
                let permissions = existing.map(|metadata| metadata.permissions());
                #[cfg(unix)]
                let permissions = permissions.or_else(|| Some(std::os::unix::fs::PermissionsExt::from_mode(0o666)));
                if let Some(permissions) = permissions {
                    builder.permissions(permissions);
                }
                let file = builder.tempfile_in(folder.unwrap_or(Path::new(".")))?;
                let handle = file.as_file().try_clone()?;
                Ok((Self::Replace(file, path), handle))
            }
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Replace(file, path) => file.persist(path).map(drop).map_err(|error| error.error),
            Self::Device(file, path) => copy(file, &mut File::options().write(true).open(path)?),
            Self::StandardOutput(file) => copy(file, &mut io::stdout().lock()),
        }
    }
}

/// The whole file; a reader that went away has heard enough.
fn copy(mut file: File, to: &mut impl Write) -> io::Result<()> {
    file.rewind()?;
    match io::copy(&mut file, to).and_then(|_| to.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

fn quoted(path: &Path) -> String {
    format!("`{}`", printable::path(path))
}

fn failed(name: &str, error: hound::Error) -> Error {
    match error {
        hound::Error::IoError(error) => unwritable(name, error),
        error => refused(name, "cannot be a WAV file", "ask the plugin for another format", Some(error.into())),
    }
}

fn unwritable(name: &str, error: io::Error) -> Error {
    let (problem, advice) = match error.kind() {
        // The system's own words would name the temporary file.
        io::ErrorKind::NotFound => {
            return refused(name, "is in a folder that is not there", "make the folder first", None);
        }
        io::ErrorKind::IsADirectory => return refused(name, "is a folder", "name a file in it", None),
        io::ErrorKind::PermissionDenied => ("cannot be written", "ask for the right to write there"),
        _ => ("cannot be written", "check the disk"),
    };
    refused(name, problem, advice, Some(error.into()))
}

fn refused(name: &str, problem: &str, advice: &str, source: Option<lk_plugin::BoxError>) -> Error {
    Error::Input { file: name.to_owned(), problem: problem.to_owned(), advice: advice.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Result<lk_plugin::AudioFrame> {
        Ok(lk_plugin::AudioFrame::new(vec![7; 160], 16_000, 1)?)
    }

    #[test]
    fn a_file_is_there_only_when_it_is_whole() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("speech.wav");
        let mut wav = WavWriter::create(&path, 16_000, 1)?;
        wav.write(frame()?.as_ref())?;
        assert!(!path.exists());
        wav.finish()?;
        let samples: Vec<i16> = hound::WavReader::open(&path)?.into_samples().collect::<Result<_, _>>()?;
        assert_eq!(samples, [7; 160]);

        let mut given_up = WavWriter::create(&path, 8_000, 2)?;
        assert!(given_up.write(frame()?.as_ref()).is_err());
        drop(given_up);
        assert_eq!(fs::read_dir(folder.path())?.count(), 1);
        Ok(())
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_to_and_a_link_followed() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let (device, real, link) =
            (folder.path().join("null"), folder.path().join("real.wav"), folder.path().join("link.wav"));
        std::os::unix::fs::symlink("/dev/null", &device)?;
        fs::write(&real, "before")?;
        std::os::unix::fs::symlink(&real, &link)?;
        for path in [&device, &link] {
            let mut wav = WavWriter::create(path, 16_000, 1)?;
            wav.write(frame()?.as_ref())?;
            wav.finish()?;
        }
        assert!(!fs::metadata("/dev/null")?.is_file());
        assert!(fs::symlink_metadata(&link)?.is_symlink());
        assert_eq!(hound::WavReader::open(&real)?.len(), 160);
        Ok(())
    }

    #[cfg(unix)]
    #[test]
    fn an_input_is_known_through_links() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let [one, other, link, hard] = ["one", "other", "link", "hard"].map(|name| folder.path().join(name));
        fs::write(&one, "1")?;
        fs::write(&other, "1")?;
        std::os::unix::fs::symlink(&one, &link)?;
        fs::hard_link(&one, &hard)?;
        let same =
            |output: &Path| refuse_same(("--out", output), &[("`--config`", None), ("`--in`", Some(&one))]).err();
        for output in [&one, &link, &folder.path().join(".").join("one")] {
            let message = same(output).map(|error| error.to_string()).unwrap_or_default();
            assert_eq!(message, "`--in` and `--out` are the same file; give `--out` another one");
        }
        for output in [&other, &hard, &folder.path().join("new"), Path::new("-"), folder.path()] {
            assert!(same(output).is_none(), "{}", output.display());
        }
        assert!(refuse_same(("--out", Path::new("/dev/null")), &[("`--in`", Some(Path::new("/dev/null")))]).is_ok());
        Ok(())
    }

    #[test]
    fn where_it_cannot_be_written_is_told() {
        let problem = |path: &str| WavWriter::create(Path::new(path), 8_000, 1).err().map(|error| error.to_string());
        assert_eq!(problem(".").as_deref(), Some("`.` is a folder; name a file in it"));
        let missing = problem("no-such-folder/x.wav").unwrap_or_default();
        assert!(missing.ends_with("is in a folder that is not there; make the folder first"), "{missing}");
    }
}
