//! What the command line says. Help, completions and the man page come from these definitions.

use crate::values::{CodecArg, FillArg, SensitivityArg, factor, replace_with, score};
use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use scrim_redact::WeightsFrom;
use scrim_sink::Codec;
use std::path::PathBuf;

/// Finds faces and licence plates in photos and videos, and removes them for good.
#[derive(Debug, Parser)]
#[command(name = "scrim", version, about, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write redacted copies of photos and videos
    Redact(RedactArgs),
    /// Print boxes and scores of what is found, as JSON, for measuring
    Detect(DetectArgs),
    /// Check redacted files against their reports, and look again, finer and slower
    Verify(VerifyArgs),
    /// Measure on labelled pictures of your own what would be covered and what missed
    Eval(EvalArgs),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Print the man page
    Man,
}

/// Arguments of `scrim verify`.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 clean; 1 something found; 2 wrong use; 3 unreadable.")]
pub struct VerifyArgs {
    /// Redacted files, each with the report that scrim wrote beside it
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Write a contact sheet of the places found: a PNG in which everything else is redacted
    #[arg(long, value_name = "PNG")]
    pub sheet: Option<PathBuf>,

    /// Replace a contact sheet that exists
    #[arg(long, requires = "sheet")]
    pub overwrite: bool,

    /// What looks.
    #[command(flatten)]
    pub looking: Looking,

    /// How it is told.
    #[command(flatten)]
    pub telling: Telling,
}

/// How a check or a measure is told, and how many threads it may take.
#[derive(Debug, Args)]
pub struct Telling {
    /// Print what was found as JSON
    #[arg(long)]
    pub json: bool,

    /// Show no progress
    #[arg(short, long)]
    pub quiet: bool,

    /// Threads for detector and codecs [default: all cores]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
}

/// What looks for faces and plates.
#[derive(Debug, Args)]
pub struct Looking {
    /// What the detector learned from: `city`, all pictures there were, misses least; `clear`,
    /// only pictures whose licence is stated and allows it; or the model card (.json) of weights
    /// of your own
    #[arg(long, value_name = "NAME|CARD", default_value = "city",
        value_parser = OsStringValueParser::new().map(|word| WeightsFrom::named(&word)))]
    pub weights: WeightsFrom,
}

/// Arguments of `scrim eval`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 measured; 2 wrong use; 3 labels or pictures that cannot be read; 130 stopped."
)]
pub struct EvalArgs {
    /// Folder with pictures and labels.csv, or any folder above such folders
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,

    /// Write a contact sheet of what would be missed: a PNG in which every labelled and every
    /// found face and plate is filled
    #[arg(long, value_name = "PNG")]
    pub misses: Option<PathBuf>,

    /// Replace a contact sheet that exists
    #[arg(long, requires = "misses")]
    pub overwrite: bool,

    /// What is at stake, as for `redact`
    #[arg(long, value_enum, default_value_t = SensitivityArg::Publish)]
    pub sensitivity: SensitivityArg,

    /// Score from which something is covered, instead of the sensitivity's own
    #[arg(short, long, value_name = "0.05-0.95", value_parser = score)]
    pub threshold: Option<f32>,

    /// What looks.
    #[command(flatten)]
    pub looking: Looking,

    /// How it is told.
    #[command(flatten)]
    pub telling: Telling,
}

/// Arguments of `scrim completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Arguments of `scrim detect`.
#[derive(Debug, Args)]
pub struct DetectArgs {
    /// A photo or video
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// As JSON, the one form there is
    #[arg(long)]
    pub json: bool,

    /// How much is at stake if something is missed
    #[arg(long, value_enum, default_value_t = SensitivityArg::Publish)]
    pub sensitivity: SensitivityArg,

    /// What looks.
    #[command(flatten)]
    pub looking: Looking,

    /// Look at what can be decoded of a cut or damaged file instead of refusing it
    #[arg(long)]
    pub accept_damaged: bool,

    /// Threads for detector and codecs [default: all cores]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
}

/// Arguments of `scrim redact`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct RedactArgs {
    /// Photos, videos, and folders of them (folders are walked, their structure is kept)
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,

    /// Where to write: a file for one input, a folder for several [default: NAME_redacted.EXT
    /// beside each input]
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,

    /// How much is at stake if something is missed
    #[arg(long, value_enum, default_value_t = SensitivityArg::Publish)]
    pub sensitivity: SensitivityArg,

    /// Score from which a face or plate is covered for certain, 0.05 to 0.95; a score, not a
    /// probability [default: by sensitivity]
    #[arg(short, long, value_name = "SCORE", value_parser = score)]
    pub thresh: Option<f32>,

    /// What looks.
    #[command(flatten)]
    pub looking: Looking,

    /// Factor on the size of every region; 1 is the tracker's own margin
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = factor)]
    pub mask_scale: f32,

    /// Parts of the picture that are always filled: a JSON file of rectangles and polygons
    #[arg(long, value_name = "FILE")]
    pub zones: Option<PathBuf>,

    /// Beside each redacted video, write a picture of the zones over its first frame
    #[arg(long, requires = "zones")]
    pub zones_picture: bool,

    /// What regions are filled with: black, or a blend of the colours around them. Neither
    /// depends on what is hidden; blur and mosaic do, so there is none
    #[arg(long, value_enum, default_value_t = FillArg::Solid)]
    pub fill: FillArg,

    /// For users of deface; `solid` only
    #[arg(long, value_name = "FILTER", hide = true, value_parser = replace_with)]
    pub replacewith: Option<FillArg>,

    /// Keep every audio track (voices and announcements can identify people too)
    #[arg(short, long)]
    pub keep_audio: bool,

    /// Codec of videos [default: H.264 where it can hold the picture exactly]
    #[arg(long, value_enum)]
    pub codec: Option<CodecArg>,

    /// Quality of the video encoder, lower is better: 0 to 51 for h264 and hevc, 0 to 63 for av1 and
    /// vp9 [default: by codec, h264 20]
    #[arg(long, value_name = "0-63", value_parser = clap::value_parser!(u8).range(0..=63))]
    pub crf: Option<u8>,

    /// Preset of the video encoder [default: by codec, h264 veryfast]
    #[arg(long)]
    pub preset: Option<String>,

    /// Redact what can be decoded of a cut or damaged file instead of refusing it
    #[arg(long)]
    pub accept_damaged: bool,

    /// Replace outputs that exist
    #[arg(long, conflicts_with = "skip_done")]
    pub overwrite: bool,

    /// Leave out inputs whose output and report exist
    #[arg(long)]
    pub skip_done: bool,

    /// Write no report beside the outputs
    #[arg(long)]
    pub no_report: bool,

    /// Put the input's SHA-256 into the report (it links the output to its original)
    #[arg(long)]
    pub hash_input: bool,

    /// Threads for detector and codecs [default: all cores]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,

    /// Most memory that one frame, or one photo file, may take, megabytes
    #[arg(long, value_name = "MB", default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..=65536))]
    pub memory: u64,

    /// Print nothing but faults
    #[arg(short, long)]
    pub quiet: bool,

    /// Print the summary as JSON on standard output
    #[arg(long)]
    pub json: bool,
}

const EXIT_CODES: &str = "\
Exit codes: 0 all done; 1 done, with blanked frames or something to check; 2 wrong arguments;
3 some inputs refused, the rest done; 4 nothing usable was written; 130 stopped by Ctrl-C.";

impl RedactArgs {
    /// What the codec does not know of `--crf`. Without `--codec` videos become H.264 where that
    /// holds the picture, so its range holds for all.
    pub fn wrong_crf(&self) -> Option<String> {
        let crf = self.crf?;
        let codec = self.codec.map_or(Codec::H264, Codec::from);
        let name = codec.name();
        match codec.crf_range() {
            Some(range) if range.contains(&crf) => None,
            Some(range) => {
                let (low, high) = (range.start(), range.end());
                let more = match self.codec {
                    None => "; --codec av1 and --codec vp9 know more",
                    Some(_) => "",
                };
                Some(format!(
                    "{name} knows --crf {low} to {high}, not {crf}{more}"
                ))
            }
            None => Some(format!("{name} is lossless and has no --crf; leave it out")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definitions_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn blur_is_answered_with_why_not_and_what_instead() {
        let asked = ["scrim", "redact", "a.jpg", "--replacewith", "blur"];
        let refused = Cli::try_parse_from(asked).unwrap_err().to_string();
        assert!(refused.contains("hidden pixels") && refused.contains("--fill surround"));
    }

    #[test]
    fn each_codec_has_its_own_range_of_crf() {
        let wrong = |more: &[&str]| {
            let args = [&["scrim", "redact", "a.mp4"][..], more].concat();
            match Cli::try_parse_from(args).unwrap().command {
                Command::Redact(args) => args.wrong_crf(),
                _ => unreachable!(),
            }
        };
        assert_eq!(wrong(&[]), None);
        for codec in ["h264", "hevc"] {
            assert_eq!(wrong(&["--codec", codec, "--crf", "51"]), None);
            let told = wrong(&["--codec", codec, "--crf", "52"]).unwrap();
            assert!(
                told.starts_with(codec) && told.contains("0 to 51"),
                "{told}"
            );
        }
        for codec in ["av1", "vp9"] {
            assert_eq!(wrong(&["--codec", codec, "--crf", "63"]), None);
        }
        assert!(
            wrong(&["--codec", "ffv1", "--crf", "0"])
                .unwrap()
                .contains("lossless")
        );
        let told = wrong(&["--crf", "60"]).unwrap();
        assert!(
            told.contains("0 to 51") && told.contains("--codec av1"),
            "{told}"
        );
    }

    #[test]
    fn a_mask_cannot_be_made_smaller_than_what_was_found() {
        assert!(Cli::try_parse_from(["scrim", "redact", "a", "--mask-scale", "0.5"]).is_err());
        assert!(Cli::try_parse_from(["scrim", "redact", "a", "--mask-scale", "1.3"]).is_ok());
    }
}
