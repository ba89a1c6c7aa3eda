//! What a person can act on in a page: each element with a selector that matches it alone.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::wait::{Miss, Tries};
use crate::{
    deadline::Deadline,
    error::BrowserError,
    locator::Locator,
    page::{BrowserPage, ElementArea, PageCore},
};

/// What an inventory lists.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InventoryOptions {
    /// The element in which it looks; `None` is the body. One in a frame lists what is in that frame.
    pub root: Option<Locator>,
    /// The only types that it lists; empty for all. A type is a [`PageElement::kind`], a tag name, or the type
    /// of an input. Capitals do not count.
    pub types: Vec<String>,
    /// What it leaves out, with all that is in it. Each is looked for in the frame of the root.
    pub exclude: Vec<Locator>,
}

/// What was found; see [`BrowserPage::inventory`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PageInventory {
    /// The elements, in the order of the document.
    pub elements: Vec<PageElement>,
    /// How many there are. More than `elements` when the list was cut: after 2,000 elements, four million
    /// characters, five seconds, or 100 whose place in and beside shadow roots is hard to name.
    pub total: usize,
}

/// An element that a person can act on. Texts are cut after 200 characters. No value of a field is in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PageElement {
    /// Its attribute `id`.
    pub id: Option<String>,
    /// Its place in the list, from 0 on.
    pub index: usize,
    /// Its role where it has one of these: button, link, menuitem, tab, checkbox, radio, switch, slider,
    /// spinbutton, textbox. Else select, textarea, details, summary, file, component, or the tag.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its tag in small letters.
    pub tag_name: String,
    /// Its attribute `class`.
    pub class_name: String,
    /// A locator that matches it alone: by its id, `data-component-path`, `data-component-id` or `name`, else
    /// by its place.
    pub selector: String,
    /// The steps from the document down; the top of a shadow root stands below its host.
    pub css_path: String,
    /// The same as an XPath; `None` in a shadow root, which XPath does not reach.
    pub xpath: Option<String>,
    /// What it says: its text, the caption of a button, the chosen option of a list.
    pub text: String,
    /// The text of the elements that label it.
    pub label: Option<String>,
    /// Its attribute `placeholder`.
    pub placeholder: Option<String>,
    /// Its attribute `title`.
    pub title: Option<String>,
    /// Its attribute `aria-label`.
    pub aria_label: Option<String>,
    /// Its box in the window of the page, in CSS pixels.
    pub position: ElementArea,
    /// It has a box that is not empty, and no style hides it.
    pub visible: bool,
    /// It, or what it is in, is disabled.
    pub disabled: bool,
    /// It cannot be edited by its attribute `readonly` or `aria-readonly`.
    pub readonly: bool,
    /// Its attribute `data-component-path`.
    pub component_path: Option<String>,
    /// Its attribute `data-component-id`.
    pub component_id: Option<String>,
    /// Its first 30 attributes that begin with `data-`.
    pub data_attributes: BTreeMap<String, String>,
}

impl BrowserPage {
    /// Lists the elements that a person can act on: buttons, links, fields that are not hidden ones, lists,
    /// `<details>` and `<summary>`; what has such a role, an attribute `onclick`, `data-component-path` or
    /// `data-component-id`, or a class of a button, dropdown or toggle of Perspective. Open shadow roots are
    /// looked into, frames are not. Where a text of the context's secrets stands, `***` does.
    ///
    /// # Errors
    /// The root does not come in time or is not unique, a locator to leave out steps into a frame, or the page
    /// has ended.
    pub async fn inventory(
        &self,
        options: &InventoryOptions,
        limit: Duration,
    ) -> Result<PageInventory, BrowserError> {
        let deadline = Deadline::after(limit);
        let root = match &options.root {
            Some(root) => root.clone(),
            None => "body".parse()?,
        };
        let what = "listing the elements of";
        if let Some(exclude) = options.exclude.iter().find(|own| own.frames().count() > 0) {
            return Err(BrowserError::Unfit {
                what: format!("{what} `{root}`"),
                reason: format!("`{exclude}` steps into a frame: name an element beside the root"),
            });
        }
        let mut tries = Tries::of(&self.core, what, &root, &deadline);
        loop {
            match self.core.try_inventory(&root, options, &deadline).await {
                Ok(found) => return Ok(found),
                Err(miss) => tries.again(miss).await?,
            }
        }
    }
}

impl PageCore {
    async fn try_inventory(
        &self,
        root: &Locator,
        options: &InventoryOptions,
        deadline: &Deadline,
    ) -> Result<PageInventory, Miss> {
        let element = self.ready(root, &[], deadline).await?;
        let exclude: Vec<Value> = options.exclude.iter().map(Locator::parts).collect();
        let arguments = [json!(options.types), json!(exclude), json!(self.secrets())];
        let mut found: PageInventory = self
            .call_element(&element, "inventory", &arguments, deadline)
            .await?;
        let origin = self.frame_origin(&element, deadline).await?;
        for listed in &mut found.elements {
            listed.selector = root.beside(&listed.selector);
            listed.position.x += origin.x;
            listed.position.y += origin.y;
        }
        Ok(found)
    }
}
