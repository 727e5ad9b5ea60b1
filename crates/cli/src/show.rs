//! Text that reaches a terminal. Names may hold anything, line breaks and escape codes too.

use std::path::Path;

/// A name with control characters escaped, so that it can neither forge lines nor move the
/// cursor.
#[must_use]
pub fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    if !text.chars().any(|c| c.is_control()) {
        return text.into_owned();
    }
    text.chars()
        .flat_map(|c| {
            let escape = c.is_control();
            let plain = (!escape).then_some(c);
            plain
                .into_iter()
                .chain(escape.then(|| c.escape_default()).into_iter().flatten())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_and_escape_codes_in_names_are_escaped() {
        assert_eq!(
            shown(Path::new("two\nlines\u{1b}[2J")),
            "two\\nlines\\u{1b}[2J"
        );
        assert_eq!(shown(Path::new("Straße 日本.mp4")), "Straße 日本.mp4");
    }
}
