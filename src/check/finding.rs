//! What a check finds, and what to do about it.

use crate::error::Location;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Something to put right.
    Warning,
    /// Something to look at; often nothing is wrong.
    Note,
}

/// The kinds of findings, in the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // `title` says it
pub enum Kind {
    EmptyText,
    EmptyLabel,
    UnknownLabel,
    LabelSpelling,
    RareLabel,
    Conflict,
    Duplicate,
    NearDuplicate,
    Leak,
    NearLeak,
    ShortText,
    LongText,
    Suspect,
    Disagreement,
}

impl Kind {
    /// All kinds, in their order.
    pub const ALL: [Kind; 14] = [
        Kind::EmptyText,
        Kind::EmptyLabel,
        Kind::UnknownLabel,
        Kind::LabelSpelling,
        Kind::RareLabel,
        Kind::Conflict,
        Kind::Duplicate,
        Kind::NearDuplicate,
        Kind::Leak,
        Kind::NearLeak,
        Kind::ShortText,
        Kind::LongText,
        Kind::Suspect,
        Kind::Disagreement,
    ];

    /// Name for programs; it stays the same.
    pub fn key(self) -> &'static str {
        match self {
            Kind::EmptyText => "empty-text",
            Kind::EmptyLabel => "empty-label",
            Kind::UnknownLabel => "unknown-label",
            Kind::LabelSpelling => "label-spelling",
            Kind::RareLabel => "rare-label",
            Kind::Conflict => "conflict",
            Kind::Duplicate => "duplicate",
            Kind::NearDuplicate => "near-duplicate",
            Kind::Leak => "leak",
            Kind::NearLeak => "near-leak",
            Kind::ShortText => "short-text",
            Kind::LongText => "long-text",
            Kind::Suspect => "suspect",
            Kind::Disagreement => "disagreement",
        }
    }

    /// Name for people.
    pub fn title(self) -> &'static str {
        match self {
            Kind::EmptyText => "empty texts",
            Kind::EmptyLabel => "empty labels",
            Kind::UnknownLabel => "labels that --labels does not name",
            Kind::LabelSpelling => "labels that differ only in case, spaces or hyphens",
            Kind::RareLabel => "labels with fewer than 5 rows",
            Kind::Conflict => "the same text with different labels",
            Kind::Duplicate => "the same text again",
            Kind::NearDuplicate => "almost the same text",
            Kind::Leak => "the same text in both files",
            Kind::NearLeak => "almost the same text in both files",
            Kind::ShortText => "texts of fewer than 3 words",
            Kind::LongText => "texts of more than 100 words",
            Kind::Suspect => "labels that a model doubts, the most suspicious first",
            Kind::Disagreement => "rows that the coders labelled differently",
        }
    }

    /// What to do.
    pub fn advice(self) -> &'static str {
        match self {
            Kind::EmptyText | Kind::EmptyLabel => "Fill them in or delete the rows.",
            Kind::UnknownLabel => "Correct them, or add them to --labels.",
            Kind::LabelSpelling => "Write them alike: they count as different labels.",
            Kind::RareLabel => "Correct them if they are typos; else find more rows of them.",
            Kind::Conflict => "Decide on one label, and keep one of the rows.",
            Kind::Duplicate => "Delete all but one.",
            Kind::NearDuplicate => "Delete one, or give both one value in --group-column.",
            Kind::Leak | Kind::NearLeak => "Delete them from one file: they make test scores too good.",
            Kind::ShortText => "Check that nothing is missing.",
            Kind::LongText => "Check that it is one statement; split it if it is several.",
            Kind::Suspect => "Read them again; correct the label where it is wrong.",
            Kind::Disagreement => "Decide on one label, or leave the rows out.",
        }
    }

    /// Whether it is a warning. What a model doubts and what coders disagree
    /// about is there in any data set, so these are notes.
    pub fn severity(self) -> Severity {
        match self {
            Kind::Suspect | Kind::Disagreement => Severity::Note,
            _ => Severity::Warning,
        }
    }
}

/// One thing found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Of which kind.
    pub kind: Kind,
    /// All rows it is about, at least one.
    pub places: Vec<Location>,
    /// What distinguishes it from others of its kind; may be empty.
    pub detail: String,
    /// The text of the first row; empty where it is of no interest.
    pub text: String,
}
