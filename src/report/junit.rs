//! Gates as JUnit test cases, which CI systems list and count; the only place
//! that knows quick-junit.

use std::io::Write;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::error::{Error, Result};
use crate::evaluation::{Assessment, Verdict};

/// One test case for each gate: a failure where it failed, an error where it
/// could not be decided. No times are in it, so the same run gives the same
/// bytes.
///
/// # Errors
/// What the writer says.
pub fn junit(assessment: &Assessment, writer: &mut dyn Write) -> Result<()> {
    let mut suite = TestSuite::new("gates");
    for outcome in &assessment.gates {
        let mut status = match outcome.verdict {
            Verdict::Passed => TestCaseStatus::success(),
            Verdict::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
            Verdict::Undecided => TestCaseStatus::non_success(NonSuccessKind::Error),
        };
        status.set_message(outcome.message.as_str());
        suite.add_test_case(TestCase::new(outcome.gate.name(), status));
    }
    let mut report = Report::new("stance-evaluate");
    report.add_test_suite(suite);
    report.serialize(writer).map_err(|error| Error::Output(std::io::Error::other(error)))
}
