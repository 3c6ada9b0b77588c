//! The tests of the bench itself.

mod client;

mod anthropic;
mod claude;
mod compare;
mod figures;
mod http;
mod otlp;
mod pressure;
mod processes;
mod reports;
mod scenario;
