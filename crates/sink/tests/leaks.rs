//! Naming a raw frame or a packet of a source file in an output does not compile.

#[test]
fn outputs_cannot_name_what_is_raw() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
