//! Time bases and presentation times. A time always carries its base.

/// Seconds a tick, as a fraction. Neither part is zero or negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimeBase {
    num: u32,
    den: u32,
}

/// What is wrong with a time or a time base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeError {
    /// Numerator or denominator is zero or negative.
    BadBase {
        /// Numerator found.
        num: i64,
        /// Denominator found.
        den: i64,
    },
    /// The result does not fit 64 bits.
    Overflow,
}

impl std::fmt::Display for TimeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BadBase { num, den } => write!(f, "time base {num}/{den} is not positive"),
            Self::Overflow => write!(f, "time does not fit 64 bits"),
        }
    }
}

impl std::error::Error for TimeError {}

impl TimeBase {
    /// One tick a second.
    pub const ONE_SECOND: Self = Self { num: 1, den: 1 };

    /// A time base of `num / den` seconds.
    ///
    /// # Errors
    /// [`TimeError::BadBase`] unless both are within 1..=i32::MAX.
    pub fn new(num: i64, den: i64) -> Result<Self, TimeError> {
        let ok = |v: i64| (1..=i64::from(i32::MAX)).contains(&v);
        if ok(num) && ok(den) {
            Ok(Self {
                num: num as u32,
                den: den as u32,
            })
        } else {
            Err(TimeError::BadBase { num, den })
        }
    }

    /// Numerator, seconds.
    #[must_use]
    pub fn num(self) -> u32 {
        self.num
    }

    /// Denominator, ticks.
    #[must_use]
    pub fn den(self) -> u32 {
        self.den
    }
}

/// A presentation time: ticks of a time base. Times of different bases are not comparable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pts {
    /// Ticks; may be negative.
    pub ticks: i64,
    /// The unit of `ticks`.
    pub base: TimeBase,
}

impl Pts {
    /// Seconds, for showing and for motion; not for writing into a file.
    #[must_use]
    pub fn seconds(self) -> f64 {
        self.ticks as f64 * f64::from(self.base.num) / f64::from(self.base.den)
    }

    /// The same time in another base, rounded to the nearest tick, halves away from zero.
    ///
    /// # Errors
    /// [`TimeError::Overflow`] when the result does not fit.
    pub fn rescale(self, base: TimeBase) -> Result<Self, TimeError> {
        let n = i128::from(self.ticks) * i128::from(self.base.num) * i128::from(base.den);
        let d = i128::from(self.base.den) * i128::from(base.num);
        let half = d / 2;
        let q = if n >= 0 {
            (n + half) / d
        } else {
            (n - half) / d
        };
        let ticks = i64::try_from(q).map_err(|_| TimeError::Overflow)?;
        Ok(Self { ticks, base })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(n: i64, d: i64) -> TimeBase {
        TimeBase::new(n, d).unwrap()
    }

    #[test]
    fn a_time_base_without_a_positive_denominator_is_refused() {
        assert!(TimeBase::new(1, 0).is_err());
        assert!(TimeBase::new(0, 25).is_err());
        assert!(TimeBase::new(1, -25).is_err());
    }

    #[test]
    fn rescaling_rounds_to_the_nearest_tick_on_both_sides_of_zero() {
        let at = |ticks| Pts {
            ticks,
            base: base(1, 90000),
        };
        assert_eq!(at(45).rescale(base(1, 1000)).unwrap().ticks, 1);
        assert_eq!(at(-45).rescale(base(1, 1000)).unwrap().ticks, -1);
        assert_eq!(at(44).rescale(base(1, 1000)).unwrap().ticks, 0);
    }

    #[test]
    fn a_time_that_does_not_fit_is_an_error_and_not_another_time() {
        let far = Pts {
            ticks: i64::MAX,
            base: base(1, 1),
        };
        assert_eq!(far.rescale(base(1, 1000)), Err(TimeError::Overflow));
    }
}
