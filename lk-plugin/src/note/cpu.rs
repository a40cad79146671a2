//! Features of the CPU: which of them code was compiled to need, and which of them this machine has.

/// Each feature of the CPU, and whether the crate that says this is compiled to need it.
#[doc(hidden)]
#[macro_export]
macro_rules! __cpu_features {
    () => {
        $crate::__cpu_features!(@needed
            // x86
            "adx" "aes" "avx" "avx2" "avx512bf16" "avx512bitalg" "avx512bw" "avx512cd" "avx512dq" "avx512f" "avx512fp16"
            "avx512ifma" "avx512vbmi" "avx512vbmi2" "avx512vl" "avx512vnni" "avx512vp2intersect" "avx512vpopcntdq" "bmi1"
            "bmi2" "cmpxchg16b" "f16c" "fma" "fxsr" "gfni" "lzcnt" "movbe" "pclmulqdq" "popcnt" "rdrand" "rdseed" "sha"
            "sse" "sse2" "sse3" "sse4.1" "sse4.2" "sse4a" "ssse3" "tbm" "vaes" "vpclmulqdq" "xsave" "xsavec" "xsaveopt"
            "xsaves"
            // aarch64
            "bf16" "bti" "crc" "dit" "dotprod" "dpb" "dpb2" "f32mm" "f64mm" "fcma" "fhm" "flagm" "fp16" "frintts" "i8mm"
            "jsconv" "lse" "mte" "neon" "paca" "pacg" "rand" "rcpc" "rcpc2" "rdm" "sb" "sha2" "sha3" "sm4" "ssbs"
            "sve" "sve2" "tme"
        )
    };
    (@needed $($feature:literal)*) => {
        &[$(($feature, $crate::__private::cfg!(target_feature = $feature))),*]
    };
}
