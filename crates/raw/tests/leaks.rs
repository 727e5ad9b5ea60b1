//! Leaks that people would write do not compile.

#[test]
fn raw_pixels_cannot_be_copied_printed_or_turned_into_a_redacted_frame() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
