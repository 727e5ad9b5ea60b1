//! Binary decisions of one restart interval, arithmetic coded (T.81 annex D).
//!
//! Each decision is coded with an estimate of its likelier value and of how likely the other
//! one is; both learn from every decision. Past the end of the data there are zero bytes:
//! encoders leave trailing ones out, dozens of them in a scan that brings little news, so an
//! end that comes too early cannot be told from one that does not.

use super::bits::PADDING;
use super::scan::Coded;

/// What is known of a kind of decision (D.1.3, a context's statistics). Begins with both values
/// about equally likely and 0 the likelier one.
#[derive(Clone, Copy, Default)]
pub(crate) struct Estimate {
    /// Row of [`ROWS`].
    row: u8,
    likelier: bool,
}

/// A row of table D.3.
struct Row {
    /// Share of the interval that the less likely value gets (Qe), in 1/65536 of 0.75 ... 1.5.
    less_likely: u32,
    /// Next row after a less likely value, and after a likelier one.
    after_less: u8,
    after_more: u8,
    /// After a less likely value the two change places.
    switch: bool,
}

const fn row(less_likely: u32, after_less: u8, after_more: u8, switch: u8) -> Row {
    Row {
        less_likely,
        after_less,
        after_more,
        switch: switch == 1,
    }
}

/// Share of the less likely value in decisions that nothing is learnt of (F.1.4.4.2): a half,
/// as far as the first row is.
const EVEN: u32 = 0x5A1D;

/// Decodes decisions.
pub(crate) struct Decisions<'a> {
    /// Data and padding.
    bytes: &'a [u8],
    /// Next byte to take; runs on past the end.
    at: usize,
    /// The code, less the base of the interval: 16 bits that decide, and below them those that
    /// are waiting.
    code: u32,
    /// Width of the interval, 0x8000..=0x10000 between decisions.
    width: u32,
    /// Waiting bits.
    waiting: u32,
}

impl<'a> Coded<'a> for Decisions<'a> {
    /// Starts an interval (D.2.7).
    fn new(bytes: &'a [u8]) -> Self {
        let mut decisions = Self {
            bytes,
            at: 0,
            code: 0,
            width: 0x1_0000,
            waiting: 0,
        };
        for _ in 0..2 {
            decisions.take_byte();
            decisions.code <<= 8;
        }
        decisions
    }

    fn position(&self) -> usize {
        self.at.min(self.bytes.len().saturating_sub(PADDING))
    }

    /// Zeros past the end are data as well.
    fn check(&self) -> bool {
        true
    }

    /// An encoder's last byte is out no later than the decoder wants it.
    fn at_end(&self) -> bool {
        self.at + PADDING >= self.bytes.len()
    }
}

impl Decisions<'_> {
    /// The next decision of this kind (D.2.2).
    #[inline]
    pub(crate) fn next(&mut self, estimate: &mut Estimate) -> bool {
        let row = &ROWS[usize::from(estimate.row) % ROWS.len()];
        let likely = self.split(row.less_likely);
        let value = likely == estimate.likelier;
        if self.width < 0x8000 {
            if likely {
                estimate.row = row.after_more;
            } else {
                estimate.row = row.after_less;
                estimate.likelier ^= row.switch;
            }
            self.widen();
        }
        value
    }

    /// A decision of which nothing is learnt.
    #[inline]
    pub(crate) fn even(&mut self) -> bool {
        let likely = self.split(EVEN);
        if self.width < 0x8000 {
            self.widen();
        }
        !likely
    }

    /// Divides the interval and keeps the part in which the code lies: whether it is the likelier
    /// value's (D.2.2 to D.2.4, figures D.17 and D.18). That one has the lower part, unless the other
    /// part is the larger one: then they change places.
    #[inline]
    fn split(&mut self, less_likely: u32) -> bool {
        self.width -= less_likely;
        let usual = self.width >= less_likely;
        if self.code >> 16 < self.width {
            usual
        } else {
            self.code -= self.width << 16;
            self.width = less_likely;
            !usual
        }
    }

    /// Doubles the interval until it is wide enough (figure D.19).
    #[inline]
    fn widen(&mut self) {
        while self.width < 0x8000 {
            if self.waiting == 0 {
                self.take_byte();
                self.waiting = 8;
            }
            self.width <<= 1;
            self.code <<= 1;
            self.waiting -= 1;
        }
    }

    /// Byte_in (D.2.6); the bytes are free of stuffing and end before the next marker.
    fn take_byte(&mut self) {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        self.code += u32::from(byte) << 8;
    }
}

/// Table D.3.
#[rustfmt::skip]
const ROWS: [Row; 113] = [
    row(0x5A1D, 1, 1, 1), row(0x2586, 14, 2, 0), row(0x1114, 16, 3, 0), row(0x080B, 18, 4, 0),
    row(0x03D8, 20, 5, 0), row(0x01DA, 23, 6, 0), row(0x00E5, 25, 7, 0), row(0x006F, 28, 8, 0),
    row(0x0036, 30, 9, 0), row(0x001A, 33, 10, 0), row(0x000D, 35, 11, 0), row(0x0006, 9, 12, 0),
    row(0x0003, 10, 13, 0), row(0x0001, 12, 13, 0), row(0x5A7F, 15, 15, 1), row(0x3F25, 36, 16, 0),
    row(0x2CF2, 38, 17, 0), row(0x207C, 39, 18, 0), row(0x17B9, 40, 19, 0), row(0x1182, 42, 20, 0),
    row(0x0CEF, 43, 21, 0), row(0x09A1, 45, 22, 0), row(0x072F, 46, 23, 0), row(0x055C, 48, 24, 0),
    row(0x0406, 49, 25, 0), row(0x0303, 51, 26, 0), row(0x0240, 52, 27, 0), row(0x01B1, 54, 28, 0),
    row(0x0144, 56, 29, 0), row(0x00F5, 57, 30, 0), row(0x00B7, 59, 31, 0), row(0x008A, 60, 32, 0),
    row(0x0068, 62, 33, 0), row(0x004E, 63, 34, 0), row(0x003B, 32, 35, 0), row(0x002C, 33, 9, 0),
    row(0x5AE1, 37, 37, 1), row(0x484C, 64, 38, 0), row(0x3A0D, 65, 39, 0), row(0x2EF1, 67, 40, 0),
    row(0x261F, 68, 41, 0), row(0x1F33, 69, 42, 0), row(0x19A8, 70, 43, 0), row(0x1518, 72, 44, 0),
    row(0x1177, 73, 45, 0), row(0x0E74, 74, 46, 0), row(0x0BFB, 75, 47, 0), row(0x09F8, 77, 48, 0),
    row(0x0861, 78, 49, 0), row(0x0706, 79, 50, 0), row(0x05CD, 48, 51, 0), row(0x04DE, 50, 52, 0),
    row(0x040F, 50, 53, 0), row(0x0363, 51, 54, 0), row(0x02D4, 52, 55, 0), row(0x025C, 53, 56, 0),
    row(0x01F8, 54, 57, 0), row(0x01A4, 55, 58, 0), row(0x0160, 56, 59, 0), row(0x0125, 57, 60, 0),
    row(0x00F6, 58, 61, 0), row(0x00CB, 59, 62, 0), row(0x00AB, 61, 63, 0), row(0x008F, 61, 32, 0),
    row(0x5B12, 65, 65, 1), row(0x4D04, 80, 66, 0), row(0x412C, 81, 67, 0), row(0x37D8, 82, 68, 0),
    row(0x2FE8, 83, 69, 0), row(0x293C, 84, 70, 0), row(0x2379, 86, 71, 0), row(0x1EDF, 87, 72, 0),
    row(0x1AA9, 87, 73, 0), row(0x174E, 72, 74, 0), row(0x1424, 72, 75, 0), row(0x119C, 74, 76, 0),
    row(0x0F6B, 74, 77, 0), row(0x0D51, 75, 78, 0), row(0x0BB6, 77, 79, 0), row(0x0A40, 77, 48, 0),
    row(0x5832, 80, 81, 1), row(0x4D1C, 88, 82, 0), row(0x438E, 89, 83, 0), row(0x3BDD, 90, 84, 0),
    row(0x34EE, 91, 85, 0), row(0x2EAE, 92, 86, 0), row(0x299A, 93, 87, 0), row(0x2516, 86, 71, 0),
    row(0x5570, 88, 89, 1), row(0x4CA9, 95, 90, 0), row(0x44D9, 96, 91, 0), row(0x3E22, 97, 92, 0),
    row(0x3824, 99, 93, 0), row(0x32B4, 99, 94, 0), row(0x2E17, 93, 86, 0), row(0x56A8, 95, 96, 1),
    row(0x4F46, 101, 97, 0), row(0x47E5, 102, 98, 0), row(0x41CF, 103, 99, 0),
    row(0x3C3D, 104, 100, 0), row(0x375E, 99, 93, 0), row(0x5231, 105, 102, 0),
    row(0x4C0F, 106, 103, 0), row(0x4639, 107, 104, 0), row(0x415E, 103, 99, 0),
    row(0x5627, 105, 106, 1), row(0x50E7, 108, 107, 0), row(0x4B85, 109, 103, 0),
    row(0x5597, 110, 109, 0), row(0x504F, 111, 107, 0), row(0x5A10, 110, 111, 1),
    row(0x5522, 112, 109, 0), row(0x59EB, 112, 111, 1),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn decisions(data: &[u8], count: usize) -> Vec<bool> {
        let bytes = [data, &[0; PADDING]].concat();
        let mut decisions = Decisions::new(&bytes);
        let mut estimate = Estimate::default();
        let all = (0..count).map(|_| decisions.next(&mut estimate)).collect();
        assert!(decisions.at_end());
        all
    }

    #[test]
    fn the_test_sequence_of_the_standard_is_decoded() {
        // Table K.8 and the coded bytes before it (K.4.1), free of stuffing.
        let coded = [
            0x65, 0x5B, 0x51, 0x44, 0xF7, 0x96, 0x9D, 0x51, 0x78, 0x55, 0xBF, 0xFF, 0xFC, 0x51,
            0x84, 0xC7, 0xCE, 0xF9, 0x39, 0x00, 0x28, 0x7D, 0x46, 0x70, 0x8E, 0xCB, 0xC0, 0xF6,
        ];
        let plain = [
            0x00, 0x02, 0x00, 0x51, 0x00, 0x00, 0x00, 0xC0, 0x03, 0x52, 0x87, 0x2A, 0xAA, 0xAA,
            0xAA, 0xAA, 0x82, 0xC0, 0x20, 0x00, 0xFC, 0xD7, 0x9E, 0xF6, 0x74, 0xEA, 0xAB, 0xF7,
            0x69, 0x7E, 0xE7, 0x4C,
        ];
        let bits = plain
            .iter()
            .flat_map(|b: &u8| (0..8).map(move |n| b << n & 0x80 != 0));
        assert_eq!(decisions(&coded, 256), bits.collect::<Vec<_>>());
    }

    #[test]
    fn zeros_that_an_encoder_left_out_at_the_end_are_made_up() {
        assert_eq!(decisions(&[0x65], 90), decisions(&[0x65, 0, 0], 90));
    }

    #[test]
    fn the_rows_lead_to_rows() {
        for row in &ROWS {
            let next = [row.after_less, row.after_more].map(usize::from);
            assert!(next.iter().all(|n| *n < ROWS.len()) && row.less_likely < 0x8000);
        }
    }
}
