#![doc = "placeholder"]
mod codec;
mod patch;
mod schema;
mod status;
mod registry;
