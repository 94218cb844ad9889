#![deny(unsafe_code)]
#![doc = include_str!("../README.md")]

mod admin;
mod answer;
pub mod cli;
mod cli_table;
pub mod commands;
mod cors;
mod health;
mod host;
mod message;
mod metrics_recorder;
mod publications;
mod publish;
mod registry;
mod remote;
mod router;
pub mod script;
mod serve;
mod settings;
mod state;
mod static_files;
mod subscribe;

pub use message::{InvalidMessage, Message};
pub use serve::{Reloader, Server, StartError, Stop};
pub use settings::{Cors, Files, InvalidSetting, Limits, Settings, Streams};
