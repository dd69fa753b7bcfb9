//! Days and periods; the only place that knows jiff.

use std::fmt;
use std::str::FromStr;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, date};
use jiff::fmt::strtime;
use serde::{Serialize, Serializer};

use crate::error::{Error, Result};

/// A calendar day of the years 0 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    /// Days since 1970-01-01.
    pub fn number(self) -> i32 {
        // two days of four-digit years are fewer than 4 million days apart
        date(1970, 1, 1).until(self.0).map_or(0, |span| span.get_days())
    }

    /// The day before.
    pub fn before(self) -> Self {
        Self(self.0.yesterday().unwrap_or(self.0))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Day {
    type Err = String;

    /// `2031-05-12`.
    fn from_str(text: &str) -> Result<Self, String> {
        DateFormat::Iso.parse(text).ok_or_else(|| format!("\"{text}\" is no date such as 2031-05-12"))
    }
}

/// How dates are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DateFormat {
    /// `2031-05-12`, optionally with a time and a zone after `T` or a space.
    /// The day is the one that is written: no zone moves it.
    Iso,
    /// A strftime pattern such as `%d/%m/%Y`.
    Pattern(String),
}

impl DateFormat {
    /// A strftime pattern.
    ///
    /// # Errors
    /// A pattern that does not give day, month and year.
    pub fn pattern(pattern: &str) -> Result<Self> {
        let format = Self::Pattern(pattern.to_owned());
        let gives_back = [date(2031, 11, 23), date(2004, 2, 9)]
            .into_iter()
            .all(|day| strtime::format(pattern, day).is_ok_and(|text| format.parse(&text) == Some(Day(day))));
        let message = format!("\"{pattern}\" does not give day, month and year; write such as %d/%m/%Y");
        if gives_back { Ok(format) } else { Err(Error::parameter("--date-format", message)) }
    }

    /// The day a text names, if it is written this way.
    pub fn parse(&self, text: &str) -> Option<Day> {
        let text = text.trim();
        let day = match self {
            Self::Pattern(pattern) => strtime::parse(pattern, text).ok()?.to_date().ok()?,
            Self::Iso => {
                let (day, rest) = (text.get(..10)?, text.get(10..)?);
                if day.as_bytes()[4] != b'-' || day.as_bytes()[7] != b'-' {
                    return None;
                }
                // jiff refuses a time of day with Z as one that is not local
                let local = text.strip_suffix(['Z', 'z']).unwrap_or(text);
                if rest.is_empty() { day.parse().ok()? } else { local.parse::<DateTime>().ok()?.date() }
            }
        };
        (0..=9999).contains(&day.year()).then_some(Day(day))
    }
}

/// What shares are counted over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// A day.
    Day,
    /// A week from Monday (ISO 8601).
    Week,
    /// A calendar month.
    Month,
    /// A quarter of a calendar year.
    Quarter,
}

impl Period {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Period::Day => "day",
            Period::Week => "week",
            Period::Month => "month",
            Period::Quarter => "quarter",
        }
    }

    /// The first day of the period that a day is in.
    pub fn start(self, day: Day) -> Day {
        let day = day.0;
        Day(match self {
            Period::Day => day,
            Period::Week => {
                let days = i64::from(day.weekday().to_monday_zero_offset());
                day.checked_sub(days.days()).unwrap_or(day)
            }
            Period::Month => day.first_of_month(),
            Period::Quarter => date(day.year(), (day.month() - 1) / 3 * 3 + 1, 1),
        })
    }

    /// The first day of the next period after one that starts at `start`.
    pub fn next(self, start: Day) -> Day {
        let span = match self {
            Period::Day => 1.days(),
            Period::Week => 1.weeks(),
            Period::Month => 1.months(),
            Period::Quarter => 3.months(),
        };
        Day(start.0.checked_add(span).unwrap_or(Date::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iso(text: &str) -> Option<String> {
        DateFormat::Iso.parse(text).map(|day| day.to_string())
    }

    #[test]
    fn iso_dates_keep_the_day_that_is_written() {
        for text in [
            "2031-05-12",
            " 2031-05-12 ",
            "2031-05-12T23:59:59Z",
            "2031-05-12T23:30:00-11:00",
            "2031-05-12 00:10:00+05:30",
            "2031-05-12 08:15",
            "2031-05-12T08:15:00.123",
        ] {
            assert_eq!(iso(text).as_deref(), Some("2031-05-12"), "{text}");
        }
    }

    #[test]
    fn other_dates_are_none() {
        let texts = ["", "2031", "12/05/2031", "2031-13-01", "2031-02-29", "2031-05-1", "2031/05/12", "soon"];
        for text in texts.into_iter().chain(["2031-05-12x", "2031-05-12Tnoon", "20310512", "２０３１-05-12"])
        {
            assert_eq!(iso(text), None, "{text}");
        }
        assert_eq!(iso("2032-02-29").as_deref(), Some("2032-02-29"));
    }

    #[test]
    fn patterns_must_give_a_day() {
        let format = DateFormat::pattern("%d/%m/%Y").expect("pattern");
        assert_eq!(format.parse("12/05/2031").map(|day| day.to_string()).as_deref(), Some("2031-05-12"));
        assert_eq!(format.parse("31/04/2031"), None);
        assert_eq!(format.parse("2031-05-12"), None);
        for bad in ["%d/%m", "%Y", "", "%Q", "year"] {
            assert!(DateFormat::pattern(bad).is_err(), "{bad}");
        }
        assert!(DateFormat::pattern("%B %d, %Y").is_ok());
    }

    #[test]
    fn periods_start_and_follow_each_other() {
        let day = |text: &str| text.parse::<Day>().expect("day");
        let cases = [
            (Period::Day, "2031-05-15", "2031-05-15", "2031-05-16"),
            (Period::Week, "2031-05-15", "2031-05-12", "2031-05-19"),
            (Period::Week, "2031-01-01", "2030-12-30", "2031-01-06"),
            (Period::Month, "2032-02-29", "2032-02-01", "2032-03-01"),
            (Period::Quarter, "2031-12-31", "2031-10-01", "2032-01-01"),
        ];
        for (period, of, start, next) in cases {
            assert_eq!(period.start(day(of)), day(start), "{period:?}");
            assert_eq!(period.next(day(start)), day(next), "{period:?}");
        }
        assert_eq!(day("1970-01-11").number(), 10);
        assert_eq!(day("2031-03-01").before(), day("2031-02-28"));
        assert_eq!(Period::Week.next(day("9999-12-27")).to_string(), "9999-12-31");
    }
}
