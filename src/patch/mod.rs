pub(crate) mod apply;
