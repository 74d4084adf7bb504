use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::clock::Clock;
use crate::handlers::version::Version;
use crate::handlers::write::{Edit, Write, place};
use crate::ids::Ids;
use crate::request::options::{DeleteOptions, Propagation};
use crate::response::Warnings;

/// A store, and the controllers before each step they take.
struct World {
    cluster: Cluster,
    queue: Queue,
    cursor: Revision,
}

impl World {
    fn new() -> Self {
        let clock = Clock::frozen(Timestamp::UNIX_EPOCH);
        let cluster = Cluster::scratch(clock, Arc::new(Ids::new(1)), Version::default());
        let mut queue = Queue::default();
        let cursor = queue.scan(&cluster);
        let world = World {
            cluster,
            queue,
            cursor,
        };
        world.put(&namespace("shop"));
        world
    }

    fn put(&self, object: &Value) {
        let kind = self
            .cluster
            .catalog()
            .find_stored("", object["kind"].as_str().unwrap());
        place::place(&self.cluster, &kind.unwrap(), object).unwrap();
    }

    fn find(&self, name: &str) -> Option<Arc<Object>> {
        let view = self.cluster.storage.view();
        let mut all = view.range("/", "", view.revision());
        all.find(|(_, object)| object.name() == name)
            .map(|(_, object)| object.clone())
    }

    fn get(&self, name: &str) -> Value {
        self.find(name).unwrap().to_value()
    }

    /// All names but that of the namespace everything is in.
    fn names(&self) -> Vec<String> {
        let view = self.cluster.storage.view();
        let all = view.range("/", "", view.revision());
        // What there is from the start is no matter here.
        let made = all.filter(|(_, object)| object.kind.group.is_empty());
        let names = made.map(|(_, object)| object.name().to_owned());
        names.filter(|name| name != "shop").collect()
    }

    async fn delete(&self, name: &str, propagation: Propagation) {
        let object = self.find(name).unwrap();
        let options = DeleteOptions {
            propagation: Some(propagation),
            ..DeleteOptions::default()
        };
        let write = Write::by_the_server(&self.cluster, &object);
        write.run(&options, &mut Warnings::default()).await.unwrap();
    }

    /// Takes away what holds an object.
    async fn release(&self, name: &str) {
        let object = self.find(name).unwrap();
        let edit = Edit(|live: &Value| {
            let mut next = live.clone();
            next["metadata"].as_object_mut()?.remove("finalizers");
            Some(next)
        });
        let write = Write::by_the_server(&self.cluster, &object);
        write.run(&edit, &mut Warnings::default()).await.unwrap();
    }

    /// Reads what happened, and does what is due now.
    async fn step(&mut self) {
        self.cursor = self.queue.read(&self.cluster, self.cursor);
        self.queue.work(&self.cluster).await;
    }

    fn pass(&self, seconds: u64) {
        self.cluster
            .clock
            .advance(Duration::from_secs(seconds))
            .unwrap();
    }

    /// Goes on until there is nothing more to do.
    async fn settle(&mut self) {
        self.step().await;
        loop {
            self.cursor = self.queue.read(&self.cluster, self.cursor);
            if self.queue.due.is_empty() {
                return;
            }
            self.pass(1);
            self.queue.work(&self.cluster).await;
        }
    }
}

fn namespace(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "uid": name},
        "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
    })
}

/// A ConfigMap whose uid is its name, with owners by their uids.
fn settings(name: &str, owners: &[&str]) -> Value {
    let owner = |uid: &&str| {
        json!({
            "apiVersion": "v1", "kind": "ConfigMap", "name": uid, "uid": uid,
            "blockOwnerDeletion": true,
        })
    };
    let owners: Vec<Value> = owners.iter().map(owner).collect();
    let mut metadata = json!({"name": name, "namespace": "shop", "uid": name});
    if !owners.is_empty() {
        metadata["ownerReferences"] = owners.into();
    }
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
}

fn held(name: &str) -> Value {
    let mut object = settings(name, &[]);
    object["metadata"]["finalizers"] = json!(["example.com/hold"]);
    object
}

#[tokio::test]
async fn what_there_is_to_do_is_done_a_second_later() {
    let mut world = World::new();
    world.put(&settings("owner", &[]));
    world.put(&settings("dependent", &["owner"]));
    world.delete("owner", Propagation::Background).await;
    world.step().await;
    assert_eq!(world.names(), ["dependent"]);
    world.pass(1);
    world.step().await;
    assert_eq!(world.names(), [""; 0]);
}

#[tokio::test]
async fn the_same_is_to_be_done_once() {
    let mut world = World::new();
    let task = || Task::Namespace("shop".to_owned());
    world.queue.add(&world.cluster, task());
    world.pass(1);
    world.queue.add(&world.cluster, task());
    assert_eq!(world.queue.due.len(), 1);
    world.step().await;
    assert_eq!((world.queue.due.len(), world.queue.waiting.len()), (0, 0));
    world.queue.add(&world.cluster, task());
    assert_eq!(world.queue.due.len(), 1);
}

#[tokio::test]
async fn dependents_of_dependents_go_too() {
    let mut world = World::new();
    for (name, owners) in [("a", &[][..]), ("b", &["a"]), ("c", &["b"]), ("other", &[])] {
        world.put(&settings(name, owners));
    }
    world.delete("a", Propagation::Background).await;
    world.settle().await;
    assert_eq!(world.names(), ["other"]);
}

#[tokio::test]
async fn an_owner_that_lives_on_keeps_the_dependent_which_loses_the_other() {
    let mut world = World::new();
    for (name, owners) in [("a", &[][..]), ("b", &[]), ("both", &["a", "b"])] {
        world.put(&settings(name, owners));
    }
    world.delete("a", Propagation::Background).await;
    world.settle().await;
    let owners = &world.get("both")["metadata"]["ownerReferences"];
    assert_eq!(owners[0]["uid"], "b");
    assert_eq!(owners.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn who_belongs_to_what_never_was_goes_but_for_owners_of_kinds_that_nobody_knows() {
    let mut world = World::new();
    world.put(&settings("dependent", &["nobody"]));
    let mut strange = settings("strange", &["nobody"]);
    strange["metadata"]["ownerReferences"][0]["kind"] = json!("Stranger");
    world.put(&strange);
    world.settle().await;
    assert_eq!(world.names(), ["strange"]);
}

#[tokio::test]
async fn nothing_is_owned_from_another_namespace() {
    let mut world = World::new();
    world.put(&namespace("inn"));
    world.put(&settings("owner", &[]));
    let mut dependent = settings("dependent", &["owner"]);
    dependent["metadata"]["namespace"] = json!("inn");
    world.put(&dependent);
    world.settle().await;
    let names = world.names();
    assert!(!names.contains(&"dependent".to_owned()));
    assert!(names.iter().any(|name| name.starts_with("dependent.")));
}

#[tokio::test]
async fn in_the_foreground_the_dependents_go_first() {
    let mut world = World::new();
    world.put(&settings("owner", &[]));
    world.put(&settings("dependent", &["owner"]));
    world.delete("owner", Propagation::Foreground).await;
    assert_eq!(world.names(), ["dependent", "owner"]);
    world.step().await;
    world.pass(1);
    world.queue.work(&world.cluster).await;
    assert_eq!(world.names(), [""; 0]);
}

#[tokio::test]
async fn in_the_foreground_an_owner_waits_for_the_dependent_that_blocks_it() {
    let mut world = World::new();
    world.put(&settings("owner", &[]));
    let mut dependent = held("dependent");
    dependent["metadata"]["ownerReferences"] =
        settings("", &["owner"])["metadata"]["ownerReferences"].clone();
    world.put(&dependent);
    world.delete("owner", Propagation::Foreground).await;
    world.settle().await;
    assert_eq!(world.names(), ["dependent", "owner"]);
    assert!(world.find("dependent").unwrap().is_terminating());
    world.release("dependent").await;
    world.settle().await;
    assert_eq!(world.names(), [""; 0]);
}

#[tokio::test]
async fn orphans_stay_and_lose_the_reference() {
    let mut world = World::new();
    world.put(&settings("owner", &[]));
    world.put(&settings("orphan", &["owner"]));
    world.delete("owner", Propagation::Orphan).await;
    world.settle().await;
    assert_eq!(world.names(), ["orphan"]);
    assert_eq!(world.get("orphan")["metadata"].get("ownerReferences"), None);
}

#[tokio::test]
async fn a_namespace_goes_with_all_that_is_in_it() {
    let mut world = World::new();
    world.put(&namespace("other"));
    world.put(&settings("a", &[]));
    world.delete("shop", Propagation::Background).await;
    assert!(world.find("shop").unwrap().is_terminating());
    world.settle().await;
    assert_eq!(world.names(), ["other"]);
    assert!(world.find("shop").is_none());
}

#[tokio::test]
async fn a_namespace_says_what_holds_it() {
    let mut world = World::new();
    world.put(&held("a"));
    world.put(&held("b"));
    world.delete("shop", Propagation::Background).await;
    world.settle().await;
    let shop = world.get("shop");
    let conditions = shop["status"]["conditions"].as_array().unwrap();
    let told = conditions.iter().map(|condition| {
        let text = |field: &str| condition[field].as_str().unwrap();
        (text("type"), text("status"), text("message"))
    });
    let expected = [
        (
            "NamespaceDeletionDiscoveryFailure",
            "False",
            "All resources successfully discovered",
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            "False",
            "All legacy kube types successfully parsed",
        ),
        (
            "NamespaceDeletionContentFailure",
            "False",
            "All content successfully deleted, may be waiting on finalization",
        ),
        (
            "NamespaceContentRemaining",
            "True",
            "Some resources are remaining: configmaps. has 2 resource instances",
        ),
        (
            "NamespaceFinalizersRemaining",
            "True",
            "Some content in the namespace has finalizers remaining: example.com/hold in 2 resource instances",
        ),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_condition_keeps_the_time_since_when_it_holds() {
    let mut world = World::new();
    world.put(&held("a"));
    world.delete("shop", Propagation::Background).await;
    world.settle().await;
    let since = |world: &World, place: usize| {
        world.get("shop")["status"]["conditions"][place]["lastTransitionTime"].clone()
    };
    let before = since(&world, 3);
    world.pass(60);
    world
        .queue
        .add(&world.cluster, Task::Namespace("shop".to_owned()));
    world.settle().await;
    assert_eq!(since(&world, 3), before);
}

#[tokio::test]
async fn what_was_to_be_done_before_the_start_is_taken_up() {
    let mut world = World::new();
    world.delete("shop", Propagation::Background).await;
    world.queue = Queue::default();
    world.cursor = world.queue.scan(&world.cluster);
    world.settle().await;
    assert!(world.find("shop").is_none());
}
