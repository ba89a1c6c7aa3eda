//! What a person has done.

use crate::{
    action::{ButtonName, Position},
    locator::Locator,
};

/// An element that a person has used.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedElement {
    /// The best locator that matches it alone, with the frames that lead to it.
    pub locator: Locator,
    /// What a person calls it: its accessible name, else what comes next to one.
    pub name: String,
}

/// One thing that a person has done in the pages of a context.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordedAction {
    /// Opened an address: typed it, reloaded it, or went to it in the history. Where clicks and scripts lead is
    /// no action.
    Navigate {
        /// The address, before redirections.
        url: String,
    },
    /// Clicked an element. A double click is two of them.
    Click {
        /// The element.
        element: RecordedElement,
        /// The button: the left or the right one.
        button: ButtonName,
        /// Where in it, where that matters: it paints by itself what it shows.
        position: Option<Position>,
    },
    /// Dragged an element to another one.
    Drag {
        /// What was dragged.
        element: RecordedElement,
        /// Where it was taken.
        position: Position,
        /// What it was dropped on.
        target: RecordedElement,
        /// Where it was dropped.
        target_position: Position,
    },
    /// Put a text or a value into a field.
    Fill {
        /// The field.
        element: RecordedElement,
        /// All that is in the field then; empty for a secret.
        value: String,
        /// The field holds a password or a code: its value has not left the page.
        secret: bool,
    },
    /// Pressed a key or a chord that does something other than typing.
    Press {
        /// The key, as [`BrowserPage::press`](crate::BrowserPage::press) takes it.
        key: String,
        /// Where it was pressed; `None` for the page.
        element: Option<RecordedElement>,
    },
    /// Changed a checkbox or a radio button.
    Check {
        /// The box, or its label where a style hides the box.
        element: RecordedElement,
        /// Whether it is checked then.
        checked: bool,
    },
    /// Chose in a list.
    Select {
        /// The list.
        element: RecordedElement,
        /// All options that are chosen then: what they show, or their values where several show the same.
        options: Vec<String>,
    },
    /// Chose files.
    Upload {
        /// The file input.
        element: RecordedElement,
        /// The names of the files. The page does not know where they are.
        files: Vec<String>,
    },
    /// Another page was opened, which is the current one from then on.
    OpenedPage,
    /// The current page was closed; the one that was opened before it is the current one.
    ClosedPage {
        /// The address that the one before it shows.
        url: String,
    },
    /// The person went on in another page that was open.
    SwitchedPage {
        /// The address that it shows.
        url: String,
    },
}
