//! Functions of one value without branches or library calls, so that loops over them become vector code.
//!
//! None of the activation functions returns NaN, not even for NaN: a broken sample may spoil a few probabilities, but
//! it cannot stay in a stream's memory for ever.
//!
//! `FUSED` says that the processor has a fused multiply-add. Without one, `mul_add` is a library call for each value.

/// `a * b + c`.
#[inline(always)]
pub(super) fn multiply_add<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// `max(value, 0)`, and 0 for NaN.
#[inline(always)]
pub(super) fn relu(value: f32) -> f32 {
    if value > 0.0 { value } else { 0.0 }
}

/// `1 / (1 + e^-value)`.
#[inline(always)]
pub(super) fn sigmoid<const FUSED: bool>(value: f32) -> f32 {
    1.0 / (1.0 + exp::<FUSED>(-value))
}

/// Hyperbolic tangent, to about 1e-7 absolute.
#[inline(always)]
pub(super) fn tanh<const FUSED: bool>(value: f32) -> f32 {
    1.0 - 2.0 / (1.0 + exp::<FUSED>(2.0 * value))
}

/// `e^value` for values from -80 to 80; others (and NaN) are moved to that range.
///
/// With `value = n ln 2 + r`, `n` whole and `|r| <= ln 2 / 2`, the result is `2^n e^r`: `2^n` is put together from
/// bits, `e^r` is a Taylor polynomial whose error is below one unit in the last place.
#[inline(always)]
fn exp<const FUSED: bool>(value: f32) -> f32 {
    /// 1.5 * 2^23: adding it leaves the nearest whole number in the low bits.
    const ROUND: f32 = 12_582_912.0;
    /// ln 2 in two parts; the first has so few bits that its product with `n` is exact.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;

    // Comparisons written so that NaN takes the `else`.
    let value = if value > -80.0 { value } else { -80.0 };
    let value = if value < 80.0 { value } else { 80.0 };
    let shifted = multiply_add::<FUSED>(value, std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = multiply_add::<FUSED>(n, -LN_2_LOW, multiply_add::<FUSED>(n, -LN_2_HIGH, value));
    let mut polynomial = 1.0 / 5040.0;
    for coefficient in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        polynomial = multiply_add::<FUSED>(polynomial, r, coefficient);
    }
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0_f32.to_bits()));
    polynomial * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activations_are_close_to_the_library_functions() {
        for step in -4000..=4000 {
            let value = step as f32 * 0.01;
            let exact = f64::from(value);
            for found in [sigmoid::<false>(value), sigmoid::<true>(value)] {
                let error = f64::from(found) - 1.0 / (1.0 + (-exact).exp());
                assert!(error.abs() < 1.5e-7, "sigmoid({value}) is off by {error:e}");
            }
            for found in [tanh::<false>(value), tanh::<true>(value)] {
                let error = f64::from(found) - exact.tanh();
                assert!(error.abs() < 2.5e-7, "tanh({value}) is off by {error:e}");
            }
        }
    }

    #[test]
    fn activations_are_finite_for_every_kind_of_value() {
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN, f32::MIN_POSITIVE] {
            assert!((0.0..=1.0).contains(&sigmoid::<false>(value)), "sigmoid({value})");
            assert!((-1.0..=1.0).contains(&tanh::<false>(value)), "tanh({value})");
        }
        assert_eq!(relu(f32::NAN), 0.0);
        assert_eq!(relu(-1.0), 0.0);
        assert_eq!(relu(2.0), 2.0);
    }
}
