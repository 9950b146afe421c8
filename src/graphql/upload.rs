//! Files in a request (GraphQL multipart request specification): the scalar that stands for one in the variables, and the
//! files themselves, taken in the order in which they come in.
//!
//! Invariants: an `Upload` has no form in JSON and none in a document, so that only the front makes one, for a part that the
//! request names; a file passes in pieces and is nowhere whole; what is not taken is read past, so that whoever sends
//! it gets an answer.

mod parts;

use std::borrow::Cow;
use std::collections::HashMap;

use async_graphql::registry::{MetaType, MetaTypeId, Registry};
use async_graphql::{Context, InputType, InputValueError, InputValueResult, Value};
use axum::body::Bytes;
use tokio::sync::Mutex;

pub use self::parts::{Part, Parts};
use crate::error::{Error, Result};

const DESCRIPTION: &str = "A file: null in the variables, and a part of its own in a request of multipart/form-data (GraphQL multipart request specification).";

/// A file of the request: which of those that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Upload(u8);

impl Upload {
    /// The file with this number.
    pub fn numbered(number: u8) -> Self {
        Self(number)
    }

    /// What stands for it among the variables: bytes, which no JSON and no literal can be.
    pub fn into_value(self) -> Value {
        Value::Binary(Bytes::copy_from_slice(&[self.0]))
    }
}

impl InputType for Upload {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        "Upload".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_input_type::<Self, _>(MetaTypeId::Scalar, |_| MetaType::Scalar {
            name: "Upload".to_owned(),
            description: Some(DESCRIPTION.to_owned()),
            is_valid: None,
            visible: None,
            inaccessible: false,
            tags: Vec::new(),
            specified_by_url: Some(
                "https://github.com/jaydenseric/graphql-multipart-request-spec".to_owned(),
            ),
            directive_invocations: Vec::new(),
            requires_scopes: Vec::new(),
        })
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        match value {
            Some(Value::Binary(bytes)) if bytes.len() == 1 => Ok(Self(bytes[0])),
            _ => Err(InputValueError::custom("a file comes as a part of multipart/form-data, named in map")),
        }
    }

    // Asked only for default values in introspection; no file is one.
    fn to_value(&self) -> Value {
        Value::Null
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

/// The files of a request.
pub struct Files {
    file_bytes: u64,
    coming: Mutex<Coming>,
}

/// What has not been taken yet.
struct Coming {
    parts: Parts,
    /// By the names of their parts.
    expected: HashMap<String, Upload>,
    /// The one that is being read.
    open: Option<Upload>,
    /// What is wrong with the request; it stays wrong.
    fault: Option<Error>,
}

/// Why a file is not read on.
#[derive(Clone, Debug)]
pub enum Cut {
    /// It has more bytes than a file may have, which is so many. The next one can be taken.
    TooLarge(u64),
    /// The request is at fault, or late: nothing more comes.
    Broken(Error),
}

impl From<Error> for Cut {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

/// A file that is coming in.
pub struct Arriving<'f> {
    /// Which.
    pub slot: Upload,
    /// The name it was sent under.
    pub name: String,
    /// The media type it was said to have, without parameters, in lower case.
    pub declared: Option<String>,
    files: &'f Files,
    length: u64,
}

impl Files {
    /// What comes after the head of a request: of each part in `expected` the file, of at most so many bytes.
    pub fn new(parts: Parts, expected: HashMap<String, Upload>, file_bytes: u64) -> Self {
        Self { file_bytes, coming: Mutex::new(Coming { parts, expected, open: None, fault: None }) }
    }

    /// Those of the request being executed.
    ///
    /// # Errors
    /// [`Error::Internal`] without any: no `Upload` comes otherwise.
    pub fn of<'c>(ctx: &Context<'c>) -> Result<&'c Self> {
        let files = ctx.data_opt::<std::sync::Arc<Self>>();
        files.map(AsRef::as_ref).ok_or_else(|| Error::bug("a file without files in the request"))
    }

    /// The next file, whichever it is; the rest of the one before is passed over. None once all have come: only then the
    /// request is known to be whole.
    ///
    /// # Errors
    /// [`Error::BadInput`] for parts that are not named or missing; whatever ends the body.
    pub async fn next(&self) -> Result<Option<Arriving<'_>>> {
        let mut coming = self.coming.lock().await;
        let next = coming.next().await.inspect_err(|error| coming.fault = Some(error.clone()))?;
        Ok(next.map(|(slot, name, declared)| Arriving { slot, name, declared, files: self, length: 0 }))
    }

    /// Reads past what was not taken. Whether all of it came.
    pub async fn drain(&self) -> bool {
        self.coming.lock().await.parts.drain().await
    }
}

impl Coming {
    async fn next(&mut self) -> Result<Option<(Upload, String, Option<String>)>> {
        self.open = None;
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let Some(part) = self.parts.next().await? else {
            return match self.expected.is_empty() {
                true => Ok(None),
                false => Err(Error::bad_input("a file that map names is missing")),
            };
        };
        let unnamed = || Error::bad_input("a part is not named in map, or comes twice");
        let slot = self.expected.remove(&part.name).ok_or_else(unnamed)?;
        let name = part.file_name.ok_or_else(|| Error::bad_input("a part after map is no file"))?;
        self.open = Some(slot);
        Ok(Some((slot, name, part.media_type)))
    }
}

impl Arriving<'_> {
    /// The next bytes of it, at most 64 KiB; none at its end.
    ///
    /// # Errors
    /// [`Cut`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Cut> {
        let mut coming = self.files.coming.lock().await;
        if coming.open != Some(self.slot) {
            return Err(Error::bug("a file is read after the next was asked for").into());
        }
        let chunk = coming.parts.chunk().await?;
        self.length += chunk.as_ref().map_or(0, |bytes| bytes.len() as u64);
        match self.length > self.files.file_bytes {
            true => Err(Cut::TooLarge(self.files.file_bytes)),
            false => Ok(chunk),
        }
    }
}
