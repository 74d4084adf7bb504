#![doc = "placeholder"]
mod authentication;
mod authorization;
mod codec;
mod handlers;
mod schema;
mod status;
mod registry;
mod clock;
mod ids;
mod object;
mod storage;
