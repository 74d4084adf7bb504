//! Which points are run, and in which order: all that are different in kind, and of those alike a few.

use std::collections::{BTreeMap, BTreeSet};

use super::point::{self, Point};
use super::seen::Seen;
use super::trouble::Trouble;
use crate::ids::Ids;

/// How many points that are alike are run: the first, the last, and one in between.
const SAMPLES: usize = 3;
/// How often a pair is drawn at most until it is one of two requests.
const DRAWS: usize = 20;

/// What is run, and what is not.
#[derive(Default)]
pub(crate) struct Plan {
    /// The most telling first.
    pub(crate) points: Vec<Point>,
    /// How many points there are that were left out, by what they have in common.
    pub(crate) left_out: BTreeMap<String, usize>,
}

/// What is asked for.
pub(crate) struct Wanted<'a> {
    pub(crate) troubles: &'a [&'static Trouble],
    /// Nothing is left out.
    pub(crate) all: bool,
    pub(crate) pairs: usize,
    pub(crate) seed: u64,
}

impl Plan {
    pub(crate) fn of(requests: &[Seen], wanted: &Wanted<'_>) -> Self {
        let mut sorts: BTreeMap<(String, &'static str), (Vec<Point>, usize)> = BTreeMap::new();
        for seen in requests {
            for trouble in wanted
                .troubles
                .iter()
                .filter(|trouble| (trouble.fits)(seen))
            {
                let sort = (seen.asked.identity.sort(), trouble.id);
                let (points, count) = sorts.entry(sort).or_default();
                *count += places(seen, trouble, true).len();
                let places = places(seen, trouble, wanted.all).into_iter();
                points.extend(places.map(|events| Point::of(seen, trouble, events)));
            }
        }
        let mut plan = Plan::default();
        let mut ranked = Vec::new();
        for ((sort, _), (points, count)) in sorts {
            let kept = match wanted.all {
                true => points,
                false => sample(points),
            };
            if kept.len() < count {
                *plan.left_out.entry(sort).or_default() += count - kept.len();
            }
            ranked.extend(kept.into_iter().enumerate());
        }
        ranked.sort_by_key(|(sample, point)| {
            let part = &point.parts[0];
            (*sample, part.trouble.rank, part.seen.number, part.events)
        });
        plan.points = ranked.into_iter().map(|(_, point)| point).collect();
        plan.add_pairs(wanted);
        plan
    }

    /// The points of one id alone.
    pub(crate) fn replay(requests: &[Seen], id: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        for wanted in point::parse_id(id)? {
            let seen = requests.iter().find(|seen| seen.number == wanted.number);
            let seen = seen.ok_or_else(|| {
                format!("{id}: the reference run made {} requests", requests.len())
            })?;
            parts.extend(wanted.on(seen).parts);
        }
        Ok(Plan {
            points: vec![Point { parts }],
            ..Plan::default()
        })
    }

    /// Two points at a time, chosen by the seed.
    fn add_pairs(&mut self, wanted: &Wanted<'_>) {
        let single = self.points.clone();
        if single.len() < 2 {
            return;
        }
        let chance = Ids::new(wanted.seed);
        let end = single.len().saturating_add(wanted.pairs);
        for _ in 0..wanted.pairs.saturating_mul(DRAWS) {
            if self.points.len() >= end {
                return;
            }
            let (first, second) = (chance.below(single.len()), chance.below(single.len()));
            let mut parts = [first, second]
                .map(|index| single[index].parts.clone())
                .concat();
            parts.sort_by_key(|part| part.seen.number);
            // Two at one request would be one.
            let numbers = parts.iter().map(|part| part.seen.number);
            let differ = numbers.collect::<BTreeSet<_>>().len() == parts.len();
            let point = Point { parts };
            if differ && self.points.iter().all(|known| known.id() != point.id()) {
                self.points.push(point);
            }
        }
    }
}

/// After how many events of a watch; of anything else there is one place.
fn places(seen: &Seen, trouble: &Trouble, all: bool) -> Vec<u64> {
    if !trouble.is_of_events() {
        return vec![0];
    }
    let least = u64::from(trouble.is_about_an_event());
    match all {
        true => (least..=seen.events).collect(),
        false => {
            let mut places = vec![least, 1, seen.events.div_ceil(2), seen.events];
            places.retain(|place| (least..=seen.events).contains(place));
            places.sort_unstable();
            places.dedup();
            places
        }
    }
}

fn sample(points: Vec<Point>) -> Vec<Point> {
    if points.len() <= SAMPLES {
        return points;
    }
    let (last, middle) = (points.len() - 1, points.len() / 2);
    let kept = points.into_iter().enumerate();
    let kept = kept.filter(|(index, _)| [0, middle, last].contains(index));
    kept.map(|(_, point)| point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::identity::Identity;
    use crate::sweep::log::Asked;
    use crate::sweep::table;

    fn seen(number: u64, verb: &str, name: &str) -> Seen {
        let identity = Identity {
            verb: verb.to_owned(),
            resource: "configmaps".to_owned(),
            namespace: "shop".to_owned(),
            name: name.to_owned(),
            ..Identity::default()
        };
        Seen {
            number,
            asked: Asked {
                identity,
                nth: 1,
                at: jiff::Timestamp::UNIX_EPOCH,
                path: String::new(),
                bookmarks: true,
            },
            code: Some(200),
            events: if verb == "watch" { 5 } else { 0 },
            after_a_write: number > 1,
        }
    }

    fn ids(requests: &[Seen], words: &[&str], all: bool) -> (Vec<String>, usize) {
        let troubles: Vec<_> = words
            .iter()
            .flat_map(|word| table::chosen(word).unwrap())
            .collect();
        let wanted = Wanted {
            troubles: &troubles,
            all,
            pairs: 0,
            seed: 0,
        };
        let plan = Plan::of(requests, &wanted);
        let left_out = plan.left_out.values().sum();
        (plan.points.iter().map(Point::id).collect(), left_out)
    }

    #[test]
    fn of_what_is_alike_a_few_are_run_and_the_rest_is_counted() {
        let requests: Vec<Seen> = (1..=20)
            .map(|n| seen(n, "create", &format!("a{n}")))
            .collect();
        assert_eq!(
            ids(&requests, &["500"], false),
            (vec!["1:500".into(), "11:500".into(), "20:500".into()], 17)
        );
        assert_eq!(ids(&requests, &["500"], true).0.len(), 20);
    }

    #[test]
    fn the_most_telling_come_first() {
        let requests = [seen(1, "get", "a"), seen(2, "create", "a")];
        let words = ["500", "applied-then-reset", "stale"];
        assert_eq!(
            ids(&requests, &words, false).0,
            ["2:applied-then-reset", "1:500", "2:500"]
        );
    }

    #[test]
    fn a_watch_breaks_at_its_events() {
        let requests = [seen(1, "watch", "")];
        assert_eq!(
            ids(&requests, &["watch-410", "watch-dropped"], true)
                .0
                .len(),
            6 + 5
        );
        let (few, left_out) = ids(&requests, &["watch-410"], false);
        assert_eq!((few.len(), left_out), (3, 3));
    }

    #[test]
    fn an_id_leads_back_to_its_point() {
        let requests = [seen(1, "watch", ""), seen(2, "create", "a")];
        for id in ["1:watch-410@3", "2:reset", "1:watch-refused+2:reset"] {
            let plan = Plan::replay(&requests, id).unwrap();
            assert_eq!(plan.points[0].id(), id);
        }
        assert!(Plan::replay(&requests, "3:500").is_err());
    }
}
