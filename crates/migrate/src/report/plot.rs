//! The plots of a report, as SVG.

use super::{Sample, grouped, span};
use std::fmt::Write as _;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 220.0;
/// Room for the labels of the vertical axis, and for those below.
const LEFT: f64 = 70.0;
const BOTTOM: f64 = 28.0;
const TOP: f64 = 12.0;
/// Height of one bar with its gap.
const BAR: f64 = 26.0;

/// Records over time, as a line.
pub(super) fn line(samples: &[Sample]) -> String {
    let last = samples.last().copied().unwrap_or_default();
    let seconds = last.seconds.max(f64::MIN_POSITIVE);
    let records = as_float(last.records.max(1));
    let mut points = format!("{LEFT:.1},{:.1}", HEIGHT - BOTTOM);
    for sample in samples {
        let x = LEFT + (WIDTH - LEFT - 10.0) * (sample.seconds / seconds).min(1.0);
        let y = TOP + (HEIGHT - BOTTOM - TOP) * (1.0 - as_float(sample.records) / records);
        write!(points, " {x:.1},{y:.1}").expect("a string can be written to");
    }
    let (axis, middle) = (HEIGHT - BOTTOM, f64::midpoint(TOP, HEIGHT - BOTTOM));
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Records over time\">\
         <line class=\"grid\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{TOP}\" y2=\"{TOP}\"/>\
         <line class=\"grid\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{middle}\" y2=\"{middle}\"/>\
         <line class=\"axis\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{axis}\" y2=\"{axis}\"/>\
         <polyline class=\"line\" points=\"{points}\"/>\
         <text class=\"end\" x=\"{label}\" y=\"{top}\">{all}</text>\
         <text class=\"end\" x=\"{label}\" y=\"{middle_label}\">{half}</text>\
         <text class=\"end\" x=\"{label}\" y=\"{axis}\">0</text>\
         <text x=\"{LEFT}\" y=\"{below}\">0 s</text>\
         <text class=\"end\" x=\"{WIDTH}\" y=\"{below}\">{time}</text></svg>",
        label = LEFT - 8.0,
        top = TOP + 4.0,
        middle_label = middle + 4.0,
        below = HEIGHT - 8.0,
        all = grouped(last.records),
        half = grouped(last.records / 2),
        time = span(last.seconds),
    )
}

/// One bar for each label; the label must be escaped.
pub(super) fn bars(label: &str, rows: &[(String, u64)]) -> String {
    let most = as_float(rows.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1));
    let mut drawn = String::new();
    let (start, room) = (170.0, WIDTH - 170.0 - 90.0);
    let mut y = 0.0;
    for (name, count) in rows {
        let width = (room * as_float(*count) / most).max(1.0);
        write!(
            drawn,
            "<text class=\"end\" x=\"{}\" y=\"{}\">{name}</text><rect class=\"bar\" x=\"{start}\" y=\"{}\" \
             width=\"{width:.1}\" height=\"{}\"/><text x=\"{:.1}\" y=\"{}\">{}</text>",
            start - 8.0,
            y + 17.0,
            y + 4.0,
            BAR - 8.0,
            start + width + 6.0,
            y + 17.0,
            grouped(*count),
        )
        .expect("a string can be written to");
        y += BAR;
    }
    format!("<svg viewBox=\"0 0 {WIDTH} {y}\" role=\"img\" aria-label=\"{label}\">{drawn}</svg>")
}

/// Plots need no more digits than this keeps.
fn as_float(number: u64) -> f64 {
    f64::from(u32::try_from(number >> 20).unwrap_or(u32::MAX)) * 1_048_576.0
        + f64::from(u32::try_from(number & 0xf_ffff).unwrap_or_default())
}
