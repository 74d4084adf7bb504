//! What holds of the rules of every kind.

mod declared;
mod defaults;
