//! What a person can act on in a page, as a list.

use browser::{InventoryOptions, Locator, PageElement, PageInventory};
use serde_json::{Value, json};

use crate::setup::{LONG, TestBrowser, locator};

async fn inventory(test: &TestBrowser, options: &InventoryOptions) -> PageInventory {
    test.page.inventory(options, LONG).await.unwrap()
}

async fn all(test: &TestBrowser) -> Vec<PageElement> {
    let found = inventory(test, &InventoryOptions::default()).await;
    assert_eq!(found.total, found.elements.len());
    found.elements
}

fn texts(elements: &[PageElement]) -> Vec<&str> {
    elements.iter().map(|one| one.text.as_str()).collect()
}

fn with_text<'a>(elements: &'a [PageElement], text: &str) -> &'a PageElement {
    let mut found = elements.iter().filter(|one| one.text == text);
    let one = found.next().unwrap_or_else(|| panic!("no {text}"));
    assert!(found.next().is_none(), "several {text}");
    one
}

/// Numbers the elements in the page, through shadow roots, as they are listed.
const NUMBER: &str = "(() => { let n = 0; const visit = (node) => { for (const e of node.children) { \
    e.setAttribute('number', n++); if (e.shadowRoot) visit(e.shadowRoot); visit(e); } }; visit(document); return n; })()";

/// Elements of one name where a path takes them for each other: of two vocabularies, and at both sides of a
/// shadow root.
const MIXED: &str = "document.body.insertAdjacentHTML('beforeend', '<x-host><button>1</button><button>2</button>\
    <button>3</button></x-host><i><a href=\"#\">Of HTML</a></i>'); const mixed = document.querySelector('i'); \
    for (const other of [1, 2].map(() => document.createElementNS('urn:other', 'a'))) { \
    other.setAttribute('onclick', '0'); mixed.prepend(other); } 0";

#[tokio::test]
async fn each_selector_matches_its_element_alone() {
    let test = TestBrowser::on("/inventory.html").await;
    test.value(MIXED).await;
    assert!(test.value(NUMBER).await.as_u64().unwrap() > 50);
    let elements = all(&test).await;
    assert_eq!(elements.len(), 50, "{:#?}", texts(&elements));
    let mut numbers = Vec::new();
    for (index, element) in elements.iter().enumerate() {
        assert_eq!(element.index, index);
        let selector = locator(&element.selector);
        let number = test.page.attribute(&selector, "number", LONG).await;
        let number: u64 = number.unwrap().unwrap().parse().unwrap();
        numbers.push(number);
        let tag = test.page.count(&selector, LONG).await.unwrap();
        assert_eq!(tag, 1, "{}", element.selector);
        if let Some(xpath) = &element.xpath {
            let script = format!(
                "document.evaluate({}, document, null, 9).singleNodeValue.getAttribute('number')",
                json!(xpath)
            );
            assert_eq!(
                test.value(&script).await,
                json!(number.to_string()),
                "{xpath}"
            );
        }
    }
    // In the order of the document.
    assert!(numbers.is_sorted(), "{numbers:?}");
    let without = elements.iter().filter(|one| one.xpath.is_none()).count();
    assert_eq!(without, 12);
    test.finish().await;
}

#[tokio::test]
async fn selectors_are_by_attributes_first() {
    let test = TestBrowser::on("/inventory.html").await;
    let elements = all(&test).await;
    let selector = |text: &str| with_text(&elements, text).selector.as_str();
    assert_eq!(selector("Press me"), "#plain");
    assert_eq!(
        selector("Component"),
        r#"[data-component-path="C.0:1[\"x\"]"]"#
    );
    assert_eq!(
        selector("Second component"),
        r#"[data-component-id="only\\id"]"#
    );
    assert_eq!(selector("First"), "html > body > button:nth-of-type(3)");
    assert_eq!(selector("Named"), "#shadowed");
    // Beside one in the light that its path would match as well.
    let shadow = "html > body > x-host > button:nth-of-type(1) >> nth=1";
    assert_eq!(selector("In the shadow"), shadow);
    let light = "html > body > x-host > button:nth-of-type(1) >> nth=0";
    assert_eq!(selector("In the light"), light);
    let by_name = elements
        .iter()
        .find(|one| one.selector == r#"[name="user name"]"#);
    assert_eq!(by_name.unwrap().label.as_deref(), Some("Name"));
    let mut same = elements.iter().filter(|one| one.text == "Same");
    assert!(same.next().unwrap().selector.starts_with("html > body"));
    assert_eq!(
        same.next().unwrap().selector,
        r#"[data-component-id="other-than-same"]"#
    );
    // Two in two shadow roots of the same kind have one name.
    let deep: Vec<&str> = elements
        .iter()
        .filter(|one| one.text == "Deep")
        .map(|one| one.selector.as_str())
        .collect();
    assert_eq!(deep.len(), 2);
    assert_ne!(deep[0], deep[1]);
    test.finish().await;
}

#[tokio::test]
async fn elements_are_told_with_what_they_are_and_say() {
    let test = TestBrowser::on("/inventory.html").await;
    let elements = all(&test).await;
    let told = |text: &str| serde_json::to_value(with_text(&elements, text)).unwrap();
    let button = told("Press me");
    assert_eq!(button["id"], "plain");
    assert_eq!(
        (&button["type"], &button["tagName"]),
        (&json!("button"), &json!("button"))
    );
    assert_eq!(button["className"], "ia_button--primary big");
    assert_eq!(button["cssPath"], "html > body > button:nth-of-type(1)");
    assert_eq!(button["xpath"], "/html/body/button[1]");
    assert_eq!(
        (&button["title"], &button["placeholder"]),
        (&json!("A button"), &Value::Null)
    );
    assert_eq!(
        (&button["visible"], &button["disabled"]),
        (&json!(true), &json!(false))
    );
    assert!(
        button["position"]["width"].as_f64().unwrap() > 30.0,
        "{button}"
    );
    let component = told("Component");
    assert_eq!(component["type"], "component");
    assert_eq!(component["componentPath"], "C.0:1[\"x\"]");
    assert_eq!(component["componentId"], "comp");
    assert_eq!(component["dataAttributes"]["data-component-id"], "comp");
    assert_eq!(told("Toggle")["type"], "component");
    assert_eq!(told("Send")["disabled"], true);
    assert_eq!(told("In a fieldset")["disabled"], true);
    assert_eq!(told("Gone")["visible"], false);
    assert_eq!(
        (&told("Tab")["type"], &told("Switch")["type"]),
        (&json!("tab"), &json!("switch"))
    );
    assert_eq!(
        (&told("Link")["type"], &told("Clickable")["type"]),
        (&json!("link"), &json!("div"))
    );
    assert_eq!(
        (&told("Peru")["type"], &told("Peru")["ariaLabel"]),
        (&json!("select"), &json!("Country"))
    );
    let labelled = elements.iter().find(|one| one.kind == "textarea").unwrap();
    assert_eq!(labelled.label.as_deref(), Some("Labelled"));
    assert!(labelled.readonly && labelled.text.is_empty());
    // What fields hold is not told.
    let all = serde_json::to_string(&elements).unwrap();
    for value in [
        "typed text",
        "typed before",
        "hidden password",
        "csrf",
        "Norway",
    ] {
        assert!(!all.contains(value), "{value}");
    }
    test.finish().await;
}

#[tokio::test]
async fn a_part_types_and_exceptions_are_asked_for() {
    let test = TestBrowser::on("/inventory.html").await;
    let ask = async |root: Option<&str>, types: &[&str], exclude: &[&str]| {
        let options = InventoryOptions {
            root: root.map(locator),
            types: types.iter().map(|kind| String::from(*kind)).collect(),
            exclude: exclude
                .iter()
                .map(|text| locator(text))
                .collect::<Vec<Locator>>(),
        };
        let found = inventory(&test, &options).await.elements;
        texts(&found)
            .into_iter()
            .map(String::from)
            .collect::<Vec<_>>()
    };
    assert_eq!(ask(Some("#part"), &[], &[]).await, ["In part", "Left out"]);
    assert_eq!(ask(Some("#part"), &[], &[".left-out"]).await, ["In part"]);
    assert_eq!(
        ask(Some("#part"), &[], &["text=Left out"]).await,
        ["In part"]
    );
    assert_eq!(ask(None, &["Summary", "tab"], &[]).await, ["More", "Tab"]);
    assert_eq!(ask(None, &["submit"], &[]).await, ["Send"]);
    assert_eq!(ask(None, &["a"], &["svg"]).await, ["Link", "Anchor"]);
    let shadow = [
        "In the shadow",
        "Named",
        "",
        "Deep",
        "",
        "Deep",
        "In the light",
    ];
    assert_eq!(ask(Some("x-host"), &[], &[]).await, shadow);
    let options = InventoryOptions {
        exclude: vec![locator("frame=#x >> button")],
        ..Default::default()
    };
    let refused = test
        .page
        .inventory(&options, LONG)
        .await
        .unwrap_err()
        .to_string();
    assert!(refused.contains("steps into a frame"), "{refused}");
    test.finish().await;
}

#[tokio::test]
async fn the_elements_of_a_frame_are_listed_where_they_are_in_the_page() {
    let test = TestBrowser::on("/frames.html").await;
    for frame in ["frame=#same", "frame=#nest >> frame=iframe"] {
        let options = InventoryOptions {
            root: Some(locator(&format!("{frame} >> body"))),
            ..Default::default()
        };
        let found = inventory(&test, &options).await.elements;
        let press = with_text(&found, "Press");
        assert!(
            press.selector.starts_with(&format!("{frame} >> ")),
            "{}",
            press.selector
        );
        assert!(press.position.y > 300.0, "{press:?}");
        test.click(&press.selector).await;
        let clicked = test.page.last_action().unwrap();
        assert_eq!(clicked.selector, press.selector);
        if frame == "frame=#same" {
            // Nothing had to be scrolled for it.
            assert_eq!(clicked.area, press.position);
        }
        assert_eq!(test.text(&press.selector).await, "clicked");
    }
    test.finish().await;
}

#[tokio::test]
async fn no_secret_is_in_an_inventory() {
    let test = TestBrowser::on("/plain.html").await;
    let secrets = vec![String::from("hunter2-secret"), String::from("two  words")];
    test.context.set_secrets(secrets, LONG).await.unwrap();
    let content = r#"document.body.innerHTML = `
        <button id="hunter2-secret" class="HUNTER2-SECRET" title="a hunter2-secret b" data-x="hunter2-secret">it is hunter2-secret</button>
        <a name="hunter2-secret">split hunter<b>2-sec</b>ret here</a><button>hunter2-</button><button>secret</button>
        <input type="button" value="Hunter2-Secret"><input placeholder="hunter2-secret" aria-label="hunter2-secret">
        <select><option>hunter2-secret</option></select><button>two\n words</button>
        <label>for hunter2-secret <input name="x"></label><button>${"x".repeat(194)}hunter2-secret</button>
        <div data-component-path="hunter2-secret" contenteditable>hunter2-secret</div>`; 0"#;
    test.value(content).await;
    let elements = all(&test).await;
    let told = serde_json::to_string(&elements).unwrap().to_lowercase();
    for part in ["hunter2", "2-sec", "secret", "two words", "two  words"] {
        assert!(!told.contains(part), "{part} in {told}");
    }
    assert_eq!(elements[0].text, "it is ***");
    assert_eq!(elements[0].selector, "html > body > button:nth-of-type(1)");
    assert_eq!(elements[1].text, "split ********* here");
    assert_eq!(elements[9].text, format!("{}***", "x".repeat(194)));
    test.finish().await;
}

#[tokio::test]
async fn a_large_or_hostile_page_is_cut() {
    let test = TestBrowser::on("/plain.html").await;
    let many = "document.body.innerHTML = '<button>b</button>'.repeat(5000); 0";
    test.value(many).await;
    let found = inventory(&test, &InventoryOptions::default()).await;
    assert_eq!((found.elements.len(), found.total), (2000, 5000));
    let shadows = "document.body.innerHTML = '<x-y></x-y>'.repeat(1500); document.querySelectorAll('x-y').forEach( \
        (host) => host.attachShadow({mode: 'open'}).innerHTML = '<button>b</button>'); 0";
    test.value(shadows).await;
    let found = inventory(&test, &InventoryOptions::default()).await;
    assert_eq!((found.elements.len(), found.total), (1500, 1500));
    assert_eq!(
        found.elements[1499].selector,
        "html > body > x-y:nth-of-type(1500) > button"
    );
    // Where each of them has one beside it, only the first ones are named.
    test.value("document.querySelectorAll('x-y').forEach((host) => host.innerHTML = '<button>c</button>'); 0")
        .await;
    let found = inventory(&test, &InventoryOptions::default()).await;
    assert_eq!(found.total, 3000);
    assert!((1..=100).contains(&found.elements.len()));
    // Half of a character has no form that can be sent.
    let odd = "document.body.innerHTML = '<button id=x>a</button><button>c</button>'; \
        x.textContent = 'a\\ud83d b \\ude00'; x.title = '\\ud83d'; x.id = '\\ude00'; \
        document.querySelectorAll('button')[1].textContent = '\\ud83d\\ude00'.repeat(150); 0";
    test.value(odd).await;
    let found = inventory(&test, &InventoryOptions::default())
        .await
        .elements;
    assert_eq!(found[0].text, "a\u{fffd} b \u{fffd}");
    assert_eq!(found[0].selector, "html > body > button:nth-of-type(1)");
    assert_eq!(found[1].text.chars().count(), 100);
    // A deeper page ends the process of a newer Chromium.
    let deep = "let at = document.body; at.innerHTML = ''; for (let i = 0; i < 1000; i++) { \
        const next = document.createElement('div'); next.setAttribute('onclick', ''); at.append(next); at = next; } 0";
    test.value(deep).await;
    let found = inventory(&test, &InventoryOptions::default()).await;
    assert_eq!(found.total, 1000);
    assert!(found.elements.len() < 1000, "{}", found.elements.len());
    test.finish().await;
}
