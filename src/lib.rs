#![doc = "placeholder"]
mod codec;
mod schema;
mod status;
mod registry;
mod request;
