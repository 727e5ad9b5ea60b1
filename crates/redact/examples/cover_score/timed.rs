//! A detector that tells what its looks cost: CPU of the one thread that it runs on.
use rustix::time::{ClockId, clock_gettime};
use scrim_detect::{After, DetectError, Detector, NetworkDetector, Prepared};
use scrim_raw::ModelId;
use scrim_redact::{Engine, JobSettings};
use scrim_units::{Pass, Sighting};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Longer than any look takes.
const DEADLINE: Duration = Duration::from_secs(60);

/// Milliseconds of every look, in order.
pub type Looks = Arc<Mutex<Vec<f64>>>;

struct Timed {
    detector: NetworkDetector,
    looks: Looks,
}

impl Detector for Timed {
    fn look(
        &mut self,
        picture: &Prepared,
        passes: &[Pass],
        after: After,
    ) -> Result<Vec<Sighting>, DetectError> {
        let before = cpu_ms();
        let found = self.detector.look(picture, passes, after);
        let spent = cpu_ms() - before;
        if let Ok(mut looks) = self.looks.lock() {
            looks.push(spent);
        }
        found
    }

    fn model(&self) -> ModelId {
        self.detector.model()
    }
}

/// An engine that looks on one thread and notes the cost in `looks`.
pub fn engine(settings: JobSettings, looks: Looks) -> Result<Engine, super::Failure> {
    let cascade = Arc::new(scrim_redact::cascade(&settings.weights)?);
    println!("level: {}", cascade.first().level());
    let detector = move || -> Box<dyn Detector> {
        Box::new(Timed {
            detector: NetworkDetector::new(cascade.clone(), ModelId([0; 32]), 1),
            looks: looks.clone(),
        })
    };
    Ok(Engine::with_detector(
        settings,
        DEADLINE,
        Arc::new(detector),
    ))
}

fn cpu_ms() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 * 1e3 + now.tv_nsec as f64 / 1e6
}
