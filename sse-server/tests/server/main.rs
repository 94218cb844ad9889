//! The server over real sockets, without a script.

mod attacks;
mod client;
mod command_line;
mod cors;
mod drain;
mod limits;
mod newcomer;
mod operators;
mod publishing;
mod running;
mod static_files;
mod streams;
mod subcommands;
mod subscribing;
mod wire_of_the_hub;
