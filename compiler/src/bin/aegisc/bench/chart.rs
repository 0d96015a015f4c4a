//! What was measured -> a picture: the distributions, and the growth over the rules if it was measured.

use super::report::{Report, shown};
use aegisc::command::output::printable;
use plotters::coord::Shift;
use plotters::prelude::*;

const WIDTH: u32 = 960;
const HEIGHT: u32 = 420;
/// Told apart by people who see colours differently (Okabe and Ito).
const COLORS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(213, 94, 0),
];

/// The picture as SVG text.
pub(super) fn svg(report: &Report) -> Result<String, String> {
    let mut text = String::new();
    let panels = if report.growth.is_empty() { 1 } else { 2 };
    {
        let area = SVGBackend::with_string(&mut text, (WIDTH, HEIGHT * panels)).into_drawing_area();
        area.fill(&WHITE).map_err(|error| error.to_string())?;
        let (upper, lower) = area.split_vertically(HEIGHT);
        distributions(&upper, report).map_err(|error| error.to_string())?;
        if panels > 1 {
            growth(&lower, report).map_err(|error| error.to_string())?;
        }
        area.present().map_err(|error| error.to_string())?;
    }
    Ok(text)
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn<'a> = Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

/// One over the share of the measurements that took longer: 10 for p90, 100 for p99.
fn rarity(share: f64) -> f64 {
    1.0 / (1.0 - share)
}

fn distributions<'a>(area: &Area<'a>, report: &Report) -> Drawn<'a> {
    let lines: Vec<(&str, Vec<(f64, f64)>)> = report
        .rows
        .iter()
        .map(|row| {
            // The last of many millions would be most of the picture.
            let points = row.times.points().filter(|(share, _)| *share < 0.9999);
            (row.name, points.map(|(share, time)| (rarity(share), time.max(1.0))).collect())
        })
        .collect();
    let times = || lines.iter().flat_map(|(_, points)| points.iter().map(|(_, time)| *time));
    let low = times().fold(f64::INFINITY, f64::min);
    // An axis needs some length.
    let high = times().fold(low * 2.0, f64::max);
    let title = format!("{}: what a decision takes", printable(&report.policy.name));
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 20))
        .margin(16)
        .margin_right(48)
        .x_label_area_size(44)
        .y_label_area_size(84)
        .build_cartesian_2d((1.0..10_000.0).log_scale(), (low / 1.3..high * 1.3).log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc("share of the decisions that are at most as slow")
        .x_label_formatter(&|rarity| format!("{} %", 100.0 - 100.0 / rarity))
        .y_label_formatter(&|time| shown(*time))
        .draw()?;
    for ((name, points), color) in lines.into_iter().zip(COLORS) {
        chart
            .draw_series(LineSeries::new(points, color.stroke_width(2)))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.9))
        .border_style(BLACK.mix(0.3))
        .draw()
}

fn growth<'a>(area: &Area<'a>, report: &Report) -> Drawn<'a> {
    let points: Vec<(f64, f64)> = report
        .growth
        .iter()
        .map(|size| (super::measure::float(u64::try_from(size.rules).unwrap_or(u64::MAX)), size.p50))
        .collect();
    let most_rules = points.iter().map(|point| point.0).fold(2.0, f64::max);
    let slowest = points.iter().map(|point| point.1).fold(1.0, f64::max);
    let Some(&color) = COLORS.first() else { return Ok(()) };
    let mut chart = ChartBuilder::on(area)
        .caption("p50 of the first rules alone, prepared, in random order", ("sans-serif", 20))
        .margin(16)
        .margin_right(48)
        .x_label_area_size(44)
        .y_label_area_size(84)
        .build_cartesian_2d((1.0..most_rules * 1.1).log_scale(), 0.0..slowest * 1.2)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc("rules")
        .x_label_formatter(&|rules| format!("{rules:.0}"))
        .y_label_formatter(&|time| shown(*time))
        .draw()?;
    chart.draw_series(LineSeries::new(points.iter().copied(), color.stroke_width(2)))?;
    chart.draw_series(points.iter().map(|&point| Circle::new(point, 4, color.filled())))?;
    Ok(())
}
