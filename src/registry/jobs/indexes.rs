//! Sets of the indexes of pods, such as `1,3-5`.

/// `validateIndexesFormat`: how many there are, below `completions`.
pub(super) fn count(text: &str, completions: i64) -> Result<i64, String> {
    if text.is_empty() {
        return Ok(0);
    }
    let (mut last, mut total) = (None, 0);
    for interval in text.split(',') {
        let (first, end) = parse(interval, completions)?;
        if let Some(last) = last.filter(|last| *last >= first) {
            return Err(non_increasing(last, first));
        }
        total += end - first + 1;
        last = Some(end);
    }
    Ok(total)
}

/// `validateFailedIndexesNotOverlapCompleted`: the first index that is in both. What cannot be read is passed over.
pub(super) fn overlap(completed: &str, failed: &str, completions: i64) -> Option<i64> {
    let read = |text: &str| -> Vec<(i64, i64)> {
        let intervals = text.split(',');
        intervals
            .filter_map(|interval| parse(interval, completions).ok())
            .collect()
    };
    let (completed, failed) = (read(completed), read(failed));
    let (mut c, mut f) = (0, 0);
    while let (Some(&(c_first, c_end)), Some(&(f_first, f_end))) = (completed.get(c), failed.get(f))
    {
        if c_first <= f_end && f_first <= c_end {
            return Some(c_first.max(f_first));
        }
        if c_first <= f_first {
            c += 1;
        } else {
            f += 1;
        }
    }
    None
}

/// `parseIndexInterval`.
fn parse(interval: &str, completions: i64) -> Result<(i64, i64), String> {
    let parts: Vec<&str> = interval.split('-').collect();
    match parts[..] {
        [only] => index(only, completions).map(|index| (index, index)),
        [first, end] => {
            let (first, end) = (index(first, completions)?, index(end, completions)?);
            if first >= end {
                return Err(non_increasing(first, end));
            }
            Ok((first, end))
        }
        _ => Err(format!(
            "the fragment {interval:?} violates the requirement that an index interval can have at most two parts \
             separated by '-'"
        )),
    }
}

fn index(text: &str, completions: i64) -> Result<i64, String> {
    let index: i64 = text
        .parse()
        .map_err(|_| format!("cannot convert string to integer for index: {text:?}"))?;
    if index >= completions {
        return Err(format!("too large index: {text:?}"));
    }
    Ok(index)
}

fn non_increasing(previous: i64, current: i64) -> String {
    format!("non-increasing order, previous: {previous}, current: {current}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_counted_in_order() {
        assert_eq!(count("1,3-5", 6), Ok(4));
        assert_eq!(count("", 0), Ok(0));
        assert_eq!(count("5", 5), Err("too large index: \"5\"".to_owned()));
        assert_eq!(
            count("2,1", 5),
            Err("non-increasing order, previous: 2, current: 1".to_owned())
        );
        assert!(count("1-2-3", 5).is_err());
        assert!(count("x", 5).is_err());
    }

    #[test]
    fn the_first_index_in_both_is_found() {
        assert_eq!(overlap("0-2,5", "3,5-6", 10), Some(5));
        assert_eq!(overlap("0-2,x", "3", 10), None);
        assert_eq!(overlap("", "3", 10), None);
    }
}
