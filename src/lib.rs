#![doc = "placeholder"]
mod codec;
mod handlers;
mod schema;
mod status;
mod registry;
