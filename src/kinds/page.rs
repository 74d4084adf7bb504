//! Pages: the text that declares a kind, and the only reader of it. A mistake names page and line.
//!
//! ```text
//! kind        Service  namespaced                 what the kind is called, and whether it lives in namespaces
//! short       svc
//! categories  all
//! types       meta_v1 core_v1                     the pages of shared types it speaks of
//! stored      services/specs                      its part of the storage key, and the version kept, if another
//! verbs       all
//! names       dns-label                           their format, if not that of a subdomain
//! policy      create-on-update returns-deleted    what upstream's strategy answers, where that is not usual
//! accepts     policy/v1beta1                      versions that a body may name in the place of this one
//! deprecated  33 -- Use another kind.             the minor version, and the warning
//! resets      status                              what a write to the object itself leaves as it was
//! subresource status  get patch update  resets spec
//! select      metadata.name spec.type             all field labels
//! column      Name         name
//! column      Type         .spec.type             its description is that of the field
//! column      External-IP  rust  doc=.spec.externalIPs
//! column      Status       .status.phase          -- or stands at the end of the line, be it empty
//!
//! struct Service -- What it is, in our own words.
//!   TypeMeta                                      the fields of another struct
//!   1  metadata  ObjectMeta -- Standard object metadata.
//!   2  spec      ServiceSpec
//!
//! struct ServiceSpec
//!   1  ports          []ServicePort      omitempty  map=port,protocol merge=port
//!   2  selector       map[string]string  omitempty  atomic
//!   4  type           ServiceType        omitempty
//!   14 sessionConfig  *SessionConfig
//!
//! enum   ServiceType  ClusterIP ExternalName LoadBalancer NodePort
//! string IPFamily
//! ```
//!
//! Group, version and plural name are in the path of the page. A field has its number in protobuf (`-` if none, `2/1` if
//! it is embedded in field 2), its name, its type as in Go, and words. `*` is a pointer, which keeps an explicit zero
//! value; `omitempty` leaves a zero value out; anything else is always written, and what is `null` even if it was not
//! given. `atomic`, `set`, `map=`, `merge` and `merge=` say how lists and maps are owned and patched; `default=`,
//! `required`, `min=`, `above=`, `max=`, `immutable` and `off` what a value is like; `was=` what the stored version calls
//! the field. Types are those of the page, then those of the pages of shared types. A line that begins with `#` says
//! nothing.

mod fields;
mod head;
mod line;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, OnceLock};

use self::line::Line;
use super::kind::KindRef;
use super::types::{Named, StructRef, go_type};

/// A page, read when it is first asked for, and a part of it at a time.
pub(super) struct Page {
    path: &'static str,
    names: &'static [&'static str],
    text: &'static str,
    index: OnceLock<Index>,
    kind: OnceLock<KindRef>,
}

/// What is wrong with a page.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{page}:{line}: {what}")]
pub(super) struct Mistake {
    page: &'static str,
    line: usize,
    what: String,
}

impl Mistake {
    /// What the code itself asks a page for is not there.
    pub(super) fn missing(page: &'static str, name: &str) -> Self {
        Mistake {
            page,
            line: 1,
            what: format!("there is no struct {name}"),
        }
    }
}

/// A struct of a page that is still text.
struct Unread {
    page: &'static Page,
    package: String,
    text: &'static str,
    line: usize,
}

/// What a page declares, by name.
#[derive(Debug, Default)]
struct Index {
    structs: Vec<(&'static str, StructRef)>,
    strings: Vec<(&'static str, Arc<Named>)>,
    /// The pages of shared types it names.
    types: Vec<&'static Page>,
}

impl Page {
    pub(super) const fn new(
        path: &'static str,
        names: &'static [&'static str],
        text: &'static str,
    ) -> Self {
        Page {
            path,
            names,
            text,
            index: OnceLock::new(),
            kind: OnceLock::new(),
        }
    }

    /// Group, version and plural name of the kind.
    pub(super) fn names(&self) -> [&'static str; 3] {
        self.names.try_into().unwrap_or_default()
    }

    /// The name of a page of shared types.
    pub(super) fn stem(&self) -> &'static str {
        self.names.last().copied().unwrap_or_default()
    }

    /// The kind that the page declares.
    pub(super) fn kind(&'static self) -> &'static KindRef {
        self.kind.get_or_init(|| sound(head::read(self)))
    }

    /// The struct of this name.
    pub(super) fn find(&'static self, name: &str) -> Option<&'static StructRef> {
        self.find_struct(sound(self.index()), name)
    }

    /// Reads all there is.
    #[cfg(test)]
    pub(super) fn check(&'static self) -> Result<(), Mistake> {
        self.index()?;
        for line in self.lines().filter(|line| line.begins_with("struct ")) {
            fields::read(&Unread::at(&line, self, ""))?;
        }
        if self.path.ends_with(".kind") {
            head::check(&*head::read(self)?, self)?;
        }
        Ok(())
    }

    fn lines(&self) -> impl Iterator<Item = Line<'static>> {
        Line::all(self.path, self.text, 1)
    }

    fn index(&'static self) -> Result<&'static Index, Mistake> {
        match self.index.get() {
            Some(index) => Ok(index),
            None => {
                let index = Index::read(self)?;
                Ok(self.index.get_or_init(|| index))
            }
        }
    }

    fn find_struct(&'static self, index: &'static Index, name: &str) -> Option<&'static StructRef> {
        let own = |index: &'static Index| Some(&index.structs.iter().find(|(n, _)| *n == name)?.1);
        let mut shared = index.types.iter();
        own(index).or_else(|| shared.find_map(|page| own(sound(page.index()))))
    }

    fn find_string(&'static self, index: &'static Index, name: &str) -> Option<Arc<Named>> {
        let own = |index: &'static Index| {
            let (_, found) = index.strings.iter().find(|(n, _)| *n == name)?;
            Some(found.clone())
        };
        let mut shared = index.types.iter();
        own(index).or_else(|| shared.find_map(|page| own(sound(page.index()))))
    }
}

impl Index {
    /// Notes what stands where, without reading it.
    fn read(page: &'static Page) -> Result<Index, Mistake> {
        let mut index = Index::default();
        let mut package = head::default_package(page);
        for mut line in page.lines().filter(|line| !line.is_indented) {
            match line.word("a directive")? {
                "package" => package = line.word("the Go package")?.to_owned(),
                "types" => index.read_types(&mut line)?,
                "struct" => {
                    let name = line.word("the name of the struct")?;
                    index.expect_new(name, &line)?;
                    let unread = Unread::at(&line, page, &package);
                    let declared = StructRef::unread(move || sound(fields::read(&unread)));
                    index.structs.push((name, declared));
                }
                directive @ ("string" | "enum") => {
                    let name = line.word("the name of the type")?;
                    index.expect_new(name, &line)?;
                    let values: Vec<String> = line.words()?.map(str::to_owned).collect();
                    if values.is_empty() == (directive == "enum") {
                        return Err(line.mistake("an enum has values, and a string has none"));
                    }
                    let go_type = go_type(&package, name);
                    index
                        .strings
                        .push((name, Arc::new(Named { go_type, values })));
                }
                word if head::DIRECTIVES.contains(&word) && page.path.ends_with(".kind") => {}
                other => return Err(line.mistake(format!("nothing is called `{other}` here"))),
            }
        }
        Ok(index)
    }

    fn read_types(&mut self, line: &mut Line<'static>) -> Result<(), Mistake> {
        for name in line.words()? {
            let page = super::types_page(name);
            let page = page.ok_or_else(|| line.mistake(format!("there is no types/{name}.types")));
            self.types.push(page?);
        }
        Ok(())
    }

    fn expect_new(&self, name: &str, line: &Line<'_>) -> Result<(), Mistake> {
        let structs = self.structs.iter().map(|(name, _)| *name);
        let mut all = structs.chain(self.strings.iter().map(|(name, _)| *name));
        if all.any(|other| other == name) {
            return Err(line.mistake(format!("{name} is declared twice")));
        }
        Ok(())
    }
}

impl Unread {
    fn at(line: &Line<'static>, page: &'static Page, package: &str) -> Self {
        Unread {
            page,
            package: package.to_owned(),
            text: line.rest_of_page,
            line: line.number,
        }
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path)
    }
}

/// The pages are part of the program, and a test reads all of them: a mistake in one is never met outside tests.
pub(super) fn sound<T>(read: Result<T, Mistake>) -> T {
    read.unwrap_or_else(|mistake| unreachable!("{mistake}"))
}
