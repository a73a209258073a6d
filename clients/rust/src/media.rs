//! Pictures and documents: from files, and into files.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use prost::bytes::{Bytes, BytesMut};

use crate::v1::image_event::Event;
use crate::v1::media::Source;
use crate::v1::part::Content;
use crate::v1::{GeneratedImage, ImageDetail, ImageEvent, Media, Part};

impl Media {
    /// A picture or document from its bytes. The gateway detects its type.
    pub fn from_bytes(data: impl Into<Bytes>) -> Self {
        Self { source: Some(Source::Data(data.into())), ..Self::default() }
    }

    /// A picture or document by its https address. The gateway fetches only from hosts that its operator allows.
    pub fn from_uri(uri: impl Into<String>) -> Self {
        Self { source: Some(Source::Uri(uri.into())), ..Self::default() }
    }

    /// A picture or document from a file, with the file's name.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn from_file(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(Self { filename: name.into_owned(), ..Self::from_bytes(std::fs::read(path)?) })
    }

    /// It as a part of a turn that says how closely the model looks at the picture.
    pub fn with_detail(self, detail: ImageDetail) -> Part {
        Part { image_detail: detail.into(), ..self.into() }
    }

    /// Its bytes; None for an address.
    pub fn data(&self) -> Option<&Bytes> {
        match &self.source {
            Some(Source::Data(data)) => Some(data),
            _ => None,
        }
    }

    /// Writes its bytes to a file.
    ///
    /// # Errors
    /// The file cannot be written, or this is an address.
    pub fn save(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let no_bytes = || io::Error::new(io::ErrorKind::InvalidInput, "media without bytes cannot be saved");
        std::fs::write(path, self.data().ok_or_else(no_bytes)?)
    }
}

impl GeneratedImage {
    /// Writes the picture to a file.
    ///
    /// # Errors
    /// The file cannot be written, or there is no picture.
    pub fn save(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.media.clone().unwrap_or_default().save(path)
    }
}

impl From<Media> for Part {
    fn from(media: Media) -> Self {
        Content::Media(media).into()
    }
}

/// Puts streamed pictures together from their pieces.
#[derive(Clone, Debug, Default)]
pub struct Pictures {
    growing: BTreeMap<i32, (String, BytesMut)>,
}

impl Pictures {
    /// Takes the next event; returns a picture, with its index, when its last piece has come.
    pub fn add(&mut self, event: &ImageEvent) -> Option<(i32, Media)> {
        let Some(Event::Chunk(chunk)) = &event.event else {
            return None;
        };
        let (mime_type, data) = self.growing.entry(chunk.image_index).or_default();
        if !chunk.mime_type.is_empty() {
            mime_type.clone_from(&chunk.mime_type);
        }
        data.extend_from_slice(&chunk.data);
        if !chunk.last {
            return None;
        }
        let (mime_type, data) = self.growing.remove(&chunk.image_index)?;
        let media = Media { mime_type, ..Media::from_bytes(data.freeze()) };
        Some((chunk.image_index, media))
    }
}
