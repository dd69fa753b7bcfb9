//! Maximum-likelihood shares by expectation-maximisation.

use ndarray::ArrayView2;

/// Iterations after which the shares are taken as they are: at a share that
/// goes to 0 the steps shrink without end.
const MOST_ITERATIONS: usize = 10_000;

/// The shares under which the rows are most likely, by the EM algorithm of
/// Saerens, Latinne and Decaestecker (2002, equation 9), from `start`, until
/// no share moves by more than `tolerance`.
///
/// `rows` are pairs of a row number and how often it counts; `labelled` is
/// how many rows of each label are known besides. A row whose
/// posteriors are all 0 where shares are not says nothing and keeps the
/// shares as they are.
pub(super) fn maximise(
    posteriors: ArrayView2<'_, f64>,
    rows: &[(u32, u32)],
    labelled: &[u32],
    priors: &[f64],
    start: &[f64],
    tolerance: f64,
) -> Vec<f64> {
    let classes = priors.len();
    let total: f64 =
        rows.iter().map(|&(_, times)| times).chain(labelled.iter().copied()).map(f64::from).sum();
    let mut shares = start.to_vec();
    let (mut factors, mut sums, mut terms) = (vec![0.0; classes], vec![0.0; classes], vec![0.0; classes]);
    for _ in 0..MOST_ITERATIONS {
        for (factor, (share, prior)) in factors.iter_mut().zip(shares.iter().zip(priors)) {
            *factor = share / prior;
        }
        sums.iter_mut().zip(labelled).for_each(|(sum, &times)| *sum = f64::from(times));
        for &(row, times) in rows {
            let posterior = posteriors.row(row as usize);
            let mut evidence = 0.0;
            for (term, (p, factor)) in terms.iter_mut().zip(posterior.iter().zip(&factors)) {
                *term = p * factor;
                evidence += *term;
            }
            let times = f64::from(times);
            if evidence > 0.0 {
                let scale = times / evidence;
                sums.iter_mut().zip(&terms).for_each(|(sum, term)| *sum += scale * term);
            } else {
                sums.iter_mut().zip(&shares).for_each(|(sum, share)| *sum += times * share);
            }
        }
        let mut moved = 0.0f64;
        for (share, sum) in shares.iter_mut().zip(&sums) {
            let next = sum / total;
            moved = moved.max((next - *share).abs());
            *share = next;
        }
        if moved <= tolerance {
            break;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn it_finds_the_shares_that_rows_were_drawn_with() {
        // two coins: a row of label 0 shows heads in 3 of 4, of label 1 in 1 of 4
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for truth in [0.05, 0.5, 0.8] {
            let rows = 40_000;
            let posteriors = Array2::from_shape_fn((rows, 2), |(_, k)| if k == 0 { 0.75 } else { 0.25 });
            let mut posteriors = posteriors;
            for mut row in posteriors.rows_mut() {
                let heads = if rng.random_range(0.0..1.0) < truth { 0.75 } else { 0.25 };
                if rng.random_range(0.0..1.0) >= heads {
                    row.swap(0, 1);
                }
            }
            let once: Vec<(u32, u32)> = (0..rows as u32).map(|row| (row, 1)).collect();
            let shares = maximise(posteriors.view(), &once, &[0, 0], &[0.5, 0.5], &[0.5, 0.5], 1e-10);
            assert!((shares[0] - truth).abs() < 0.02, "{shares:?} for {truth}");
        }
    }

    #[test]
    fn certain_rows_are_counted_and_rows_without_evidence_say_nothing() {
        let posteriors = ndarray::array![[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 0.0]];
        let shares = maximise(
            posteriors.view(),
            &[(0, 1), (1, 1), (2, 2), (3, 5)],
            &[0, 0],
            &[0.9, 0.1],
            &[0.9, 0.1],
            1e-12,
        );
        assert!((shares[0] - 0.75).abs() < 1e-9, "{shares:?}");
    }
}
