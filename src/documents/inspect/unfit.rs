//! Why a file is refused.

use super::Kind;

/// Why a file is refused: a text for the person who sent it, without anything of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It has no byte.
    #[error("the file is empty")]
    Empty,
    /// The name has no form that can be kept.
    #[error("the name of the file cannot be used: give it one of letters and digits, such as passport.pdf")]
    Name,
    /// Its content is of no format that is taken.
    #[error("only PDF, JPEG and PNG files are taken")]
    Type,
    /// The name ends otherwise than those of its kind, or in two ways.
    #[error("the file is {}, its name says otherwise: let it end in .{} only", .0.noun(), .0.extensions()[0])]
    Extension(Kind),
    /// The media type that came with it is another.
    #[error("the file is {}, but was sent as another type: send it as {}", .0.noun(), .0.mime())]
    Declared(Kind),
    /// It ends before it is complete.
    #[error("the file is cut off: send it again")]
    Truncated,
    /// Something follows its end: a second picture or a film of a phone, or another file.
    #[error(
        "more follows after the end of the file (phones append films and second pictures): \
         save it as a plain file and send it again"
    )]
    Trailing,
    /// It does not keep to its format.
    #[error("the file is damaged ({0}): save it anew and send it again")]
    Broken(&'static str),
    /// A picture of too many pixels.
    #[error("the picture has more than 50 megapixels: make it smaller and send it again")]
    Dimensions,
    /// A picture that moves.
    #[error("moving pictures are not taken: save one picture and send it again")]
    Animated,
    /// Another format or a script lies within.
    #[error("the file has {0} inside: save it anew, without it, and send it again")]
    Foreign(&'static str),
    /// A PDF under a password or with rights.
    #[error("an encrypted PDF is not taken: save it without password and protection and send it again")]
    Encrypted,
    /// A PDF that does more than show itself.
    #[error("a PDF with {0} is not taken: print it as a new PDF and send that")]
    Active(&'static str),
    /// A PDF of more parts than are looked at.
    #[error("the PDF has too many parts to be checked: print it as a new PDF or as pictures and send that")]
    Complex,
}

impl Kind {
    fn noun(self) -> &'static str {
        match self {
            Self::Pdf => "a PDF",
            Self::Jpeg => "a JPEG image",
            Self::Png => "a PNG image",
        }
    }
}
