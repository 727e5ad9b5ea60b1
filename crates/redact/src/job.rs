//! What a job holds for all its files: the detector, its settings, how to stop it.

use crate::cover::{TRACKS, Tracks};
use crate::error::JobError;
use crate::paint::{FILLS, Fills};
use crate::plan::{Kind, Planned};
use crate::settings::{JobSettings, WeightsFrom};
use scrim_detect::network::NetworkError;
use scrim_detect::third_stage::{ThirdError, ThirdStage, ThirdWeights};
use scrim_detect::weights::{SecondWeights, Variant, Weights, WeightsError};
use scrim_detect::{Cascade, Detector, Guard, NetworkDetector};
use scrim_raw::ModelId;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Longest wait for one look at one frame. A look at the largest picture takes seconds on a slow
/// machine; a detector that is silent for longer hangs.
const DEADLINE: Duration = Duration::from_secs(120);

/// Why the detector cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The weights inside the program are not what it was built for.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The same of the third stage's.
    #[error(transparent)]
    Third(#[from] ThirdError),
    /// The user's own weights are not what this program takes.
    #[error("--weights {}: {why}; it takes city, clear or a model card (.json)", card.display())]
    Refused {
        /// The card that was given.
        card: PathBuf,
        /// What is wrong with it or its file.
        why: Box<EngineError>,
    },
    /// The network cannot be built of them.
    #[error(transparent)]
    Network(#[from] NetworkError),
}

/// The detector of a job and its settings.
pub struct Engine {
    /// What the job was told.
    pub settings: JobSettings,
    factory: Arc<dyn Fn() -> Box<dyn Detector> + Send + Sync>,
    deadline: Duration,
    pub(crate) model: ModelFacts,
    /// What tracks. No function of this crate sets another one; tests inside it do, for faults
    /// that cannot be caused otherwise.
    pub(crate) tracks: Tracks,
    /// What fills, likewise.
    pub(crate) fills: Fills,
}

/// What the report says of the model.
#[derive(Debug, Clone)]
pub(crate) struct ModelFacts {
    pub(crate) name: String,
    pub(crate) sha256: String,
    pub(crate) second_sha256: Option<String>,
    pub(crate) third_sha256: Option<String>,
    pub(crate) level: String,
}

impl ModelFacts {
    /// Of all networks together: with another second or third stage it is another model.
    fn id(&self) -> ModelId {
        let second = self.second_sha256.as_deref().unwrap_or_default();
        let third = self.third_sha256.as_deref().unwrap_or_default();
        ModelId(Sha256::digest(format!("{}{second}{third}", self.sha256)).into())
    }
}

impl Engine {
    /// With the weights that the settings name.
    ///
    /// # Errors
    /// [`EngineError`] when they are not what this program takes.
    pub fn new(settings: JobSettings) -> Result<Self, EngineError> {
        let cascade = Arc::new(cascade(&settings.weights)?);
        let first = cascade.first();
        let model = ModelFacts {
            name: first.card().name().to_owned(),
            sha256: first.card().sha256().to_owned(),
            second_sha256: cascade.second().map(|n| n.card().sha256().to_owned()),
            third_sha256: cascade.third_sha256().map(str::to_owned),
            level: first.level().to_string(),
        };
        let id = model.id();
        let threads = settings.threads;
        Ok(Self {
            settings,
            factory: Arc::new(move || Box::new(NetworkDetector::new(cascade.clone(), id, threads))),
            deadline: DEADLINE,
            model,
            tracks: TRACKS,
            fills: FILLS,
        })
    }

    /// With another detector, for tests of faults.
    #[must_use]
    pub fn with_detector(
        settings: JobSettings,
        deadline: Duration,
        factory: Arc<dyn Fn() -> Box<dyn Detector> + Send + Sync>,
    ) -> Self {
        Self {
            settings,
            factory,
            deadline,
            model: ModelFacts {
                name: "scripted".into(),
                sha256: String::new(),
                second_sha256: None,
                third_sha256: None,
                level: String::new(),
            },
            tracks: TRACKS,
            fills: FILLS,
        }
    }

    pub(crate) fn guard(&self) -> Guard {
        let factory = self.factory.clone();
        Guard::new(Box::new(move || factory()), self.deadline)
    }
}

/// All networks of the weights that were chosen; the user's own weights stand by themselves.
///
/// # Errors
/// [`EngineError`] when they are not what this program takes.
pub fn cascade(weights: &WeightsFrom) -> Result<Cascade, EngineError> {
    match weights {
        WeightsFrom::Carried(variant) => carried(*variant),
        WeightsFrom::Card(card) => own_network(card).map_err(|why| EngineError::Refused {
            card: card.clone(),
            why: Box::new(why),
        }),
    }
}

/// The networks inside the program. Most of the weights are the third stage's: they are read beside
/// the others', for which a photo by itself waits.
fn carried(variant: Variant) -> Result<Cascade, EngineError> {
    std::thread::scope(|scope| {
        let third = scope.spawn(move || third_stage(variant));
        let first = Weights::embedded(variant)?;
        let second = SecondWeights::embedded(variant)?;
        let third = third.join();
        let third = third.unwrap_or_else(|e| std::panic::resume_unwind(e))?;
        Ok(Cascade::new(first, Some(second), third)?)
    })
}

fn third_stage(variant: Variant) -> Result<Option<ThirdStage>, EngineError> {
    let weights = ThirdWeights::embedded(variant)?;
    let stage = weights.as_ref().map(ThirdStage::new);
    Ok(stage.transpose()?)
}

fn own_network(card: &Path) -> Result<Cascade, EngineError> {
    Ok(Cascade::new(Weights::load(card)?, None, None)?)
}

/// How far a file is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// Frames examined so far, of so many where known.
    Examined(u64, Option<u64>),
    /// Frames written so far, of so many.
    Written(u64, u64),
    /// Frames or pictures checked so far, of so many, where there is one pass only.
    Checked(u64, u64),
}

/// How to follow a job and to stop it.
#[derive(Clone)]
pub struct Control {
    stop: Arc<AtomicBool>,
    on_step: Arc<dyn Fn(Step) + Send + Sync>,
}

impl Control {
    /// `stop` ends the job at the next frame; `on_step` is told of each frame.
    #[must_use]
    pub fn new(stop: Arc<AtomicBool>, on_step: Arc<dyn Fn(Step) + Send + Sync>) -> Self {
        Self { stop, on_step }
    }

    /// One that is never stopped and tells nobody.
    #[must_use]
    pub fn silent() -> Self {
        Self::new(Arc::default(), Arc::new(|_| {}))
    }

    pub(crate) fn step(&self, step: Step) -> Result<(), JobError> {
        (self.on_step)(step);
        self.check()
    }

    pub(crate) fn check(&self) -> Result<(), JobError> {
        if self.stop.load(Ordering::Relaxed) {
            Err(JobError::Stopped)
        } else {
            Ok(())
        }
    }
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// The redacted file.
    pub output: PathBuf,
    /// Frames or pages written.
    pub frames: u64,
    /// Tracks (videos) or boxes (photos) of faces.
    pub faces: u64,
    /// The same of plates.
    pub plates: u64,
    /// Frames blanked whole.
    pub blanked: u64,
    /// Seconds of video, 0 for photos.
    pub seconds: f64,
    /// Smallest face and plate that the finest look finds, pixels.
    pub smallest: (f32, f32),
    /// What the user should know or check.
    pub warnings: Vec<String>,
}

/// Redacts one planned file.
///
/// # Errors
/// [`JobError`]; nothing stands under the output's name then.
pub fn redact_file(file: &Planned, engine: &Engine, control: &Control) -> Result<Done, JobError> {
    // What a killed run left of this output; whether there was something does not matter.
    let _ = scrim_sink::remove_leftover(&file.target);
    let _ = scrim_sink::remove_leftover(&crate::report::report_path(&file.target));
    match file.kind {
        Kind::Video(container) => {
            crate::video::redact_video(&file.source, &file.target, container, engine, control)
        }
        Kind::Photo(format) => {
            crate::photo::redact_photo(&file.source, &file.target, format, engine, control)
        }
    }
}

#[cfg(test)]
mod tests;
