//! Token counts of one call of the model.

/// Tokens of one call in the API's disjoint classes. An unknown count is `None`, never zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Usage {
    /// Input neither read from nor written to the prompt cache.
    pub input: Option<u64>,
    /// Output, thinking included.
    pub output: Option<u64>,
    /// Input read from the prompt cache.
    pub cache_read: Option<u64>,
    /// Input written to the prompt cache for 5 minutes.
    pub cache_write_5m: Option<u64>,
    /// Input written to the prompt cache for 1 hour.
    pub cache_write_1h: Option<u64>,
    /// Thinking, a part of `output`.
    pub thinking: Option<u64>,
}

impl Usage {
    /// What two statements about the same call say together: the larger count of each class, because the
    /// counts of a stream only grow. Who does not tell the classes of what was written to the prompt cache apart says nothing that
    /// who does leaves open. The result does not depend on the order.
    #[must_use]
    pub fn merged(self, other: Self) -> Self {
        let [left, right] = [(self, other), (other, self)].map(|(one, other)| {
            let is_told_apart = one.cache_write_1h.is_none() && other.cache_write_1h.is_some();
            Self { cache_write_5m: one.cache_write_5m.filter(|_| !is_told_apart), ..one }
        });
        left.combined(right, u64::max)
    }

    /// The sum over two different calls; a class unknown on one side counts as what the other side knows.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        self.combined(other, u64::saturating_add)
    }

    /// All input written to the prompt cache.
    #[must_use]
    pub fn cache_write(self) -> Option<u64> {
        sum_of_known([self.cache_write_5m, self.cache_write_1h])
    }

    /// All input, as `gen_ai.usage.input_tokens` counts it: uncached, read and written.
    #[must_use]
    pub fn total_input(self) -> Option<u64> {
        self.input?;
        sum_of_known([self.input, self.cache_read, self.cache_write_5m, self.cache_write_1h])
    }

    /// Whether no tokens are said to have been used.
    #[must_use]
    pub fn is_empty(self) -> bool {
        [self.input, self.output, self.cache_read, self.cache_write_5m, self.cache_write_1h]
            .into_iter()
            .flatten()
            .all(|count| count == 0)
    }

    fn combined(self, other: Self, of_both: fn(u64, u64) -> u64) -> Self {
        let join = |left: Option<u64>, right: Option<u64>| match (left, right) {
            (Some(left), Some(right)) => Some(of_both(left, right)),
            (known, None) | (None, known) => known,
        };
        Self {
            input: join(self.input, other.input),
            output: join(self.output, other.output),
            cache_read: join(self.cache_read, other.cache_read),
            cache_write_5m: join(self.cache_write_5m, other.cache_write_5m),
            cache_write_1h: join(self.cache_write_1h, other.cache_write_1h),
            thinking: join(self.thinking, other.thinking),
        }
    }
}

fn sum_of_known<const N: usize>(counts: [Option<u64>; N]) -> Option<u64> {
    counts.into_iter().flatten().reduce(u64::saturating_add)
}
