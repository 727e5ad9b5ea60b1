//! Text that reaches a terminal. Names may hold anything, line breaks and escape codes too, and
//! so may messages that repeat them.

use std::fmt::Display;
use std::io::Write as _;
use std::path::Path;

/// Says something on standard error. A reader that went away is no fault: the work goes on.
pub fn say(text: impl Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// A name with control characters escaped, so that it can neither forge lines nor move the
/// cursor.
#[must_use]
pub fn shown(path: &Path) -> String {
    told(path.to_string_lossy())
}

/// The same for a message of one line.
#[must_use]
pub fn told(message: impl ToString) -> String {
    let text = message.to_string();
    if !text.chars().any(|c| c.is_control()) {
        return text;
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
    fn line_breaks_and_escape_codes_in_names_and_messages_are_escaped() {
        assert_eq!(
            shown(Path::new("two\nlines\u{1b}[2J")),
            "two\\nlines\\u{1b}[2J"
        );
        assert_eq!(shown(Path::new("Straße 日本.mp4")), "Straße 日本.mp4");
        assert_eq!(
            told("the tag \"a\rb\" is there"),
            "the tag \"a\\rb\" is there"
        );
    }
}
