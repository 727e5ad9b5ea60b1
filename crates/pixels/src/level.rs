//! What this CPU can do, as one ordered level, and the override that only ever lowers it.
//!
//! This module knows instruction sets and one environment variable; it knows no kernel.
use std::fmt;
use std::sync::OnceLock;

/// Environment variable that lowers the level: `scalar`, `neon`, `avx2`, `avxvnni` or `avx512`.
///
/// Read once a process. A name it does not know lowers to `scalar`: who sets the variable
/// wants less than the best, and the slow answer is the right one.
pub const LEVEL_VARIABLE: &str = "SCRIM_LEVEL";

/// A set of vector instructions. A CPU has all levels of its kind below its highest one but perhaps
/// [`Level::AvxVnni`], which the servers with AVX-512 do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Plain Rust: the definition that the others are compared with.
    Scalar,
    /// NEON, 4 floats a vector: every 64-bit ARM processor, and none but those.
    Neon,
    /// AVX2 and FMA, 8 floats a vector.
    Avx2,
    /// [`Level::Avx2`] with AVX-VNNI, which multiplies and adds four bytes in one instruction:
    /// what laptops since 2021 have that have no AVX-512.
    AvxVnni,
    /// AVX-512 F, BW, VL, DQ and VNNI, 16 numbers a vector (with everything of
    /// [`Level::Avx2`]). What has AVX-512 without VNNI, the first processors that had it, runs
    /// [`Level::Avx2`].
    Avx512,
}

/// All levels, lowest first.
const ALL: [Level; 5] = [
    Level::Scalar,
    Level::Neon,
    Level::Avx2,
    Level::AvxVnni,
    Level::Avx512,
];

impl Level {
    /// The highest level of this CPU, not above [`LEVEL_VARIABLE`] where it is set.
    pub fn best() -> Self {
        static BEST: OnceLock<Level> = OnceLock::new();
        *BEST.get_or_init(|| {
            let wanted = std::env::var(LEVEL_VARIABLE).ok();
            Self::ceiling(wanted.as_deref()).here()
        })
    }

    /// The highest level of this CPU.
    pub fn hardware() -> Self {
        Self::Avx512.here()
    }

    /// This level, or where the CPU lacks it the highest one below that it has. Kernels are
    /// fenced by this: whatever [`Level`] the caller made up, no instruction runs that the CPU
    /// lacks.
    pub fn here(self) -> Self {
        static HERE: OnceLock<[Level; ALL.len()]> = OnceLock::new();
        HERE.get_or_init(|| Self::lowered(Self::exists))[self as usize]
    }

    /// What each of [`ALL`] runs as on a CPU that has those for which `exists`.
    fn lowered(exists: impl Fn(Self) -> bool) -> [Self; ALL.len()] {
        let mut best = Self::Scalar;
        ALL.map(|level| {
            if exists(level) {
                best = level;
            }
            best
        })
    }

    /// Whether this CPU has all of the level.
    #[cfg(target_arch = "x86_64")]
    fn exists(self) -> bool {
        let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        match self {
            Self::Scalar => true,
            Self::Neon => false,
            Self::Avx2 => avx2,
            Self::AvxVnni => avx2 && is_x86_feature_detected!("avxvnni"),
            // A CPU with AVX-512 and without AVX2 is none that exists; the kernels use both.
            Self::Avx512 => {
                avx2 && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vnni")
            }
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn exists(self) -> bool {
        let neon = cfg!(all(target_arch = "aarch64", target_feature = "neon"));
        self == Self::Scalar || (self == Self::Neon && neon)
    }

    /// What the override allows: everything where it is absent or empty.
    fn ceiling(wanted: Option<&str>) -> Self {
        match wanted.map(str::trim) {
            None | Some("") => Self::Avx512,
            Some(name) => ALL
                .into_iter()
                .find(|level| level.name().eq_ignore_ascii_case(name))
                .unwrap_or(Self::Scalar),
        }
    }

    /// The name that [`LEVEL_VARIABLE`] takes and that benches print.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Neon => "neon",
            Self::Avx2 => "avx2",
            Self::AvxVnni => "avxvnni",
            Self::Avx512 => "avx512",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Every level that this CPU has, lowest first; the override does not shorten it, so that a
/// test run under [`LEVEL_VARIABLE`] still compares all of them.
pub fn levels_here() -> Vec<Level> {
    ALL.into_iter()
        .filter(|level| *level == level.here())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_ordered_by_what_they_can_do() {
        assert!(Level::Scalar < Level::Neon && Level::Neon < Level::Avx2);
        assert!(Level::Avx2 < Level::AvxVnni);
        assert!(Level::AvxVnni < Level::Avx512);
        assert!(levels_here().is_sorted());
        assert_eq!(levels_here()[0], Level::Scalar);
        assert_eq!(levels_here().last(), Some(&Level::hardware()));
    }

    #[test]
    fn a_level_that_the_cpu_lacks_runs_as_the_next_lower_one_that_it_has() {
        use Level::{Avx2, Avx512, AvxVnni, Neon, Scalar};
        // A server with AVX-512 and no AVX-VNNI, a laptop the other way round, an old machine, ARM.
        for (lacks, expected) in [
            (&[Neon, AvxVnni][..], [Scalar, Scalar, Avx2, Avx2, Avx512]),
            (&[Neon, Avx512], [Scalar, Scalar, Avx2, AvxVnni, AvxVnni]),
            (&[Neon, Avx2, AvxVnni, Avx512], [Scalar; 5]),
            (&[Avx2, AvxVnni, Avx512], [Scalar, Neon, Neon, Neon, Neon]),
            (&[], ALL),
        ] {
            let exists = |level| !lacks.contains(&level);
            assert_eq!(Level::lowered(exists), expected, "without {lacks:?}");
        }
        assert_eq!(ALL.map(Level::here), Level::lowered(Level::exists));
    }

    #[test]
    fn the_override_lowers_and_never_raises() {
        for (wanted, ceiling) in [
            (None, Level::Avx512),
            (Some(""), Level::Avx512),
            (Some("avx512"), Level::Avx512),
            (Some(" AVX2 "), Level::Avx2),
            (Some("avxvnni"), Level::AvxVnni),
            (Some("neon"), Level::Neon),
            (Some("scalar"), Level::Scalar),
            (Some("avx1024"), Level::Scalar),
        ] {
            assert_eq!(Level::ceiling(wanted), ceiling, "{wanted:?}");
        }
        assert!(Level::best() <= Level::hardware());
    }

    /// A machine that tests the scalar code alone proves nothing about what ships: on CI
    /// (where `CI` is set) that is a failure and not a skip.
    #[test]
    fn a_ci_machine_has_vectors() {
        if std::env::var_os("CI").is_some() {
            assert!(
                Level::hardware() > Level::Scalar,
                "this CI machine has no AVX2 and no NEON: the vector kernels would go untested"
            );
        }
    }
}
