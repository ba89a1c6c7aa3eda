//! The live browser of an execution: what its viewers see, and what a person does in it.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::TimestampMs;

/// Body of `POST /api/runs/{id}/browser`: what a person does in the page of a paused execution. Coordinates are CSS
/// pixels of the page's window, from its upper left corner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum BrowserInput {
    /// Clicks.
    Click {
        /// From the left.
        x: f64,
        /// From the top.
        y: f64,
        /// `left`, `middle` or `right`.
        #[serde(default = "left")]
        button: String,
        /// 2 is a double click.
        #[serde(default = "once")]
        count: u32,
    },
    /// Presses a button of the mouse and holds it, such as for a drag.
    MouseDown {
        /// From the left.
        x: f64,
        /// From the top.
        y: f64,
        /// `left`, `middle` or `right`.
        #[serde(default = "left")]
        button: String,
    },
    /// Moves the mouse. A drag needs one move at least.
    MouseMove {
        /// From the left.
        x: f64,
        /// From the top.
        y: f64,
        /// The button that is held, if one is.
        #[serde(default)]
        button: Option<String>,
    },
    /// Releases the button; what is dragged is dropped there.
    MouseUp {
        /// From the left.
        x: f64,
        /// From the top.
        y: f64,
        /// `left`, `middle` or `right`.
        #[serde(default = "left")]
        button: String,
    },
    /// Types a text into what has the focus.
    Type {
        /// The text. It is shown nowhere.
        text: String,
    },
    /// Presses a key, such as `Enter` or `Control+A`.
    Press {
        /// The key.
        key: String,
    },
    /// Turns the mouse wheel.
    Scroll {
        /// From the left.
        x: f64,
        /// From the top.
        y: f64,
        /// To the right.
        #[serde(default)]
        delta_x: f64,
        /// Down.
        #[serde(default)]
        delta_y: f64,
    },
    /// Opens an address.
    Navigate {
        /// The address, http or https.
        url: String,
    },
    /// Goes back one page.
    Back,
    /// Goes forward one page.
    Forward,
    /// Loads the page again.
    Reload,
}

fn left() -> String {
    "left".to_owned()
}

const fn once() -> u32 {
    1
}

impl BrowserInput {
    /// What it is, in a word of its form.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Click { .. } => "click",
            Self::MouseDown { .. } => "mouse_down",
            Self::MouseMove { .. } => "mouse_move",
            Self::MouseUp { .. } => "mouse_up",
            Self::Type { .. } => "type",
            Self::Press { .. } => "press",
            Self::Scroll { .. } => "scroll",
            Self::Navigate { .. } => "navigate",
            Self::Back => "back",
            Self::Forward => "forward",
            Self::Reload => "reload",
        }
    }
}

/// `200` of `POST /api/runs/{id}/browser`: where the page is after it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BrowserPlace {
    /// The page's address.
    pub url: String,
    /// Its title.
    pub title: String,
}

/// What an executor answers when it is asked to do what a person does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SteeredBrowser {
    /// It was done.
    Done(BrowserPlace),
    /// It was not, for this reason: the run has no browser there, or the page did not take it.
    Refused(String),
}

/// What an executor says of a picture that it shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FrameQuery {
    /// The executor that owns the lease, or owned it until the run was parked.
    pub executor: String,
    /// The lease's token.
    pub token: i64,
    /// Only for viewers of this run's frames, not for those of the contract.
    #[serde(default)]
    pub live: bool,
    /// Width of the page's window in CSS pixels.
    #[serde(default)]
    pub width: f64,
    /// Its height.
    #[serde(default)]
    pub height: f64,
    /// When the browser painted it, epoch milliseconds; 0 when it does not say.
    #[serde(default)]
    pub painted_at: i64,
    /// The last action, a [`FrameAction`] as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
}

/// `200` of `PUT /api/runs/{id}/frame`: which viewers there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FrameViewers {
    /// Those of the contract's socket, who get a few pictures a second.
    pub contract: bool,
    /// Those of this run's frames, who get up to 25 a second.
    pub live: bool,
}

impl FrameViewers {
    /// Whether there are any.
    #[must_use]
    pub const fn any(self) -> bool {
        self.contract || self.live
    }
}

/// A message of `/ws/runs/{id}/frames`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LiveFrame {
    /// `frame`.
    #[serde(rename = "type")]
    pub message_type: String,
    /// The run.
    pub run_id: String,
    /// When the server got it.
    pub timestamp: TimestampMs,
    /// When the browser painted it, by the executor's clock.
    pub painted_at: TimestampMs,
    /// The picture as a `data:` URL, JPEG or PNG.
    pub frame: String,
    /// Width of the page's window in CSS pixels, in which actions and inputs are counted.
    pub width: f64,
    /// Its height.
    pub height: f64,
    /// What was done last. Viewers draw it: nothing is drawn into the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<FrameAction>,
}

/// What was done last in a page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FrameAction {
    /// Such as `click` or `fill`.
    pub name: String,
    /// The locator of its element.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub target: String,
    /// Where the element is: left, top, width and height in CSS pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<[f64; 4]>,
    /// Where the mouse was: left and top in CSS pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<[f64; 2]>,
    /// Which action of the page it is, from 1.
    pub number: u64,
}

/// A state that a step of type `browser.save_state` saved: cookies and local storage, which are shown nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SavedBrowserState {
    /// Names it.
    pub name: String,
    /// The run whose step saved it.
    pub run_id: String,
    /// When.
    pub saved_at: TimestampMs,
}

/// Body of `POST /api/executions/{id}/baselines/{name}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptBaseline {
    /// The playbook whose step compared, where that is not the execution's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub playbook: Option<String>,
}

/// `200` of `POST /api/executions/{id}/baselines/{name}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AcceptedBaseline {
    /// Where the picture is in the library now.
    pub path: String,
    /// Its size.
    pub size_bytes: u64,
}

/// The folder of artefacts that has the pictures which a step compared: `actual.png`, and where they differ
/// `expected.png` and `diff.png`. Of a nested playbook it has the playbook's path.
#[must_use]
pub fn compared_folder(nested: Option<&str>, name: &str) -> String {
    match nested {
        Some(playbook) => format!("baselines/{playbook}/{name}"),
        None => format!("baselines/{name}"),
    }
}
