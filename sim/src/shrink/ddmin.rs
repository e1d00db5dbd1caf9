//! Delta debugging: which parts of a list are needed.

/// Finds parts, by their position, of which none can be left out by itself, and together still do it.
///
/// `first` is given lists of parts to keep, and says which is the first of them that still does it. Nothing at all is tried
/// first; then halves, quarters and so on are left out, down to single parts. What was left out successfully at one place is
/// followed by trying the next place, not the first again.
///
/// # Errors
/// Those of `first`.
pub fn ddmin<E>(
    count: usize,
    mut first: impl FnMut(&[Vec<usize>]) -> Result<Option<usize>, E>,
) -> Result<Vec<usize>, E> {
    let mut kept: Vec<usize> = (0..count).collect();
    if count == 0 || first(&[Vec::new()])?.is_some() {
        return Ok(Vec::new());
    }
    let (mut chunks, mut from) = (2, 0);
    // Nothing at all does not do it, so a single part is needed.
    while 1 < kept.len() {
        chunks = chunks.min(kept.len());
        let order: Vec<usize> = (0..chunks).map(|turn| (from + turn) % chunks).collect();
        let candidates: Vec<Vec<usize>> = order.iter().map(|chunk| without(&kept, *chunk, chunks)).collect();
        match first(&candidates)? {
            Some(index) => {
                kept.clone_from(&candidates[index]);
                // The chunk that followed stands in its place now.
                (from, chunks) = (order[index], (chunks - 1).max(2));
            }
            None if chunks == kept.len() => break,
            None => (from, chunks) = (0, chunks * 2),
        }
    }
    Ok(kept)
}

/// All of `kept` but the chunk at this position, of as many as there are.
fn without(kept: &[usize], chunk: usize, chunks: usize) -> Vec<usize> {
    let border = |chunk: usize| chunk * kept.len() / chunks;
    [&kept[..border(chunk)], &kept[border(chunk + 1)..]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Minimizes by a predicate: what is kept, and how many lists were looked at.
    fn minimized(count: usize, fails: impl Fn(&[usize]) -> bool) -> (Vec<usize>, usize) {
        let mut looked = 0;
        let kept = ddmin(count, |candidates| {
            let found = candidates.iter().position(|kept| fails(kept));
            looked += found.map_or(candidates.len(), |found| found + 1);
            Ok::<_, ()>(found)
        });
        (kept.unwrap(), looked)
    }

    #[test]
    fn the_parts_that_are_needed_stay_in_their_order() {
        for needed in [vec![5], vec![0, 63], vec![3, 4, 40], vec![7, 20, 33, 50]] {
            let (kept, looked) = minimized(64, |kept| needed.iter().all(|part| kept.contains(part)));
            assert_eq!(kept, needed);
            assert!(looked < 40 * needed.len(), "{looked} for {needed:?}");
        }
    }

    #[test]
    fn what_needs_nothing_is_found_at_once_and_an_empty_list_needs_no_test() {
        assert_eq!(minimized(100, |_| true), (vec![], 1));
        assert_eq!(minimized(0, |_| true), (vec![], 0));
        assert_eq!(minimized(1, |kept| !kept.is_empty()), (vec![0], 1));
    }

    #[test]
    fn no_single_part_can_be_left_out_even_where_the_failure_is_capricious() {
        // At least three, and an odd one among them; or exactly two.
        let fails =
            |kept: &[usize]| kept.len() == 2 || (3 <= kept.len() && kept.iter().any(|part| part % 2 == 1));
        let (kept, _) = minimized(31, fails);
        assert!(fails(&kept), "{kept:?}");
        for part in &kept {
            let rest: Vec<usize> = kept.iter().copied().filter(|other| other != part).collect();
            assert!(!fails(&rest), "{kept:?} without {part}");
        }
    }

    #[test]
    fn when_everything_is_needed_everything_is_tried() {
        let (kept, looked) = minimized(8, |kept| kept.len() == 8);
        assert_eq!((kept.len(), looked), (8, 1 + 2 + 4 + 8));
    }

    #[test]
    fn whoever_stops_it_is_told() {
        assert_eq!(ddmin(4, |_| Err("enough")), Err("enough"));
    }
}
