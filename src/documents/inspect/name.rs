//! Names of files: what is kept of them, and that they say what the file is.

use unicode_normalization::UnicodeNormalization as _;

use super::{Kind, Unfit};

/// What file systems and the header `Content-Disposition` take.
const MOST_BYTES: usize = 255;

/// Endings that make a system run a file or show it as a page, an archive among them.
const RUNS: [&str; 43] = [
    "7z", "apk", "asp", "aspx", "bat", "cgi", "chm", "cmd", "cpl", "dll", "dmg", "docm", "exe", "gz", "hta",
    "htm", "html", "iso", "jar", "js", "jse", "jsp", "lnk", "msi", "phar", "php", "phtml", "pif", "ps1",
    "rar", "reg", "scr", "sh", "shtml", "svg", "swf", "tar", "url", "vbe", "vbs", "wsf", "xlsm", "zip",
];

/// The name to keep: in Unicode's composed form (NFC), without folders, without characters that are not seen or turn
/// the reading direction, without those that a file system takes for something else, at most 255 bytes.
///
/// # Errors
///
/// It holds control characters, or nothing is left of it.
pub fn safe_name(name: &str) -> Result<String, Unfit> {
    if name.chars().any(char::is_control) {
        return Err(Unfit::Name);
    }
    let composed: String = name.chars().filter(|c| !is_unseen(*c)).nfc().collect();
    let last = composed.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept = last.replace(['<', '>', ':', '"', '|', '?', '*'], "_");
    // Windows drops dots and spaces at the end, and would then open another file.
    let kept = kept.trim().trim_end_matches(|c: char| c == '.' || c.is_whitespace());
    let (stem, extension) = kept.rsplit_once('.').unwrap_or((kept, ""));
    let stem = stem.trim();
    if !stem.chars().any(char::is_alphanumeric) || extension.len() > 16 {
        return Err(Unfit::Name);
    }
    let dot = if extension.is_empty() { "" } else { "." };
    let room = MOST_BYTES - extension.len() - dot.len();
    Ok(format!("{}{dot}{extension}", &stem[..stem.floor_char_boundary(room)]))
}

/// Says whether the name is one of a file of this kind.
///
/// # Errors
///
/// It ends otherwise, not at all, or in the ending of a program before its own.
pub(super) fn agrees(name: &str, kind: Kind) -> Result<(), Unfit> {
    let name = safe_name(name)?.to_lowercase();
    let (before, last) = name.rsplit_once('.').unwrap_or((&name, ""));
    let runs = before.split('.').skip(1).any(|ending| RUNS.contains(&ending.trim()));
    if kind.extensions().contains(&last) && !runs { Ok(()) } else { Err(Unfit::Extension(kind)) }
}

/// Characters without a form of their own that change what is read: bidirectional controls (Unicode TR 36, section 2.5),
/// spaces without width, tags, and those that are no characters. Joiners stay: Persian and Hindi are written with them.
const fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}'
        | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFFF}' | '\u{E0000}'..='\u{E0FFF}')
}
