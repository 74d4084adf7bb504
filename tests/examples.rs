//! Each example ends well. It is compiled into this test as it is, and run.

#[path = "../examples/ambiguous_create.rs"]
mod ambiguous_create;
#[path = "../examples/broken_stream.rs"]
mod broken_stream;
#[path = "../examples/deployment_controller.rs"]
mod deployment_controller;
#[path = "../examples/every_status.rs"]
mod every_status;
#[path = "../examples/lagging_replica.rs"]
mod lagging_replica;
#[path = "../examples/quick_start.rs"]
mod quick_start;
#[path = "../examples/retry_on_conflict.rs"]
mod retry_on_conflict;
#[path = "../examples/too_many_requests.rs"]
mod too_many_requests;
#[path = "../examples/watch_expired.rs"]
mod watch_expired;

macro_rules! examples {
    ($($name:ident)*) => {
        mod ends_well {
            $(#[test]
            fn $name() -> impl std::process::Termination {
                crate::$name::main()
            })*
        }

        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

examples! {
    ambiguous_create
    broken_stream
    deployment_controller
    every_status
    lagging_replica
    quick_start
    retry_on_conflict
    too_many_requests
    watch_expired
}

#[test]
fn no_example_is_left_out() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut found: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".rs").map(str::to_owned))
        .collect();
    found.sort();
    assert_eq!(found, NAMES);
}
