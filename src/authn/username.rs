//! User names: one spelling for each.

use unicode_normalization::UnicodeNormalization;

/// The one spelling of a user name: in normalisation form KC, where full-width and other compatible letters become plain
/// ones, without white space, controls and characters that are not seen, in lower case. What is looked up is what is
/// counted, so that no spelling of a name gives another try.
pub fn normalised(text: &str) -> String {
    let lower: String = text.nfkc().filter(|c| !is_unseen(*c)).flat_map(char::to_lowercase).collect();
    // Lower case can undo the form: İ becomes two characters.
    lower.nfkc().collect()
}

/// White space, controls, and the characters without a shape of their own: joiners, marks of direction, variation
/// selectors, fillers, tags (Unicode, `Default_Ignorable_Code_Point`).
fn is_unseen(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}
