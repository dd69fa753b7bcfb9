//! Gates as they are written on the command line.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use stance::evaluation::{Bound, Gate};

/// A metric and a number.
#[derive(Clone)]
struct Limit {
    metric: String,
    value: f64,
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "write METRIC=VALUE, for example accuracy=0.8".to_owned();
        let (metric, value) = text.rsplit_once('=').ok_or_else(wrong)?;
        let value: f64 = value.parse().map_err(|_| wrong())?;
        if value.is_finite() { Ok(Self { metric: metric.into(), value }) } else { Err(wrong()) }
    }
}

/// A margin; of macro-f1 where no metric is named.
#[derive(Clone)]
struct Margin(Limit);

impl FromStr for Margin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "write a number of at least 0, such as 0.01, or METRIC=VALUE".to_owned();
        let named = if text.contains('=') { text.to_owned() } else { format!("macro-f1={text}") };
        let limit: Limit = named.parse().map_err(|_| wrong())?;
        if limit.value >= 0.0 { Ok(Self(limit)) } else { Err(wrong()) }
    }
}

/// The gates of `stance-evaluate`.
#[derive(Args)]
#[command(next_help_heading = "Gates")]
pub struct GateArgs {
    /// Fail unless a figure is at least this
    #[arg(long, value_name = "METRIC=VALUE")]
    min: Vec<Limit>,
    /// Fail unless a figure is at most this
    #[arg(long, value_name = "METRIC=VALUE")]
    max: Vec<Limit>,
    /// Fail unless the lower end of a figure's 95 % interval is at least this
    #[arg(long, value_name = "METRIC=VALUE")]
    min_lower: Vec<Limit>,
    /// Compare with this model, and fail unless the lower end of the 95 % interval of the difference is
    /// above minus the margin
    #[arg(long, value_name = "MODEL", requires = "data", group = "other_model")]
    pub no_worse_than: Option<PathBuf>,
    /// Margin of --no-worse-than, of macro-f1 or of a METRIC=; several are several gates [default: 0.01]
    #[arg(long, value_name = "[METRIC=]VALUE", requires = "no_worse_than")]
    margin: Vec<Margin>,
}

impl GateArgs {
    /// All gates.
    pub fn gates(&self) -> Vec<Gate> {
        let gates = |limits: &[Limit], bound: fn(f64) -> Bound| -> Vec<Gate> {
            let gate = |limit: &Limit| Gate { figure: limit.metric.clone(), bound: bound(limit.value) };
            limits.iter().map(gate).collect()
        };
        let mut margins: Vec<Limit> = self.margin.iter().map(|margin| margin.0.clone()).collect();
        if self.no_worse_than.is_some() && margins.is_empty() {
            margins.push(Limit { metric: "macro-f1".into(), value: 0.01 });
        }
        let mut all = gates(&self.min, Bound::Min);
        all.extend(gates(&self.max, Bound::Max));
        all.extend(gates(&self.min_lower, Bound::MinLower));
        all.extend(gates(&margins, Bound::NoWorse));
        all
    }
}
