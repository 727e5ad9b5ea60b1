//! From bytes to coefficients: the order of segments in a file (T.81 B.2.1).

mod arithmetic;
mod bits;
mod conditioning;
mod decisions;
mod entropy;
mod huffman;
mod progress;
mod progressive;
mod scan;
mod sequential;
mod tables;

use crate::coefficients::{Coefficients, Component};
use crate::colour::Colour;
use crate::error::{Damage, JpegError, Unsupported};
use crate::frame::{Coding, Frame, Process, Sampling};
use crate::marker::{self, Markers, Segment};
use crate::metadata::Metadata;
use progress::Progress;
use tables::Tables;

/// Most scans read from one file. Encoders make 1 to 20; a scan can cost a few bytes and still
/// visit every block, so this bounds the time.
const MAX_SCANS: usize = 100;

/// What the segments before the first scan say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Stored width in pixels, before any rotation.
    pub width: u32,
    /// Stored height in pixels, before any rotation.
    pub height: u32,
    /// Bits of a sample.
    pub precision: u8,
    /// How the coefficients are sent; not every process can be read.
    pub process: Process,
    /// How they are coded.
    pub coding: Coding,
    /// Components in file order. A lone component has factors 1 and 1, whatever the file says.
    pub components: Vec<Sampling>,
    /// Colour model.
    pub colour: Colour,
    /// EXIF orientation, 1..=8; 1 if absent or strange.
    pub orientation: u8,
}

/// Reads what comes before the first scan, of any process, and stops there.
///
/// # Errors
///
/// As [`Coefficients::read`], except that coding processes and precisions that this crate does
/// not decode are reported in the header instead of refused (JPEG-LS and DHP are refused).
pub fn header(data: &[u8]) -> Result<Header, JpegError> {
    let mut reader = Reader::new(data)?;
    let scan = reader.until_scan()?;
    let Some(frame) = reader.frame else {
        return Err(JpegError::damaged(
            Damage::NoFrame,
            scan.map_or(data.len(), |s| s.offset),
        ));
    };
    Ok(Header {
        width: u32::from(frame.width),
        height: u32::from(frame.height),
        precision: frame.precision,
        process: frame.process,
        coding: frame.coding,
        colour: guess(&frame, &reader.metadata),
        orientation: reader.metadata.orientation(),
        components: frame.components,
    })
}

/// Reads a whole file. See [`Coefficients::read`].
pub(crate) fn read(data: &[u8], limit_bytes: usize) -> Result<Coefficients, JpegError> {
    let mut reader = Reader::new(data)?;
    let mut next = reader.until_scan()?;
    let Some(frame) = reader.frame.clone() else {
        return Err(JpegError::damaged(Damage::NoFrame, reader.markers.at));
    };
    frame.check_readable()?;
    let needed = frame.coefficient_bytes();
    if needed > limit_bytes as u64 {
        return Err(JpegError::TooLarge {
            needed,
            limit: limit_bytes,
        });
    }
    let mut planes: Vec<Component> = frame
        .components
        .iter()
        .map(|c| Component::blank(&frame, c))
        .collect();
    let mut progress = Progress::new(frame.process, planes.len());
    // Viewers decide on the colours before the first scan.
    let colour = guess(&frame, &reader.metadata);
    let mut restart_interval = None;
    let mut scans = 0;
    while let Some(segment) = next {
        scans += 1;
        if scans > MAX_SCANS {
            return Err(JpegError::Unsupported(Unsupported::TooManyScans));
        }
        restart_interval.get_or_insert(reader.tables.restart_interval);
        reader.scan(&frame, &segment, &mut planes, &mut progress)?;
        next = reader.until_scan()?;
    }
    progress.check_complete(reader.markers.at)?;
    Ok(Coefficients {
        width: frame.width,
        height: frame.height,
        progressive: frame.process == Process::Progressive,
        units: frame.units(),
        restart_interval: restart_interval.unwrap_or(0),
        colour,
        trailing: data.len() - reader.markers.at,
        metadata: reader.metadata,
        components: planes,
    })
}

fn guess(frame: &Frame, metadata: &Metadata) -> Colour {
    Colour::guess(&frame.components, metadata.jfif.is_some(), metadata.adobe)
}

struct Reader<'a> {
    markers: Markers<'a>,
    tables: Tables,
    metadata: Metadata,
    frame: Option<Frame>,
}

impl<'a> Reader<'a> {
    fn new(data: &'a [u8]) -> Result<Self, JpegError> {
        Ok(Self {
            markers: Markers::new(data)?,
            tables: Tables::default(),
            metadata: Metadata::default(),
            frame: None,
        })
    }

    /// Takes in segments up to a scan header, which is returned, or the end of the picture.
    fn until_scan(&mut self) -> Result<Option<Segment<'a>>, JpegError> {
        loop {
            let segment = self.markers.segment()?;
            match segment.marker {
                marker::SOS => return Ok(Some(segment)),
                marker::EOI => return Ok(None),
                _ => self.take(&segment)?,
            }
        }
    }

    fn take(&mut self, segment: &Segment<'_>) -> Result<(), JpegError> {
        match segment.marker {
            marker::DQT => self.tables.take_quant(segment),
            marker::DHT => self.tables.take_huffman(segment),
            marker::DRI => self.tables.take_restart_interval(segment),
            marker::APP0..=marker::APP15 | marker::COM => {
                self.metadata.take(segment);
                Ok(())
            }
            marker::DAC => self.tables.conditioning.take(segment),
            marker::TEM => Ok(()),
            marker::DNL => Err(JpegError::Unsupported(Unsupported::HeightLater)),
            marker::DHP | marker::EXP => Err(JpegError::Unsupported(Unsupported::Hierarchical)),
            marker::SOF55 => Err(JpegError::Unsupported(Unsupported::JpegLs)),
            code => match Process::of_marker(code) {
                Some(_) if self.frame.is_some() => Err(segment.damaged(Damage::SecondFrame)),
                Some((process, coding)) => {
                    self.frame = Some(Frame::parse(process, coding, segment)?);
                    Ok(())
                }
                None => Err(segment.damaged(Damage::UnexpectedMarker(code))),
            },
        }
    }

    /// Decodes one scan into the planes.
    fn scan(
        &mut self,
        frame: &Frame,
        segment: &Segment<'_>,
        planes: &mut [Component],
        progress: &mut Progress,
    ) -> Result<(), JpegError> {
        let scan = scan::Scan::parse(frame, segment)?;
        progress.enter(&scan, segment)?;
        self.tables.fix_quantisers(&scan, frame, planes, segment)?;
        let mut entropy = entropy::Entropy::new(self.markers.data, self.markers.at);
        scan.decode(&self.tables, frame, planes, &mut entropy, segment)?;
        self.markers.at = entropy.end();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
