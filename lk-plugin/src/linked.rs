//! What the linker has put side by side.

use crate::plugin::StaticPlugin;

/// Every plugin that is linked into this artifact. The number grows when the layout of an entry changes, so that two
/// cores in one binary could never read each other's entries (`links` in Cargo.toml keeps them apart already).
#[cfg(not(any(miri, target_family = "wasm")))]
#[linkme::distributed_slice]
pub static LK_PLUGIN_ENTRIES_V3: [StaticPlugin];

/// Every plugin that is linked into this artifact. There is no slice under Miri and on wasm: what is needed there is put
/// together by `plugins!`.
pub(crate) fn linked() -> &'static [StaticPlugin] {
    #[cfg(not(any(miri, target_family = "wasm")))]
    return &LK_PLUGIN_ENTRIES_V3;
    #[cfg(any(miri, target_family = "wasm"))]
    return &[];
}
