//! What no client can survive before it lists again: an event that never comes.

use fake_apiserver::Fault;
use kube::runtime::watcher;

use crate::troubles::{LONGER_THAN_A_WATCH, modes, server};
use crate::watchers::Follower;
use crate::{remove, set};

/// The objects of a streaming list are events too.
fn initial_events(mode: &watcher::Config) -> u64 {
    match mode.initial_list_strategy {
        watcher::InitialListStrategy::StreamingList => 3,
        watcher::InitialListStrategy::ListWatch => 0,
    }
}

fn drops_the_first_event(mode: &watcher::Config) -> Fault {
    Fault::watch_drops_an_event()
        .after_events(initial_events(mode))
        .first(1)
}

#[tokio::test]
async fn a_dropped_event_is_missing_until_the_next_list() {
    for mode in modes() {
        let server = server().await;
        let guard = server.fault(drops_the_first_event(&mode));
        let mut follower = Follower::new(&server).await;
        follower.start(mode);
        follower.until_right(&server).await;

        set(&server, "a", "dropped");
        set(&server, "b", "seen");
        follower.until(|seen| seen.state("b") == Some("seen")).await;
        follower.until(|seen| seen.state("a") == Some("old")).await;

        // The next watch goes on after the last event that came, so it does not make up for it.
        server.advance(LONGER_THAN_A_WATCH);
        set(&server, "c", "seen");
        follower.until(|seen| seen.state("c") == Some("seen")).await;
        follower.until(|seen| seen.state("a") == Some("old")).await;
        assert_eq!((follower.lists(), follower.errors().len()), (1, 0));

        // The list after a compaction does.
        server.advance(LONGER_THAN_A_WATCH);
        set(&server, "d", "new");
        server.compact(server.revision());
        follower.until_right(&server).await;
        assert_eq!(
            (follower.lists(), follower.errors()),
            (2, vec!["watch: 410".to_owned()])
        );
        assert_eq!(guard.fired(), 1);
    }
}

#[tokio::test]
async fn a_dropped_deletion_leaves_a_ghost_until_the_next_list() {
    for mode in modes() {
        let server = server().await;
        let _guard = server.fault(drops_the_first_event(&mode));
        let mut follower = Follower::new(&server).await;
        follower.start(mode);
        follower.until_right(&server).await;
        remove(&server, "a").await;
        set(&server, "b", "seen");
        follower.until(|seen| seen.state("b") == Some("seen")).await;
        follower.until(|seen| seen.state("a") == Some("old")).await;
        server.advance(LONGER_THAN_A_WATCH);
        set(&server, "c", "seen");
        server.compact(server.revision());
        follower.until_right(&server).await;
        follower.until(|seen| seen.state("a").is_none()).await;
    }
}

#[tokio::test]
async fn a_dropped_event_is_made_up_for_by_the_next_of_its_object() {
    for mode in modes() {
        let server = server().await;
        let _guard = server.fault(drops_the_first_event(&mode));
        let mut follower = Follower::new(&server).await;
        follower.start(mode);
        follower.until_right(&server).await;
        set(&server, "a", "dropped");
        set(&server, "a", "seen");
        follower.until_right(&server).await;
        assert_eq!(follower.lists(), 1);
    }
}

#[tokio::test]
async fn of_two_events_of_one_object_that_change_places_the_older_stays() {
    for mode in modes() {
        let server = server().await;
        let listed = initial_events(&mode);
        let _guard = server.fault(Fault::watch_reorders_events().after_events(listed).first(1));
        let mut follower = Follower::new(&server).await;
        follower.start(mode);
        follower.until_right(&server).await;
        set(&server, "a", "older");
        set(&server, "a", "newer");
        set(&server, "b", "seen");
        follower.until(|seen| seen.state("b") == Some("seen")).await;
        follower
            .until(|seen| seen.state("a") == Some("older"))
            .await;
        // The next event of the object makes up for it.
        set(&server, "a", "newest");
        follower.until_right(&server).await;
        assert_eq!((follower.lists(), follower.errors().len()), (1, 0));
    }
}
