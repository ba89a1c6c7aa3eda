//! The list on the terminal.

use std::{collections::BTreeMap, time::Duration};

use console::{Style, style};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{
    clock_ms,
    progress::{Line, Look, Steps, took},
};

/// More steps that run at once than this are counted, not shown.
const MOVING: usize = 12;
/// Between two pictures of a step that runs.
const TICK: Duration = Duration::from_millis(120);

pub(super) struct Live {
    bars: MultiProgress,
    /// The steps that run, by path and name.
    moving: BTreeMap<String, ProgressBar>,
    /// The end of the output, and how many more steps run.
    under: ProgressBar,
    /// What is to stay, while nothing can be shown.
    held: Option<Vec<Line>>,
}

impl Live {
    pub(super) fn new() -> Self {
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let under = bars.add(ProgressBar::new_spinner().with_style(styled("{msg}")));
        Self {
            bars,
            moving: BTreeMap::new(),
            under,
            held: None,
        }
    }

    /// Lets lines stay above, and shows what runs.
    pub(super) fn show(&mut self, lines: &[Line], steps: &Steps) {
        if let Some(held) = &mut self.held {
            held.extend_from_slice(lines);
            return;
        }
        for line in lines {
            // A terminal that is gone shows nothing.
            let _ = self.bars.println(text(line));
        }
        let running: BTreeMap<_, _> = steps.running().take(MOVING).collect();
        self.moving.retain(|key, bar| {
            let stays = running.contains_key(key);
            if !stays {
                bar.finish_and_clear();
            }
            stays
        });
        for (key, step) in running {
            self.moving.entry(key.clone()).or_insert_with(|| {
                let age = u64::try_from(clock_ms() - step.since).unwrap_or(0);
                let template = "{prefix}{spinner:.cyan} {wide_msg} {elapsed_since}";
                let elapsed = |state: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
                    let ms = i64::try_from(state.elapsed().as_millis()).unwrap_or(i64::MAX);
                    let _ = out.write_str(&took(ms));
                };
                let bar = ProgressBar::new_spinner()
                    .with_style(styled(template).with_key("elapsed_since", elapsed))
                    .with_prefix("  ".repeat(step.depth))
                    .with_message(step.title.clone())
                    .with_elapsed(Duration::from_millis(age));
                let bar = self.bars.insert_before(&self.under, bar);
                bar.enable_steady_tick(TICK);
                bar
            });
        }
        self.under.set_message(under(steps));
    }

    /// Holds everything back.
    pub(super) fn hide(&mut self) {
        self.under.set_message("");
        self.clear();
        self.held = Some(Vec::new());
    }

    /// Shows what was held back, and goes on.
    pub(super) fn show_again(&mut self, steps: &Steps) {
        let lines = self.held.take().unwrap_or_default();
        self.show(&lines, steps);
    }

    /// Takes the moving lines away.
    pub(super) fn end(&mut self) {
        self.under.finish_and_clear();
        self.clear();
    }

    fn clear(&mut self) {
        self.moving.values().for_each(ProgressBar::finish_and_clear);
        self.moving.clear();
    }
}

fn under(steps: &Steps) -> String {
    let dim = Style::new().for_stderr().dim();
    let more = steps.running().count().saturating_sub(MOVING);
    let more = (more > 0).then(|| format!("and {more} more steps"));
    let output = steps
        .last_output()
        .into_iter()
        .map(|line| format!("| {line}"));
    let lines = more.into_iter().chain(output);
    lines
        .map(|line| format!("    {}", dim.apply_to(line)))
        .collect::<Vec<_>>()
        .join("\n")
}

fn text(line: &Line) -> String {
    let indent = "  ".repeat(line.depth);
    let text = &line.text;
    let (sign, color) = match line.look {
        Look::Done => ("✓", Style::new().green()),
        Look::Failed => ("✗", Style::new().red()),
        Look::LeftOut => ("-", Style::new().yellow()),
        Look::Heading => return format!("{indent}{}", style(text).for_stderr().bold()),
        Look::Aside => return format!("{indent}{}", style(text).for_stderr().dim()),
    };
    format!("{indent}{} {text}", color.for_stderr().apply_to(sign))
}

/// A style of ours; its template is right.
fn styled(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
