//! What a plugin's note says that is known when the attribute runs. File, line and config fields the compiler adds.

use proc_macro2::TokenStream;
use quote::quote;
use syn::LitStr;

use crate::json::{Members, list, quoted};
use crate::plugin::Plugin;

/// The package that is being compiled, as Cargo tells the compiler.
#[derive(Default)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: String,
}

impl Package {
    pub(crate) fn of_environment() -> Self {
        let told = |name| std::env::var(name).unwrap_or_default();
        Self { name: told("CARGO_PKG_NAME"), version: told("CARGO_PKG_VERSION"), license: told("CARGO_PKG_LICENSE") }
    }
}

/// For `cfg`: where files are ELF. Nothing else has notes, or sections that the linker makes symbols of.
pub(crate) fn elf() -> TokenStream {
    quote!(any(target_os = "linux", target_os = "android", target_os = "freebsd"))
}

/// Members of the note's JSON object, without braces.
pub(crate) fn members(plugin: &Plugin, package: &Package) -> String {
    let mut members = Members::default();
    // Read first: which the others are depends on it.
    members.add("format", "1");
    members.add_text("kind", Some(&plugin.kind_name()));
    members.add_text("name", Some(&plugin.name.value()));
    members.add_text("version", Some(&package.version));
    members.add_text("package", Some(&package.name));
    members.add_text("description", Some(&plugin.description));
    let license = plugin.license.as_ref().map_or_else(|| package.license.clone(), LitStr::value);
    members.add_text("license", Some(license.as_str()).filter(|license| !license.is_empty()));
    let models = plugin.models.iter().map(|model| {
        let mut members = Members::default();
        members.add_text("name", Some(&model.name.value()));
        members.add_text("url", Some(&model.url.value()));
        members.add("size", model.size.base10_digits());
        members.add("sha256", quoted(&model.sha256.value()));
        members.into_object()
    });
    members.add("models", list(models));
    members.into_string()
}
