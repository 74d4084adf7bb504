//! Text to expression: the crate's parser, and its tree turned into ours.

mod macros;
mod scan;

use std::sync::Arc;

use cel::common::ast::{
    EntryExpr, Expr as Parsed, IdedEntryExpr, IdedExpr, LiteralValue, SourceInfo,
};
use cel::{Env, ParseErrors};

use super::ast::{Element, Entry, Expr, Field, Kind};
use super::source::{CompileError, Issues};
use super::value::CelValue;

/// The longest expression, in characters.
const MAX_SIZE: usize = 100_000;

/// How deep expressions may be inside each other.
const MAX_DEPTH: u16 = 250;

/// The longest chain of operators that the parser is given, such as `1 + 1 + 1`.
const MAX_CHAIN: usize = 1000;

/// The stack that parsing a deep expression may need, in bytes.
const PARSER_STACK: usize = 64 << 20;

/// The operators and brackets up to which the caller's own stack is enough to parse.
const SHALLOW: usize = 4;

/// An expression, and how many ids it uses.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) root: Expr,
    pub(crate) ids: usize,
}

/// Reads an expression and expands its macros.
pub(crate) fn parse(text: &str) -> Result<Tree, CompileError> {
    let mut issues = Issues::new(text);
    let size = text.chars().count();
    if size > MAX_SIZE {
        let message =
            format!("expression code point size exceeds limit: size: {size}, limit {MAX_SIZE}");
        issues.report_at(-1, -1, message);
        return issues.or(Tree {
            root: literal(CelValue::Null),
            ids: 1,
        });
    }
    if scan::operators(text) <= SHALLOW {
        return read(text, issues);
    }
    on_a_large_stack(|| read(text, issues))
}

fn on_a_large_stack(
    work: impl FnOnce() -> Result<Tree, CompileError> + Send,
) -> Result<Tree, CompileError> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .stack_size(PARSER_STACK)
            .spawn_scoped(scope, work);
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(result)) => result,
            _ => {
                let mut issues = Issues::new("");
                issues.report_at(-1, -1, "expression could not be parsed");
                issues.or(Tree {
                    root: literal(CelValue::Null),
                    ids: 1,
                })
            }
        }
    })
}

fn literal(value: CelValue) -> Expr {
    Expr {
        id: 0,
        offset: 0,
        kind: Kind::Literal(value),
    }
}

fn read(text: &str, mut issues: Issues) -> Result<Tree, CompileError> {
    if scan::nesting(text) > usize::from(MAX_DEPTH) || scan::chain(text) > MAX_CHAIN {
        return too_deep(issues);
    }
    let parser = Env::default()
        .parser()
        .max_recursion_depth(MAX_DEPTH)
        .enable_optional_syntax(true)
        .enable_ident_escape_syntax(false);
    let (parsed, info) = match parser.parse_with_source_info(text) {
        Ok(parsed) => parsed,
        Err(errors) => {
            report(text, &errors, &mut issues);
            return issues.or(Tree {
                root: literal(CelValue::Null),
                ids: 1,
            });
        }
    };
    let mut reader = Reader {
        info: &info,
        places: places(text),
        issues: &mut issues,
        ids: 0,
    };
    let root = reader.expr(&parsed);
    let ids = reader.ids;
    if depth(&root) > usize::from(MAX_DEPTH) {
        return too_deep(issues);
    }
    issues.or(Tree { root, ids })
}

fn too_deep(mut issues: Issues) -> Result<Tree, CompileError> {
    let message = format!("expression recursion limit exceeded: {MAX_DEPTH}");
    issues.report_at(-1, -1, message);
    issues.or(Tree {
        root: literal(CelValue::Null),
        ids: 1,
    })
}

fn depth(expr: &Expr) -> usize {
    1 + expr.children().into_iter().map(depth).max().unwrap_or(0)
}

/// The errors of the crate's parser as cel-go's has them.
fn report(text: &str, errors: &ParseErrors, issues: &mut Issues) {
    for error in &errors.errors {
        let (line, column) = (error.pos.0, error.pos.1 - 1);
        let (line, column) = (
            i64::try_from(line).unwrap_or(-1),
            i64::try_from(column).unwrap_or(0),
        );
        let column = if text.is_empty() { -1 } else { column };
        if scan::is_upstream_error(&error.msg) {
            issues.report_at(line, column, scan::upstream_error(&error.msg));
        }
    }
    if issues.is_empty() {
        issues.report_at(1, 0, "Syntax error: the expression cannot be read");
    }
}

/// Turns the crate's tree into ours.
pub(super) struct Reader<'a> {
    info: &'a SourceInfo,
    /// Which character each byte is of, where the two are not counted alike.
    places: Vec<usize>,
    pub(super) issues: &'a mut Issues,
    ids: usize,
}

impl Reader<'_> {
    /// A new expression at this character.
    pub(super) fn make(&mut self, offset: usize, kind: Kind) -> Expr {
        self.ids += 1;
        Expr {
            id: self.ids - 1,
            offset,
            kind,
        }
    }

    /// The same expression with ids of its own.
    pub(super) fn copy(&mut self, expr: &Expr) -> Expr {
        let mut copy = expr.clone();
        self.renumber(&mut copy);
        copy
    }

    fn renumber(&mut self, expr: &mut Expr) {
        expr.id = self.ids;
        self.ids += 1;
        match &mut expr.kind {
            Kind::Literal(_) | Kind::Ident(_) => {}
            Kind::Select { operand, .. } => self.renumber(operand),
            Kind::Call { target, args, .. } => {
                target.iter_mut().for_each(|target| self.renumber(target));
                args.iter_mut().for_each(|arg| self.renumber(arg));
            }
            Kind::List(elements) => {
                elements
                    .iter_mut()
                    .for_each(|e| self.renumber(&mut e.value));
            }
            Kind::Map(entries) => {
                for entry in entries {
                    self.renumber(&mut entry.key);
                    self.renumber(&mut entry.value);
                }
            }
            Kind::Struct { fields, .. } => {
                fields
                    .iter_mut()
                    .for_each(|field| self.renumber(&mut field.value));
            }
            Kind::Comprehension(c) => {
                for part in [
                    &mut c.range,
                    &mut c.init,
                    &mut c.condition,
                    &mut c.step,
                    &mut c.result,
                ] {
                    self.renumber(part);
                }
            }
        }
    }

    fn offset(&self, id: u64) -> usize {
        self.place(self.start(id))
    }

    fn start(&self, id: u64) -> usize {
        let start = self.info.offset_for(id).map_or(0, |(start, _)| start);
        usize::try_from(start).unwrap_or(0)
    }

    fn place(&self, byte: usize) -> usize {
        self.places.get(byte).copied().unwrap_or(byte)
    }

    /// Where a literal is: a negative number begins with its sign.
    fn literal_offset(&self, id: u64, value: &CelValue) -> usize {
        let is_negative = match value {
            CelValue::Int(i) => *i < 0,
            CelValue::Double(d) => d.is_sign_negative(),
            _ => false,
        };
        let start = self.start(id);
        let before = self.info.source.get(..start).unwrap_or_default().trim_end();
        match before.strip_suffix('-') {
            Some(before) if is_negative => self.place(before.len()),
            _ => self.place(start),
        }
    }

    fn expr(&mut self, parsed: &IdedExpr) -> Expr {
        let offset = self.offset(parsed.id);
        let kind = match &parsed.expr {
            Parsed::Literal(value) => {
                let value = constant(value);
                let offset = self.literal_offset(parsed.id, &value);
                return self.make(offset, Kind::Literal(value));
            }
            Parsed::Ident(name) => Kind::Ident(name.clone()),
            Parsed::Select(select) => Kind::Select {
                operand: Box::new(self.expr(&select.operand)),
                field: select.field.clone(),
                test: select.test,
            },
            Parsed::Call(call) => {
                let target = call.target.as_deref().map(|target| self.expr(target));
                let args: Vec<Expr> = call.args.iter().map(|arg| self.expr(arg)).collect();
                return macros::expand(self, offset, &call.func_name, target, args);
            }
            Parsed::List(list) => Kind::List(
                list.elements
                    .iter()
                    .enumerate()
                    .map(|(i, element)| Element {
                        value: self.expr(element),
                        optional: list.optional_indices.contains(&i),
                    })
                    .collect(),
            ),
            Parsed::Map(map) => {
                Kind::Map(map.entries.iter().filter_map(|e| self.entry(e)).collect())
            }
            Parsed::Struct(object) => Kind::Struct {
                name: object.type_name.clone(),
                fields: object
                    .entries
                    .iter()
                    .filter_map(|e| self.field(e))
                    .collect(),
            },
            Parsed::Comprehension(_) | Parsed::Unspecified => {
                self.issues
                    .report(offset, "unexpected unspecified type: expression");
                Kind::Literal(CelValue::Null)
            }
        };
        self.make(offset, kind)
    }

    fn entry(&mut self, entry: &IdedEntryExpr) -> Option<Entry> {
        let EntryExpr::MapEntry(entry) = &entry.expr else {
            return None;
        };
        Some(Entry {
            key: self.expr(&entry.key),
            value: self.expr(&entry.value),
            optional: entry.optional,
        })
    }

    fn field(&mut self, entry: &IdedEntryExpr) -> Option<Field> {
        let offset = self.offset(entry.id);
        let EntryExpr::StructField(field) = &entry.expr else {
            return None;
        };
        Some(Field {
            offset,
            name: field.field.clone(),
            value: self.expr(&field.value),
            optional: field.optional,
        })
    }
}

fn places(text: &str) -> Vec<usize> {
    if text.is_ascii() {
        return Vec::new();
    }
    text.chars()
        .zip(0..)
        .flat_map(|(c, i)| std::iter::repeat_n(i, c.len_utf8()))
        .collect()
}

fn constant(value: &LiteralValue) -> CelValue {
    match value {
        LiteralValue::Boolean(b) => CelValue::Bool(*b.inner()),
        LiteralValue::Bytes(b) => CelValue::Bytes(Arc::from(b.inner())),
        LiteralValue::Double(d) => CelValue::Double(*d.inner()),
        LiteralValue::Int(i) => CelValue::Int(*i.inner()),
        LiteralValue::Null => CelValue::Null,
        LiteralValue::String(s) => CelValue::string(s.inner()),
        LiteralValue::UInt(u) => CelValue::Uint(*u.inner()),
    }
}
