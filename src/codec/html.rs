//! What keeps a text from reading as HTML.

/// `&`, `<` and `>` as entities; quotes stay, as upstream leaves them.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
