//! Where nodes stand within their layer: close to their neighbours, never overlapping.

/// Puts a row of nodes as near as possible to where each wants to be.
///
/// `wishes` are wanted centres with their weights and `gaps[n]` is the least
/// distance between the centres of nodes `n` and `n + 1`. The answer is exact:
/// least squares under the gaps, by pooling adjacent violators.
pub(super) fn row(wishes: &[(f64, f64)], gaps: &[f64]) -> Vec<f64> {
    struct Pool {
        sum: f64,
        weight: f64,
        members: usize,
    }
    let mut pools: Vec<Pool> = Vec::with_capacity(wishes.len());
    let mut offset = 0.0;
    let mut offsets = Vec::with_capacity(wishes.len());
    for (n, &(wish, weight)) in wishes.iter().enumerate() {
        if n > 0 {
            offset += gaps[n - 1];
        }
        offsets.push(offset);
        let mut pool = Pool { sum: (wish - offset) * weight, weight, members: 1 };
        while let Some(last) = pools.pop_if(|last| last.sum / last.weight > pool.sum / pool.weight) {
            pool.sum += last.sum;
            pool.weight += last.weight;
            pool.members += last.members;
        }
        pools.push(pool);
    }
    let mut centres = Vec::with_capacity(wishes.len());
    for pool in &pools {
        for _ in 0..pool.members {
            centres.push(pool.sum / pool.weight + offsets[centres.len()]);
        }
    }
    centres
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(wishes: &[f64], gap: f64, expected: &[f64]) {
        let wishes: Vec<_> = wishes.iter().map(|&w| (w, 1.0)).collect();
        let gaps = vec![gap; wishes.len().saturating_sub(1)];
        assert_eq!(row(&wishes, &gaps), expected);
    }

    #[test]
    fn wishes_are_granted_where_there_is_room() {
        check(&[], 10.0, &[]);
        check(&[5.0], 10.0, &[5.0]);
        check(&[0.0, 10.0, 30.0], 10.0, &[0.0, 10.0, 30.0]);
    }

    #[test]
    fn crowded_nodes_share_the_difference() {
        check(&[0.0, 0.0], 10.0, &[-5.0, 5.0]);
        check(&[10.0, 0.0, 5.0], 10.0, &[-5.0, 5.0, 15.0]);
    }
}
