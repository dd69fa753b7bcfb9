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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::{Bound, Gate, GateOutcome};

    #[test]
    fn what_xml_forbids_is_quoted_or_left_out() {
        let gate = Gate { figure: "f1:a<b&\"c\"".into(), bound: Bound::Min(0.5) };
        let outcome = GateOutcome { gate, verdict: Verdict::Failed, message: "is \u{1b}[1m<0\u{0}".into() };
        let assessment = Assessment { gates: vec![outcome], ..Assessment::default() };
        let mut bytes = Vec::new();
        junit(&assessment, &mut bytes).expect("written");
        let text = String::from_utf8(bytes).expect("UTF-8");
        assert!(text.contains("name=\"f1:a&lt;b&amp;&quot;c&quot; at least 0.5\""), "{text}");
        assert!(text.contains("message=\"is &lt;0\""), "{text}");
    }
}
