//! Plugins that want model files, in a shared object made by hand; the files' content; and a server's answers with it.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::program::lk_go;
use crate::server::{Reply, Server};
use crate::shared_object::SharedObject;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What a test's model files hold: 100,000 bytes, which no two windows of repeat.
#[must_use]
pub fn content() -> Vec<u8> {
    (0..25_000_u32).flat_map(u32::to_le_bytes).collect()
}

/// In hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A model file as a plugin declares it.
#[must_use]
pub fn model(name: &str, url: &str, bytes: &[u8]) -> Value {
    json!({"name": name, "url": url, "size": bytes.len(), "sha256": sha256(bytes)})
}

/// Plugins in files, and a folder for their models.
#[derive(Debug)]
pub struct Machine {
    /// What `LK_PLUGIN_PATH` names.
    pub plugins: TempDir,
    /// What `LK_MODEL_DIR` names.
    pub models: TempDir,
}

impl Machine {
    /// A `vad` plugin for each name, with its files.
    ///
    /// # Errors
    ///
    /// When the disk refuses, or there is no compiler to say what the target is called.
    pub fn new(plugins: &[(&str, &[Value])]) -> Result<Self> {
        let machine = Self { plugins: TempDir::new()?, models: TempDir::new()? };
        let mut object = SharedObject::new(&target()?, &[]);
        for (name, models) in plugins {
            let note = json!({
                "format": 1, "kind": "vad", "name": name, "version": "0.1.0", "package": "fixture",
                "description": "A fixture", "license": "MIT", "file": "src/lib.rs", "line": 7, "models": models, "fields": [],
            });
            object.notes.push((1, note.to_string()));
        }
        fs::write(machine.plugins.path().join("fixture.so"), object.bytes())?;
        Ok(machine)
    }

    /// With one plugin and one file, `model.bin`, from this server.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_one_file(server: &Server) -> Result<Self> {
        Self::new(&[("gate", &[model("model.bin", &format!("{}/model.bin", server.url()), &content())])])
    }

    /// The variables that make it so.
    #[must_use]
    pub fn environment(&self) -> [(&'static str, &Path); 2] {
        [("LK_PLUGIN_PATH", self.plugins.path()), ("LK_MODEL_DIR", self.models.path())]
    }

    /// Runs `lk-go plugin download-files` to its end.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn run(&self, arguments: &[&str]) -> Result<Output> {
        let mut command = lk_go()?;
        for proxy in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env_remove(proxy);
        }
        Ok(command.args(["plugin", "download-files"]).args(arguments).envs(self.environment()).output()?)
    }

    /// Where the file of this name belongs.
    #[must_use]
    pub fn model(&self, name: &str) -> PathBuf {
        self.models.path().join("fixture").join(name)
    }

    /// What is kept of `model.bin`.
    #[must_use]
    pub fn part(&self) -> PathBuf {
        self.model(&format!(".model.bin.{}.part", &sha256(&content())[..16]))
    }

    /// The names of all that is in the package's folder.
    ///
    /// # Errors
    ///
    /// When it is not there.
    pub fn names(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.models.path().join("fixture"))? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }
}

fn target() -> Result<String> {
    let rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())).arg("-vV").output()?;
    let text = String::from_utf8(rustc.stdout)?;
    Ok(text.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("a host")?.to_owned())
}

/// An answer that tells its length, and then sends so much of it.
#[must_use]
pub fn plain(head: &str, bytes: &[u8], sent: usize) -> Reply {
    let head = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n", bytes.len());
    Reply::raw().bytes(head).bytes(&bytes[..sent])
}

/// The whole, with a tag by which it is known again.
#[must_use]
pub fn whole() -> Reply {
    plain("200 OK\r\netag: \"one\"", &content(), content().len())
}

/// The rest of the file from there.
#[must_use]
pub fn rest(start: usize) -> Reply {
    let rest = content().split_off(start);
    plain(&format!("206 Partial\r\ncontent-range: bytes {start}-99999/100000"), &rest, rest.len())
}
