//! The frame of the HTML pages, and what is drawn in it: charts, bars,
//! statements with their deciding words shaded.
//!
//! A page is one file that needs no network and no script. It extends
//! `templates/page.html`, whose style sheet, `templates/page.css`, knows the
//! light and the dark scheme, small screens and paper. Everything that is put
//! into a template is escaped by it.

mod chart;
mod statement;
mod words;

use std::io::Write;

use askama::Template;

use crate::error::Result;
use crate::text::Language;
pub(crate) use chart::{Axis, Bar, Chart, Point, Series};
pub(crate) use statement::StatementView;
pub(crate) use words::shaded_words;

/// Of the program that writes the page.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Writes a page.
///
/// # Errors
/// What the writer says.
pub(crate) fn write(page: &impl Template, writer: &mut dyn Write) -> Result<()> {
    Ok(Template::write_into(page, writer)?)
}

/// The style of a label: its colour. Beyond six labels colours come again.
pub(crate) fn label_class(class: &usize) -> String {
    format!("l{}", class % 6)
}

/// A shape to tell labels apart where colours do not.
pub(crate) fn shape(class: &usize) -> &'static str {
    ["○", "■", "▲", "◆", "●", "□"][class % 6]
}

/// A share as `82.5 %`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1}\u{a0}%", share * 100.0)
}

/// A share in a drawing 100 wide.
pub(crate) fn hundredths(share: &f64) -> String {
    format!("{:.1}", (share * 100.0).clamp(0.0, 100.0))
}

/// The `lang` attribute of a text; empty where the language is not known.
pub(crate) fn lang(language: Language) -> &'static str {
    if language == Language::None { "" } else { language.code() }
}
