//! What the script in the pages reports.

use serde::Deserialize;

use super::{RecordedAction, RecordedElement};
use crate::action::{ButtonName, Position};

/// What the script reports.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum ScriptReport {
    Ready,
    Click {
        element: ReportedElement,
        #[serde(default)]
        right: bool,
        position: Option<Position>,
    },
    Drag {
        element: ReportedElement,
        position: Position,
        target: ReportedElement,
        target_position: Position,
    },
    Fill {
        element: ReportedElement,
        value: String,
        secret: bool,
    },
    /// The field that was filled is left.
    Settle,
    Press {
        key: String,
        element: Option<ReportedElement>,
    },
    Check {
        element: ReportedElement,
        checked: bool,
    },
    Select {
        element: ReportedElement,
        options: Vec<String>,
    },
    Upload {
        element: ReportedElement,
        files: Vec<String>,
    },
}

#[derive(Deserialize)]
pub(super) struct ReportedElement {
    locator: String,
    /// Its place in the document, should the locator not be read.
    path: String,
    title: String,
}

impl ReportedElement {
    fn read(self, prefix: &str) -> Option<RecordedElement> {
        let best = format!("{prefix}{}", self.locator).parse();
        let locator = best.or_else(|_| format!("{prefix}{}", self.path).parse());
        Some(RecordedElement {
            locator: locator.ok()?,
            name: self.title,
        })
    }
}

impl ScriptReport {
    /// The action that is reported; `None` where nothing was done.
    pub(super) fn read(self, prefix: &str) -> Option<RecordedAction> {
        Some(match self {
            Self::Ready | Self::Settle => return None,
            Self::Click {
                element,
                right,
                position,
            } => RecordedAction::Click {
                element: element.read(prefix)?,
                button: if right {
                    ButtonName::Right
                } else {
                    ButtonName::Left
                },
                position,
            },
            Self::Drag {
                element,
                position,
                target,
                target_position,
            } => RecordedAction::Drag {
                element: element.read(prefix)?,
                position,
                target: target.read(prefix)?,
                target_position,
            },
            Self::Fill {
                element,
                value,
                secret,
            } => RecordedAction::Fill {
                element: element.read(prefix)?,
                value,
                secret,
            },
            Self::Press { key, element } => RecordedAction::Press {
                key,
                element: match element {
                    Some(element) => Some(element.read(prefix)?),
                    None => None,
                },
            },
            Self::Check { element, checked } => RecordedAction::Check {
                element: element.read(prefix)?,
                checked,
            },
            Self::Select { element, options } => RecordedAction::Select {
                element: element.read(prefix)?,
                options,
            },
            Self::Upload { element, files } => RecordedAction::Upload {
                element: element.read(prefix)?,
                files,
            },
        })
    }
}
