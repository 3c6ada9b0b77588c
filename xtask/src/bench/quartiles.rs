//! The middle of some figures, and how far half of them lie around it. Pure.

/// Between neighbours it is as far as the quarter demands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Quartiles {
    pub(super) p25: f64,
    pub(super) p50: f64,
    pub(super) p75: f64,
}

impl Quartiles {
    pub(super) fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        let at = |quarter: usize| {
            let quarters = figures.len().saturating_sub(1) * quarter;
            let figure = |place: usize| figures.get(place).copied().unwrap_or(f64::NAN);
            let (below, above) = (figure(quarters / 4), figure(quarters.div_ceil(4)));
            below + (above - below) * (quarters % 4) as f64 / 4.0
        };
        Self { p25: at(1), p50: at(2), p75: at(3) }
    }
}

#[cfg(test)]
mod tests {
    use super::Quartiles;

    #[test]
    fn quarters_lie_between_neighbours() {
        let table = [
            (vec![7.0], [7.0, 7.0, 7.0]),
            (vec![4.0, 2.0], [2.5, 3.0, 3.5]),
            (vec![5.0, 1.0, 4.0, 2.0, 3.0], [2.0, 3.0, 4.0]),
        ];
        for (figures, [p25, p50, p75]) in table {
            assert_eq!(Quartiles::of(figures.clone()), Quartiles { p25, p50, p75 }, "{figures:?}");
        }
    }
}
