//! ICC profiles reduced to what colour needs.
//!
//! A photo in Display P3 or Adobe RGB looks pale or wrong without its profile, and a profile can
//! carry names, dates, serial numbers and any private data. So a new profile is made from the
//! numbers of the old one: three primaries or none, the tone curves, the white point, the
//! adaptation matrix; each checked to be in a sensible range. Profiles that work by tables of
//! colours (printers, CMYK) cannot be reduced and are left out.
//!
//! ICC.1:2022 (profile version 4.4); section numbers in comments are those.

/// A profile that holds nothing but colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColourProfile {
    bytes: Vec<u8>,
    grey: bool,
}

const HEADER: usize = 128;

/// Largest magnitude of primaries and matrix entries, s15Fixed16 (10.1): real ones are below 3.
const MOST_XYZ: i32 = 5 << 16;

/// Largest magnitude of a parametric curve's parameters: real ones are below 30.
const MOST_PARAMETER: i32 = 64 << 16;

/// Shortest and longest curve table; makers write 256 to 4096 entries. A short one would have
/// room for words between its steps.
const LEAST_ENTRIES: usize = 256;
const MOST_ENTRIES: usize = 4096;

/// Largest step of a curve table against the mean one: a gamma of 2.6 needs 2.6 at its end.
const STEEPEST: usize = 8;

/// The white of the connection space, D50 (7.2.16).
const D50: [u8; 12] = [0, 0, 0xF6, 0xD6, 0, 1, 0, 0, 0, 0, 0xD3, 0x2D];

/// Tags of the kinds of profile that are kept.
const RGB: [&[u8; 4]; 7] = [
    b"wtpt", b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC",
];
const GREY: [&[u8; 4]; 2] = [b"wtpt", b"kTRC"];

impl ColourProfile {
    /// What colour needs of a profile; `None` where it cannot be had or makes no sense.
    #[must_use]
    pub fn reduce(profile: &[u8]) -> Option<Self> {
        let source = Source { bytes: profile };
        if source.word(36)? != *b"acsp" || source.word(20)? != *b"XYZ " {
            return None;
        }
        let (grey, wanted): (bool, &[&[u8; 4]]) = match &source.word(16)? {
            b"RGB " => (false, &RGB),
            b"GRAY" => (true, &GREY),
            _ => return None,
        };
        // Tables of colours come before primaries and curves (8.10.2).
        if source.tag(b"A2B0").is_some() {
            return None;
        }
        let mut tags: Vec<([u8; 4], Vec<u8>)> = Vec::new();
        for name in wanted {
            let data = source.tag(name)?;
            let kept = if name.ends_with(b"TRC") {
                curve(data)
            } else {
                numbers(data, b"XYZ ", 3)
            };
            tags.push((**name, kept?));
        }
        if let Some(data) = source.tag(b"chad") {
            tags.push((*b"chad", numbers(data, b"sf32", 9)?));
        }
        let four = source.bytes.get(8).is_some_and(|v| *v >= 4)
            || tags.iter().any(|(_, data)| data.starts_with(b"para"));
        tags.push((*b"desc", text(b"scrim", four, b"desc")));
        tags.push((*b"cprt", text(b"none", four, b"text")));
        let intent = *profile.get(67)?;
        Some(Self {
            bytes: file(&tags, grey, four, intent.min(3)),
            grey,
        })
    }

    /// The profile.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it is for grey pictures; otherwise for red, green, blue.
    #[must_use]
    pub fn is_grey(&self) -> bool {
        self.grey
    }
}

struct Source<'a> {
    bytes: &'a [u8],
}

impl<'a> Source<'a> {
    fn word(&self, at: usize) -> Option<[u8; 4]> {
        self.bytes.get(at..)?.first_chunk::<4>().copied()
    }

    fn number(&self, at: usize) -> Option<usize> {
        usize::try_from(u32::from_be_bytes(self.word(at)?)).ok()
    }

    /// The data of a tag (7.3).
    fn tag(&self, name: &[u8; 4]) -> Option<&'a [u8]> {
        let count = self.number(HEADER)?.min(100);
        let at = (0..count).map(|n| HEADER + 4 + 12 * n);
        let mut named = at.filter(|at| self.word(*at).is_some_and(|w| w == *name));
        let entry = named.next()?;
        let (offset, size) = (self.number(entry + 4)?, self.number(entry + 8)?);
        self.bytes.get(offset..offset.checked_add(size)?)
    }
}

/// s15Fixed16 numbers after a type and four zeros, in range (10.22, 10.31).
fn numbers(data: &[u8], kind: &[u8; 4], count: usize) -> Option<Vec<u8>> {
    let values = data.strip_prefix(kind)?.get(4..4 + 4 * count)?;
    in_range(values, MOST_XYZ)?;
    Some([kind, &[0; 4][..], values].concat())
}

fn in_range(values: &[u8], most: i32) -> Option<()> {
    let mut all = values.as_chunks::<4>().0.iter();
    all.all(|v| i32::from_be_bytes(*v).unsigned_abs() <= most.unsigned_abs())
        .then_some(())
}

/// Whether a table is a curve: never falling and without leaps. Words of a text leap.
fn is_smooth(entries: impl Iterator<Item = u16> + Clone, count: usize) -> bool {
    let most = STEEPEST * usize::from(u16::MAX) / count;
    let pairs = entries.clone().zip(entries.skip(1));
    let mut steps = pairs.map(|(a, b)| usize::from(b).checked_sub(usize::from(a)));
    count >= LEAST_ENTRIES && steps.all(|step| step.is_some_and(|s| s <= most))
}

/// A tone curve: a gamma, a smooth table (10.6), or a formula (10.18).
fn curve(data: &[u8]) -> Option<Vec<u8>> {
    if let Some(rest) = data.strip_prefix(b"curv") {
        let count = u32::from_be_bytes(*rest.get(4..)?.first_chunk::<4>()?) as usize;
        if count > MOST_ENTRIES {
            return None;
        }
        let table = rest.get(8..8 + 2 * count)?;
        let entries = table
            .as_chunks::<2>()
            .0
            .iter()
            .map(|v| u16::from_be_bytes(*v));
        match count {
            0 => true,
            // A gamma of 8.8 bits, 0.25 to 8.
            1 => entries.clone().all(|g| (64..=2048).contains(&g)),
            _ => is_smooth(entries, count),
        }
        .then_some(())?;
        let head = [b"curv", &[0; 4][..], &(count as u32).to_be_bytes()].concat();
        return Some([&head[..], table].concat());
    }
    let rest = data.strip_prefix(b"para")?.get(4..)?;
    let kind = u16::from_be_bytes(*rest.first_chunk::<2>()?);
    let count = *[1, 3, 4, 5, 7].get(usize::from(kind))?;
    let values = rest.get(4..4 + 4 * count)?;
    in_range(values, MOST_PARAMETER)?;
    let head = [b"para", &[0; 4][..], &kind.to_be_bytes(), &[0; 2]].concat();
    Some([&head[..], values].concat())
}

/// A text of our own: the types that versions 2 (textDescriptionType, textType) and 4 (10.15)
/// ask for.
fn text(words: &[u8], four: bool, kind: &[u8; 4]) -> Vec<u8> {
    if four {
        let wide: Vec<u8> = words.iter().flat_map(|b| [0, *b]).collect();
        let length = (wide.len() as u32).to_be_bytes();
        let head = [b"mluc", &[0; 4][..], &[0, 0, 0, 1], &[0, 0, 0, 12], b"enUS"].concat();
        return [&head[..], &length, &[0, 0, 0, 28], &wide].concat();
    }
    let mut out = [kind, &[0; 4][..]].concat();
    if kind == b"desc" {
        out.extend((words.len() as u32 + 1).to_be_bytes());
    }
    out.extend(words);
    out.push(0);
    if kind == b"desc" {
        // No Unicode and no ScriptCode description.
        out.resize(out.len() + 8 + 3 + 67, 0);
    }
    out
}

/// Header (7.2), tag table and tags, each aligned to four bytes; equal ones are stored once.
fn file(tags: &[([u8; 4], Vec<u8>)], grey: bool, four: bool, intent: u8) -> Vec<u8> {
    let mut table = (tags.len() as u32).to_be_bytes().to_vec();
    let start = HEADER + 4 + 12 * tags.len();
    let mut body: Vec<u8> = Vec::new();
    let mut stored: Vec<(&[u8], usize)> = Vec::new();
    for (name, data) in tags {
        let known = stored.iter().find(|(other, _)| other == data);
        let at = known.map_or(start + body.len(), |(_, at)| *at);
        if known.is_none() {
            stored.push((data, at));
            body.extend(data);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        table.extend(name);
        table.extend((at as u32).to_be_bytes());
        table.extend((data.len() as u32).to_be_bytes());
    }
    let mut head = vec![0; HEADER];
    let size = (start + body.len()) as u32;
    head[..4].copy_from_slice(&size.to_be_bytes());
    head[8..10].copy_from_slice(if four { &[4, 0x40] } else { &[2, 0x40] });
    head[12..16].copy_from_slice(b"mntr");
    head[16..20].copy_from_slice(if grey { b"GRAY" } else { b"RGB " });
    head[20..24].copy_from_slice(b"XYZ ");
    // A date must be one: the first of January 2000, for all.
    head[24..36].copy_from_slice(&[7, 0xD0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]);
    head[36..40].copy_from_slice(b"acsp");
    head[67] = intent;
    head[68..80].copy_from_slice(&D50);
    [head, table, body].concat()
}

#[cfg(test)]
mod tests;
