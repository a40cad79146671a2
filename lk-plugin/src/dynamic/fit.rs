//! Check 10: whether what the file was built for is what it meets here.

use super::check::Check;
use super::contents::ModuleNote;
use super::report::Fault;
use crate::hint::{shown, start_of};
use crate::note::ABI;

/// As much of the names of missing features as is shown, in characters.
const MAX_FEATURES: usize = 300;

pub(super) fn check(module: &ModuleNote) -> Result<(), Fault> {
    let [major, minor] = module.abi;
    if major != ABI[0] || minor > ABI[1] {
        let (whose, remedy) = if [major, minor] < ABI {
            ("an older", "build the plugin with the version of lk-plugin that this program has")
        } else {
            ("a later", "update this program, or build the plugin with its version of lk-plugin")
        };
        return misfit(
            format!(
                "was built for {whose} boundary, {major}.{minor} (lk-plugin {}); this program has {}.{}",
                shown(&module.framework),
                ABI[0],
                ABI[1]
            ),
            remedy,
        );
    }
    let target = env!("LK_PLUGIN_TARGET");
    if module.target != target {
        return misfit(
            format!("was built for `{}`, and this program for `{target}`", shown(&module.target)),
            format!("build it with `--target {target}`"),
        );
    }
    if module.panic != "unwind" {
        return misfit(
            format!("was built with `panic = \"{}\"`: a panic in it would end this program", shown(&module.panic)),
            "build it with `panic = \"unwind\"`, which is the default",
        );
    }
    let missing: Vec<&str> = module.cpu_features.iter().map(String::as_str).filter(|name| !has(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    misfit(
        format!(
            "needs features that this machine's CPU does not have or that are not known here: `{}`",
            start_of(&missing.join("`, `"), MAX_FEATURES)
        ),
        "build it without `-C target-cpu=native` and `-C target-feature`, or for this machine",
    )
}

fn misfit(reason: impl Into<String>, remedy: impl Into<String>) -> Result<(), Fault> {
    Err(Fault::new(Check::Compatibility, reason, remedy))
}

/// Whether this machine's CPU has the feature.
fn has(feature: &str) -> bool {
    macro_rules! any_of {
        ($detect:ident $($name:tt)*) => {
            match feature {
                $($name => std::arch::$detect!($name),)*
                _ => false,
            }
        };
    }
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    return any_of!(is_x86_feature_detected
        "adx" "aes" "avx" "avx2" "avx512bf16" "avx512bitalg" "avx512bw" "avx512cd" "avx512dq" "avx512f" "avx512fp16"
        "avx512ifma" "avx512vbmi" "avx512vbmi2" "avx512vl" "avx512vnni" "avx512vp2intersect" "avx512vpopcntdq" "bmi1"
        "bmi2" "cmpxchg16b" "f16c" "fma" "fxsr" "gfni" "lzcnt" "movbe" "pclmulqdq" "popcnt" "rdrand" "rdseed" "sha"
        "sse" "sse2" "sse3" "sse4.1" "sse4.2" "sse4a" "ssse3" "tbm" "vaes" "vpclmulqdq" "xsave" "xsavec" "xsaveopt"
        "xsaves");
    #[cfg(target_arch = "aarch64")]
    return any_of!(is_aarch64_feature_detected
        "aes" "bf16" "bti" "crc" "dit" "dotprod" "dpb" "dpb2" "f32mm" "f64mm" "fcma" "fhm" "flagm" "fp16" "frintts"
        "i8mm" "jsconv" "lse" "mte" "neon" "paca" "pacg" "pmull" "rand" "rcpc" "rcpc2" "rdm" "sb" "sha2" "sha3" "sm4"
        "ssbs" "sve" "sve2" "tme");
    // Code for other machines names none.
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")))]
    return false;
}
