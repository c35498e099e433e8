// The help, the overview of all slides, and the window with the notes. RISE's own ones show a black
// screen, one slide and a sliver, and a second RISE that takes 20 seconds.

const KEYS = [
  ["Space, Shift+Space", "next step or slide, one back"],
  ["← →, Page ↑ ↓", "the same: also from a clicker"],
  ["Ctrl+Enter", "run the cell and stay"],
  ["Shift+Enter", "run the cell and go on"],
  ["W", "all slides at once: click on one, or Tab and Enter"],
  ["Home, End", "first slide, last slide"],
  ["F", "full screen, and back"],
  ["T", "the notes for you, in a second window"],
  ["C", "show or fold the code of claims and figures on this slide"],
  ["↓ ↑", "scroll an output that is longer than the slide"],
  [". or /", "black screen, and back"],
  ["Tab", "to the sliders and buttons of a demo; there the arrow keys move them"],
  ["Esc", "close this, or leave an editor"],
  ["?", "this list"],
];

export function titleOf(slide) {
  const heading = slide?.querySelector("h1, h2, h3, h4");
  const copy = heading?.cloneNode(true);
  for (const extra of copy?.querySelectorAll(".jp-InternalAnchorLink, mjx-assistive-mml") ?? [])
    extra.remove();
  return copy?.textContent.trim() ?? "";
}

const NOT_COPIED =
  ".lm-mod-hidden, .jp-Toolbar, .jp-cell-toolbar, button, aside.notes, .reveal-skip, .cm-announced";

// A slide as it looks, without life and without names that would be there twice.
export function copyOf(slide) {
  const inner = slide.cloneNode(true);
  for (const extra of inner.querySelectorAll(NOT_COPIED)) extra.remove();
  for (const element of [inner, ...inner.querySelectorAll("*")]) {
    element.removeAttribute("id");
    element.removeAttribute("tabindex");
    element.removeAttribute("aria-hidden");
  }
  inner.removeAttribute("style");
  inner.removeAttribute("hidden");
  inner.className = "present";
  const outer = document.createElement("section");
  outer.className = "present";
  outer.append(inner);
  const slides = document.createElement("div");
  slides.className = "slides jp-Notebook";
  slides.append(outer);
  const copy = document.createElement("div");
  copy.className = "reveal course-copy";
  copy.inert = true;
  copy.append(slides);
  return copy;
}

function dialog(name, label) {
  const made = document.createElement("dialog");
  made.className = `course-dialog ${name}`;
  made.setAttribute("aria-label", label);
  made.addEventListener("close", () => {
    made.remove();
    document.querySelector(".reveal .jp-Notebook")?.focus({ preventScroll: true });
  });
  document.body.append(made);
  return made;
}

function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

export class Help {
  toggle() {
    const box = dialog("help", "Keys of the slides");
    const table = document.createElement("table");
    for (const [keys, does] of KEYS) {
      const row = table.insertRow();
      row.insertCell().append(element("kbd", keys));
      row.insertCell().textContent = does;
    }
    const close = element("button", "Close");
    close.autofocus = true;
    close.addEventListener("click", () => box.close());
    box.append(element("h2", "Keys of the slides"), table, close);
    box.showModal();
  }
}

export class Overview {
  constructor(deck) {
    this.deck = deck;
  }

  toggle() {
    const box = dialog("overview", "All slides");
    const grid = document.createElement("div");
    grid.className = "course-overview";
    const places = this.deck.places();
    let current;
    this.deck.slides().forEach((slide, index) => {
      const button = document.createElement("button");
      button.type = "button";
      const caption = element("span", `${index + 1}  ${titleOf(slide)}`);
      caption.className = "caption";
      button.append(copyOf(slide), caption);
      button.setAttribute("aria-label", caption.textContent);
      button.addEventListener("click", () => {
        box.close();
        this.deck.go(...places[index]);
      });
      if (slide === this.deck.slide) {
        button.setAttribute("aria-current", "true");
        current = button;
      }
      grid.append(button);
    });
    box.append(grid);
    box.showModal();
    const width = grid.firstElementChild.clientWidth;
    for (const copy of grid.querySelectorAll(".course-copy")) copy.style.zoom = width / 1280;
    current?.focus();
    current?.scrollIntoView({ block: "center" });
  }
}

const NOTES_STYLE = `
  html, body { margin: 0; height: 100%; overflow: auto; background: #fff; color: #111;
    font: 22px/1.45 system-ui, sans-serif; position: static; }
  body { display: grid; grid-template: auto 1fr / 3fr 2fr; gap: 12px; padding: 12px;
    box-sizing: border-box; }
  header { grid-column: 1 / 3; display: flex; gap: 2em; align-items: baseline; }
  header .clock { margin-left: auto; font-variant-numeric: tabular-nums; }
  .pictures > div { border: 1px solid #999; margin-bottom: 8px; overflow: hidden; }
  .notes-text { overflow: auto; }
  :is(.notes-text, .course-copy) :is(.jp-InputPrompt, .jp-OutputPrompt, .jp-Collapser,
    .jp-InternalAnchorLink, .jp-Placeholder) { display: none; }
  .notes-text .jp-RenderedHTMLCommon { font-size: 22px; line-height: 1.45; color: #111; }
`;

export class Notes {
  constructor(deck) {
    this.deck = deck;
    this.window = null;
  }

  open() {
    if (this.window && !this.window.closed) {
      this.window.focus();
      return;
    }
    this.window = window.open("", "course-notes", "width=1150,height=760");
    if (!this.window) {
      const box = dialog("help", "Notes");
      box.append(element("p", "The browser does not allow a second window: allow pop-ups here, then press T."));
      box.showModal();
      return;
    }
    this.started ??= Date.now();
    const page = this.window.document;
    page.documentElement.lang = "en";
    page.title = "Notes";
    page.head.replaceChildren(...styles(page));
    page.body.className = document.body.className;
    page.body.replaceChildren();
    this.head = page.createElement("header");
    this.pictures = page.createElement("div");
    this.pictures.className = "pictures";
    this.text = page.createElement("div");
    this.text.className = "notes-text";
    page.body.append(this.head, this.pictures, this.text);
    this.where = page.createElement("strong");
    this.clock = page.createElement("span");
    this.clock.className = "clock";
    this.head.append(this.where, this.clock);
    this.window.addEventListener("keydown", (event) => this.passOn(event));
    this.window.addEventListener("resize", () => this.follow());
    this.tick = setInterval(() => this.showTime(), 1000);
    this.showTime();
    this.follow();
  }

  follow() {
    if (!this.window || this.window.closed) return;
    const slides = this.deck.slides();
    const at = slides.indexOf(this.deck.slide);
    this.where.textContent = `${at + 1} of ${slides.length}: ${titleOf(slides[at])}`;
    const width = Math.max(200, (this.window.innerWidth - 48) * 0.6);
    const small = (slide, share) => {
      const frame = this.window.document.createElement("div");
      frame.style.width = `${width * share}px`;
      const copy = copyOf(slide);
      copy.style.zoom = (width * share) / 1280;
      frame.append(copy);
      return frame;
    };
    const shown = [small(slides[at], 1)];
    if (slides[at + 1]) {
      shown.push(element("small", `Next: ${titleOf(slides[at + 1])}`), small(slides[at + 1], 0.45));
    }
    this.pictures.replaceChildren(...shown);
    const notes = [...slides[at].querySelectorAll("aside.notes .jp-RenderedHTMLCommon")];
    this.text.replaceChildren(...notes.map((note) => note.cloneNode(true)));
    if (!notes.length) this.text.textContent = "No notes for this slide.";
  }

  showTime() {
    if (this.window.closed) {
      clearInterval(this.tick);
      return;
    }
    const minutes = Math.floor((Date.now() - this.started) / 60000);
    const now = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    this.clock.textContent = `${now}, ${minutes} min since the notes were opened`;
  }

  // The keys that turn slides work in this window, too.
  passOn(event) {
    const turns = [" ", "ArrowLeft", "ArrowRight", "PageUp", "PageDown", "Home", "End"];
    if (!turns.includes(event.key)) return;
    event.preventDefault();
    const codes = { " ": 32, ArrowLeft: 37, ArrowRight: 39, PageUp: 33, PageDown: 34 };
    const copy = { key: event.key, keyCode: codes[event.key] ?? 0, shiftKey: event.shiftKey };
    document.body.dispatchEvent(new KeyboardEvent("keydown", { ...copy, bubbles: true }));
  }
}

// None of a sheet that did not load: RISE looks for one with the name of the notebook.
function rulesOf(sheet) {
  try {
    return [...sheet.cssRules];
  } catch (error) {
    if (error.name !== "SecurityError") throw error;
    return [];
  }
}

// All styles of the deck, also those that scripts have put together.
function styles(page) {
  const made = [];
  const add = (text) => {
    const style = page.createElement("style");
    style.textContent = text;
    made.push(style);
  };
  const relative = /url\("(?!data:|blob:|https?:|\/)([^"]+)"\)/g;
  for (const sheet of [...document.styleSheets, ...document.adoptedStyleSheets]) {
    // as text: the server gives its files only to a page that it has sent
    const text = rulesOf(sheet).map((rule) => rule.cssText).join("\n");
    const base = sheet.href ?? location.href;
    add(text.replace(relative, (_, address) => `url("${new URL(address, base)}")`));
  }
  add(NOTES_STYLE);
  return made;
}
