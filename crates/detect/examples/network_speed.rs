//! Time of the network by size, level and threads, in milliseconds of CPU and of wall clock.
//!
//! `cargo run --release -p scrim-detect --example network_speed [-- RUNS]`
//!
//! The number of candidates stands beside the time, so that a faster wrong answer shows. On a
//! machine that does other work the CPU column of one thread is the one to compare. Last comes a
//! word of the third stage; what share of a look its words may take is counted by these times.
#![expect(clippy::print_stdout, reason = "a bench prints")]

use rustix::time::{ClockId, clock_gettime};
use scrim_detect::network::{NetInput, Network, Workspace};
use scrim_detect::third_stage::{SIDE, ThirdNetwork, ThirdScratch, ThirdWeights};
use scrim_detect::weights::{Variant, Weights};
use scrim_pixels::level::{Level, levels_here};
use std::time::Instant;

/// The sizes that a camera's frame is looked at, padded to 32.
const SIZES: [(usize, usize); 3] = [(640, 384), (1280, 736), (1920, 1088)];

/// Runs a line, where no other number is given.
const RUNS: usize = 30;

/// Low enough that a picture of noise has some candidates.
const FLOOR: [f32; 2] = [0.05; 2];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runs = std::env::args()
        .nth(1)
        .map_or(Ok(RUNS), |runs| runs.parse())?
        .max(1);
    let third = ThirdWeights::embedded(Variant::City)?.ok_or("city has a third stage")?;
    println!("level   threads  size        cpu min   median  wall min   median  candidates");
    for level in levels_here() {
        let network = Network::at_level(Weights::embedded(Variant::City)?, level)?;
        // The scalar code is there to be right; three runs tell how slow it is.
        let runs = if network.level() == levels_here()[0] {
            runs.min(3)
        } else {
            runs
        };
        for threads in [1, 2] {
            for size in SIZES {
                measure(&network, threads, size, runs)?;
            }
        }
    }
    println!("\nlevel   third stage    cpu min   median");
    for level in levels_here() {
        let network = ThirdNetwork::at_level(&third, level)?;
        let runs = if level == levels_here()[0] { 1 } else { runs };
        word(&network, level, runs)?;
    }
    Ok(())
}

/// One word on one patch, on one thread.
fn word(
    network: &ThirdNetwork,
    level: Level,
    runs: usize,
) -> Result<(), Box<dyn std::error::Error>> {
    let planes: [Vec<u8>; 3] = std::array::from_fn(|c| noise(SIDE * SIDE, c as u64 + 1));
    let planes = planes.each_ref().map(Vec::as_slice);
    let (mut scratch, mut cpu) = (ThirdScratch::default(), Vec::new());
    for _ in 0..=runs {
        let used = cpu_ms();
        network.face(planes, &mut scratch)?;
        cpu.push(cpu_ms() - used);
    }
    let [least, median] = spread(cpu);
    let side = format!("{SIDE}x{SIDE}");
    println!(
        "{:<8}{side:<14}{least:>9.2}{median:>9.2}",
        level.to_string()
    );
    Ok(())
}

fn measure(
    network: &Network,
    threads: usize,
    (width, height): (usize, usize),
    runs: usize,
) -> Result<(), Box<dyn std::error::Error>> {
    let planes: [Vec<u8>; 3] = std::array::from_fn(|c| noise(width * height, c as u64 + 1));
    let planes = planes.each_ref().map(Vec::as_slice);
    let input = NetInput::planar(planes, width, height, width)?;
    let mut workspace = Workspace::new();
    let mut candidates = network.run(&input, &mut workspace, threads, FLOOR)?.len();
    let (mut cpu, mut wall) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let (began, used) = (Instant::now(), cpu_ms());
        candidates = network.run(&input, &mut workspace, threads, FLOOR)?.len();
        cpu.push(cpu_ms() - used);
        wall.push(began.elapsed().as_secs_f64() * 1e3);
    }
    let ([cpu_min, cpu], [wall_min, wall]) = (spread(cpu), spread(wall));
    println!(
        "{:<8}{threads:<9}{:<10}{cpu_min:>9.2}{cpu:>9.2}{wall_min:>10.2}{wall:>9.2}{candidates:>12}",
        network.level(),
        format!("{width}x{height}"),
    );
    Ok(())
}

/// CPU milliseconds of this process, all threads.
fn cpu_ms() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 * 1e-6
}

/// Smallest and median.
fn spread(mut times: Vec<f64>) -> [f64; 2] {
    times.sort_by(f64::total_cmp);
    [times[0], times[times.len() / 2]]
}

/// Bytes by xorshift.
fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        })
        .collect()
}
