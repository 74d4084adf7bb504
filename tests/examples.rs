//! Each example ends well. It is compiled into this test as it is, and run.

macro_rules! examples {
    ($($name:ident)*) => {
        $(mod $name {
            include!(concat!("../examples/", stringify!($name), ".rs"));

            #[test]
            fn ends_well() -> impl std::process::Termination {
                main()
            }
        })*

        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

examples! {
    ambiguous_create
    broken_stream
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
