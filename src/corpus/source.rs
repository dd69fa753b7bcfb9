//! Opens inputs and turns their bytes into UTF-8.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use encoding_rs::{DecoderResult, Encoding, UTF_8};

use crate::error::{Error, Location, Result};

/// Where data comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Standard input, `-` on the command line.
    Stdin,
    /// A file.
    Path(PathBuf),
    /// A text at hand.
    Text(String),
}

impl Source {
    /// `-` is standard input, anything else a path.
    pub fn new(argument: impl AsRef<Path>) -> Self {
        let path = argument.as_ref();
        if path.as_os_str() == "-" { Self::Stdin } else { Self::Path(path.to_owned()) }
    }

    /// The name used in messages.
    pub fn name(&self) -> String {
        match self {
            Self::Stdin => "<stdin>".into(),
            Self::Text(_) => "<text>".into(),
            Self::Path(path) => path.display().to_string(),
        }
    }

    /// The extension in lower case.
    pub fn extension(&self) -> Option<String> {
        match self {
            Self::Stdin | Self::Text(_) => None,
            Self::Path(path) => Some(path.extension()?.to_str()?.to_ascii_lowercase()),
        }
    }

    /// Opens the source as UTF-8 text; a byte order mark is taken off.
    ///
    /// `encoding` is what the bytes are if there is no byte order mark that
    /// says UTF-16. Bytes that are claimed to be UTF-8 are passed on as they
    /// are: whoever reads them knows the line and checks.
    ///
    /// # Errors
    /// A missing file, or a directory.
    pub fn open(&self, encoding: Option<&'static Encoding>) -> Result<Utf8Reader> {
        let inner: Box<dyn Read + Send> = match self {
            Self::Stdin => Box::new(io::stdin()),
            Self::Text(text) => Box::new(io::Cursor::new(text.clone().into_bytes())),
            Self::Path(path) => {
                let file = File::open(path).map_err(|e| Error::io(path, e))?;
                if file.metadata().is_ok_and(|m| m.is_dir()) {
                    let message = "is a directory; name a file";
                    return Err(Error::data(Location::of(self.name()), message));
                }
                Box::new(file)
            }
        };
        Utf8Reader::new(inner, self.name(), encoding)
    }
}

/// Looks an encoding up by its name or label, such as `windows-1252`.
///
/// # Errors
/// A name that the WHATWG encoding standard does not list.
pub fn encoding(label: &str) -> Result<&'static Encoding, String> {
    Encoding::for_label(label.as_bytes()).ok_or_else(|| {
        format!("unknown encoding \"{label}\"; try utf-8, utf-16le, windows-1252 or windows-1256")
    })
}

/// Reads UTF-8 from bytes of a known encoding, and counts lines.
pub struct Utf8Reader {
    inner: Box<dyn Read + Send>,
    name: String,
    /// `None` where the bytes are UTF-8 already.
    decoder: Option<encoding_rs::Decoder>,
    /// What was read to look for a byte order mark, or not decoded yet.
    pending: Vec<u8>,
    finished: bool,
    line: u64,
}

impl Utf8Reader {
    fn new(
        mut inner: Box<dyn Read + Send>,
        name: String,
        encoding: Option<&'static Encoding>,
    ) -> Result<Self> {
        let mut pending = Vec::new();
        (&mut inner).take(3).read_to_end(&mut pending).map_err(|e| Error::io(&name, e))?;
        let (found, mark) = Encoding::for_bom(&pending).unzip();
        pending.drain(..mark.unwrap_or(0));
        let encoding = found.or(encoding).unwrap_or(UTF_8);
        let decoder = (encoding != UTF_8).then(|| encoding.new_decoder_without_bom_handling());
        Ok(Self { inner, name, decoder, pending, finished: false, line: 1 })
    }

    /// Appends about `wanted` bytes of text; returns whether there is more.
    ///
    /// # Errors
    /// A system error, a NUL byte, or bytes that the encoding does not allow,
    /// with their line.
    pub fn read_more(&mut self, text: &mut Vec<u8>, wanted: usize) -> Result<bool> {
        let start = text.len();
        if self.decoder.is_some() {
            self.decode(text, wanted)?;
        } else {
            text.append(&mut self.pending);
            let read = (&mut self.inner).take(wanted as u64).read_to_end(text);
            self.finished = read.map_err(|e| Error::io(&self.name, e))? < wanted;
        }
        let new = &text[start..];
        if let Some(at) = memchr::memchr(0, new) {
            let line = self.line + lines_in(&new[..at]);
            let message = "there is a NUL byte, so this is no UTF-8 text; if it is UTF-16, \
                           say --encoding utf-16le, or save it as CSV UTF-8";
            return Err(Error::data(Location::at(&self.name, line), message));
        }
        self.line += lines_in(new);
        Ok(!self.finished)
    }

    /// All the text.
    ///
    /// # Errors
    /// As [`Utf8Reader::read_more`], and invalid UTF-8.
    pub fn read_all(mut self) -> Result<String> {
        let mut text = Vec::new();
        while self.read_more(&mut text, 1 << 20)? {}
        String::from_utf8(text).map_err(|e| {
            let at = e.utf8_error().valid_up_to();
            invalid_utf8(&self.name, 1 + lines_in(&e.as_bytes()[..at]), e.as_bytes(), at)
        })
    }

    fn decode(&mut self, text: &mut Vec<u8>, wanted: usize) -> Result<()> {
        let Some(decoder) = &mut self.decoder else { return Ok(()) };
        let start = text.len();
        let mut bytes = std::mem::take(&mut self.pending);
        let have = bytes.len();
        let read = (&mut self.inner).take(wanted as u64).read_to_end(&mut bytes);
        self.finished = read.map_err(|e| Error::io(&self.name, e))? < wanted;
        debug_assert!(have <= 3);
        let mut decoded = String::with_capacity(
            decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(4 * bytes.len()),
        );
        let (result, _) = decoder.decode_to_string_without_replacement(&bytes, &mut decoded, self.finished);
        text.extend_from_slice(decoded.as_bytes());
        if let DecoderResult::Malformed(..) = result {
            let line = self.line + lines_in(&text[start..]);
            let message = format!(
                "there are bytes that are not {}; name the right one with --encoding",
                decoder.encoding().name()
            );
            return Err(Error::data(Location::at(&self.name, line), message));
        }
        Ok(())
    }

    /// The source's name, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The error for invalid UTF-8 at byte `at` of `bytes`.
pub(crate) fn invalid_utf8(name: &str, line: u64, bytes: &[u8], at: usize) -> Error {
    let hint = if bytes[at..].starts_with(&[0x92]) || bytes[at..].starts_with(&[0x93]) {
        "windows-1252"
    } else {
        "windows-1252 (or the encoding it was saved in)"
    };
    let byte = bytes.get(at).copied().unwrap_or(0);
    let message = format!(
        "the byte 0x{byte:02X} (byte {} of its field) is not valid UTF-8; if the file comes from Excel, \
         try --encoding {hint}, or save it as CSV UTF-8",
        at + 1
    );
    Error::data(Location::at(name, line), message)
}

pub(crate) fn lines_in(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], encoding: Option<&'static Encoding>) -> Result<String> {
        let inner = Box::new(io::Cursor::new(bytes.to_vec()));
        Utf8Reader::new(inner, "x.csv".into(), encoding)?.read_all()
    }

    #[test]
    fn byte_order_marks_decide_and_go() {
        assert_eq!(read(b"\xEF\xBB\xBFid", None).expect("utf-8"), "id");
        assert_eq!(read(b"\xFF\xFEi\0d\0\x19\x20", None).expect("utf-16le"), "id\u{2019}");
        assert_eq!(read(b"\xFE\xFF\0i\0d", None).expect("utf-16be"), "id");
        assert_eq!(read(b"", None).expect("empty"), "");
        assert_eq!(read(b"a", None).expect("short"), "a");
    }

    #[test]
    fn other_encodings_by_name() {
        let windows = encoding("windows-1252").expect("known");
        assert_eq!(read(b"\x93go home\x94", Some(windows)).expect("decodes"), "\u{201C}go home\u{201D}");
        assert!(encoding("klingon").is_err());
    }

    #[test]
    fn what_cannot_be_text_is_an_error_with_its_line() {
        for (bytes, part) in
            [(&b"ok\nit\x92s"[..], "x.csv:2: the byte 0x92"), (b"a\n\nb\0c", "x.csv:3: there is a NUL byte")]
        {
            let message = read(bytes, None).expect_err("bad").to_string();
            assert!(message.starts_with(part), "{message}");
        }
        let shift_jis = encoding("shift_jis").expect("known");
        let message = read(b"a\n\x81\xFF", Some(shift_jis)).expect_err("bad").to_string();
        assert!(message.starts_with("x.csv:2: there are bytes that are not Shift_JIS"), "{message}");
    }
}
