use serde_json::json;

use super::super::{KINDS, TYPES};
use super::*;
use crate::kinds::kind::{Cell, Kind};
use crate::kinds::types::{Field, ListKind, PatchStrategy, Presence, Type};
use crate::kinds::verb::Verb;

const HEAD: &str = "kind Pet namespaced\ntypes meta_v1 core_v1\n";

/// The page of a kind that only the test knows.
fn page(path: &'static str, text: String) -> &'static Page {
    let stem = path.rsplit_once('.').unwrap().0;
    let names: Vec<&str> = stem
        .split('/')
        .map(|part| if part == "core" { "" } else { part })
        .collect();
    Box::leak(Box::new(Page::new(path, names.leak(), text.leak())))
}

/// The field that this line declares.
fn field(line: &str) -> Field {
    let page = page("core/v1/pets.kind", format!("{HEAD}struct Pet\n  {line}\n"));
    page.find("Pet").unwrap().fields[0].clone()
}

fn kind(head: &str) -> &'static Kind {
    let text = format!("{HEAD}{head}\nstruct Pet\n  2 name string -- Its name.\n");
    page("shop.example.com/v1beta1/pets.kind", text).kind()
}

#[test]
fn every_page_can_be_read() {
    for page in KINDS.iter().chain(&TYPES) {
        page.check().unwrap();
    }
}

#[test]
fn a_mistake_names_page_and_line() {
    for (text, said) in [
        ("", "1: there is nothing here"),
        ("verbs all", "1: the first line must name the kind"),
        ("kind", "1: the name of the kind is missing"),
        (
            "kind Pet local",
            "1: `local` is neither `namespaced` nor `cluster`",
        ),
        ("kind Pet cluster", "1: there is no struct Pet"),
        (
            "kind Pet cluster\ncolour red",
            "2: nothing is called `colour` here",
        ),
        (
            "kind Pet cluster\ntypes pets",
            "2: there is no types/pets.types",
        ),
        (
            "kind Pet cluster\nstruct Pet\nstruct Pet",
            "3: Pet is declared twice",
        ),
        (
            "kind Pet cluster\nstruct Pet round",
            "2: `round` means nothing here",
        ),
        (
            "kind Pet cluster\n\n# Nothing.\nstruct Pet\nenum Colour",
            "5: an enum has values, and a string has none",
        ),
        (
            "kind Pet cluster\nstruct Pet\n  1 name",
            "3: the type of the field is missing",
        ),
        (
            "kind Pet cluster\nstruct Pet\n  1 name string\n  2 name string",
            "4: name is declared twice",
        ),
        (
            "kind Pet cluster\nstruct Pet\n  1x name string",
            "3: `1x` is no number of a field",
        ),
        (
            "kind Pet cluster\nstruct Pet\n  1 name Text",
            "3: there is no type Text",
        ),
        (
            "kind Pet cluster\nstruct Pet\n  TypeMeta",
            "3: there is no struct TypeMeta",
        ),
        (
            "kind Pet cluster\nstruct Pet\n  1 name string set",
            "3: `set` means nothing here",
        ),
        (
            "kind Pet cluster\nstruct Pet\n  1 age int32 default=old",
            "3: `old` is no value of the field",
        ),
        (
            "kind Pet cluster\nstruct Pet\n  1 age int32 min=old",
            "3: `min` means nothing here",
        ),
        (
            "kind Pet cluster\nstruct Pet\n  1 age *int32 omitempty",
            "3: `omitempty` means nothing here",
        ),
        (
            "kind Pet cluster\nverbs get fly\nstruct Pet",
            "2: there is no verb `fly`",
        ),
        (
            "kind Pet cluster\npolicy open\nstruct Pet",
            "2: there is no policy `open`",
        ),
        (
            "kind Pet cluster\ndeprecated soon\nstruct Pet",
            "2: `soon` is no minor version",
        ),
        (
            "kind Pet cluster\nstruct Pet\nkind Cat cluster",
            "3: the kind is named twice",
        ),
        (
            "kind Pet cluster\ncolumn \"Last Seen rust\nstruct Pet",
            "2: a quote is not closed",
        ),
        (
            "kind Pet cluster\ncolumn Age age bold\nstruct Pet",
            "2: `bold` means nothing here",
        ),
        (
            "kind Pet cluster\ncolumn Age spec\nstruct Pet",
            "2: `spec` is no path: one begins with a dot",
        ),
        (
            "kind Pet cluster\n\ncolumn Age .spec.age\nstruct Pet",
            "3: there is no such field",
        ),
    ] {
        let mistake = page("core/v1/pets.kind", text.to_owned())
            .check()
            .unwrap_err();
        assert_eq!(
            mistake.to_string(),
            format!("core/v1/pets.kind:{said}"),
            "{text}"
        );
    }
}

#[test]
fn a_page_of_types_declares_no_kind() {
    let page = page("types/pets.types", "package p\nverbs all\n".to_owned());
    let said = "types/pets.types:2: nothing is called `verbs` here";
    assert_eq!(page.check().unwrap_err().to_string(), said);
}

#[test]
fn group_version_and_plural_are_in_the_path() {
    for page in &KINDS {
        let path = page.names().join("/") + ".kind";
        assert_eq!(page.path.trim_start_matches("core"), path);
    }
}

#[test]
fn what_the_head_leaves_out_is_what_is_usual() {
    let kind = kind("verbs all");
    assert_eq!((&*kind.singular, &*kind.list_kind), ("pet", "PetList"));
    assert_eq!(kind.api_version(), "shop.example.com/v1beta1");
    assert_eq!(kind.verbs, Verb::ALL);
    assert_eq!(kind.schema.package, "io.k8s.api.shop.v1beta1");
    assert_eq!(kind.stored.prefix, "pets");
    assert_eq!(
        (&*kind.stored.group, &*kind.stored.version),
        ("shop.example.com", "v1beta1")
    );
}

#[test]
fn the_head_says_how_a_kind_is_served() {
    let kind = kind(
        "short pt\nstored zoo/pets v1\nresets status\nsubresource status patch get resets spec\n\
         subresource feed create\nselect metadata.name name\npackage a.b.v2\n\
         policy create-on-update\ndeprecated 12 -- Use cats.",
    );
    assert_eq!(kind.short_names, ["pt"]);
    assert_eq!(
        (
            &*kind.stored.prefix,
            &*kind.stored.group,
            &*kind.stored.version
        ),
        ("zoo/pets", "", "v1")
    );
    assert_eq!(kind.resets, [["status"]]);
    let [feed, status] = &kind.subresources[..] else {
        panic!("{:?}", kind.subresources);
    };
    assert_eq!(
        (&*feed.name, &feed.verbs[..]),
        ("feed", &[Verb::Create][..])
    );
    assert_eq!(
        (&status.verbs[..], &status.resets[..]),
        (
            &[Verb::Get, Verb::Patch][..],
            &[vec!["spec".to_owned()]][..]
        )
    );
    assert_eq!(kind.selectable, ["metadata.name", "name"]);
    assert_eq!(kind.schema.go_type(), "v2.Pet");
    assert!(kind.policy.create_on_update && kind.policy.unconditional_update);
    assert_eq!(kind.deprecation, Some((12, "Use cats.".into())));
}

#[test]
fn a_column_has_the_description_of_its_field_unless_it_has_its_own() {
    let kind = kind(
        "column Name .name\ncolumn \"Called By\" rust doc=.name wide\ncolumn Feet .feet integer -- How\\nmany.",
    );
    let described: Vec<_> = kind
        .columns
        .iter()
        .map(|column| kind.describe(column))
        .collect();
    assert_eq!(described, ["Its name.", "Its name.", "How\nmany."]);
    assert_eq!(kind.columns[1].name, "Called By");
    assert_eq!(
        (kind.columns[1].priority, &kind.columns[1].cell),
        (1, &Cell::Programmed)
    );
    assert_eq!(
        (&*kind.columns[2].ty, &kind.columns[2].cell),
        ("integer", &Cell::Path(vec!["feet".to_owned()]))
    );
}

#[test]
fn the_hash_of_the_stored_version_is_that_of_the_real_server() {
    for (group, version, kind, hash) in [
        ("", "v1", "ConfigMap", "qFsyl6wFWjQ="),
        ("", "v1", "Event", "r2yiGXH7wu8="),
        ("apps", "v1", "Deployment", "8aSe+NMegvE="),
        (
            "autoscaling",
            "v2",
            "HorizontalPodAutoscaler",
            "qwQve8ut294=",
        ),
        ("coordination.k8s.io", "v1", "Lease", "gqkMMb/YqFM="),
    ] {
        assert_eq!(
            crate::kinds::storage_hash(group, version, kind),
            hash,
            "{kind}"
        );
    }
}

#[test]
fn the_words_of_a_field_say_how_it_is_written_and_merged() {
    let presence = |line| field(line).presence;
    assert_eq!(presence("1 a string"), Presence::Always);
    assert_eq!(presence("1 a string omitempty"), Presence::OmitEmpty);
    assert_eq!(presence("1 a *string"), Presence::Pointer);
    assert_eq!(presence("1 a *string null"), Presence::Nullable);
    let Type::List(list) = field("1 a []ObjectReference map=kind,name merge=name").ty else {
        panic!("no list");
    };
    assert_eq!(
        list.kind,
        ListKind::Map(vec!["kind".to_owned(), "name".to_owned()])
    );
    assert_eq!(list.patch, PatchStrategy::MergeBy("name".to_owned()));
    assert!(matches!(
        field("1 a map[string]string atomic").ty,
        Type::AtomicMap(_)
    ));
    assert_eq!(*field("2/1 a string").numbers, [2, 1]);
    assert!(field("- a string required").required);
}

#[test]
fn the_words_of_a_field_say_what_its_values_are_like() {
    let age = field("1 age int32 default=3 min=0 max=30 immutable was=years -- How old.");
    assert_eq!(age.default.as_deref(), Some(&json!(3)));
    let rules = age.rules.unwrap();
    assert_eq!(
        (rules.min, rules.max, rules.immutable),
        (Some(0), Some(30), true)
    );
    assert_eq!((age.was.as_deref(), &*age.doc), (Some("years"), "How old."));
}

#[test]
fn types_have_the_names_go_gives_them() {
    for (line, go) in [
        ("1 a Protocol", "v1.Protocol"),
        ("1 a UID", "types.UID"),
        ("1 a []ObjectReference", "[]v1.ObjectReference"),
        ("1 a map[string][]byte", "map[string][]uint8"),
        ("1 a RawExtension", "runtime.RawExtension"),
    ] {
        assert_eq!(field(line).ty.go_type(), go);
    }
}

#[test]
fn structs_may_contain_themselves() {
    let pet = page(
        "core/v1/pets.kind",
        "kind Pet cluster\nstruct Pet\n  1 kittens []Pet\n".to_owned(),
    );
    let pet = &pet.kind().schema;
    assert_eq!(
        format!("{:?}", pet.fields[0].ty.innermost_struct()),
        "Some(v1.Pet)"
    );
}
