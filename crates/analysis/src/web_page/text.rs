//! The text of a page as a reader sees it: white space folded, a line for each block.

/// Text that is being collected.
#[derive(Debug, Default)]
pub(super) struct Text {
    text: String,
    /// What stands between what is there and what comes.
    gap: Gap,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    #[default]
    None,
    Space,
    Line,
    Block,
}

impl Text {
    pub(super) fn push(&mut self, text: &str) {
        for one in text.chars() {
            if one.is_whitespace() {
                self.gap = self.gap.max(Gap::Space);
            } else {
                self.close();
                self.text.push(one);
            }
        }
    }

    /// `<br>`, a row of a table, an item of a list.
    pub(super) fn line(&mut self) {
        self.gap = self.gap.max(Gap::Line);
    }

    /// A paragraph and what is like one.
    pub(super) fn block(&mut self) {
        self.gap = self.gap.max(Gap::Block);
    }

    /// A cell of a table.
    pub(super) fn space(&mut self) {
        self.gap = self.gap.max(Gap::Space);
    }

    fn close(&mut self) {
        let gap = std::mem::take(&mut self.gap);
        if !self.text.is_empty() {
            self.text.push_str(match gap {
                Gap::None => "",
                Gap::Space => " ",
                Gap::Line => "\n",
                Gap::Block => "\n\n",
            });
        }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

/// What a tag does to the text around it.
pub(super) fn separate(text: &mut Text, tag: &[u8]) {
    match tag {
        b"br" | b"tr" | b"li" | b"dt" | b"dd" | b"option" => text.line(),
        b"td" | b"th" => text.space(),
        b"address" | b"article" | b"aside" | b"blockquote" | b"body" | b"caption" | b"details"
        | b"dialog" | b"div" | b"dl" | b"fieldset" | b"figcaption" | b"figure" | b"footer"
        | b"form" | b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" | b"header" | b"hgroup"
        | b"hr" | b"html" | b"legend" | b"main" | b"menu" | b"nav" | b"ol" | b"p" | b"pre"
        | b"section" | b"summary" | b"table" | b"tbody" | b"tfoot" | b"thead" | b"ul" => {
            text.block();
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_folded() {
        let mut text = Text::default();
        text.block();
        text.push("  a \n b");
        text.push("c ");
        text.line();
        text.push("\td");
        text.block();
        text.line();
        text.push("e  ");
        assert_eq!(text.into_text(), "a bc\nd\n\ne");
    }
}
