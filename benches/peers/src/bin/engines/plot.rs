//! `docs/peers.svg`: how the time of a decision grows with the rules, for W3 and W4 side by side.

use crate::figures::{Row, root};
use crate::table::times_ours;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Both plots, in pixels.
const SIZE: (u32, u32) = (1_160, 520);

/// Where the lines' names begin, from the right of a plot.
const NAMES: u32 = 150;

/// How far apart two names are at least.
const NAME_HEIGHT: i32 = 15;

/// What a line is for, its colour, and its points.
struct Line {
    name: String,
    colour: RGBColor,
    points: Vec<(f64, f64)>,
}

/// Colours that differ in lightness as well: ours, by hand, then the engines.
const COLOURS: [RGBColor; 12] = [
    RGBColor(200, 30, 30),
    RGBColor(90, 90, 90),
    RGBColor(0, 114, 178),
    RGBColor(86, 180, 233),
    RGBColor(0, 120, 80),
    RGBColor(60, 190, 140),
    RGBColor(120, 60, 160),
    RGBColor(190, 130, 220),
    RGBColor(150, 90, 200),
    RGBColor(213, 94, 0),
    RGBColor(160, 110, 40),
    RGBColor(20, 20, 20),
];

/// Draws the file.
pub(crate) fn draw(rows: &[Row]) {
    let file = root().join("docs/peers.svg");
    let area = SVGBackend::new(&file, SIZE).into_drawing_area();
    area.fill(&WHITE).unwrap();
    let titles =
        [("W3", "A type and a target for each rule"), ("W4", "A prefix and a threshold for each rule")];
    for (area, (name, title)) in area.split_evenly((1, 2)).iter().zip(titles) {
        let rows: Vec<&Row> = rows.iter().filter(|row| row.name == name).collect();
        plot(area, &format!("{name}: {title}"), &lines(&rows));
    }
    area.present().unwrap();
}

/// The lines of a workload; engines without any figure have none.
fn lines(rows: &[&Row]) -> Vec<Line> {
    let point = |row: &Row, nanoseconds: f64| (f64::from(u32::try_from(row.size).unwrap()), nanoseconds);
    let ours = rows.iter().map(|row| point(row, row.ours.middle)).collect();
    let by_hand = rows.iter().map(|row| point(row, row.by_hand.nanoseconds.middle)).collect();
    let mut lines = vec![("aegis-vm".to_owned(), ours), ("by hand".to_owned(), by_hand)];
    for (at, (peer, _)) in rows.first().map(|row| row.peers.iter()).into_iter().flatten().enumerate() {
        let figure = |row: &&Row| {
            let entered = row.peers[at].1.as_ref().ok()?;
            Some(point(row, entered.times.nanoseconds.middle))
        };
        lines.push((peer.name.to_owned(), rows.iter().filter_map(figure).collect()));
    }
    let coloured = lines.into_iter().zip(COLOURS);
    coloured.map(|((name, points), colour)| Line { name, colour, points }).collect()
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn plot(area: &Area<'_>, title: &str, lines: &[Line]) {
    let text = |size: u32| ("sans-serif", size).into_font().color(&RGBColor(40, 40, 40));
    let (names, rules) = (NAMES, 10f64..100_000f64);
    let mut chart = ChartBuilder::on(area)
        .caption(title, text(17))
        .margin(10)
        .margin_right(names)
        .x_label_area_size(42)
        .y_label_area_size(64)
        .build_cartesian_2d(rules.log_scale(), (10f64..1e9).log_scale())
        .unwrap();
    chart
        .configure_mesh()
        .x_desc("rules")
        .y_desc("time of a decision")
        .x_label_formatter(&|rules| times_ours(*rules).trim_end_matches(".0").to_owned())
        .y_label_formatter(&|nanoseconds| unit(*nanoseconds))
        .label_style(text(13))
        .axis_desc_style(text(14))
        .light_line_style(WHITE)
        .bold_line_style(RGBColor(225, 225, 225))
        .axis_style(RGBColor(120, 120, 120))
        .draw()
        .unwrap();
    let mut ends: Vec<(&Line, (i32, i32))> = Vec::new();
    for line in lines {
        let Some(last) = line.points.last() else { continue };
        let width = if line.name == "aegis-vm" { 3 } else { 2 };
        chart.draw_series(LineSeries::new(line.points.clone(), line.colour.stroke_width(width))).unwrap();
        let dot = |&point: &(f64, f64)| Circle::new(point, width + 1, line.colour.filled());
        chart.draw_series(line.points.iter().map(dot)).unwrap();
        ends.push((line, chart.backend_coord(last)));
    }
    let right = chart.plotting_area().get_x_axis_pixel_range().end;
    names_of(area, ends, right);
}

/// Writes the name of each line where it ends, to the right of the plot, none over another.
fn names_of(area: &Area<'_>, mut ends: Vec<(&Line, (i32, i32))>, right: i32) {
    ends.sort_by_key(|(_, (_, y))| *y);
    let (left, _) = area.get_pixel_range();
    let mut free = i32::MIN;
    for (line, (x, y)) in ends {
        let at = y.max(free);
        free = at + NAME_HEIGHT;
        let place = (right + 14 - left.start, at);
        let leader = PathElement::new(
            vec![(x - left.start + 5, y), (right + 10 - left.start, at)],
            line.colour.mix(0.35).stroke_width(1),
        );
        area.draw(&leader).unwrap();
        let style =
            ("sans-serif", 13).into_font().color(&line.colour).pos(Pos::new(HPos::Left, VPos::Center));
        area.draw(&Text::new(line.name.clone(), place, style)).unwrap();
    }
}

/// A power of ten of nanoseconds.
fn unit(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        n if n < 999.0 => (n, "ns"),
        n if n < 999_000.0 => (n / 1e3, "µs"),
        n if n < 999_000_000.0 => (n / 1e6, "ms"),
        n => (n / 1e9, "s"),
    };
    format!("{value:.0} {unit}")
}
