// Asks Playwright which elements each locator matches on each page, and what they are like.
//
// Input, by standard input: {url, program, pairs: [[page, locator]], trialMs}. Output: one JSON answer a pair, in order.
import { chromium } from "playwright-core";

const SHOWN = 4;
const AT_ONCE = 3;
/** Where some elements cannot be clicked. Each of those costs `trialMs`. */
const TRIED = ["states", "visible", "frames"];

/** The locator's text in calls of Playwright's documented interface. */
function translate(page, text) {
  let at = page;
  for (const part of text.split(" >> ")) at = step(at, part);
  return at;
}

function pattern(body) {
  const regex = /^\/(.*)\/([a-z]*)$/.exec(body);
  if (regex) return [new RegExp(regex[1], regex[2]), {}];
  const quoted = /^"(.*)"$/.exec(body);
  return quoted ? [quoted[1].replace(/\\(.)/g, "$1"), { exact: true }] : [body, {}];
}

function step(at, part) {
  const [, engine, body] = /^([\w-]+)=(.*)$/s.exec(part) ?? [];
  const call = (name) => at[name](...pattern(body));
  switch (engine) {
    case "frame":
      return at.frameLocator(body);
    case "label":
      return call("getByLabel");
    case "placeholder":
      return call("getByPlaceholder");
    case "alt":
      return call("getByAltText");
    case "title":
      return call("getByTitle");
    case "testid":
      return at.getByTestId(body);
    case "has-text": {
      const [text, { exact }] = pattern(body);
      if (!exact) return at.filter({ hasText: text });
      return at.filter({ hasText: new RegExp(`^\\s*${text}\\s*$`) });
    }
    default:
      return at.locator(part);
  }
}

async function state(element, method) {
  try {
    return await element[method]();
  } catch {
    // What cannot be edited at all.
    return false;
  }
}

async function ask(page, name, text) {
  let ids;
  const locator = translate(page, text);
  try {
    ids = await locator.evaluateAll((all) => all.map((element) => element.getAttribute("data-oracle")));
  } catch (error) {
    return { error: String(error).split("\n")[0] };
  }
  const elements = (await locator.elementHandles()).slice(0, SHOWN);
  const states = await Promise.all(
    elements.map(async (element) => {
      const names = ["isVisible", "isEnabled", "isEditable"];
      const [visible, enabled, editable] = await Promise.all(names.map((method) => state(element, method)));
      return { visible, enabled, editable };
    }),
  );
  let clickable = null;
  if (TRIED.includes(name) && ids.length === 1 && states[0].visible) {
    clickable = await locator.click({ trial: true, timeout: trialMs }).then(
      () => true,
      () => false,
    );
  }
  return { ids, states, clickable };
}

let input = "";
for await (const chunk of process.stdin) input += chunk;
const { url, program, pairs, trialMs } = JSON.parse(input);
const browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox", "--disable-gpu"] });

/** The answers for the pairs of one page, into their places. */
async function visit(name, indices, answers) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.goto(`${url}/oracle/${name}.html`, { waitUntil: "load" });
  for (const index of indices) answers[index] = await ask(page, name, pairs[index][1]);
  await context.close();
}

const names = [...new Set(pairs.map(([name]) => name))];
const answers = [];
const work = async () => {
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    const indices = pairs.flatMap(([other], index) => (other === name ? [index] : []));
    await visit(name, indices, answers);
  }
};
await Promise.all(Array.from({ length: AT_ONCE }, work));
for (const answer of answers) console.log(JSON.stringify(answer));
await browser.close();
