//! What is printed, drawn and saved.

mod bars;
mod decode;
mod encode;
mod header;
mod json;

pub use self::{
    bars::svg,
    decode::{decode, outcomes},
    encode::{encode, growth, peaks, round_trip},
    header::header,
    json::json,
};

use crate::spread::Spread;

/// About three significant figures.
fn short(figure: f64) -> String {
    match figure {
        figure if figure >= 99.95 => format!("{figure:.0}"),
        figure if figure >= 9.995 => format!("{figure:.1}"),
        figure if figure >= 0.0995 || figure == 0.0 => format!("{figure:.2}"),
        figure => format!("{figure:.4}"),
    }
}

fn range(spread: Spread) -> String {
    format!("{}–{}", short(spread.p10), short(spread.p90))
}

fn optional(figure: Option<f64>) -> String {
    figure.map_or_else(|| "·".to_owned(), short)
}

fn median(spread: Option<Spread>) -> String {
    optional(spread.map(|spread| spread.median))
}

/// Small counts, with enough decimals to tell "one per chunk" from "none".
fn count(figure: Option<f64>) -> String {
    match figure {
        None => "·".to_owned(),
        Some(figure) if figure.abs() < 0.0005 => "0".to_owned(),
        Some(figure) if figure < 0.995 => format!("{figure:.3}"),
        Some(figure) => format!("{figure:.2}"),
    }
}
