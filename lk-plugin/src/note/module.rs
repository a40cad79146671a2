//! The note about a whole `.so`: what a host must know before it loads the file.

use super::json::Writer;
use super::{FORMAT, MODULE, Note, padded};

/// The major and minor number of the boundary's layout (`docs/abi.md`). A plugin fits a host of the same major number
/// whose minor number is not below its own.
pub(crate) const ABI: [u32; 2] = [1, 1];

/// What a `.so` was built for and what it exports, in constants.
pub struct Module {
    /// The Cargo package of the `.so` itself.
    pub package: &'static str,
    /// The package's version.
    pub version: &'static str,
    /// The packages whose plugins it exports; others that are linked in stay inside.
    pub exports: &'static [&'static str],
    /// The symbol that leads to all else.
    pub symbol: &'static str,
    /// Whether panics unwind there.
    pub unwinds: bool,
    /// Features of the CPU, and whether the code was compiled to need them.
    pub cpu_features: &'static [(&'static str, bool)],
}

/// How many bytes of JSON and zeros the note has.
pub const fn module_length(module: &Module) -> usize {
    let mut json = Writer::counting();
    write(&mut json, module);
    padded(json.length())
}

/// The note; `N` is its [`module_length`].
pub const fn module<const N: usize>(module: &Module) -> Note<N> {
    let mut bytes = [0; N];
    let mut json = Writer::into(&mut bytes);
    write(&mut json, module);
    let length = json.length();
    Note::new(MODULE, bytes, length)
}

const fn write(json: &mut Writer<'_>, module: &Module) {
    json.raw("{\"format\":");
    json.integer(FORMAT as i128);
    json.raw(",\"abi\":[");
    json.integer(ABI[0] as i128);
    json.raw(",");
    json.integer(ABI[1] as i128);
    json.raw("]");
    json.text_member("framework", Some(env!("CARGO_PKG_VERSION")));
    // The build script tells: no constant has them.
    json.text_member("rustc", Some(env!("LK_PLUGIN_RUSTC")));
    json.text_member("target", Some(env!("LK_PLUGIN_TARGET")));
    json.text_member("panic", Some(if module.unwinds { "unwind" } else { "abort" }));
    json.text_member("package", Some(module.package));
    json.text_member("version", Some(module.version));
    json.text_member("symbol", Some(module.symbol));
    json.name("exports");
    let (mut index, mut written) = (0, 0);
    json.raw("[");
    while index < module.exports.len() {
        if index > 0 {
            json.raw(",");
        }
        json.text(module.exports[index]);
        index += 1;
    }
    json.raw("]");
    json.name("cpu_features");
    json.raw("[");
    index = 0;
    while index < module.cpu_features.len() {
        let (name, needed) = module.cpu_features[index];
        if needed {
            if written > 0 {
                json.raw(",");
            }
            json.text(name);
            written += 1;
        }
        index += 1;
    }
    json.raw("]}");
}

/// Leaves the note about a `.so` in it, in the crate that is the `.so`; `export_plugins!` writes this.
#[doc(hidden)]
#[macro_export]
macro_rules! __module_note {
    (symbol: $symbol:expr, exports: $exports:expr) => {
        #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
        // An older compiler knows fewer features of CPUs.
        #[allow(unexpected_cfgs)]
        const _: () = {
            use $crate::__private as __lk;

            const MODULE: __lk::note::Module = __lk::note::Module {
                package: __lk::or_empty(__lk::option_env!("CARGO_PKG_NAME")),
                version: __lk::or_empty(__lk::option_env!("CARGO_PKG_VERSION")),
                exports: $exports,
                symbol: $symbol,
                unwinds: __lk::cfg!(panic = "unwind"),
                cpu_features: $crate::__cpu_features!(),
            };
            const LENGTH: usize = __lk::note::module_length(&MODULE);
            #[used]
            #[unsafe(link_section = ".note.lk.plugin")]
            static NOTE: __lk::note::Note<LENGTH> = __lk::note::module(&MODULE);
        };
    };
}
