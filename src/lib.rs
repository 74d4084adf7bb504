#![doc = "placeholder"]
mod authentication;
mod authorization;
mod codec;
mod schema;
mod status;
mod registry;
mod clock;
mod ids;
mod object;
mod storage;
